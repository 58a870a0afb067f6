// SPDX-License-Identifier: MIT
// The front door to all of the library that needs no other package.
#pragma once

#include "nn/sequential.hpp"
