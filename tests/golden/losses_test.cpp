// SPDX-License-Identifier: MIT
// Losses against what Keras computes: values and gradients, with all reductions, with and without
// weights.
#include "nn/losses/losses.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/golden/golden.hpp"
#include "tests/golden/keras_arguments.hpp"
#include "tests/golden/tally.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::first_difference;
using testing::Golden;

/// Calls use(loss) with the library's loss. Returns why there is none, and "" after the call.
/// "none", which keeps the rows apart, is checked on the rows' losses; its gradient is that of the
/// sum.
template <class Use>
std::string use_loss(const std::string& loss, json config, const Use& use) {
  if (config.value("reduction", "") == "none") config["reduction"] = "sum";
#define NN_USE_LOSS(L)                                           \
  if (loss == #L) {                                              \
    const testing::KerasArguments keras("losses", loss, config); \
    return keras.use_object(L::from_arguments, use);             \
  }
  NN_FOR_EACH_LOSS(NN_USE_LOSS)
#undef NN_USE_LOSS
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
    CHECK(tally.num_run() == tally.total());
  }
}

}  // namespace nn
