// SPDX-License-Identifier: MIT
// The concept of a layer with several inputs: a plain value, like any other layer.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>

#include "nn/layer/arguments.hpp"
#include "nn/layer/parameter.hpp"
#include "nn/layer/pass.hpp"
#include "nn/layer/tensor_ref.hpp"

namespace nn {

/// Several tensors of a pass.
template <class T>
using Tensors = std::span<const TensorRef<T>>;

namespace detail {

/// The most tensors that one layer merges.
inline constexpr std::size_t max_merged = 16;

}  // namespace detail

/// A layer that makes one tensor of several, or of as many as it gets: `L::Scalar`; `name()`;
/// `output_shape(sample_shapes)`, which throws `ShapeError` for shapes that it can't take;
///
///     void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const;
///     void backward(Tensors<const T> x, TensorRef<const T> y, TensorRef<T> dy, Tensors<T> dx,
///                   const Pass&) const;
///
/// forward assigns y. backward assigns each dx whose `data` is not null, adds to the gradients of
/// the parameters, and may use the memory of dy as it likes. Of promises, it may make `ignores_y`,
/// `keeps_mask` or `keeps_first_mask`, `assigns_gradients` and `updates_parameters`. Optional
/// members, as a `Layer` has them:
///
///     Index workspace_bytes(std::span<const Shape> x, bool training) const;  // of pass.memory
///     void parameters(std::span<const Shape> samples, ParameterList<T>&);
///     Arguments arguments() const;
///     static L from_arguments(const Arguments&);
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

/// One with parameters.
template <class L>
concept ParametricMergingLayer = MergingLayer<L> &&
    requires(L& layer, std::span<const Shape> samples, ParameterList<typename L::Scalar>& list) {
  layer.parameters(samples, list);
};

}  // namespace nn
