// SPDX-License-Identifier: MIT
#include "nn/losses/categorical_crossentropy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "nn/losses/sparse_categorical_crossentropy.hpp"
#include "tests/losses/loss_testing.hpp"

namespace nn {
namespace {

using testing::check_close;
using testing::check_row_gradient;
using testing::LossOfValues;

const CategoricalCrossentropy probabilities{};
const CategoricalCrossentropy logits{{.from_logits = true}};

}  // namespace

TEST_SUITE("losses/categorical_crossentropy") {
  TEST_CASE_TEMPLATE("CategoricalCrossentropy: of probabilities, by hand", T, float, double) {
    const LossOfValues<T> result(probabilities, 2, {T(0.25), T(0.75), T(0.5), T(0.5)},
                                 {0, 1, T(0.25), T(0.75)});
    check_close(result.rows, {-std::log(0.75), -std::log(0.5)});
    // (1 - t / p) / 2, as the probabilities are divided by their sum
    check_close(result.gradient, {0.5, (1 - 1 / 0.75) / 2, 0.25, -0.25});
  }

  TEST_CASE_TEMPLATE("CategoricalCrossentropy: of logits as that of class numbers", T, float,
                     double) {
    const std::vector<T> z{0, 1, 2, 1000, -1000, 1000};
    const LossOfValues<T> result(logits, 3, z, {0, 0, 1, 1, 0, 0});
    const std::vector<std::int32_t> labels{2, 0};
    std::vector<T> rows(2), gradient(6);
    const SparseCategoricalCrossentropy sparse{{.from_logits = true}};
    const double value = compute_loss(
        sparse,
        ScoredBatch<T>{.rows = 2, .classes = 3, .scores = z.data(), .labels = labels.data()},
        rows.data(), gradient.data());
    CHECK(result.value == doctest::Approx(value).epsilon(1e-6));
    check_close(result.rows, {rows.begin(), rows.end()});
    check_close(result.gradient, {gradient.begin(), gradient.end()});
  }

  TEST_CASE("CategoricalCrossentropy: the gradient is exact, also for rows that don't sum to 1") {
    const CategoricalCrossentropy smooth{{.label_smoothing = 0.2}};
    const CategoricalCrossentropy smooth_logits{{.from_logits = true, .label_smoothing = 0.2}};
    for (const CategoricalCrossentropy& loss : {probabilities, smooth}) {
      check_row_gradient(loss, {0.1, 0.3, 0.6}, {0, 0, 1});
      check_row_gradient(loss, {0.1, 0.3, 0.61}, {0.25, 0.5, 0.5});
      check_row_gradient(loss, {1e-9, 0.3, 0.7}, {1, 0, 0});  // clipped
    }
    for (const CategoricalCrossentropy& loss : {logits, smooth_logits}) {
      check_row_gradient(loss, {-3, 0.5, 20}, {0, 1, 0});
      check_row_gradient(loss, {-3, 0.5, 2}, {0.25, 0.5, 0.5});
    }
  }

  TEST_CASE("CategoricalCrossentropy: smoothing gives each class a share") {
    const CategoricalCrossentropy smooth{{.label_smoothing = 0.5}};
    const LossOfValues<double> result(smooth, 2, {0.2, 0.8}, {1, 0});  // targets 0.75, 0.25
    check_close(result.rows, {-0.75 * std::log(0.2) - 0.25 * std::log(0.8)});
  }

  TEST_CASE("CategoricalCrossentropy: refuses what can't be probabilities, and bad smoothing") {
    CHECK_THROWS_WITH_AS(
        LossOfValues<float>(probabilities, 2, {0.5f, 0.75f}, {1, 0}),
        "categorical_crossentropy: expected probabilities, none below 0, which sum to 1, got "
        "scores that sum to 1.25 (row 0 of the batch); end the model with nn::Softmax, or give the "
        "loss {.from_logits = true}",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS((CategoricalCrossentropy{{.label_smoothing = -1}}),
                         "CategoricalCrossentropy: expected a label_smoothing in [0, 1], got -1",
                         std::invalid_argument);
  }

  TEST_CASE("CategoricalCrossentropy: its name, and what it takes") {
    CHECK(probabilities.name() == "categorical_crossentropy");
    CHECK(logits.from_logits());
    CHECK(probabilities.takes_over() == Activation::softmax);
    CHECK(logits.takes_over() == Activation::linear);
    CHECK(probabilities.num_classes(4) == 4);
  }
}

}  // namespace nn
