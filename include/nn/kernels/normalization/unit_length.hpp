// SPDX-License-Identifier: MIT
// Lines of a tensor, scaled to length 1.
#pragma once

#include <cmath>
#include <type_traits>

#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/middle_axis.hpp"

namespace nn::kernels {

namespace detail {

/// The sum of the products of two lines, whose elements are `step` apart.
template <Real T>
[[nodiscard]] T line_product(Index size, Index step, const T* x, const T* y) {
  T sum(0);
  for (Index k = 0; k < size; ++k) sum += x[k * step] * y[k * step];
  return sum;
}

}  // namespace detail

/// y = x / max(|x|, least), where |x| is the length of each line along the axis.   x, y [axis]
template <Real T>
void to_unit_length(const MiddleAxis& axis, const T* x, T* y,
                    std::type_identity_t<T> least = T(1e-7)) {
  using std::sqrt;
  for_each_row(axis.num_lines(), axis.size, [=](Index i) {
    const T* const from = x + axis.line(i);
    T* const to = y + axis.line(i);
    const T length = sqrt(detail::line_product(axis.size, axis.inner, from, from));
    const T scale = T(1) / (length < least ? least : length);
    for (Index k = 0; k < axis.size; ++k) to[k * axis.inner] = from[k * axis.inner] * scale;
  });
}

/// Makes the gradient of y that of x: dx = (dy - y (y . dy)) / |x|; of a short line, dy / least.
/// x, gradient [axis]
template <Real T>
void unit_length_gradient(const MiddleAxis& axis, const T* x, T* gradient,
                          std::type_identity_t<T> least = T(1e-7)) {
  using std::sqrt;
  for_each_row(axis.num_lines(), axis.size, [=](Index i) {
    const T* const from = x + axis.line(i);
    T* const to = gradient + axis.line(i);
    const T length = sqrt(detail::line_product(axis.size, axis.inner, from, from));
    const bool is_short = length < least;
    const T scale = T(1) / (is_short ? least : length);
    // y (y . dy) = x (x . dy) / |x|^2
    const T along =
        is_short ? T(0) : detail::line_product<T>(axis.size, axis.inner, from, to) * scale * scale;
    for (Index k = 0; k < axis.size; ++k) {
      T& value = to[k * axis.inner];
      value = (value - from[k * axis.inner] * along) * scale;
    }
  });
}

}  // namespace nn::kernels
