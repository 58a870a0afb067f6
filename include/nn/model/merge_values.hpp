// SPDX-License-Identifier: MIT
// What merging layers make of values: `nn::add({a, b})`.
#pragma once

#include <initializer_list>

#include "nn/merging/merging.hpp"
#include "nn/model/value.hpp"

namespace nn {

// Each is the layer of its name, used on these values; what it computes and which shapes it takes,
// else throwing ShapeError, is said there: merging/add.hpp and so on. For a std::vector of values:
// nn::apply(nn::Add{}, values)[0].

/// x_1 + x_2 + ..., with inputs repeated along axes of size 1.
template <Real T>
[[nodiscard]] NN_COLD Value<T> add(std::initializer_list<Value<T>> values) {
  return apply(Add<T>{}, values)[0];
}
/// x_1 - x_2
template <Real T>
[[nodiscard]] NN_COLD Value<T> subtract(std::initializer_list<Value<T>> values) {
  return apply(Subtract<T>{}, values)[0];
}
/// x_1 x_2 ..., element by element.
template <Real T>
[[nodiscard]] NN_COLD Value<T> multiply(std::initializer_list<Value<T>> values) {
  return apply(Multiply<T>{}, values)[0];
}
/// (x_1 + ... + x_n) / n
template <Real T>
[[nodiscard]] NN_COLD Value<T> average(std::initializer_list<Value<T>> values) {
  return apply(AverageLayer<T>{}, values)[0];
}
/// max(x_1, x_2, ...), element by element.
template <Real T>
[[nodiscard]] NN_COLD Value<T> maximum(std::initializer_list<Value<T>> values) {
  return apply(Maximum<T>{}, values)[0];
}
/// min(x_1, x_2, ...), element by element.
template <Real T>
[[nodiscard]] NN_COLD Value<T> minimum(std::initializer_list<Value<T>> values) {
  return apply(Minimum<T>{}, values)[0];
}
/// The values one behind the other along an axis; it counts that of the batch, which is 0.
template <Real T>
[[nodiscard]] NN_COLD Value<T> concatenate(std::initializer_list<Value<T>> values,
                                           Index axis = -1) {
  return apply(Concatenate<T>(axis), values)[0];
}
/// The product of two values, sample by sample, summed over an axis of each.
template <Real T>
[[nodiscard]] NN_COLD Value<T> dot(std::initializer_list<Value<T>> values, DotAxes axes,
                                   const DotOptions& options = {}) {
  return apply(Dot<T>(axes, options), values)[0];
}

}  // namespace nn
