// SPDX-License-Identifier: MIT
// Tensors are Eigen's, row-major; layers and borders see maps of them, so nothing is copied.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <unsupported/Eigen/CXX11/Tensor>
#include <utility>

#include "nn/core/checked.hpp"
#include "nn/core/config.hpp"
#include "nn/core/shape.hpp"

namespace nn {

template <class T, int Rank>
using Tensor = Eigen::Tensor<T, Rank, Eigen::RowMajor>;

/// A tensor in somebody else's memory.
template <class T, int Rank>
using TensorMap = Eigen::TensorMap<Tensor<T, Rank>>;

template <class T, int Rank>
using ConstTensorMap = Eigen::TensorMap<const Tensor<T, Rank>>;

/// In place of a rank: whatever rank a tensor has when the program runs.
inline constexpr int any_rank = 0;

/// Class numbers, counted from 0. Shape [N]
using Labels = Tensor<std::int32_t, 1>;

/// Anything with the elements of a row-major Eigen tensor behind `data()`: a Tensor or a TensorMap.
template <class X>
concept TensorLike = requires(const X& x) {
  { x.data() } -> std::convertible_to<const void*>;
  { x.dimension(0) } -> std::convertible_to<Index>;
  requires X::NumDimensions >= 1;
  requires int{X::Layout} == int{Eigen::RowMajor};
};

template <class X>
using ScalarOf = std::remove_cv_t<std::remove_pointer_t<decltype(std::declval<const X&>().data())>>;

template <TensorLike X>
[[nodiscard]] Shape shape_of(const X& x) {
  Shape shape;
  for (std::size_t axis = 0; axis < std::size_t{X::NumDimensions}; ++axis) {
    shape.push_back(x.dimensions()[axis]);
  }
  return shape;
}

/// The shape without its first axis: that of one sample of a batch.
template <TensorLike X>
[[nodiscard]] Shape sample_shape_of(const X& x) {
  const Shape shape = shape_of(x);
  return Shape(shape.begin() + 1, shape.end());
}

/// Sizes in the form that Eigen's constructors take. Needs `shape.rank() == Rank`.
template <int Rank>
[[nodiscard]] std::array<Index, static_cast<std::size_t>(Rank)> dimensions_of(const Shape& shape) {
  NN_ASSERT(shape.rank() == Rank);
  std::array<Index, static_cast<std::size_t>(Rank)> sizes{};
  std::copy(shape.begin(), shape.end(), sizes.begin());
  return sizes;
}

/// A tensor X with the given shape, not initialised. Throws `ShapeError` where the number of its
/// elements overflows and `std::bad_alloc` where that of its bytes does, which Eigen does not
/// check. Needs `shape.rank() == X::NumDimensions`.
template <class X>
[[nodiscard]] X make_tensor(const Shape& shape) {
  static_cast<void>(checked_product({sizeof(typename X::Scalar), shape.num_elements()}));
  return X(dimensions_of<X::NumDimensions>(shape));
}

/// A map of `data` with the given shape. Needs `shape.rank() == Rank`.
template <int Rank, class T>
[[nodiscard]] auto map_tensor(T* data, const Shape& shape) {
  using Plain = std::conditional_t<std::is_const_v<T>, const Tensor<std::remove_const_t<T>, Rank>,
                                   Tensor<T, Rank>>;
  return Eigen::TensorMap<Plain>(data, dimensions_of<Rank>(shape));
}

}  // namespace nn
