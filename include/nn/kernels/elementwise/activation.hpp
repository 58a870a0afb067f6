// SPDX-License-Identifier: MIT
// The activation functions that layers can end with, by name.
#pragma once

#include <array>
#include <cstddef>
#include <iterator>

#include "nn/core/config.hpp"

namespace nn {

/// Keras' activations with their default arguments; `gelu_tanh` is Keras' gelu with
/// approximate=True, for which Keras has no name. `softmax` and `log_softmax` act on the last axis,
/// all others on each element. A new one is added here, and in formulas.hpp.
enum class Activation {
  linear,
  relu,
  relu6,
  leaky_relu,
  elu,
  selu,
  gelu,
  gelu_tanh,
  silu,
  mish,
  sigmoid,
  tanh,
  softplus,
  softsign,
  hard_sigmoid,
  hard_silu,
  exponential,
  softmax,
  log_softmax
};

namespace detail {

/// In the order of the enum.
inline constexpr const char* activation_names[] = {
    "linear",       "relu",      "relu6",       "leaky_relu", "elu",        "selu",     "gelu",
    "gelu_tanh",    "silu",      "mish",        "sigmoid",    "tanh",       "softplus", "softsign",
    "hard_sigmoid", "hard_silu", "exponential", "softmax",    "log_softmax"};
static_assert(std::size(activation_names) == static_cast<std::size_t>(Activation::log_softmax) + 1);

}  // namespace detail

[[nodiscard]] constexpr const char* to_string(Activation activation) {
  return detail::activation_names[static_cast<std::size_t>(activation)];
}

[[nodiscard]] constexpr auto all_activations() {
  std::array<Activation, std::size(detail::activation_names)> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Activation>(i);
  return all;
}

/// Whether y_k depends on all of a row of x.
[[nodiscard]] constexpr bool acts_on_rows(Activation activation) {
  return activation == Activation::softmax || activation == Activation::log_softmax;
}

/// Whether the slope does not follow from the result y: different x, with different slopes, have
/// the same y.
[[nodiscard]] constexpr bool needs_input(Activation activation) {
  switch (activation) {
    case Activation::gelu:
    case Activation::gelu_tanh:
    case Activation::silu:
    case Activation::mish:
    case Activation::hard_silu:
      return true;
    default:
      return false;
  }
}

/// Whether a product or a convolution may apply it as it writes its result: each such activation
/// is code in all of these kernels.
[[nodiscard]] constexpr bool is_epilogue(Activation activation) {
  return activation == Activation::relu || activation == Activation::sigmoid ||
         activation == Activation::tanh;
}

}  // namespace nn
