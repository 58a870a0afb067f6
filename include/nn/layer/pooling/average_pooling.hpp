// SPDX-License-Identifier: MIT
// What layers share that take the mean of windows.
#pragma once

#include "nn/kernels/pooling/average.hpp"
#include "nn/layer/pooling/window_pooling.hpp"

namespace nn::detail {

/// y = the mean of each window, of its pixels on the image.
template <Real T, class Windows>
class AveragePooling : public WindowPooling<T, Windows> {
  using Base = WindowPooling<T, Windows>;
  using typename Base::In, typename Base::Out;

 public:
  static constexpr Promises promises{.ignores_y = true, .masks_dx = true};

  void forward(In x, Out y, const Pass&) const {
    // y = mean over each window
    kernels::average_pooling2d(this->windows_.shape(x, y), x.data(), y.data());
  }

  void backward(In x, In y, Out dy, Out dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    // dx += dy / pixels of the window
    kernels::average_pooling2d_gradient<T>(this->windows_.shape(x, y), dy.data(), mask_of(pass, x),
                                           dx.data());
  }

 protected:
  AveragePooling(const char* layer, const Windows& windows) : Base(layer, windows) {}
};

}  // namespace nn::detail
