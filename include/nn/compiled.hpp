// SPDX-License-Identifier: MIT
// The library compiled once: to be included by one file of a program whose other files define
// NN_COMPILED, in place of the CMake target nn::compiled.
#pragma once

#ifndef NN_COMPILED
#define NN_COMPILED
#endif
#include "nn/layers/more_layers.hpp"
#include "nn/sequential.hpp"

#define NN_INSTANCE template
#include "nn/instances.inc"
#include "nn/more_instances.inc"
#undef NN_INSTANCE

namespace nn::detail {

extern const char NN_COMPILED_LIBRARY = 0;

}  // namespace nn::detail
