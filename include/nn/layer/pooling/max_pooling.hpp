// SPDX-License-Identifier: MIT
// What layers share that take the largest value of windows.
#pragma once

#include <cstdint>
#include <limits>

#include "nn/core/memory.hpp"
#include "nn/kernels/pooling/pooling.hpp"
#include "nn/layer/pooling/window_pooling.hpp"

namespace nn::detail {

/// y = the largest value of each window.
template <Real T, class Windows>
class MaxPooling : public WindowPooling<T, Windows> {
  using Base = WindowPooling<T, Windows>;
  using typename Base::In, typename Base::Out;

 public:
  static constexpr Promises promises{.applies_relu = true, .masks_dx = true};

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    const Shape output = Base::output_shape(input);
    demand<ShapeError>(input.num_elements() <= std::numeric_limits<std::int32_t>::max(),
                       this->layer_, "samples of at most 2147483647 elements",
                       input.num_elements());
    return output;
  }

  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    if (!training) return 0;
    const Shape y = output_shape(Shape(x.begin() + 1, x.end()));
    return bytes_of<std::int32_t>(x[0], y.num_elements());
  }

  void forward(In x, Out y, const Pass& pass) const {
    pass.require_memory(this->layer_, pass.training ? bytes_of<std::int32_t>(y.size()) : 0);
    // y = max over each window; training keeps which cell won
    kernels::max_pooling2d(this->windows_.shape(x, y), x.data(), is_masked(pass), y.data(),
                           argmax(pass));
  }

  void backward(In x, In y, Out dy, Out dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    // dx[argmax] += dy, also behind a ReLU, whose zeros have no winner
    kernels::max_pooling2d_gradient(this->windows_.shape(x, y), dy.data(), argmax(pass), dx.data());
  }

 protected:
  MaxPooling(const char* layer, const Windows& windows) : Base(layer, windows) {}

 private:
  /// Index of the winner within its sample, like y; none at inference.
  [[nodiscard]] static std::int32_t* argmax(const Pass& pass) {
    return pass.training ? reinterpret_cast<std::int32_t*>(pass.memory) : nullptr;
  }
  /// Whether a ReLU follows, or made x: then every maximum is 0 or more, and one of 0 passes no
  /// gradient on.
  [[nodiscard]] static bool is_masked(const Pass& pass) {
    return pass.activation == Activation::relu || pass.dx_is_masked;
  }
};

}  // namespace nn::detail
