// SPDX-License-Identifier: MIT
// Convolution in groups: an output channel reads the input channels of its own group alone. Each
// group's channels are copied side by side, for the kernels of one convolution.
#pragma once

#include <algorithm>
#include <type_traits>

#include "nn/core/cold.hpp"
#include "nn/core/function_ref.hpp"
#include "nn/kernels/conv2d/conv2d.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/scratch.hpp"

namespace nn::kernels {

namespace detail {

/// The share of one group in a tensor of `rows` with the channels of all groups.
struct GroupRows {
  Index rows, width, num_groups;  // width: the channels of one group

  /// Copies group g of `from` to `to` [rows, width].
  template <class Element>
  void take(Index g, const Element* from, Element* to) const {
    for_each_row(rows, width, [&, this](Index i) {
      std::copy_n(from + (i * num_groups + g) * width, width, to + i * width);
    });
  }
  /// The same from `from` [rows, width] to group g of `to`.
  template <class Element>
  void put(Index g, const Element* from, Element* to) const {
    for_each_row(rows, width, [&, this](Index i) {
      std::copy_n(from + i * width, width, to + (i * num_groups + g) * width);
    });
  }
};

/// The tensors of a convolution in groups, and one group's.
template <class T>
struct GroupedConvolution {
  Conv2DShape one;
  GroupRows x_rows, W_rows, y_rows;
  Scratch<T> x, W, y;

  GroupedConvolution(const Conv2DShape& all, Index groups)
      : one(all),
        x_rows{all.batch * all.height * all.width, all.in_channels / groups, groups},
        W_rows{all.patch_size() / groups, all.out_channels / groups, groups},
        y_rows{all.batch * all.out_height * all.out_width, all.out_channels / groups, groups},
        x(ScratchUse::group_input, x_rows.rows, x_rows.width),
        W(ScratchUse::group_weights, W_rows.rows, W_rows.width),
        y(ScratchUse::group_result, y_rows.rows, y_rows.width) {
    one.in_channels = x_rows.width;
    one.out_channels = y_rows.width;
  }
};

}  // namespace detail

/// Calls convolve(shape, x, W, y, first_channel) for one group: a whole convolution, whose results
/// are the channels of y from that one on.
template <Real T, class Y>
using ConvolveGroup =
    std::type_identity_t<FunctionRef<void(const Conv2DShape&, const T*, const T*, Y*, Index)>>;

/// y of a convolution in groups.
/// Shapes  as Conv2DShape says of all channels, but W [kernel_height, kernel_width, in_channels /
///         groups, out_channels]
template <Real T, class Y>
NN_COLD void grouped_conv2d(const Conv2DShape& shape, Index groups, const T* x, const T* W, Y* y,
                            ConvolveGroup<T, Y> convolve) {
  const detail::GroupedConvolution<T> parts(shape, groups);
  auto* const y_part = reinterpret_cast<Y*>(parts.y.data());
  for (Index g = 0; g < groups; ++g) {
    parts.x_rows.take(g, x, parts.x.data());
    parts.W_rows.take(g, W, parts.W.data());
    convolve(parts.one, parts.x.data(), parts.W.data(), y_part, g * parts.one.out_channels);
    parts.y_rows.put(g, y_part, y);
  }
}

/// `conv2d_input_gradient` in groups. `mask`: x, or null
template <Real T>
NN_COLD void grouped_conv2d_input_gradient(const Conv2DShape& shape, Index groups, const T* dy,
                                           const T* W, const T* mask, T* dx) {
  const detail::GroupedConvolution<T> parts(shape, groups);
  for (Index g = 0; g < groups; ++g) {
    parts.y_rows.take(g, dy, parts.y.data());
    parts.W_rows.take(g, W, parts.W.data());
    conv2d_input_gradient<T>(parts.one, parts.y.data(), parts.W.data(), nullptr, parts.x.data());
    parts.x_rows.put(g, parts.x.data(), dx);
  }
  if (mask != nullptr) {
    activation_gradient<T>(Activation::relu, shape.batch * shape.input_size(), nullptr, mask, dx,
                           dx);
  }
}

/// `conv2d_kernel_gradient` in groups.
template <Real T>
NN_COLD void grouped_conv2d_kernel_gradient(const Conv2DShape& shape, Index groups, const T* x,
                                            const T* dy, T* dW, T* db, bool accumulate) {
  const detail::GroupedConvolution<T> parts(shape, groups);
  for (Index g = 0; g < groups; ++g) {
    parts.x_rows.take(g, x, parts.x.data());
    parts.y_rows.take(g, dy, parts.y.data());
    if (accumulate) parts.W_rows.take(g, dW, parts.W.data());
    conv2d_kernel_gradient<T>(parts.one, parts.x.data(), parts.y.data(), parts.W.data(),
                              db == nullptr ? nullptr : db + g * parts.one.out_channels,
                              accumulate);
    parts.W_rows.put(g, parts.W.data(), dW);
  }
}

}  // namespace nn::kernels
