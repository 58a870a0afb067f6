// SPDX-License-Identifier: MIT
// Losses of values that are metrics too: by hand, gradients, edges.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "nn/losses/losses.hpp"
#include "tests/losses/loss_testing.hpp"

namespace nn {
namespace {

using testing::check_close;
using testing::check_row_gradient;
using testing::LossOfValues;

/// The loss of one row.
template <class Loss>
double loss_of(const Loss& loss, const std::vector<double>& scores,
               const std::vector<double>& values) {
  return LossOfValues<double>(loss, static_cast<Index>(scores.size()), scores, values).value;
}

/// A loss of one's own: formula and name are all that it has.
class SmoothDistance : public ValueLossOf<SmoothDistance> {
 public:
  static constexpr const char* loss_name = "smooth_distance";
  using ValueLossOf::ValueLossOf;

  template <Real T>
  [[nodiscard]] static T element(T y, T t, T& slope) {
    using std::sqrt;
    const T root = sqrt((y - t) * (y - t) + T(1));
    slope = (y - t) / root;
    return root - T(1);
  }
};

}  // namespace

TEST_SUITE("losses/values") {
  TEST_CASE("Losses of values: gradients are exact") {
    const std::vector<double> y{0.5, 2, 3, 0.25}, t{1, 0.5, 4, 0.125};
    check_row_gradient(CategoricalHinge{}, y, {0, 1, 0, 0});
    check_row_gradient(CosineSimilarity{}, y, t);
    check_row_gradient(Hinge{}, y, {1, -1, 0, 1});
    check_row_gradient(Huber{{.delta = 0.75}}, y, t);
    check_row_gradient(KLDivergence{}, {0.5, 0.2, 0.2, 0.1}, {0.25, 0.25, 0, 0.5});
    check_row_gradient(LogCosh{}, y, t);
    check_row_gradient(MeanAbsolutePercentageError{}, y, t);
    check_row_gradient(MeanSquaredLogarithmicError{}, y, t);
    check_row_gradient(Poisson{}, y, t);
    check_row_gradient(SquaredHinge{}, y, {1, -1, 0, 1});
    check_row_gradient(SmoothDistance{}, y, t);
  }

  TEST_CASE("CategoricalHinge: by hand, and nothing behind a lead of 1") {
    CHECK(loss_of(CategoricalHinge{}, {0.5, 0.25, -1}, {0, 1, 0}) == doctest::Approx(1.25));
    const LossOfValues<double> sure(CategoricalHinge{}, 2, {0, 1.5}, {0, 1});
    CHECK(sure.value == 0);
    check_close(sure.gradient, {0, 0});
    const LossOfValues<double> wrong(CategoricalHinge{}, 3, {2, 1, 0}, {0, 1, 0});
    check_close(wrong.gradient, {1, -1, 0});
  }

  TEST_CASE("CosineSimilarity: by hand; of zeros it is 0") {
    CHECK(loss_of(CosineSimilarity{}, {3, 4}, {4, 3}) == doctest::Approx(-0.96));
    const LossOfValues<double> zeros(CosineSimilarity{}, 2, {0, 0}, {0, 2});
    CHECK(zeros.value == 0);
    check_close(zeros.gradient, {0, -1e7});
    CHECK(loss_of(CosineSimilarity{}, {1, 2}, {0, 0}) == 0);
  }

  TEST_CASE("CosineSimilarity: as a metric it is the cosine, and more is better") {
    CosineSimilarity metric;
    const std::vector<double> y{3, 4}, t{4, 3};
    metric.update(
        ScoredBatch<double>{.rows = 1, .classes = 2, .scores = y.data(), .values = t.data()});
    CHECK(metric.result() == doctest::Approx(0.96));
    CHECK(CosineSimilarity::more_is_better);
    CHECK_FALSE(Poisson::more_is_better);
  }

  TEST_CASE("Hinge: 0 counts as -1") {
    CHECK(loss_of(Hinge{}, {0.5, 0.5}, {1, 0}) == doctest::Approx(1));
    CHECK(loss_of(Hinge{}, {0.5, 0.5}, {1, 0}) == loss_of(Hinge{}, {0.5, 0.5}, {1, -1}));
    CHECK(loss_of(SquaredHinge{}, {0.5, 0.5}, {1, 0}) == doctest::Approx((0.25 + 2.25) / 2));
  }

  TEST_CASE("Huber: by hand on both sides of delta, which is above 0") {
    CHECK(loss_of(Huber{}, {0.5, 3}, {0, 0}) == doctest::Approx((0.125 + 2.5) / 2));
    CHECK(loss_of(Huber{{.delta = 2}}, {3}, {0}) == doctest::Approx(4));
    CHECK_THROWS_WITH_AS(Huber{{.delta = 0}}, "Huber: expected a delta above 0, got 0",
                         std::invalid_argument);
  }

  TEST_CASE("KLDivergence: the sum of a row; clipped numbers have no gradient") {
    CHECK(loss_of(KLDivergence{}, {0.25, 0.75}, {0.5, 0.5}) ==
          doctest::Approx(0.5 * std::log(2) + 0.5 * std::log(2 / 3.0)));
    const LossOfValues<double> clipped(KLDivergence{}, 2, {0, 1}, {0.5, 0.5});
    check_close(clipped.rows, {0.5 * std::log(0.5 / 1e-7) + 0.5 * std::log(0.5)});
    check_close(clipped.gradient, {0, -0.5});
  }

  TEST_CASE_TEMPLATE("LogCosh: by hand, and of any size", T, float, double) {
    const LossOfValues<T> result(LogCosh{}, 1, {1, T(1000)}, {0, 0});
    check_close(result.rows, {std::log(std::cosh(1.0)), 1000 - std::log(2.0)});
    check_close(result.gradient, {std::tanh(1.0) / 2, 0.5});
  }

  TEST_CASE("Percentages and logarithms: by hand, and next to 0") {
    CHECK(loss_of(MeanAbsolutePercentageError{}, {1, 3}, {2, -2}) == doctest::Approx(150));
    CHECK(loss_of(MeanAbsolutePercentageError{}, {1e-7}, {0}) == doctest::Approx(100));
    CHECK(loss_of(MeanSquaredLogarithmicError{}, {1, 0}, {3, 0}) ==
          doctest::Approx(std::log(2) * std::log(2) / 2));
    const LossOfValues<double> below(MeanSquaredLogarithmicError{}, 1, {-5}, {1});
    CHECK(below.value == doctest::Approx(std::log(2) * std::log(2)));
    check_close(below.gradient, {0});
  }

  TEST_CASE("Poisson: by hand") {
    CHECK(loss_of(Poisson{}, {2, 1}, {3, 0}) == doctest::Approx((2 - 3 * std::log(2) + 1) / 2));
  }

  TEST_CASE("Focal losses: gradients are exact") {
    const std::vector<double> p{0.1, 0.5, 0.9, 0.3}, z{-3, 0.5, 40, -40}, t{0, 1, 1, 0.25};
    check_row_gradient(BinaryFocalCrossentropy{{.gamma = 1.5, .label_smoothing = 0.2}}, p, t);
    check_row_gradient(
        BinaryFocalCrossentropy{{.apply_class_balancing = true, .from_logits = true}}, z, t);
    const std::vector<double> q{0.2, 0.5, 0.3}, row{0, 1, 0};
    check_row_gradient(CategoricalFocalCrossentropy{{.gamma = 0.5, .label_smoothing = 0.1}}, q,
                       row);
    check_row_gradient(CategoricalFocalCrossentropy{{.alpha = 2, .from_logits = true}}, {1, 2, -1},
                       row);
  }

  TEST_CASE("Focal losses: by hand, and the plain cross-entropy for a gamma of 0") {
    CHECK(loss_of(BinaryFocalCrossentropy{}, {0.75}, {1}) ==
          doctest::Approx(-0.0625 * std::log(0.75)));
    const BinaryFocalCrossentropy balanced{{.apply_class_balancing = true, .alpha = 0.1}};
    CHECK(loss_of(balanced, {0.75}, {0}) == doctest::Approx(-0.9 * 0.5625 * std::log(0.25)));
    CHECK(loss_of(BinaryFocalCrossentropy{{.gamma = 0}}, {0.75, 0.5}, {1, 0}) ==
          doctest::Approx(loss_of(BinaryCrossentropy{}, {0.75, 0.5}, {1, 0})));
    CHECK(loss_of(CategoricalFocalCrossentropy{}, {0.25, 0.75}, {0, 1}) ==
          doctest::Approx(-0.25 * 0.0625 * std::log(0.75)));
    const CategoricalFocalCrossentropy plain{{.alpha = 1, .gamma = 0}};
    CHECK(loss_of(plain, {0.25, 0.75}, {0, 1}) == doctest::Approx(-std::log(0.75)));
    const LossOfValues<double> sure(BinaryFocalCrossentropy{}, 1, {1, 0}, {1, 0});
    CHECK(sure.value == 0);
    check_close(sure.gradient, {0, 0});
  }

  TEST_CASE("Focal losses: refuse what they can't take") {
    CHECK_THROWS_WITH_AS((BinaryFocalCrossentropy{{.alpha = 1.5}}),
                         "BinaryFocalCrossentropy: expected an alpha in [0, 1], got 1.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((BinaryFocalCrossentropy{{.gamma = -1}}),
                         "BinaryFocalCrossentropy: expected a gamma of 0 or more, got -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((CategoricalFocalCrossentropy{{.gamma = -1}}),
                         "CategoricalFocalCrossentropy: expected a gamma of 0 or more, got -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        loss_of(CategoricalFocalCrossentropy{}, {1, 1}, {0, 1}),
        "categorical_focal_crossentropy: expected probabilities, none below 0, which sum to 1, got "
        "scores that sum to 2 (row 0 of the batch); end the model with nn::Softmax, or give the "
        "loss {.from_logits = true}",
        std::invalid_argument);
    CHECK(BinaryFocalCrossentropy{}.takes_over() == Activation::sigmoid);
    CHECK(CategoricalFocalCrossentropy{}.takes_over() == Activation::softmax);
    CHECK(BinaryFocalCrossentropy{}.num_classes(1) == 2);
    CHECK(CategoricalFocalCrossentropy{}.num_classes(3) == 3);
  }

  TEST_CASE("Losses of values: as metrics they refuse class numbers by their names") {
    const float score = 1;
    const std::int32_t label = 0;
    CHECK_THROWS_WITH_AS(SmoothDistance{}.update(ScoredBatch<float>{
                             .rows = 1, .classes = 1, .scores = &score, .labels = &label}),
                         "smooth_distance: expected values as targets, got class numbers",
                         std::invalid_argument);
  }
}

}  // namespace nn
