// SPDX-License-Identifier: MIT
// What the tests of losses share.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "nn/scoring/row_loss.hpp"
#include "nn/testing/dual.hpp"

namespace nn::testing {

/// A loss of rows of `classes` values, with everything that it gives.
template <Real T>
struct LossOfValues {
  template <class Loss>
  LossOfValues(const Loss& loss, Index classes, const std::vector<T>& scores,
               const std::vector<T>& values)
      : rows(scores.size() / static_cast<std::size_t>(classes)), gradient(scores.size()) {
    value = compute_loss(loss,
                         ScoredBatch<T>{.rows = static_cast<Index>(rows.size()),
                                        .classes = classes,
                                        .scores = scores.data(),
                                        .values = values.data()},
                         rows.data(), gradient.data());
  }

  double value = 0;
  std::vector<T> rows, gradient;
};

template <Real T>
void check_close(const std::vector<T>& values, const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i);
    CHECK(static_cast<double>(values[i]) == doctest::Approx(expected[i]).epsilon(1e-5));
  }
}

/// Holds the gradient of one row against dual numbers, which are exact, and checks that it is
/// multiplied by the factor and that the loss is the same without it.
template <class Loss>
void check_row_gradient(const Loss& loss, const std::vector<double>& scores,
                        const std::vector<double>& values) {
  const auto classes = static_cast<Index>(scores.size());
  const ScoredRow<double> row{.classes = classes, .scores = scores.data(), .values = values.data()};
  std::vector<double> gradient(scores.size(), 7.0);  // 7: it has to be assigned
  const double value = loss(row, 3.0, gradient.data());
  CHECK(loss(row, 1.0, static_cast<double*>(nullptr)) == value);

  const std::vector<Dual> duals_of_values(values.begin(), values.end());
  for (std::size_t k = 0; k < scores.size(); ++k) {
    CAPTURE(k);
    std::vector<Dual> duals(scores.begin(), scores.end());
    duals[k].derivative = 1;
    const ScoredRow<Dual> moved{
        .classes = classes, .scores = duals.data(), .values = duals_of_values.data()};
    const Dual result = loss(moved, Dual(1), static_cast<Dual*>(nullptr));
    CHECK(result.value == doctest::Approx(value).epsilon(1e-12));
    CHECK(gradient[k] == doctest::Approx(3 * result.derivative).epsilon(1e-9));
  }
}

}  // namespace nn::testing
