// SPDX-License-Identifier: MIT
#include "nn/kernels/rows/softmax.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using namespace nn::testing;
using namespace nn::kernels;

}  // namespace

TEST_SUITE("kernels/softmax") {
  TEST_CASE_TEMPLATE("Softmax: known values, and rows that sum to 1", T, float, double) {
    const std::vector<T> x{0, 1, 2, 1000, 1000, -1000};
    std::vector<T> y(x.size());
    softmax(2, 3, x.data(), y.data());
    CHECK(y[0] == doctest::Approx(0.09003057317038046).epsilon(1e-6));
    CHECK(y[2] == doctest::Approx(0.6652409557748219).epsilon(1e-6));
    CHECK(y[3] == doctest::Approx(0.5));
    CHECK(y[5] == 0);
    auto in_place = x;
    softmax(2, 3, in_place.data(), in_place.data());
    CHECK(in_place == y);
  }

  TEST_CASE("Softmax: a NaN spoils its own row only") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> x{1, nan, 2, 1, 1, 1};
    softmax(2, 3, x.data(), x.data());
    for (std::size_t i = 0; i < 3; ++i) CHECK(std::isnan(x[i]));
    CHECK(x[3] == doctest::Approx(1.0 / 3));
  }

  TEST_CASE("Softmax: the gradient is that of central differences") {
    const Index classes = 5;
    const auto x = random_values<double>(classes, 1), dy = random_values<double>(classes, 2);
    std::vector<double> y(5), dx(5);
    softmax(1, classes, x.data(), y.data());
    softmax_gradient(1, classes, y.data(), dy.data(), dx.data());
    for (std::size_t k = 0; k < 5; ++k) {
      CAPTURE(k);
      const double step = 1e-6;
      double change = 0;
      for (const double sign : {1.0, -1.0}) {
        auto moved = x;
        moved[k] += sign * step;
        softmax(1, classes, moved.data(), moved.data());
        change += sign * std::inner_product(dy.begin(), dy.end(), moved.begin(), 0.0);
      }
      CHECK(dx[k] == doctest::Approx(change / (2 * step)).epsilon(1e-7));
    }
    auto in_place = dy;
    softmax_gradient(1, classes, y.data(), in_place.data(), in_place.data());
    CHECK(in_place == dx);
  }

  TEST_CASE_TEMPLATE("Softmax: its logarithm is exact where probabilities round to 0", T, float,
                     double) {
    const std::vector<T> x{0, 1, 2, 1000, 1000, -1000};
    std::vector<T> y(x.size());
    log_softmax(2, 3, x.data(), y.data());
    CHECK(y[0] == doctest::Approx(-2.4076059644443806).epsilon(1e-6));
    CHECK(y[2] == doctest::Approx(-0.4076059644443806).epsilon(1e-6));
    CHECK(y[3] == doctest::Approx(-0.6931471805599453).epsilon(1e-6));
    CHECK(y[5] == doctest::Approx(-2000.6931471805599).epsilon(1e-6));
    auto in_place = x;
    log_softmax(2, 3, in_place.data(), in_place.data());
    CHECK(in_place == y);

    const std::vector<T> dy{1, 2, 3, 1, 0, 1};
    std::vector<T> dx(x.size());
    log_softmax_gradient(2, 3, y.data(), dy.data(), dx.data());
    CHECK(dx[0] == doctest::Approx(1 - 6 * 0.09003057317038046).epsilon(1e-5));
    CHECK(dx[2] == doctest::Approx(3 - 6 * 0.6652409557748219).epsilon(1e-5));
    CHECK(dx[4] == doctest::Approx(-1));
    CHECK(dx[5] == 1);
    in_place = dy;
    log_softmax_gradient(2, 3, y.data(), in_place.data(), in_place.data());
    CHECK(in_place == dx);
  }

  TEST_CASE("Softmax: the fused cross-entropy gives the loss and its scaled gradient") {
    const std::vector<double> z{0, 1, 2};
    std::vector<double> dz(3);
    const double loss = softmax_crossentropy<double>(3, z.data(), 2, 0.5, dz.data());
    CHECK(loss == doctest::Approx(0.4076059644443804));
    CHECK(dz[0] == doctest::Approx(0.5 * 0.09003057317038046));
    CHECK(dz[2] == doctest::Approx(0.5 * (0.6652409557748219 - 1)));

    CHECK(softmax_crossentropy<double>(3, z.data(), 2, 0.5, nullptr) == loss);
    auto in_place = z;
    CHECK(softmax_crossentropy(3, in_place.data(), 2, 0.5, in_place.data()) == loss);
    CHECK(in_place == dz);
  }

  TEST_CASE("Softmax: the fused cross-entropy is exact where the probability rounds to 0") {
    const float z[] = {0, 400};
    float dz[2];
    CHECK(softmax_crossentropy(2, z, 0, 1.0f, dz) == 400);
    CHECK(dz[0] == -1);
    CHECK(dz[1] == 1);
  }

  TEST_CASE("Softmax: rows do not depend on the batch or the threads") {
    const Index rows = 5000, classes = 10;
    const auto x = random_values<float>(rows * classes, 5);
    std::vector<float> y(x.size()), first, one(10);
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      const ThreadsForTest use(threads);
      softmax(rows, classes, x.data(), y.data());
      if (threads == 1) first = y;
      CHECK(y == first);
    }
    softmax(1, classes, x.data() + 4321 * classes, one.data());
    CHECK(std::equal(one.begin(), one.end(), y.begin() + 4321 * classes));
  }
}
