// SPDX-License-Identifier: MIT
// The kinds of data that a caller may pass (tensors, Eigen matrices, lists of numbers), and which
// of them are views.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

#include "nn/core/tensor.hpp"

namespace nn {

/// An Eigen matrix, vector, array, or a map, reference or block of one, with its elements in
/// memory.
template <class X>
concept MatrixLike = requires(const X& x) {
  { x.data() } -> std::convertible_to<const void*>;
  { x.rows() } -> std::convertible_to<Index>;
  { x.cols() } -> std::convertible_to<Index>;
  { x.innerStride() } -> std::convertible_to<Index>;
  { x.outerStride() } -> std::convertible_to<Index>;
  bool{X::IsRowMajor};
};

/// Numbers side by side in memory, as in a std::vector, std::array or std::span.
template <class X>
concept ListLike = !MatrixLike<X> && !TensorLike<X> && requires(const X& x) {
  { x.data() } -> std::convertible_to<const void*>;
  { x.size() } -> std::convertible_to<std::size_t>;
};

namespace detail {

/// Whether X is a view of elements that something else owns. A view may die before its elements do.
template <class X>
inline constexpr bool is_view = MatrixLike<X> && !std::derived_from<X, Eigen::PlainObjectBase<X>>;
template <class Plain>
inline constexpr bool is_view<Eigen::TensorMap<Plain>> = true;
template <class T, std::size_t size>
inline constexpr bool is_view<std::span<T, size>> = true;

}  // namespace detail
}  // namespace nn
