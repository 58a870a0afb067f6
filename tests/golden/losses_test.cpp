// SPDX-License-Identifier: MIT
// Losses against what Keras computes: values and gradients, with all reductions, with and without
// weights.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nn/losses/sparse_categorical_crossentropy.hpp"
#include "tests/golden/golden.hpp"

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

template <Real T>
void check_loss(const Golden& golden, const json& c, const std::string& reduction,
                bool is_weighted) {
  const std::string name = c.at("name");
  const double tolerance = testing::tolerance_of<T>(c);
  const auto labels = golden.array<std::int32_t>(name + "/y_true");
  const auto scores = golden.array<T>(name + "/y_pred");
  const auto weights = golden.array<T>(name + "/sample_weight");
  const auto rows = static_cast<Index>(labels.size());
  const ScoredBatch<T> batch{.rows = rows,
                             .classes = static_cast<Index>(scores.size()) / rows,
                             .scores = scores.data(),
                             .labels = labels.data(),
                             .weights = is_weighted ? weights.data() : nullptr};
  const SparseCategoricalCrossentropy loss{
      {.from_logits = c.at("config").value("from_logits", false),
       .reduction = reduction_from(reduction)}};

  std::vector<T> row_losses(labels.size()), gradient(scores.size());
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

}  // namespace

TEST_SUITE("golden/losses") {
  TEST_CASE_TEMPLATE("SparseCategoricalCrossentropy: values and gradients are Keras'", T, float,
                     double) {
    const Golden golden("losses");
    int num_cases = 0;
    for (const json& c : golden.cases()) {
      if (c.at("loss") != "SparseCategoricalCrossentropy") continue;
      CAPTURE(c.at("name").get<std::string>());
      for (const std::string reduction : c.at("reductions")) {
        CAPTURE(reduction);
        check_loss<T>(golden, c, reduction, false);
        check_loss<T>(golden, c, reduction, true);
      }
      ++num_cases;
    }
    CHECK(num_cases == 4);  // probabilities, clipped probabilities, logits of rank 2 and 3
  }
}

}  // namespace nn
