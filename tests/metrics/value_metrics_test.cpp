// SPDX-License-Identifier: MIT
// Metrics of values, and the accuracy of every kind of target.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "nn/metrics/accuracy.hpp"
#include "nn/metrics/binary_accuracy.hpp"
#include "nn/metrics/categorical_accuracy.hpp"
#include "nn/metrics/f1_score.hpp"
#include "nn/metrics/r2_score.hpp"
#include "nn/metrics/root_mean_squared_error.hpp"

namespace nn {
namespace {

/// Rows of `classes` scores against values.
template <Real T>
ScoredBatch<T> batch_of(Index classes, const std::vector<T>& scores, const std::vector<T>& values) {
  return {.rows = static_cast<Index>(scores.size()) / classes,
          .classes = classes,
          .scores = scores.data(),
          .values = values.data()};
}

/// The result of a metric after one batch.
template <class M>
double result_of(M metric, Index classes, const std::vector<double>& scores,
                 const std::vector<double>& values) {
  CHECK(metric.result() == 0);
  metric.update(batch_of(classes, scores, values));
  const double result = metric.result();
  metric.reset();
  CHECK(metric.result() == 0);
  return result;
}

}  // namespace

TEST_SUITE("metrics/values") {
  TEST_CASE("Accuracy: of rows of values, the highest decides") {
    const std::vector<double> scores{0.5, 0.25, 0.25, 0.2, 0.4, 0.4}, rows{1, 0, 0, 0, 0, 1};
    CHECK(result_of(Accuracy{}, 3, scores, rows) == 0.5);
    CHECK(result_of(CategoricalAccuracy{}, 3, scores, rows) == 0.5);
  }

  TEST_CASE("Accuracy: of single values, above a half is a 1") {
    const std::vector<double> scores{0.5, 0.51, 0.2, 0.9}, values{0, 1, 1, 0};
    CHECK(result_of(Accuracy{}, 1, scores, values) == 0.5);
    CHECK(result_of(BinaryAccuracy{}, 1, scores, values) == 0.5);
  }

  TEST_CASE("BinaryAccuracy: labels count one by one, and only above the threshold") {
    const std::vector<double> scores{0.3, 0.5, 0.6, 0.2}, values{0, 1, 1, 1};
    CHECK(result_of(BinaryAccuracy{}, 2, scores, values) == 0.5);
    CHECK(result_of(BinaryAccuracy{{.threshold = 0.3}}, 2, scores, values) == 0.75);
  }

  TEST_CASE("RootMeanSquaredError: by hand") {
    CHECK(result_of(RootMeanSquaredError{}, 2, {1, 2, 3, 4}, {1, 0, 4, 1}) ==
          doctest::Approx(std::sqrt(3.5)));
  }

  TEST_CASE("R2Score: by hand, and 0 for equal targets") {
    CHECK(result_of(R2Score{}, 1, {1, 1, 3}, {1, 2, 3}) == doctest::Approx(0.5));
    const std::vector<double> y{0, 3, 4, 1}, t{0, 1, 4, 3};  // columns (0, 4) and (1, 3)
    CHECK(result_of(R2Score{}, 2, y, t) == doctest::Approx((1 - 3) / 2.0));
    const R2Score weighted{{.class_aggregation = ClassAggregation::variance_weighted_average}};
    CHECK(result_of(weighted, 2, y, t) == doctest::Approx((8.0 * 1 - 2.0 * 3) / 10));
    CHECK(result_of(R2Score{}, 1, {1, 2}, {5, 5}) == 0);
  }

  TEST_CASE("R2Score: a large mean takes no digits") {
    R2Score small, large;
    for (int i = 0; i < 100; ++i) {
      const std::vector<double> t{i % 7 / 8.0}, y{i % 5 / 8.0}, far_t{t[0] + 1e9},
          far_y{y[0] + 1e9};
      small.update(batch_of(1, y, t));
      large.update(batch_of(1, far_y, far_t));
    }
    CHECK(large.result() == doctest::Approx(small.result()).epsilon(1e-6));
  }

  TEST_CASE("R2Score: refuses rows of another size") {
    R2Score metric;
    const std::vector<float> numbers{1, 2};
    metric.update(batch_of(1, numbers, numbers));
    CHECK_THROWS_WITH_AS(metric.update(batch_of(2, numbers, numbers)),
                         "r2_score: expected batches of equally long rows, got 2",
                         std::invalid_argument);
  }

  TEST_CASE("Metrics: say which way they improve") {
    CHECK(Accuracy::more_is_better);
    CHECK(BinaryAccuracy::more_is_better);
    CHECK(CategoricalAccuracy::more_is_better);
    CHECK(R2Score::more_is_better);
    CHECK_FALSE(RootMeanSquaredError::more_is_better);
  }

  TEST_CASE("Metrics: refuse targets of the other kind by their names") {
    const float scores[] = {1, 0};
    const std::int32_t label = 0;
    const ScoredBatch<float> classes{.rows = 1, .classes = 2, .scores = scores, .labels = &label};
    const ScoredBatch<float> values{.rows = 1, .classes = 2, .scores = scores, .values = scores};
    const auto refuses = [&](auto metric, const ScoredBatch<float>& batch, const char* message) {
      CHECK_THROWS_WITH_AS(metric.update(batch), message, std::invalid_argument);
    };
    refuses(BinaryAccuracy{}, classes,
            "binary_accuracy: expected values as targets, got class numbers");
    refuses(CategoricalAccuracy{}, classes,
            "categorical_accuracy: expected values as targets, got class numbers");
    refuses(R2Score{}, classes, "r2_score: expected values as targets, got class numbers");
    refuses(RootMeanSquaredError{}, classes,
            "root_mean_squared_error: expected values as targets, got class numbers");
    refuses(F1Score{}, values, "F1Score: expected class numbers as targets, got values");
  }
}

}  // namespace nn
