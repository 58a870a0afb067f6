// SPDX-License-Identifier: MIT
// Metrics against Keras, and against scikit-learn for precision, recall and F1 on integer labels.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nn/metrics/accuracy.hpp"
#include "nn/metrics/f1_score.hpp"
#include "nn/metrics/precision.hpp"
#include "nn/metrics/recall.hpp"
#include "tests/golden/golden.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::Golden;

/// One update of a case. Class numbers as predictions become rows with a 1.
template <Real T>
struct Update {
  Update(const json& update, Index num_classes) : classes(num_classes) {
    labels = update.at("y_true").get<std::vector<std::int32_t>>();
    for (const json& prediction : update.at("y_pred")) {
      for (Index k = 0; k < classes; ++k) {
        const bool is_row = prediction.is_array();
        scores.push_back(is_row ? prediction.at(static_cast<std::size_t>(k)).get<T>()
                                : T(prediction.get<Index>() == k));
      }
    }
  }
  [[nodiscard]] ScoredBatch<T> batch() const {
    return {.rows = static_cast<Index>(labels.size()),
            .classes = classes,
            .scores = scores.data(),
            .labels = labels.data()};
  }

  Index classes;
  std::vector<std::int32_t> labels;
  std::vector<T> scores;  // [rows, classes]
};

template <Real T>
void check_accuracy(const json& c) {
  Accuracy accuracy;
  for (const json& update : c.at("updates")) {
    const Update<T> data(update, c.at("classes").get<Index>());
    accuracy.update(data.batch());
    CHECK(accuracy.result() == doctest::Approx(update.at("result").get<double>()).epsilon(1e-7));
  }
}

template <Real T>
void check_average(const json& c, Average average) {
  Precision precision{{.average = average}};
  Recall recall{{.average = average}};
  F1Score f1{{.average = average}};
  for (const json& update : c.at("updates")) {
    const Update<T> data(update, c.at("classes").get<Index>());
    precision.update(data.batch());
    recall.update(data.batch());
    f1.update(data.batch());
    const json& expected = update.at("result");
    CHECK(precision.result() ==
          doctest::Approx(expected.at("precision").get<double>()).epsilon(1e-12));
    CHECK(recall.result() == doctest::Approx(expected.at("recall").get<double>()).epsilon(1e-12));
    CHECK(f1.result() == doctest::Approx(expected.at("f1").get<double>()).epsilon(1e-12));
  }
}

template <Real T>
void check_each(const json& c) {
  ConfusionMatrix matrix;
  for (const json& update : c.at("updates")) {
    const Update<T> data(update, c.at("classes").get<Index>());
    matrix.add(data.batch());
    const json& expected = update.at("result");
    for (std::size_t k = 0; k < static_cast<std::size_t>(matrix.classes()); ++k) {
      CAPTURE(k);
      const auto i = static_cast<Index>(k);
      CHECK(matrix.precision(i) == doctest::Approx(expected.at("precision").at(k).get<double>()));
      CHECK(matrix.recall(i) == doctest::Approx(expected.at("recall").at(k).get<double>()));
      CHECK(matrix.f1(i) == doctest::Approx(expected.at("f1").at(k).get<double>()));
    }
  }
}

}  // namespace

TEST_SUITE("golden/metrics") {
  TEST_CASE_TEMPLATE("Metrics: values after each update are Keras' and scikit-learn's", T, float,
                     double) {
    const Golden golden("metrics");
    int num_cases = 0;
    for (const json& c : golden.cases()) {
      const std::string name = c.at("name");
      CAPTURE(name);
      if (name == "accuracy" || name == "sparse_categorical_accuracy") {
        check_accuracy<T>(c);
      } else if (name == "integer_macro") {
        check_average<T>(c, Average::macro);
      } else if (name == "integer_micro") {
        check_average<T>(c, Average::micro);
      } else if (name == "integer_weighted") {
        check_average<T>(c, Average::weighted);
      } else if (name == "integer_each") {
        check_each<T>(c);
      } else {
        continue;
      }
      ++num_cases;
    }
    CHECK(num_cases == 6);
  }
}

}  // namespace nn
