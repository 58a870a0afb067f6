// SPDX-License-Identifier: MIT
// The front door to all of the library that needs no other package.
#pragma once

#include "nn/logging/csv_logger.hpp"
#include "nn/logging/json_lines_logger.hpp"
#include "nn/logging/tensor_board.hpp"
#include "nn/sequential.hpp"
