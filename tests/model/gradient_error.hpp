// SPDX-License-Identifier: MIT
// Gradients of whole models against central differences.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "nn/sequential.hpp"

namespace nn::testing {

/// The largest difference between a model's gradients, as a step of plain SGD shows them, and
/// central differences of its loss, relative to 1 or more.
inline double gradient_error(Model<double> model, const std::vector<Samples>& x,
                             const std::vector<Targets>& y) {
  std::vector<AnyLoss<double>> losses(y.size(), MeanSquaredError{});
  CompileOptions options;
  for (std::size_t o = 0; o < y.size(); ++o) {
    options.loss_weights.push_back(1 + static_cast<double>(o));
  }
  model.compile(SGD{{.learning_rate = 1}}, losses, {}, options);
  Model<double> trained = model;
  trained.train_on_batch(x, y);
  double worst = 0, largest = 0;
  for (std::size_t p = 0; p < model.parameters().named().size(); ++p) {
    const auto& parameter = model.parameters().named()[p];
    if (!parameter.is_trained()) continue;
    for (Index i = 0; i < parameter.shape.num_elements(); ++i) {
      constexpr double step = 1e-5;
      double& value = parameter.value().data()[i];
      const double before = value;
      value = before + step;
      const double above = model.test_on_batch(x, y)["loss"];
      value = before - step;
      const double below = model.test_on_batch(x, y)["loss"];
      value = before;
      const double expected = (above - below) / (2 * step);
      const double got = before - trained.parameters().named()[p].value().data()[i];
      worst = std::max(worst, std::abs(got - expected) / std::max(1.0, std::abs(expected)));
      largest = std::max(largest, std::abs(expected));
    }
  }
  return largest > 1e-3 ? worst : 1;  // all zeros would say nothing
}

}  // namespace nn::testing
