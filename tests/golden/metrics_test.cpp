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
    for (const json& weight : update.value("sample_weight", json::array())) {
      weights.push_back(weight.get<T>());
    }
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
            .values = values.empty() ? nullptr : values.data(),
            .weights = weights.empty() ? nullptr : weights.data()};
  }

  Index classes;
  std::vector<std::int32_t> labels;
  std::vector<T> values, scores;  // [rows, classes]
  std::vector<T> weights;
};

/// Calls check(batch, result) after each update.
template <Real T, class Check>
void update_each(const json& c, const Check& check) {
  for (const json& update : c.at("updates")) {
    const Update<T> data(update, c.at("classes").get<Index>());
    check(data.batch(), update.at("result"));
  }
}

/// The number of a result that a metric gives; `part` counts where Keras gives several.
template <Real T, class Metric>
void check_metric(const json& c, Metric metric, std::size_t part = 0) {
  CAPTURE(part);
  const bool is_f1 = c.at("metric") == "F1Score";  // Keras adds 1e-7 to its denominators
  const double tolerance = is_f1 ? 3e-7 : testing::tolerance_of<T>(c);
  update_each<T>(c, [&](const ScoredBatch<T>& batch, const json& expected) {
    metric.update(batch);
    const json& number = expected.is_array() ? expected.at(part) : expected;
    const std::vector<double> result{metric.result()}, wanted{number.get<double>()};
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
  ClassCounts counts;
  const auto check_class = [](const auto& counted, std::size_t k, const json& expected) {
    const auto i = static_cast<Index>(k);
    CHECK(counted.precision(i) == doctest::Approx(expected.at("precision").at(k).get<double>()));
    CHECK(counted.recall(i) == doctest::Approx(expected.at("recall").at(k).get<double>()));
    CHECK(counted.f1(i) == doctest::Approx(expected.at("f1").at(k).get<double>()));
  };
  update_each<T>(c, [&](const ScoredBatch<T>& batch, const json& expected) {
    matrix.add(batch);
    counts.add(batch);
    for (std::size_t k = 0; k < static_cast<std::size_t>(counts.classes()); ++k) {
      CAPTURE(k);
      check_class(counts, k, expected);
      if (batch.weights == nullptr) check_class(matrix, k, expected);  // which has no weights
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
  if (metric == "SparseTopKCategoricalAccuracy") return use_arguments(TopKCategoricalAccuracy{});
#define NN_USE_METRIC(M) \
  if (metric == #M) return use_arguments(M{});
  NN_FOR_EACH_METRIC(NN_USE_METRIC)
  NN_FOR_EACH_VALUE_LOSS(NN_USE_METRIC)
#undef NN_USE_METRIC
  return "no such metric";
}

/// The same metric of one class, where the library has one number and Keras one for each class.
template <class M>
M of_class(const M& metric, std::size_t k) {
  if constexpr (std::same_as<M, F1Score> || std::same_as<M, R2Score>) {
    Arguments arguments = metric.arguments();
    arguments.set("class_id", k);
    return M::from_arguments(arguments);
  }
  return metric;
}

/// Returns why the case can't be run, or "".
template <Real T>
std::string check_metric_case(const json& c) {
  CAPTURE(c.at("name").get<std::string>());
  CAPTURE(sizeof(T));
  const std::string metric = c.at("metric");
  if (metric == "sklearn") return check_sklearn_case<T>(c);
  json config = c.at("config");
  // What the library takes from the batch, and what it has one metric each for
  config.erase("num_labels");
  const bool is_each = c.at("updates").at(0).at("result").is_array();
  if (config.contains("class_aggregation") && is_each) config.erase("class_aggregation");
  const json thresholds = config.value("thresholds", json::array());
  if (is_each && !thresholds.empty()) {
    for (std::size_t i = 0; i < thresholds.size(); ++i) {
      config["thresholds"] = thresholds.at(i);
      const std::string why_not =
          use_metric(metric, config, [&](const auto& found) { check_metric<T>(c, found, i); });
      if (!why_not.empty()) return why_not;
    }
    return "";
  }
  return use_metric(metric, config, [&](const auto& found) {
    if (!is_each) return check_metric<T>(c, found);
    const auto classes = c.at("classes").get<std::size_t>();
    for (std::size_t k = 0; k < classes; ++k) check_metric<T>(c, of_class(found, k), k);
  });
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
    CHECK(tally.num_run() == tally.total());
  }
}

}  // namespace nn
