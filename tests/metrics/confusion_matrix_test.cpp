// SPDX-License-Identifier: MIT
#include "nn/metrics/confusion_matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <locale>
#include <sstream>
#include <string>
#include <vector>

#include "nn/metrics/accuracy.hpp"
#include "nn/metrics/f1_score.hpp"
#include "nn/metrics/precision.hpp"
#include "nn/metrics/recall.hpp"

namespace nn {
namespace {

// Six samples of classes 0, 0, 0, 1, 1, 2 predicted as 0, 0, 1, 1, 2, 1
const std::vector<std::int32_t> truth{0, 0, 0, 1, 1, 2}, taken{0, 0, 1, 1, 2, 1};

ConfusionMatrix example() {
  ConfusionMatrix matrix(3);
  for (std::size_t i = 0; i < truth.size(); ++i) matrix.add(truth[i], taken[i]);
  return matrix;
}

/// Scores [6, 3] whose highest are at the classes of `taken`.
std::vector<float> example_scores() {
  std::vector<float> scores(18, 0.25f);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    scores[3 * i + static_cast<std::size_t>(taken[i])] = 0.5f;
  }
  return scores;
}

/// The result of a metric that has seen the example in two batches.
template <class M>
double result_of(M metric) {
  const std::vector<float> scores = example_scores();
  metric.reset();
  for (const Index first : {0, 4}) {
    metric.update(ScoredBatch<float>{.rows = first == 0 ? 4 : 2,
                                     .classes = 3,
                                     .scores = scores.data() + 3 * first,
                                     .labels = truth.data() + first});
  }
  return metric.result();
}

}  // namespace

TEST_SUITE("metrics/confusion_matrix") {
  TEST_CASE("ConfusionMatrix: counts true against predicted classes") {
    const ConfusionMatrix matrix = example();
    CHECK(matrix.classes() == 3);
    CHECK(matrix.total() == 6);
    CHECK(matrix(0, 0) == 2);
    CHECK(matrix(0, 1) == 1);
    CHECK(matrix(1, 0) == 0);
    CHECK(matrix(1, 2) == 1);
    CHECK(matrix(2, 1) == 1);
    CHECK(matrix.support(0) == 3);
    CHECK(matrix.predicted(0) == 2);
    CHECK(matrix.predicted(1) == 3);
  }

  TEST_CASE("ConfusionMatrix: statistics of single classes") {
    const ConfusionMatrix matrix = example();
    CHECK(matrix.precision(0) == 1);
    CHECK(matrix.precision(1) == doctest::Approx(1.0 / 3));
    CHECK(matrix.precision(2) == 0);
    CHECK(matrix.recall(0) == doctest::Approx(2.0 / 3));
    CHECK(matrix.recall(1) == 0.5);
    CHECK(matrix.recall(2) == 0);
    CHECK(matrix.f1(0) == doctest::Approx(0.8));
    CHECK(matrix.f1(1) == doctest::Approx(0.4));
    CHECK(matrix.f1(2) == 0);
  }

  TEST_CASE("ConfusionMatrix: averages over classes") {
    const ConfusionMatrix matrix = example();
    CHECK(matrix.accuracy() == 0.5);
    CHECK(matrix.precision() == doctest::Approx((1 + 1.0 / 3) / 3));
    CHECK(matrix.recall(Average::macro) == doctest::Approx((2.0 / 3 + 0.5) / 3));
    CHECK(matrix.f1(Average::macro) == doctest::Approx((0.8 + 0.4) / 3));
    CHECK(matrix.precision(Average::micro) == 0.5);
    CHECK(matrix.recall(Average::micro) == 0.5);
    CHECK(matrix.f1(Average::micro) == 0.5);
    CHECK(matrix.precision(Average::weighted) == doctest::Approx((3 * 1 + 2 * (1.0 / 3)) / 6));
    CHECK(matrix.recall(Average::weighted) == doctest::Approx((3 * (2.0 / 3) + 2 * 0.5) / 6));
    CHECK(matrix.f1(Average::weighted) == doctest::Approx((3 * 0.8 + 2 * 0.4) / 6));
  }

  TEST_CASE("ConfusionMatrix: 0 / 0 is 0") {
    const ConfusionMatrix empty(2), nothing;
    CHECK(empty.accuracy() == 0);
    CHECK(empty.precision(0) == 0);
    CHECK(empty.recall(1) == 0);
    CHECK(empty.f1(1) == 0);
    for (const Average average : {Average::macro, Average::micro, Average::weighted}) {
      CHECK(empty.precision(average) == 0);
      CHECK(empty.recall(average) == 0);
      CHECK(nothing.f1(average) == 0);
    }
  }

  TEST_CASE("ConfusionMatrix: refuses classes that it doesn't have") {
    ConfusionMatrix matrix(3);
    CHECK_THROWS_WITH_AS(matrix.add(0, 3), "ConfusionMatrix: expected classes from 0 to 2, got 3",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(matrix.add(-1, 0), "ConfusionMatrix: expected classes from 0 to 2, got -1",
                         std::invalid_argument);
    CHECK(matrix.total() == 0);
  }

  TEST_CASE("confusion_matrix: of predictions against labels") {
    const std::vector<float> scores = example_scores();
    const TensorMap<const float, 2> predictions(scores.data(), 6, 3);
    Labels labels(6);
    std::copy(truth.begin(), truth.end(), labels.data());
    const ConfusionMatrix matrix = confusion_matrix(labels, predictions);
    for (Index t = 0; t < 3; ++t) {
      for (Index p = 0; p < 3; ++p) CHECK(matrix(t, p) == example()(t, p));
    }
    CHECK_THROWS_WITH_AS(static_cast<void>(confusion_matrix(Labels(5), predictions)),
                         "confusion_matrix: expected labels of shape [6] or [6, 1], got [5]",
                         ShapeError);
  }

  TEST_CASE("ConfusionMatrix: a stream prints the counts with the classes' numbers") {
    std::ostringstream stream;
    stream << example();
    CHECK(stream.str() ==
          "      predicted\n"
          "true  0  1  2\n"
          "   0  2  1  0\n"
          "   1  0  1  1\n"
          "   2  0  1  0\n");
    CHECK(to_string(ConfusionMatrix{}) == "");
  }

  TEST_CASE("ConfusionMatrix: columns are as wide as the largest count, in any locale") {
    struct Grouping : std::numpunct<char> {
      char do_thousands_sep() const override { return '.'; }
      std::string do_grouping() const override { return "\3"; }
    };
    ConfusionMatrix matrix(2);
    for (int i = 0; i < 1234; ++i) matrix.add(1, 0);
    std::ostringstream stream;
    stream.imbue(std::locale(std::locale::classic(), new Grouping));
    stream << matrix;
    CHECK(stream.str() ==
          "      predicted\n"
          "true     0     1\n"
          "   0     0     0\n"
          "   1  1234     0\n");
  }

  TEST_CASE("ConfusionMatrix: columns that don't fit into a line follow below") {
    const ConfusionMatrix matrix = example();
    const std::string two_tables =
        "      predicted\n"
        "true  0  1\n"
        "   0  2  1\n"
        "   1  0  1\n"
        "   2  0  1\n"
        "\n"
        "      predicted\n"
        "true  2\n"
        "   0  0\n"
        "   1  1\n"
        "   2  0\n";
    CHECK(to_string(matrix, 10) == two_tables);
    CHECK(to_string(matrix, 12) == two_tables);
    CHECK(to_string(matrix, 13).find("predicted") == to_string(matrix, 13).rfind("predicted"));
    for (const Index narrow : {-1, 0, 7}) {  // a column at a time is the least
      CAPTURE(narrow);
      CHECK(to_string(matrix, narrow) == to_string(matrix, 7));
    }
    for (const Index line_width : {40, 80}) {
      CAPTURE(line_width);
      std::istringstream lines(to_string(ConfusionMatrix(300), line_width));
      std::size_t longest = 0;
      for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
      CHECK(longest <= static_cast<std::size_t>(line_width));
      CHECK(longest > static_cast<std::size_t>(line_width) - 5);  // a column of 3 figures
    }
  }
}

TEST_SUITE("metrics") {
  TEST_CASE("Metrics: results run over batches and start anew at reset") {
    CHECK(result_of(Accuracy{}) == 0.5);
    CHECK(result_of(Precision{}) == example().precision());
    CHECK(result_of(Recall{}) == example().recall());
    CHECK(result_of(F1Score{}) == example().f1());
    CHECK(result_of(Precision{{.average = Average::weighted}}) ==
          example().precision(Average::weighted));
    CHECK(result_of(Recall{{.average = Average::weighted}}) == example().recall(Average::weighted));
    CHECK(result_of(F1Score{{.average = Average::micro}}) == 0.5);
    Accuracy accuracy;
    const std::int32_t label = 0;
    const float scores[] = {1, 0};
    accuracy.update(
        ScoredBatch<float>{.rows = 1, .classes = 2, .scores = scores, .labels = &label});
    CHECK(accuracy.result() == 1);
    CHECK(result_of(accuracy) == 0.5);  // it resets first
  }

  TEST_CASE("Metrics: without samples they are 0") {
    CHECK(Accuracy{}.result() == 0);
    CHECK(Precision{}.result() == 0);
    CHECK(Recall{}.result() == 0);
    CHECK(F1Score{}.result() == 0);
  }

  TEST_CASE("ConfusionMatrix: refuses a negative number of classes") {
    CHECK_THROWS_WITH_AS(ConfusionMatrix(-1), "ConfusionMatrix: expected 0 classes or more, got -1",
                         std::invalid_argument);
  }

  TEST_CASE("Metrics: of equal scores the first counts") {
    const std::vector<double> scores{0.5, 0.5, 0.25, 0.5, 0.5, 0.25, 1, 1, 0};
    const std::vector<std::int32_t> labels{0, 1, 0};
    Accuracy accuracy;
    accuracy.update(ScoredBatch<double>{
        .rows = 3, .classes = 3, .scores = scores.data(), .labels = labels.data()});
    CHECK(accuracy.result() == doctest::Approx(2.0 / 3));
  }

  TEST_CASE("Metrics: memory grows with the classes, not with their square") {
    const Index classes = 200'000;  // 320 GB of pairs
    std::vector<float> scores(static_cast<std::size_t>(classes));
    scores[7] = 1;
    const std::int32_t label = 7;
    const auto result = [&](auto metric) {
      metric.update(ScoredBatch<float>{
          .rows = 1, .classes = classes, .scores = scores.data(), .labels = &label});
      return metric.result();
    };
    CHECK(result(Precision{{.average = Average::weighted}}) == 1);
    CHECK(result(Recall{{.average = Average::weighted}}) == 1);
    CHECK(result(F1Score{{.average = Average::weighted}}) == 1);
  }

  TEST_CASE("Metrics: refuse batches of other classes by their names") {
    const float scores[] = {1, 0, 0};
    const std::int32_t label = 0;
    const auto refusal = [&](auto metric) {
      for (const Index classes : {3, 2}) {
        metric.update(
            ScoredBatch<float>{.rows = 1, .classes = classes, .scores = scores, .labels = &label});
      }
    };
    CHECK_THROWS_WITH_AS(refusal(Precision{}),
                         "Precision: expected batches of equally many classes, got 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(refusal(Recall{}),
                         "Recall: expected batches of equally many classes, got 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(refusal(F1Score{}),
                         "F1Score: expected batches of equally many classes, got 2",
                         std::invalid_argument);
  }

  TEST_CASE("ConfusionMatrix: keeps its classes from batch to batch") {
    const std::vector<float> scores{1, 0, 0, 0};
    const std::int32_t label = 0;
    const ScoredBatch<float> batch{
        .rows = 1, .classes = 4, .scores = scores.data(), .labels = &label};
    ConfusionMatrix matrix(3);
    CHECK_THROWS_WITH_AS(matrix.add(batch),
                         "ConfusionMatrix: expected batches of equally many classes, got 4",
                         std::invalid_argument);
    ConfusionMatrix open;
    open.add(batch);
    open.add(batch);
    CHECK(open.total() == 2);
  }

  TEST_CASE("Metrics: names are Keras'") {
    CHECK(Accuracy{}.name() == "accuracy");
    CHECK(Precision{}.name() == "precision");
    CHECK(Recall{}.name() == "recall");
    CHECK(F1Score{}.name() == "f1_score");
  }
}

}  // namespace nn
