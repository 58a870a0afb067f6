// SPDX-License-Identifier: MIT
// Metrics against Keras, and against scikit-learn for precision, recall and F1 on integer labels.
#include "nn/metrics/metrics.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nn/losses/losses.hpp"
#include "nn/metrics/confusion_matrix.hpp"
#include "tests/golden/golden.hpp"
#include "tests/golden/keras_arguments.hpp"
#include "tests/golden/tally.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::Golden;

/// One update of a case: targets of class numbers, or rows of values. Class numbers as predictions
/// become rows with a 1.
template <Real T>
struct Update {
  Update(const json& update, Index num_classes) : classes(num_classes) {
    for (const json& target : update.at("y_true")) {
      if (!target.is_array()) labels.push_back(target.get<std::int32_t>());
      for (const json& value : target.is_array() ? target : json::array()) {
        values.push_back(value.get<T>());
      }
    }
    for (const json& prediction : update.at("y_pred")) {
      for (Index k = 0; k < classes; ++k) {
        const bool is_row = prediction.is_array();
        scores.push_back(is_row ? prediction.at(static_cast<std::size_t>(k)).get<T>()
                                : T(prediction.get<Index>() == k));
      }
    }
  }
  [[nodiscard]] ScoredBatch<T> batch() const {
    return {.rows = static_cast<Index>(scores.size()) / classes,
            .classes = classes,
            .scores = scores.data(),
            .labels = labels.empty() ? nullptr : labels.data(),
            .values = values.empty() ? nullptr : values.data()};
  }

  Index classes;
  std::vector<std::int32_t> labels;
  std::vector<T> values, scores;  // [rows, classes]
};

/// Calls check(batch, result) after each update.
template <Real T, class Check>
void update_each(const json& c, const Check& check) {
  for (const json& update : c.at("updates")) {
    const Update<T> data(update, c.at("classes").get<Index>());
    check(data.batch(), update.at("result"));
  }
}

template <Real T, class Metric>
void check_metric(const json& c, Metric metric) {
  const double tolerance = testing::tolerance_of<T>(c);
  update_each<T>(c, [&](const ScoredBatch<T>& batch, const json& expected) {
    metric.update(batch);
    const std::vector<double> result{metric.result()}, wanted{expected.get<double>()};
    CHECK(testing::first_difference(result, wanted, tolerance) == "");
  });
}

template <Real T>
void check_average(const json& c, Average average) {
  Precision precision{{.average = average}};
  Recall recall{{.average = average}};
  F1Score f1{{.average = average}};
  const auto is = [](double expected) { return doctest::Approx(expected).epsilon(1e-12); };
  update_each<T>(c, [&](const ScoredBatch<T>& batch, const json& expected) {
    precision.update(batch);
    recall.update(batch);
    f1.update(batch);
    CHECK(precision.result() == is(expected.at("precision").get<double>()));
    CHECK(recall.result() == is(expected.at("recall").get<double>()));
    CHECK(f1.result() == is(expected.at("f1").get<double>()));
  });
}

template <Real T>
void check_each(const json& c) {
  ConfusionMatrix matrix;
  update_each<T>(c, [&](const ScoredBatch<T>& batch, const json& expected) {
    matrix.add(batch);
    for (std::size_t k = 0; k < static_cast<std::size_t>(matrix.classes()); ++k) {
      CAPTURE(k);
      const auto i = static_cast<Index>(k);
      CHECK(matrix.precision(i) == doctest::Approx(expected.at("precision").at(k).get<double>()));
      CHECK(matrix.recall(i) == doctest::Approx(expected.at("recall").at(k).get<double>()));
      CHECK(matrix.f1(i) == doctest::Approx(expected.at("f1").at(k).get<double>()));
    }
  });
}

/// scikit-learn's precision_recall_fscore_support. Returns why the case can't be run, or "".
template <Real T>
std::string check_sklearn_case(const json& c) {
  for (const auto& argument : c.at("config").items()) {
    if (argument.key() != "average") return "argument '" + argument.key() + "'";
  }
  const json& average = c.at("config").at("average");
  if (average.is_null()) {
    check_each<T>(c);
  } else if (average == "macro") {
    check_average<T>(c, Average::macro);
  } else if (average == "micro") {
    check_average<T>(c, Average::micro);
  } else if (average == "weighted") {
    check_average<T>(c, Average::weighted);
  } else {
    return "no such average";
  }
  return "";
}

/// Calls use(metric) with the library's metric. Returns why there is none, and "" after the call.
template <class Use>
std::string use_metric(const std::string& metric, const json& config, const Use& use) {
  if (config.contains("class_aggregation") && config.at("class_aggregation").is_null()) {
    return "a number for each output";
  }
  const testing::KerasArguments keras("metrics", metric, config);
  const auto use_arguments = [&]<class M>(M) {  // a loss as a metric has no reduction in Keras
    Arguments arguments = M{}.arguments();
    return keras.use_object(
        [&](const Arguments& given) {
          return arguments.has("reduction") ? M{} : M::from_arguments(given);
        },
        use);
  };
  if (metric == "SparseCategoricalAccuracy") return use_arguments(Accuracy{});
#define NN_USE_METRIC(M) \
  if (metric == #M) return use_arguments(M{});
  NN_FOR_EACH_METRIC(NN_USE_METRIC)
  NN_FOR_EACH_VALUE_LOSS(NN_USE_METRIC)
#undef NN_USE_METRIC
  return "no such metric";
}

/// Returns why the case can't be run, or "".
template <Real T>
std::string check_metric_case(const json& c) {
  CAPTURE(c.at("name").get<std::string>());
  CAPTURE(sizeof(T));
  const std::string metric = c.at("metric");
  if (metric == "Precision" || metric == "Recall" || metric == "F1Score") {
    return "Keras counts scores, the library samples of a class";
  }
  for (const json& update : c.at("updates")) {
    if (update.contains("sample_weight")) return "metrics take no sample_weight";
  }
  if (metric == "sklearn") return check_sklearn_case<T>(c);
  return use_metric(metric, c.at("config"), [&](const auto& found) { check_metric<T>(c, found); });
}

}  // namespace

TEST_SUITE("golden/metrics") {
  TEST_CASE("Metrics: values after each update are Keras' and scikit-learn's") {
    const Golden golden("metrics");
    testing::Tally tally("metrics");
    for (const json& c : golden.cases()) {
      const std::string why_not = check_metric_case<float>(c);
      CHECK(check_metric_case<double>(c) == why_not);
      tally.add(c.at("metric"), why_not);
    }
    tally.print();
    CHECK(tally.num_run() >= 14);
  }
}

}  // namespace nn
