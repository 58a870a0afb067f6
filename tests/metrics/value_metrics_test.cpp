// SPDX-License-Identifier: MIT
// Metrics of values, and the accuracy of every kind of target.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "nn/metrics/metrics.hpp"

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

  TEST_CASE("R2Score: of one number of a row, and none that is not there") {
    const std::vector<double> y{0, 3, 4, 1}, t{0, 1, 4, 3};  // columns (0, 4) and (1, 3)
    CHECK(result_of(R2Score{{.class_id = 0}}, 2, y, t) == 1);
    CHECK(result_of(R2Score{{.class_id = 1}}, 2, y, t) == -3);
    CHECK_THROWS_WITH_AS(result_of(R2Score{{.class_id = 2}}, 2, y, t),
                         "r2_score: expected a class_id below the numbers of a row, got 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(R2Score{{.class_id = -1}},
                         "R2Score: expected a class_id of 0 or more, got -1",
                         std::invalid_argument);
  }

  TEST_CASE("Precision and Recall: scores above the threshold count, all classes together") {
    const std::vector<double> y{0.9, 0.6, 0.2, 0.8}, t{1, 0, 1, 1};
    CHECK(result_of(Precision{}, 2, y, t) == doctest::Approx(2 / 3.0));
    CHECK(result_of(Recall{}, 2, y, t) == doctest::Approx(2 / 3.0));
    CHECK(result_of(Precision{{.threshold = 0.7}}, 2, y, t) == 1);
    CHECK(result_of(Precision{{.average = Average::macro}}, 2, y, t) == doctest::Approx(0.75));
    CHECK(result_of(Recall{{.class_id = 0}}, 2, y, t) == 0.5);
    CHECK(result_of(Precision{{.top_k = 1}}, 2, y, t) == 1);
    CHECK(result_of(Recall{{.threshold = 0.85, .top_k = 1}}, 2, y, t) == doctest::Approx(1 / 3.0));
    const std::vector<double> equal{0.5, 0.5, 0.5};  // the first ones are among the top 2
    CHECK(result_of(Recall{{.top_k = 2}}, 3, equal, {0, 1, 1}) == 0.5);
  }

  TEST_CASE("F1Score: of values, the highest scores of a row but zeros, or a threshold") {
    const std::vector<double> y{0.6, 0.4, 0, 0, 0.5, 0.5}, t{1, 0, 1, 0, 0, 1};
    // Class 0: 1 of 2 true ones found, 1 of 2 taken. Class 1: 1 of 1 found, 1 taken.
    CHECK(result_of(F1Score{}, 2, y, t) == doctest::Approx(0.75));
    CHECK(result_of(F1Score{{.class_id = 0}}, 2, y, t) == 0.5);
    CHECK(result_of(F1Score{{.threshold = 0.55}}, 2, y, t) == doctest::Approx(1 / 3.0));
  }

  TEST_CASE("AUC: by hand; 0 where one kind is missing") {
    CHECK(result_of(AUC{}, 1, {0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1}) == doctest::Approx(0.75));
    CHECK(result_of(AUC{}, 1, {0.1, 0.2, 0.7, 0.8}, {0, 0, 1, 1}) == doctest::Approx(1));
    CHECK(result_of(AUC{}, 1, {0.5, 0.5, 0.5, 0.5}, {0, 0, 1, 1}) == doctest::Approx(0.5));
    CHECK(result_of(AUC{}, 1, {0.1, 0.2}, {1, 1}) == 0);
    // Scores at the ends, and three thresholds: nothing is at 0.5 but what is there.
    CHECK(result_of(AUC{{.num_thresholds = 3}}, 1, {0, 1}, {0, 1}) == 1);
    const AUC precise{{.curve = AUCCurve::PR}};
    CHECK(result_of(precise, 1, {0.1, 0.2, 0.7, 0.8}, {0, 0, 1, 1}) == doctest::Approx(1));
    const std::vector<double> y{0.1, 0.9, 0.8, 0.2}, t{0, 0, 1, 1};  // columns: perfect, worst
    CHECK(result_of(AUC{{.multi_label = true}}, 2, y, t) == doctest::Approx(0.5));
  }

  TEST_CASE("AUC: steps by their lower or higher end") {
    const std::vector<double> y{0.5, 0.5}, t{0, 1};
    CHECK(result_of(AUC{{.summation_method = AUCSummation::minoring}}, 1, y, t) == 0);
    CHECK(result_of(AUC{{.summation_method = AUCSummation::majoring}}, 1, y, t) == 1);
    CHECK_THROWS_WITH_AS((AUC{{.num_thresholds = 1}}), "AUC: expected 2 thresholds or more, got 1",
                         std::invalid_argument);
  }

  TEST_CASE("TopKCategoricalAccuracy: of class numbers and of rows; ties don't push back") {
    const std::vector<double> y{0.5, 0.3, 0.2, 0.4, 0.4, 0.2}, t{0, 0, 1, 0, 1, 0};
    CHECK(result_of(TopKCategoricalAccuracy{{.k = 2}}, 3, y, t) == 0.5);
    CHECK(result_of(TopKCategoricalAccuracy{{.k = 1}}, 3, y, t) == 0.5);
    CHECK(result_of(TopKCategoricalAccuracy{}, 3, y, t) == 1);
    CHECK_THROWS_WITH_AS(TopKCategoricalAccuracy{{.k = 0}},
                         "TopKCategoricalAccuracy: expected a k of 1 or more, got 0",
                         std::invalid_argument);
  }

  TEST_CASE("MeanIoU: by hand; classes that do not occur don't count") {
    const std::vector<float> y{0.9f, 0.1f, 0, 0.8f, 0.2f, 0, 0.3f, 0.7f, 0};
    const std::vector<std::int32_t> labels{0, 1, 1};
    const ScoredBatch<float> batch{
        .rows = 3, .classes = 3, .scores = y.data(), .labels = labels.data()};
    MeanIoU mean, of_one{{.class_id = 1}};
    mean.update(batch);
    of_one.update(batch);
    CHECK(mean.result() == 0.5);  // 1 of 2 for both
    CHECK(of_one.result() == 0.5);
  }

  TEST_CASE("Metrics: rows count as much as they weigh") {
    const std::vector<double> y{0.9, 0.2, 0.6}, t{1, 1, 0}, weights{2, 1, 0};
    ScoredBatch<double> batch = batch_of(1, y, t);
    batch.weights = weights.data();
    const auto weighted_result = [&](auto metric) {
      metric.update(batch);
      return metric.result();
    };
    CHECK(weighted_result(BinaryAccuracy{}) == doctest::Approx(2 / 3.0));
    CHECK(weighted_result(Recall{}) == doctest::Approx(2 / 3.0));
    CHECK(weighted_result(Precision{}) == 1);
    CHECK(weighted_result(RootMeanSquaredError{}) ==
          doctest::Approx(std::sqrt((2 * 0.01 + 0.64) / 3)));
    CHECK(weighted_result(R2Score{}) == 0);  // targets are equal where there are weights
  }

  TEST_CASE("Count metrics: state comes back, and refuses what can't be one") {
    Recall recall, resumed;
    const std::vector<double> y{0.9, 0.6, 0.2, 0.8}, t{1, 0, 1, 1};
    recall.update(batch_of(2, y, t));
    resumed.set_state(recall.state());
    CHECK(resumed.result() == recall.result());
    CHECK_THROWS_WITH_AS(resumed.set_state({1, 2, 3}),
                         "Recall: expected a state of 3 numbers for each class and 1, got 3",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(resumed.set_state({1, -2, 3, 0}),
                         "Recall: expected counts of 0 or more, got -2", std::invalid_argument);
    AUC auc;
    CHECK_THROWS_WITH_AS(auc.set_state({1, 2}),
                         "AUC: expected a state of numbers for each threshold, got 2",
                         std::invalid_argument);
  }

  TEST_CASE("Count metrics: refuse options that the targets have no use for") {
    const float scores[] = {1, 0};
    const std::int32_t label = 0;
    const ScoredBatch<float> batch{.rows = 1, .classes = 2, .scores = scores, .labels = &label};
    CHECK_THROWS_WITH_AS((Precision{{.threshold = 0.9}}.update(batch)),
                         "Precision: expected values as targets, got class numbers",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((Recall{{.class_id = 2}}.update(batch)),
                         "Recall: expected a class_id below the number of classes, got 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((Recall{{.top_k = -1}}), "Recall: expected a top_k of 0 or more, got -1",
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
    refuses(MeanIoU{}, values, "MeanIoU: expected class numbers as targets, got values");
    refuses(AUC{}, classes, "auc: expected values as targets, got class numbers");
  }
}

}  // namespace nn
