// SPDX-License-Identifier: MIT
#include "nn/losses/mean_squared_error.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "tests/losses/loss_testing.hpp"

namespace nn {

using testing::check_close;
using testing::LossOfValues;

TEST_SUITE("losses/mean_squared_error") {
  TEST_CASE_TEMPLATE("MeanSquaredError: by hand", T, float, double) {
    const LossOfValues<T> result(MeanSquaredError{}, 2, {1, 2, 3, 4}, {1, 0, 4, 1});
    check_close(result.rows, {2, 5});
    CHECK(result.value == doctest::Approx(3.5));
    check_close(result.gradient, {0, 1, -0.5, 1.5});  // 2 (y - t) / 2 / 2
    const MeanSquaredError sum{{.reduction = Reduction::sum}};
    CHECK(LossOfValues<T>(sum, 2, {1, 2, 3, 4}, {1, 0, 4, 1}).value == doctest::Approx(7));
  }

  TEST_CASE("MeanSquaredError: the gradient is exact") {
    testing::check_row_gradient(MeanSquaredError{}, {0.5, -2, 3}, {1, 1, -4});
  }

  TEST_CASE("MeanSquaredError: as a metric, the mean over all rows") {
    MeanSquaredError metric{{.reduction = Reduction::sum}};
    CHECK(metric.result() == 0);
    const std::vector<float> scores{1, 2, 3}, values{1, 0, 4};
    metric.update(ScoredBatch<float>{
        .rows = 2, .classes = 1, .scores = scores.data(), .values = values.data()});
    CHECK(metric.result() == 2);
    metric.update(ScoredBatch<float>{
        .rows = 1, .classes = 1, .scores = scores.data() + 2, .values = values.data() + 2});
    CHECK(metric.result() == doctest::Approx(5.0 / 3));
    metric.reset();
    CHECK(metric.result() == 0);
    CHECK_FALSE(MeanSquaredError::more_is_better);
    const std::int32_t label = 0;
    CHECK_THROWS_WITH_AS(metric.update(ScoredBatch<float>{
                             .rows = 1, .classes = 1, .scores = scores.data(), .labels = &label}),
                         "mean_squared_error: expected values as targets, got class numbers",
                         std::invalid_argument);
  }
}

}  // namespace nn
