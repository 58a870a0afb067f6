// SPDX-License-Identifier: MIT
#include "nn/losses/binary_crossentropy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "tests/losses/loss_testing.hpp"

namespace nn {
namespace {

using testing::check_close;
using testing::check_row_gradient;
using testing::LossOfValues;

const BinaryCrossentropy probabilities{};
const BinaryCrossentropy logits{{.from_logits = true}};

}  // namespace

TEST_SUITE("losses/binary_crossentropy") {
  TEST_CASE_TEMPLATE("BinaryCrossentropy: of probabilities, by hand", T, float, double) {
    const LossOfValues<T> result(probabilities, 2, {T(0.25), T(0.5), T(0.75), T(0.25)},
                                 {1, 0, 1, 0});
    check_close(result.rows, {(std::log(4.0) + std::log(2.0)) / 2, -std::log(0.75)});
    check_close(result.gradient, {-1, 0.5, -1 / 3.0, 1 / 3.0});  // a quarter of -1/p or 1/(1 - p)
  }

  TEST_CASE_TEMPLATE("BinaryCrossentropy: of logits, by hand and of any size", T, float, double) {
    const LossOfValues<T> result(logits, 2, {0, std::log(T(3)), -1000, 1000}, {1, 0, 1, 1});
    check_close(result.rows, {(std::log(2.0) + std::log(4.0)) / 2, 500});
    check_close(result.gradient, {-0.125, 0.75 / 4, -0.25, 0});
  }

  TEST_CASE("BinaryCrossentropy: the gradient is exact") {
    const BinaryCrossentropy smooth{{.label_smoothing = 0.2}};
    const BinaryCrossentropy smooth_logits{{.from_logits = true, .label_smoothing = 0.2}};
    for (const BinaryCrossentropy& loss : {probabilities, smooth}) {
      check_row_gradient(loss, {0.1, 0.5, 0.9, 0.3}, {0, 1, 1, 0.25});
    }
    for (const BinaryCrossentropy& loss : {logits, smooth_logits}) {
      check_row_gradient(loss, {-3, 0.5, 40, -40}, {0, 1, 0, 1});
    }
  }

  TEST_CASE("BinaryCrossentropy: probabilities are clipped, and have no gradient there") {
    const LossOfValues<double> result(probabilities, 1, {0, 1, 1}, {1, 0, 1});
    check_close(result.rows, {-std::log(1e-7), -std::log(1e-7), -std::log(1 - 1e-7)});
    check_close(result.gradient, {0, 0, 0});
  }

  TEST_CASE("BinaryCrossentropy: smoothing moves the targets towards a half") {
    const BinaryCrossentropy smooth{{.label_smoothing = 0.5}};
    const LossOfValues<double> result(smooth, 1, {0.2}, {1});  // the target is 0.75
    check_close(result.rows, {-0.75 * std::log(0.2) - 0.25 * std::log(0.8)});
  }

  TEST_CASE("BinaryCrossentropy: refuses scores that can't be probabilities, and bad smoothing") {
    const auto refuses = [](const std::vector<float>& scores, const char* got) {
      CHECK_THROWS_WITH_AS(
          LossOfValues<float>(probabilities, 2, scores, {1, 0, 1, 0}),
          concat({"binary_crossentropy: expected probabilities from 0 to 1, got a score of ", got,
                  " of the batch); end the model with a sigmoid, or give the loss {.from_logits = "
                  "true}"})
              .c_str(),
          std::invalid_argument);
    };
    refuses({0.5f, 0.5f, 1.5f, 0}, "1.5 (row 1");
    refuses({0, -0.5f, 1, 2}, "-0.5 (row 0");
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK_NOTHROW(LossOfValues<float>(probabilities, 2, {nan, 1, 0, nan}, {1, 0, 1, 0}));
    CHECK_THROWS_WITH_AS((BinaryCrossentropy{{.label_smoothing = 1.5}}),
                         "BinaryCrossentropy: expected a label_smoothing in [0, 1], got 1.5",
                         std::invalid_argument);
  }

  TEST_CASE("BinaryCrossentropy: its name, and what it takes") {
    CHECK(probabilities.name() == "binary_crossentropy");
    CHECK(logits.from_logits());
    CHECK(probabilities.takes_over() == Activation::sigmoid);
    CHECK(logits.takes_over() == Activation::linear);
    CHECK(probabilities.num_classes(1) == 2);
    CHECK(probabilities.num_classes(3) == 0);
  }
}

}  // namespace nn
