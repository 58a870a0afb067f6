// SPDX-License-Identifier: MIT
// All layers with several inputs, and the list of them for reading files: the one place where a new
// one is added.
#pragma once

#include "nn/merging/add.hpp"
#include "nn/merging/average_layer.hpp"
#include "nn/merging/concatenate.hpp"
#include "nn/merging/dot.hpp"
#include "nn/merging/maximum.hpp"
#include "nn/merging/minimum.hpp"
#include "nn/merging/multiply.hpp"
#include "nn/merging/subtract.hpp"

#define NN_FOR_EACH_MERGING(DO) \
  DO(Add) DO(AverageLayer) DO(Concatenate) DO(Dot) DO(Maximum) DO(Minimum) DO(Multiply) DO(Subtract)
