// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "nn/core/random.hpp"
#include "nn/losses/losses.hpp"
#include "nn/metrics/metrics.hpp"
#include "nn/model/compiled.hpp"

namespace nn {
namespace {

/// Random rows with class numbers or values.
struct Rows {
  Index rows = 30, classes = 3;
  std::vector<double> scores, values;
  std::vector<std::int32_t> labels;

  Rows() {
    const Random random{3, {}};
    for (Index i = 0; i < rows * classes; ++i) {
      scores.push_back(random.uniform(static_cast<std::uint64_t>(2 * i)));
      values.push_back(random.uniform(static_cast<std::uint64_t>(2 * i + 1)));
    }
    for (Index i = 0; i < rows; ++i) labels.push_back(static_cast<std::int32_t>(i * i % classes));
  }
  [[nodiscard]] ScoredBatch<double> part(Index first, Index count, bool has_labels) const {
    ScoredBatch<double> batch{.rows = count, .classes = classes};
    batch.scores = scores.data() + first * classes;
    if (has_labels) {
      batch.labels = labels.data() + first;
    } else {
      batch.values = values.data() + first * classes;
    }
    return batch;
  }
};

}  // namespace

TEST_SUITE("metrics/merge") {
  TEST_CASE("merge: what two have counted is what one counts of all rows") {
    const Rows rows;
    const std::vector<Metric> by_labels{Accuracy{}, Precision{}, Recall{},
                                        F1Score{},  MeanIoU{},   TopKCategoricalAccuracy{{.k = 2}}};
    const std::vector<Metric> by_values{Accuracy{},
                                        BinaryAccuracy{},
                                        CategoricalAccuracy{},
                                        R2Score{},
                                        RootMeanSquaredError{},
                                        MeanSquaredError{},
                                        MeanAbsoluteError{},
                                        Precision{},
                                        AUC{{.multi_label = true}},
                                        F1Score{}};
    for (const bool has_labels : {true, false}) {
      for (const Metric& fresh : has_labels ? by_labels : by_values) {
        CAPTURE(fresh.name());
        REQUIRE(fresh.merges());
        Metric all = fresh, first = fresh, second = fresh;
        all.update(rows.part(0, 30, has_labels));
        first.update(rows.part(0, 11, has_labels));
        second.update(rows.part(11, 19, has_labels));
        Metric merged = fresh;  // of none, with one of none
        merged.merge(*merged.state());
        merged.merge(*first.state());
        merged.merge(*second.state());
        CHECK(merged.result() == doctest::Approx(all.result()).epsilon(1e-14));
        const double before = merged.result();
        merged.merge(*fresh.state());
        CHECK(merged.result() == before);
      }
    }
  }

  TEST_CASE("merge: counts of other classes are refused") {
    F1Score three, two;
    Rows rows;
    three.update(rows.part(0, 30, true));
    rows.classes = 4;
    CHECK_THROWS_WITH(two.merge({1, 1, 1}),
                      "F1Score: expected a state of 3 numbers for each class and 1, got 3");
    two.merge({1, 1, 1, 0, 0, 0, 0});
    CHECK_THROWS_WITH(three.merge(two.state()),
                      "F1Score: expected counts of equally many classes, got 2");
  }
}

}  // namespace nn
