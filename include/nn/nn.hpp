// SPDX-License-Identifier: MIT
// The front door to all of the library that needs no other package.
#pragma once

#include "nn/callbacks/csv_logger.hpp"
#include "nn/callbacks/json_lines_logger.hpp"
#include "nn/callbacks/tensor_board.hpp"
#include "nn/sequential.hpp"
