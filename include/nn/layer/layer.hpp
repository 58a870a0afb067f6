// SPDX-License-Identifier: MIT
// The concept that every layer satisfies: a plain value, no base class, no registration.
#pragma once

#include <concepts>
#include <string>

#include "nn/core/tensor.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/layer/parameter.hpp"
#include "nn/layer/pass.hpp"
#include "nn/layer/promises.hpp"
#include "nn/layer/tensor_ref.hpp"
#include "nn/layer/weight_rules.hpp"

namespace nn {

namespace detail {

// Rank of the maps that a layer sees. Without a declaration it sees any tensor as a matrix
// [rows, last axis]: enough for every layer that acts on elements or on the last axis.
template <class L>
[[nodiscard]] consteval int input_rank() {
  if constexpr (requires { L::input_rank; }) return L::input_rank;
  return 2;
}
template <class L>
[[nodiscard]] consteval int output_rank() {
  if constexpr (requires { L::output_rank; }) return L::output_rank;
  return 2;
}

// What a layer of that rank sees of a tensor of Ts, which may be const.
template <class T, int Rank>
struct LayerView {
  using Type = TensorMap<T, Rank>;
};
template <class T, int Rank>
struct LayerView<const T, Rank> {
  using Type = ConstTensorMap<T, Rank>;
};
template <class T>
struct LayerView<T, any_rank> {
  using Type = TensorRef<T>;
};
template <class T>
struct LayerView<const T, any_rank> {
  using Type = TensorRef<const T>;
};
template <class L>
using InputOf = typename LayerView<typename L::Scalar, input_rank<L>()>::Type;
template <class L>
using ConstInputOf = typename LayerView<const typename L::Scalar, input_rank<L>()>::Type;
template <class L>
using OutputOf = typename LayerView<typename L::Scalar, output_rank<L>()>::Type;
template <class L>
using ConstOutputOf = typename LayerView<const typename L::Scalar, output_rank<L>()>::Type;

template <class L, class T>
struct WithScalar;  // the layer type L over the scalar T
template <template <class> class L, class U, class T>
struct WithScalar<L<U>, T> {
  using Type = L<T>;
};

}  // namespace detail

/// A layer: `L::Scalar`; `name()`; `output_shape(sample_shape)`, which throws `ShapeError` for a
/// shape that it can't take;
///
///     void forward(ConstTensorMap<T, R> x, TensorMap<T, S> y, const Pass&) const;
///     void backward(ConstTensorMap<T, R> x, ConstTensorMap<T, S> y,
///                   TensorMap<T, S> dy, TensorMap<T, R> dx, const Pass&) const;
///
/// forward assigns y. backward assigns dx, adds to the gradients of the parameters, and may use the
/// memory of dy as it likes. R and S are `L::input_rank` and `L::output_rank`; a layer that doesn't
/// declare them sees matrices [rows, last axis]. Where they are `any_rank`, it sees `TensorRef`s:
/// elements and their shape. Neither function may change the layer: what
/// forward keeps for backward, or for its state, goes to `pass.memory`. Optional members:
///
///     static constexpr Promises promises{...};  // see promises.hpp; without it, none
///     Index workspace_bytes(const Shape& x, bool training) const;  // of pass.memory
///     void parameters(const Shape& input, ParameterList<T>&);  // adds each Parameter and State
///     void update_state(const Shape& x, const Pass&);  // after backward, with forward's memory
///     bool updates_state() const;  // whether that does anything
///     void reset_states();         // of sequences that go on from batch to batch
///     Activation activation() const;  // the model applies it to y; dy is the gradient in front of
///     it Index num_layers() const;  // how many inside draw random numbers of their own; 1
///     bool makes_mask() const;                    // sequences y have a mask, which it makes:
///     void make_mask(ConstTensorMap<T, R> x, bool* mask) const;  // as pass.mask of who reads y
///     Arguments arguments() const;                // to be saved
///     static L from_arguments(const Arguments&);  // and loaded
///
/// where x has the batch axis, and name() is static in a layer that is saved. Four more go with
/// promises, `applies_affine`, `is_affine`, `gives_dx_in_columns` and `takes_dy_in_columns`:
///
///     void forward(ConstTensorMap<T, R> x, TensorMap<T, S> y, const kernels::Affine<T>& affine,
///                  const Pass&) const;
///     void affine(T* scale, T* shift) const;  // writes a number for each feature
///     bool is_affine_on(const Shape& sample) const;  // optional: false where y is no such map
///     void backward(ConstTensorMap<T, R> x, ConstTensorMap<T, S> y, TensorMap<T, S> dy,
///                   kernels::ColumnReader<T>& dx, const Pass&) const;
///     // a reader of dy, made in pass.memory, that obeys pass.accumulate; null to decline
///     kernels::ColumnReader<T>* dy_reader(ConstTensorMap<T, R> x, ConstTensorMap<T, S> y,
///                                         const Pass&) const;
template <class L>
concept Layer = std::copyable<L> && Real<typename L::Scalar> &&
    requires(const L& layer, const Shape& shape, const Pass& pass, detail::ConstInputOf<L> x,
             detail::InputOf<L> dx, detail::ConstOutputOf<L> y, detail::OutputOf<L> dy) {
  { layer.name() } -> std::convertible_to<std::string>;
  { layer.output_shape(shape) } -> std::same_as<Shape>;
  layer.forward(x, dy, pass);
  layer.backward(x, y, dy, dx, pass);
};

/// A layer with parameters.
template <class L>
concept ParametricLayer = Layer<L> &&
    requires(L& layer, const Shape& input, ParameterList<typename L::Scalar>& list) {
  layer.parameters(input, list);
};

/// A layer that names its constructor's arguments, and so can be saved, loaded and moved to another
/// scalar.
template <class L>
concept DescribedLayer = Layer<L> && requires(const L& layer, const Arguments& arguments) {
  { L::name() } -> std::convertible_to<std::string>;
  { layer.arguments() } -> std::same_as<Arguments>;
  { L::from_arguments(arguments) } -> std::same_as<L>;
};

}  // namespace nn
