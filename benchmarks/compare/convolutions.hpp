// SPDX-License-Identifier: MIT
// Convolutions as networks for small colour images have them: forward and both gradients. Images
// are [batch, size, size, channels], kernels [kernel, kernel, in, out].
#pragma once

#include <array>
#include <string>

#include "common.hpp"

namespace compare {

enum class Direction { forward, input_gradient, kernel_gradient };

struct ConvolutionShape {
  Index batch, size, in, kernel, out, stride, pad;

  [[nodiscard]] Index out_size() const { return (size + 2 * pad - kernel) / stride + 1; }
  [[nodiscard]] Index num_inputs() const { return batch * size * size * in; }
  [[nodiscard]] Index num_weights() const { return kernel * kernel * in * out; }
  [[nodiscard]] Index num_outputs() const { return batch * out_size() * out_size() * out; }
  /// Floating-point operations, without those on padding.
  [[nodiscard]] double operations() const {
    Index cells = 0;  // on the image, of all output pixels of one axis
    for (Index pixel = 0; pixel < out_size(); ++pixel) {
      for (Index cell = 0; cell < kernel; ++cell) {
        const Index input = pixel * stride + cell - pad;
        cells += input >= 0 && input < size;
      }
    }
    return 2.0 * static_cast<double>(batch * in * out * cells * cells);
  }
  [[nodiscard]] std::string name(Direction direction) const {
    const auto square = [](Index side) {
      return std::to_string(side) + "x" + std::to_string(side);
    };
    const char* const results[] = {"y", "dx", "dW"};
    return square(size) + " of " + std::to_string(in) + ", " + square(kernel) + " to " +
           std::to_string(out) + (stride > 1 ? " by " + std::to_string(stride) : "") + ": " +
           results[static_cast<int>(direction)];
  }
};

inline constexpr ConvolutionShape convolution_shapes[] = {
    {128, 32, 3, 3, 32, 1, 1},   {128, 32, 32, 3, 32, 1, 1},  {128, 16, 64, 3, 64, 1, 1},
    {128, 16, 64, 3, 128, 2, 1}, {128, 16, 64, 1, 256, 1, 0}, {64, 8, 256, 3, 256, 1, 1}};

/// x, W and dy, and what is computed of each two of them.
struct ConvolutionData {
  AlignedValues x, W, dy;
  AlignedValues y, dx, dW;

  explicit ConvolutionData(const ConvolutionShape& s)
      : x(random_values(s.num_inputs(), 1)),
        W(random_values(s.num_weights(), 2)),
        dy(random_values(s.num_outputs(), 3)),
        y(dy.size()),
        dx(x.size()),
        dW(W.size()) {}

  /// sum y dy = sum x dx = sum W dW: what is timed has to be right as well.
  [[nodiscard]] double sum(Direction direction) const {
    const auto product = [](const AlignedValues& a, const AlignedValues& b) {
      double result = 0;
      for (std::size_t i = 0; i < a.size(); ++i) result += double{a[i]} * double{b[i]};
      return result;
    };
    if (direction == Direction::forward) return product(y, dy);
    return direction == Direction::input_gradient ? product(x, dx) : product(W, dW);
  }
};

/// Times each shape and direction: `make(shape, direction, data)` gives the function that computes,
/// and that one's `finish()` writes the result to `data`.
template <class Make>
void compare_convolutions(const Report& report, const Make& make) {
  for (const ConvolutionShape& shape : convolution_shapes) {
    ConvolutionData data(shape);
    double expected = 0;
    for (const Direction direction :
         {Direction::forward, Direction::input_gradient, Direction::kernel_gradient}) {
      if (direction == Direction::input_gradient && shape.in < 8) continue;  // a first layer
      const auto convolution = make(shape, direction, data);
      const double seconds = median_seconds(0.25, convolution);
      convolution.finish();
      const double sum = data.sum(direction), operations = shape.operations();
      if (direction == Direction::forward) expected = sum;
      if (std::abs(sum - expected) > 1e-4 * std::sqrt(operations)) {
        stop("compare: the convolution " + shape.name(direction) + " came out wrong");
      }
      report.print({{"gflops", operations / seconds * 1e-9}}, shape.name(direction).c_str());
    }
  }
}

}  // namespace compare
