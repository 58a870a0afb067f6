// SPDX-License-Identifier: MIT
// What the tests of layers with several inputs share: the form with its allocation counter, and
// numbers worked out by hand.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "nn/testing/check_merging_layer.hpp"
#include "tests/testing/allocations.hpp"

namespace nn::testing {

/// Findings of the form as text; "" for a sound layer.
template <class Make>
[[nodiscard]] std::string merging_form(const Make& make, const std::vector<Shape>& samples,
                                       MergingExpectations expected) {
  expected.allocations = num_allocations;
  return to_text(check_merging_layer(make, samples, expected));
}

/// One pass through a merging layer with given numbers; everything in row-major order.
template <class L>
struct MergingExample {
  using Numbers = std::vector<double>;

  L layer;
  std::vector<Shape> shapes;  // with batch
  std::vector<Numbers> x;
  Shape y_shape{};
  Numbers y{};

  MergingExample(L made, const std::vector<Shape>& batches, std::vector<Numbers> inputs)
      : layer(std::move(made)), shapes(batches), x(std::move(inputs)) {
    std::vector<Shape> samples;
    for (const Shape& shape : shapes) samples.emplace_back(shape.begin() + 1, shape.end());
    y_shape = layer.output_shape(samples).with_batch(shapes[0][0]);
    y.resize(static_cast<std::size_t>(y_shape.num_elements()), 77);
  }

  [[nodiscard]] Numbers forward() {
    layer.forward(refs(), {y.data(), y_shape}, {});
    return y;
  }
  /// The gradient of each input.
  [[nodiscard]] std::vector<Numbers> backward(Numbers dy) {
    std::vector<Numbers> dx = x;
    std::vector<TensorRef<double>> gradients;
    for (std::size_t i = 0; i < x.size(); ++i) gradients.push_back({dx[i].data(), shapes[i]});
    layer.backward(refs(), {y.data(), y_shape}, {dy.data(), y_shape}, gradients, {});
    return dx;
  }

 private:
  [[nodiscard]] Tensors<const double> refs() {
    refs_.clear();
    for (std::size_t i = 0; i < x.size(); ++i) refs_.push_back({x[i].data(), shapes[i]});
    return refs_;
  }
  std::vector<TensorRef<const double>> refs_;
};

}  // namespace nn::testing
