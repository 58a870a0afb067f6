// SPDX-License-Identifier: MIT
// Losses against what Keras computes: values and gradients, with all reductions, with and without
// weights.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nn/losses/binary_crossentropy.hpp"
#include "nn/losses/categorical_crossentropy.hpp"
#include "nn/losses/mean_absolute_error.hpp"
#include "nn/losses/mean_squared_error.hpp"
#include "nn/losses/sparse_categorical_crossentropy.hpp"
#include "tests/golden/golden.hpp"
#include "tests/golden/keras_arguments.hpp"
#include "tests/golden/tally.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::first_difference;
using testing::Golden;

/// "none", which keeps the rows apart, is checked on the rows' losses; its gradient is that of the
/// sum.
Reduction reduction_from(const std::string& name) {
  if (name == "sum_over_batch_size") return Reduction::sum_over_batch_size;
  if (name == "mean_with_sample_weight") return Reduction::mean_with_sample_weight;
  REQUIRE((name == "sum" || name == "none"));
  return Reduction::sum;
}

SparseCategoricalCrossentropy sparse_categorical_crossentropy_from(const Arguments& a) {
  SparseCategoricalCrossentropyOptions options{
      .from_logits = a.get<bool>("from_logits"),
      .reduction = reduction_from(a.get<std::string>("reduction"))};
  if (a.has("ignore_class")) {
    options.ignore_class = static_cast<std::int32_t>(a.get<Index>("ignore_class"));
  }
  return SparseCategoricalCrossentropy{options};
}

MeanSquaredError mean_squared_error_from(const Arguments& a) {
  return MeanSquaredError{{.reduction = reduction_from(a.get<std::string>("reduction"))}};
}
MeanAbsoluteError mean_absolute_error_from(const Arguments& a) {
  return MeanAbsoluteError{{.reduction = reduction_from(a.get<std::string>("reduction"))}};
}

/// A cross-entropy of values.
template <class Loss, class Options>
Loss crossentropy_from(const Arguments& a) {
  return Loss{Options{.from_logits = a.get<bool>("from_logits"),
                      .label_smoothing = a.get<double>("label_smoothing"),
                      .reduction = reduction_from(a.get<std::string>("reduction"))}};
}

/// Calls use(loss) with the library's loss. Returns why there is none, and "" after the call.
template <class Use>
std::string use_loss(const std::string& loss, const json& config, const Use& use) {
  const testing::KerasArguments keras("losses", loss, config);
  if (loss == "SparseCategoricalCrossentropy") {
    return keras.use_object(sparse_categorical_crossentropy_from, use);
  }
  if (loss == "CategoricalCrossentropy") {
    return keras.use_object(
        crossentropy_from<CategoricalCrossentropy, CategoricalCrossentropyOptions>, use);
  }
  if (loss == "BinaryCrossentropy") {
    return keras.use_object(crossentropy_from<BinaryCrossentropy, BinaryCrossentropyOptions>, use);
  }
  if (loss == "MeanSquaredError") return keras.use_object(mean_squared_error_from, use);
  if (loss == "MeanAbsoluteError") return keras.use_object(mean_absolute_error_from, use);
  return "no such loss";
}

template <Real T, class Loss>
void check_loss(const Golden& golden, const json& c, const Loss& loss, const std::string& reduction,
                bool is_weighted) {
  const std::string name = c.at("name");
  CAPTURE(name);
  CAPTURE(reduction);
  CAPTURE(sizeof(T));
  const double tolerance = testing::tolerance_of<T>(c);
  const auto scores = golden.array<T>(name + "/y_pred");
  const auto weights = golden.array<T>(name + "/sample_weight");
  std::vector<std::int32_t> labels;
  std::vector<T> values;
  if (Loss::targets == TargetKind::classes) {
    labels = golden.array<std::int32_t>(name + "/y_true");
  } else {
    values = golden.array<T>(name + "/y_true");
  }
  const Index classes = golden.shape(name + "/y_pred").back();
  const ScoredBatch<T> batch{.rows = static_cast<Index>(scores.size()) / classes,
                             .classes = classes,
                             .scores = scores.data(),
                             .labels = labels.empty() ? nullptr : labels.data(),
                             .values = values.empty() ? nullptr : values.data(),
                             .weights = is_weighted ? weights.data() : nullptr};
  std::vector<T> row_losses(static_cast<std::size_t>(batch.rows)), gradient(scores.size());
  const std::vector<double> value{compute_loss(loss, batch, row_losses.data(), gradient.data())};
  const std::vector<double> value_alone{compute_loss<T>(loss, batch, row_losses.data(), nullptr)};

  const std::string result = name + "/" + reduction + (is_weighted ? ".weighted" : "");
  CHECK(first_difference(gradient, golden.array<T>(result + "/grad"), tolerance) == "");
  if (reduction == "none") {
    CHECK(first_difference(row_losses, golden.array<T>(result + "/value"), tolerance) == "");
  } else {
    CHECK(first_difference(value, golden.array<double>(result + "/value"), tolerance) == "");
    CHECK(value_alone == value);
  }
}

/// All reductions of a case. Returns why it can't be run, or "".
std::string check_loss_case(const Golden& golden, const json& c) {
  for (const std::string reduction : c.at("reductions")) {
    json config = c.at("config");
    config["reduction"] = reduction;
    std::string why_not = use_loss(c.at("loss"), config, [&](const auto& loss) {
      for (const bool is_weighted : {false, true}) {
        check_loss<float>(golden, c, loss, reduction, is_weighted);
        check_loss<double>(golden, c, loss, reduction, is_weighted);
      }
    });
    if (!why_not.empty()) return why_not;
  }
  return "";
}

}  // namespace

TEST_SUITE("golden/losses") {
  TEST_CASE("Losses: values and gradients are Keras', with all reductions") {
    const Golden golden("losses");
    testing::Tally tally("losses");
    for (const json& c : golden.cases()) tally.add(c.at("loss"), check_loss_case(golden, c));
    tally.print();
    CHECK(tally.num_run() >= 16);
  }
}

}  // namespace nn
