// SPDX-License-Identifier: MIT
#include "nn/scoring/row_loss.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "nn/core/num_threads.hpp"

namespace nn {
namespace {

/// The sum of a row's scores, minus its label; so the gradient is 1 everywhere.
struct SumLoss {
  Reduction how = Reduction::sum_over_batch_size;
  std::optional<std::int32_t> ignored{};

  [[nodiscard]] Reduction reduction() const { return how; }
  [[nodiscard]] std::optional<std::int32_t> ignore_class() const { return ignored; }
  template <Real T>
  T operator()(const ScoredRow<T>& row, T factor, T* gradient) const {
    T sum = -static_cast<T>(row.label);
    for (Index k = 0; k < row.classes; ++k) {
      sum += row.scores[k];
      if (gradient != nullptr) gradient[k] = factor;
    }
    return sum;
  }
};

/// The least that a loss has to have.
struct BareLoss {
  template <Real T>
  T operator()(const ScoredRow<T>& row, T, T*) const {
    return row.scores[0];
  }
};
static_assert(RowLoss<SumLoss, float> && RowLoss<BareLoss, double>);

/// Three rows of two scores.
struct Result {
  Result(const SumLoss& loss, const std::vector<double>& weights) {
    const ScoredBatch<double> batch{.rows = 3,
                                    .classes = 2,
                                    .scores = scores.data(),
                                    .labels = labels.data(),
                                    .weights = weights.empty() ? nullptr : weights.data()};
    value = compute_loss(loss, batch, rows.data(), gradient.data());
  }

  std::vector<double> scores{1, 2, 3, 4, 5, 6}, rows{9, 9, 9}, gradient{9, 9, 9, 9, 9, 9};
  std::vector<std::int32_t> labels{0, -1, 1};
  double value = 0;
};

}  // namespace

TEST_SUITE("scoring/row_loss") {
  TEST_CASE("compute_loss: the mean of the rows, and its gradient") {
    const Result result(SumLoss{}, {});
    CHECK(result.rows == std::vector<double>{3, 8, 10});
    CHECK(result.value == doctest::Approx(7));
    CHECK(result.gradient == std::vector<double>(6, 1.0 / 3));
  }

  TEST_CASE("compute_loss: a row's weight multiplies its loss and its gradient") {
    const std::vector<double> weights{1, 0, -2};
    const Result mean(SumLoss{}, weights), sum(SumLoss{Reduction::sum}, weights),
        weighted(SumLoss{Reduction::mean_with_sample_weight}, weights);
    CHECK(mean.rows == std::vector<double>{3, 0, -20});
    CHECK(mean.value == doctest::Approx(-17.0 / 3));
    CHECK(mean.gradient == std::vector<double>{1.0 / 3, 1.0 / 3, 0, 0, -2.0 / 3, -2.0 / 3});
    CHECK(sum.value == -17);
    CHECK(sum.gradient == std::vector<double>{1, 1, 0, 0, -2, -2});
    CHECK(weighted.value == 17);  // divided by 1 + 0 - 2
    CHECK(weighted.gradient == std::vector<double>{-1, -1, 0, 0, 2, 2});
  }

  TEST_CASE("compute_loss: ignored rows have no loss, no gradient, and don't count") {
    const Result mean(SumLoss{.ignored = -1}, {});
    CHECK(mean.rows == std::vector<double>{3, 0, 10});
    CHECK(mean.value == 6.5);
    CHECK(mean.gradient == std::vector<double>{0.5, 0.5, 0, 0, 0.5, 0.5});
    const SumLoss weighted{Reduction::mean_with_sample_weight, -1};
    CHECK(Result(weighted, {2, 5, 6}).value == (2 * 3 + 6 * 10) / 8.0);
    CHECK(Result(weighted, {}).value == 6.5);
    CHECK(Result(SumLoss{Reduction::sum, -1}, {}).value == 13);
    // With weights, the mean still divides by the number of rows.
    CHECK(Result(SumLoss{.ignored = -1}, {2, 5, 6}).value == (2 * 3 + 6 * 10) / 2.0);
  }

  TEST_CASE("compute_loss: a batch of ignored rows has loss 0, and so has one of none") {
    std::vector<float> scores{1, 2}, rows(2), gradient(2, 9.0f);
    const std::vector<std::int32_t> labels{-1, -1};
    const ScoredBatch<float> batch{
        .rows = 2, .classes = 1, .scores = scores.data(), .labels = labels.data()};
    for (const Reduction how :
         {Reduction::sum_over_batch_size, Reduction::sum, Reduction::mean_with_sample_weight}) {
      CHECK(compute_loss(SumLoss{how, -1}, batch, rows.data(), gradient.data()) == 0);
      CHECK(gradient == std::vector<float>(2));
      CHECK(compute_loss<float>(SumLoss{how}, {.classes = 3}, nullptr, nullptr) == 0);
    }
  }

  TEST_CASE("compute_loss: one thread or several give the same bits") {
    const Index rows = 40000, classes = 3;
    std::vector<float> scores(static_cast<std::size_t>(rows * classes)), losses(40000);
    for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = 1 / static_cast<float>(i + 3);
    const std::vector<std::int32_t> labels(40000);
    const ScoredBatch<float> batch{
        .rows = rows, .classes = classes, .scores = scores.data(), .labels = labels.data()};
    const int threads_before = num_threads();
    std::vector<double> values;
    for (const int threads : {1, 2, 3}) {
      set_num_threads(threads);
      values.push_back(compute_loss<float>(SumLoss{}, batch, losses.data(), nullptr));
    }
    set_num_threads(threads_before);
    CHECK(values[1] == values[0]);
    CHECK(values[2] == values[0]);
  }
}

}  // namespace nn
