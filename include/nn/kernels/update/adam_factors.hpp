// SPDX-License-Identifier: MIT
// The numbers of one step of Adam.
#pragma once

#include "nn/core/cxx20.hpp"

namespace nn::kernels {

/// What Adam multiplies by in one step. alpha = learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t)
template <class T>
struct AdamFactors {
  T alpha, one_minus_beta_1, one_minus_beta_2, epsilon;
};

}  // namespace nn::kernels
