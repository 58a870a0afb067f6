// SPDX-License-Identifier: MIT
#include "nn/losses/sparse_categorical_crossentropy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace nn {
namespace {

/// A loss of two rows over two classes, with everything that it gives.
template <Real T>
struct Result {
  Result(const SparseCategoricalCrossentropy& loss, const std::vector<T>& scores,
         const std::vector<std::int32_t>& labels, const std::vector<T>& weights = {})
      : rows(labels.size()), gradient(scores.size()) {
    value =
        compute_loss(loss,
                     ScoredBatch<T>{.rows = static_cast<Index>(labels.size()),
                                    .classes = static_cast<Index>(scores.size() / labels.size()),
                                    .scores = scores.data(),
                                    .labels = labels.data(),
                                    .weights = weights.empty() ? nullptr : weights.data()},
                     rows.data(), gradient.data());
  }

  double value = 0;
  std::vector<T> rows, gradient;
};

template <Real T>
void check_close(const std::vector<T>& values, const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i);
    CHECK(static_cast<double>(values[i]) == doctest::Approx(expected[i]).epsilon(1e-5));
  }
}

const SparseCategoricalCrossentropy probabilities{};
const SparseCategoricalCrossentropy logits{{.from_logits = true}};

}  // namespace

TEST_SUITE("losses/sparse_categorical_crossentropy") {
  TEST_CASE_TEMPLATE("Crossentropy: of probabilities, by hand", T, float, double) {
    const Result<T> result(probabilities, {T(0.25), T(0.75), T(0.5), T(0.5)}, {1, 0});
    check_close(result.rows, {-std::log(0.75), -std::log(0.5)});
    CHECK(result.value == doctest::Approx(-(std::log(0.75) + std::log(0.5)) / 2).epsilon(1e-5));
    // (1 / sum - [k = label] / p) / 2
    check_close(result.gradient, {0.5, (1 - 1 / 0.75) / 2, (1 - 2.0) / 2, 0.5});
  }

  TEST_CASE_TEMPLATE("Crossentropy: of logits, by hand", T, float, double) {
    const T log3 = std::log(T(3));
    const Result<T> result(logits, {T(0), log3, T(7), T(7)}, {1, 0});
    check_close(result.rows, {-std::log(0.75), -std::log(0.5)});
    // (softmax - onehot) / 2
    check_close(result.gradient, {0.125, -0.125, -0.25, 0.25});
  }

  TEST_CASE("Crossentropy: logits may be of any size") {
    const Result<float> result(logits, {1000, 0, -1000, 1000}, {1, 1});
    check_close(result.rows, {1000, 0});
    check_close(result.gradient, {0.5, -0.5, 0, 0});
  }

  TEST_CASE("Crossentropy: probabilities are clipped, and have no gradient there") {
    const Result<double> result(probabilities, {0, 1}, {0});
    const double sum = 1e-7 + (1 - 1e-7);
    check_close(result.rows, {std::log(sum) - std::log(1e-7)});
    check_close(result.gradient, {0, 0});
  }

  TEST_CASE("Crossentropy: reductions, with and without weights") {
    const std::vector<double> p{0.25, 0.75, 0.5, 0.5}, weights{3, 1};
    const std::vector<std::int32_t> labels{1, 0};
    const double a = -std::log(0.75), b = -std::log(0.5);
    const auto value = [&](Reduction reduction, const std::vector<double>& used) {
      return Result<double>(SparseCategoricalCrossentropy{{.reduction = reduction}}, p, labels,
                            used)
          .value;
    };
    CHECK(value(Reduction::sum, {}) == doctest::Approx(a + b));
    CHECK(value(Reduction::sum, weights) == doctest::Approx(3 * a + b));
    CHECK(value(Reduction::sum_over_batch_size, {}) == doctest::Approx((a + b) / 2));
    CHECK(value(Reduction::sum_over_batch_size, weights) == doctest::Approx((3 * a + b) / 2));
    CHECK(value(Reduction::mean_with_sample_weight, {}) == doctest::Approx((a + b) / 2));
    CHECK(value(Reduction::mean_with_sample_weight, weights) == doctest::Approx((3 * a + b) / 4));
    CHECK(value(Reduction::mean_with_sample_weight, {0, 0}) == 0);
  }

  TEST_CASE("Crossentropy: no rows give a loss of 0") {
    const ScoredBatch<float> none{.classes = 3};
    CHECK(compute_loss<float>(probabilities, none, nullptr, nullptr) == 0);
  }

  TEST_CASE("Crossentropy: refuses scores that can't be probabilities") {
    const auto refuses = [](const std::vector<float>& scores, const char* got) {
      CHECK_THROWS_WITH_AS(
          Result<float>(probabilities, scores, {1, 0}),
          concat({"sparse_categorical_crossentropy: expected probabilities, none below 0, which "
                  "sum to 1, got ",
                  got, "; end the model with nn::Softmax, or give the loss {.from_logits = true}"})
              .c_str(),
          std::invalid_argument);
    };
    refuses({0.5f, 0.5f, 1.5f, -0.5f}, "a score of -0.5 (row 1 of the batch)");
    refuses({0.25f, 0.5f, 1, 0}, "scores that sum to 0.75 (row 0 of the batch)");
    refuses({0, 0, 1, 0}, "scores that sum to 0 (row 0 of the batch)");
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK_NOTHROW(Result<float>(probabilities, {nan, nan, 0.504f, 0.5f}, {1, 0}));
  }

  TEST_CASE("Crossentropy: its name, and what it takes") {
    CHECK(probabilities.name() == "sparse_categorical_crossentropy");
    CHECK_FALSE(probabilities.from_logits());
    CHECK(logits.from_logits());
    CHECK(probabilities.takes_over() == Activation::softmax);
    CHECK(logits.takes_over() == Activation::linear);
  }
}

}  // namespace nn
