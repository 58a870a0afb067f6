// SPDX-License-Identifier: MIT
// All losses, and the list of them for reading files: the one place where a new loss is added.
#pragma once

#include "nn/losses/binary_crossentropy.hpp"
#include "nn/losses/categorical_crossentropy.hpp"
#include "nn/losses/mean_absolute_error.hpp"
#include "nn/losses/mean_squared_error.hpp"
#include "nn/losses/sparse_categorical_crossentropy.hpp"

#define NN_FOR_EACH_LOSS(DO)  \
  DO(BinaryCrossentropy)      \
  DO(CategoricalCrossentropy) \
  DO(MeanAbsoluteError) DO(MeanSquaredError) DO(SparseCategoricalCrossentropy)
