// SPDX-License-Identifier: MIT
// The concept of a layer with several inputs: a plain value, like any other layer.
#pragma once

#include <concepts>
#include <span>
#include <string>

#include "nn/layer/arguments.hpp"
#include "nn/layer/pass.hpp"
#include "nn/layer/tensor_ref.hpp"

namespace nn {

/// Several tensors of a pass.
template <class T>
using Tensors = std::span<const TensorRef<T>>;

/// A layer without parameters that makes one tensor of several: `L::Scalar`; `name()`;
/// `output_shape(sample_shapes)`, which throws `ShapeError` for shapes that it can't take;
///
///     void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const;
///     void backward(Tensors<const T> x, TensorRef<const T> y, TensorRef<T> dy, Tensors<T> dx,
///                   const Pass&) const;
///
/// forward assigns y. backward assigns each dx whose `data` is not null, and may use the memory of
/// dy as it likes. Of promises, it may make `ignores_y`.
template <class L>
concept MergingLayer = std::copyable<L> && Real<typename L::Scalar> &&
    requires(const L& layer, std::span<const Shape> shapes, Tensors<const typename L::Scalar> x,
             TensorRef<typename L::Scalar> y, TensorRef<const typename L::Scalar> const_y,
             Tensors<typename L::Scalar> dx, const Pass& pass) {
  { layer.name() } -> std::convertible_to<std::string>;
  { layer.output_shape(shapes) } -> std::same_as<Shape>;
  layer.forward(x, y, pass);
  layer.backward(x, const_y, y, dx, pass);
};

}  // namespace nn
