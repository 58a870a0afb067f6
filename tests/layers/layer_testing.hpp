// SPDX-License-Identifier: MIT
// What the tests of layers share: the form with its allocation counter, and numbers worked out by
// hand.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "nn/testing/check_layer.hpp"
#include "tests/testing/allocations.hpp"

namespace nn::testing {

/// Findings of the form as text; "" for a sound layer.
template <class Make>
[[nodiscard]] std::string form(const Make& make, const Shape& sample, LayerExpectations expected) {
  expected.allocations = num_allocations;
  return to_text(check_layer(make, sample, expected));
}

/// "1 2.5 -3"
[[nodiscard]] inline std::string numbers(const double* values, Index count) {
  std::string text;
  for (Index i = 0; i < count; ++i) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.6g", values[i] + 0.0);  // -0 as 0
    text += (i == 0 ? "" : " ") + std::string(digits);
  }
  return text;
}
[[nodiscard]] inline std::string numbers(const GuardedBuffer<double>& values) {
  return numbers(values.data(), values.size());
}
[[nodiscard]] inline std::string numbers(const TensorMap<double, 1>& values) {
  return numbers(values.data(), values.size());
}

/// One pass through a layer with given numbers; everything in row-major order.
struct WorkedExample {
  LayerRig<double> rig;
  RiggedBatch<double> batch;
  Pass pass = LayerRig<double>::training_pass();

  template <class L>
  WorkedExample(L layer, const Shape& sample, const std::vector<double>& x,
                const std::vector<std::vector<double>>& parameters = {},
                const std::vector<std::vector<double>>& state = {})
      : rig(AnyLayer<double>(std::move(layer)), sample),
        batch(rig.batch(static_cast<Index>(x.size()) / sample.num_elements(), {})) {
    std::copy(x.begin(), x.end(), batch.x.data());
    set(rig.parameters(), parameters);
    set(rig.state(), state);
    rig.fill_parameter_gradients(0);
  }

  [[nodiscard]] std::string forward() {
    rig.forward(batch, pass);
    return numbers(batch.y);
  }
  [[nodiscard]] std::string backward(const std::vector<double>& dy) {
    std::copy(dy.begin(), dy.end(), batch.dy.data());
    rig.backward(batch, pass);
    return numbers(batch.dx);
  }
  [[nodiscard]] std::string gradient(std::size_t parameter) const {
    return numbers(rig.parameters()[parameter].gradient());
  }
  [[nodiscard]] std::string state(std::size_t i) const { return numbers(rig.state()[i].value()); }

 private:
  static void set(const std::vector<NamedParameter<double>>& parameters,
                  const std::vector<std::vector<double>>& values) {
    REQUIRE(values.size() == parameters.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      REQUIRE(parameters[i].shape.num_elements() == static_cast<Index>(values[i].size()));
      std::copy(values[i].begin(), values[i].end(), parameters[i].value().data());
    }
  }
};

/// The layer's arguments as a file has them.
template <class L>
[[nodiscard]] std::string arguments_text(const L& layer) {
  return io::arguments_to_json(layer.arguments());
}

}  // namespace nn::testing
