// SPDX-License-Identifier: MIT
// The concept of a layer that takes further inputs, or makes further results.
#pragma once

#include <concepts>
#include <span>

#include "nn/layer/layer.hpp"
#include "nn/layer/merging_layer.hpp"

namespace nn {

/// A `Layer` that may get further tensors beside x, or makes further ones behind y, such as a
/// recurrent layer with its states:
///
///     Index num_results() const;  // with y
///     Shape output_shape(std::span<const Shape> samples, Index result) const;
///     void forward(Tensors<const T> x, Tensors<T> y, const Pass&) const;
///     void backward(Tensors<const T> x, Tensors<const T> y, Tensors<T> dy, Tensors<T> dx,
///                   const Pass&) const;
///
/// where output_shape throws `ShapeError` for a number of samples or shapes that it can't take.
/// forward assigns each y. backward assigns each dx whose `data` is not null, adds to the gradients
/// of the parameters, and may use the memory of each dy as it likes; a dy whose `data` is null is 0
/// everywhere. With one x and one y both do what those of `Layer` do. The other members of a
/// `Layer` get the first x alone; it makes no mask. Of promises, it may make `ignores_y`,
/// `keeps_mask` or `keeps_first_mask`, which are about y, `assigns_gradients` and
/// `updates_parameters`.
template <class L>
concept MultiTensorLayer = Layer<L> &&
    requires(const L& layer, std::span<const Shape> shapes, Tensors<const typename L::Scalar> x,
             Tensors<typename L::Scalar> dx, const Pass& pass) {
  { layer.num_results() } -> std::same_as<Index>;
  { layer.output_shape(shapes, Index{0}) } -> std::same_as<Shape>;
  layer.forward(x, dx, pass);
  layer.backward(x, x, dx, dx, pass);
};

}  // namespace nn
