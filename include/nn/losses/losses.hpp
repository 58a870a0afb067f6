// SPDX-License-Identifier: MIT
// All losses, and the list of them for reading files: the one place where a new loss is added.
#pragma once

#include "nn/losses/binary_crossentropy.hpp"
#include "nn/losses/binary_focal_crossentropy.hpp"
#include "nn/losses/categorical_crossentropy.hpp"
#include "nn/losses/categorical_focal_crossentropy.hpp"
#include "nn/losses/categorical_hinge.hpp"
#include "nn/losses/cosine_similarity.hpp"
#include "nn/losses/hinge.hpp"
#include "nn/losses/huber.hpp"
#include "nn/losses/kl_divergence.hpp"
#include "nn/losses/log_cosh.hpp"
#include "nn/losses/mean_absolute_error.hpp"
#include "nn/losses/mean_absolute_percentage_error.hpp"
#include "nn/losses/mean_squared_error.hpp"
#include "nn/losses/mean_squared_logarithmic_error.hpp"
#include "nn/losses/poisson.hpp"
#include "nn/losses/sparse_categorical_crossentropy.hpp"
#include "nn/losses/squared_hinge.hpp"

/// Losses that are metrics too.
#define NN_FOR_EACH_VALUE_LOSS(DO) \
  DO(CategoricalHinge)             \
  DO(CosineSimilarity)             \
  DO(Hinge)                        \
  DO(Huber)                        \
  DO(KLDivergence)                 \
  DO(LogCosh)                      \
  DO(MeanAbsoluteError)            \
  DO(MeanAbsolutePercentageError)  \
  DO(MeanSquaredError)             \
  DO(MeanSquaredLogarithmicError) DO(Poisson) DO(SquaredHinge)

#define NN_FOR_EACH_LOSS(DO)  \
  DO(BinaryCrossentropy)      \
  DO(BinaryFocalCrossentropy) \
  DO(CategoricalCrossentropy) \
  DO(CategoricalFocalCrossentropy) DO(SparseCategoricalCrossentropy) NN_FOR_EACH_VALUE_LOSS(DO)
