// SPDX-License-Identifier: MIT
#include "nn/kernels/dropout.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

using nn::Index;
using nn::Random;
using namespace nn::testing;
using namespace nn::kernels;

TEST_SUITE("kernels/dropout") {
  TEST_CASE_TEMPLATE("Dropout: scales what it keeps, zeroes the rest, and so does the gradient", T,
                     float, double) {
    const Random random(7, {nn::RandomPurpose::dropout});
    const Index count = 103;
    const auto x = random_values<T>(count, 1), dy = random_values<T>(count, 2);
    auto y = nan_values<T>(count), dx = y;
    std::vector<std::uint8_t> kept(x.size(), 9);
    dropout(random, T(0.25), count, x.data(), y.data(), kept.data());
    dropout_gradient(count, T(0.25), kept.data(), dy.data(), dx.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      CAPTURE(i);
      REQUIRE(kept[i] <= 1);
      CHECK(y[i] == doctest::Approx(kept[i] == 1 ? x[i] / T(0.75) : T(0)));
      CHECK(dx[i] == doctest::Approx(kept[i] == 1 ? dy[i] / T(0.75) : T(0)));
    }
    auto in_place = x;
    dropout(random, T(0.25), count, in_place.data(), in_place.data(), kept.data());
    CHECK(in_place == y);
  }

  TEST_CASE("Dropout: drops the share that the rate says") {
    const Random random(7, {nn::RandomPurpose::dropout});
    const Index count = 100000;
    const std::vector<float> x(100000, 1.0f);
    std::vector<float> y(x.size());
    std::vector<std::uint8_t> kept(x.size());
    for (const float rate : {0.0f, 0.1f, 0.5f, 0.9f}) {
      CAPTURE(rate);
      dropout(random, rate, count, x.data(), y.data(), kept.data());
      const double share = std::accumulate(kept.begin(), kept.end(), 0) / 100000.0;
      CHECK(std::abs(share - (1 - static_cast<double>(rate))) <=
            0.006);  // four standard deviations
    }
  }

  TEST_CASE("Dropout: an element depends on its index only, not on the count or the threads") {
    const Random random(8, {nn::RandomPurpose::dropout});
    const Index count = 2 * block_size + 9;
    const auto x = random_values<float>(count, 1);
    std::vector<float> y(x.size()), first, part(50);
    std::vector<std::uint8_t> kept(x.size());
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      const ThreadsForTest use(threads);
      dropout(random, 0.5f, count, x.data(), y.data(), kept.data());
      if (threads == 1) first = y;
      CHECK(y == first);
    }
    dropout(random, 0.5f, 50, x.data(), part.data(), kept.data());
    CHECK(std::equal(part.begin(), part.end(), y.begin()));
    dropout(Random(9, {nn::RandomPurpose::dropout}), 0.5f, 50, x.data(), part.data(), kept.data());
    CHECK(!std::equal(part.begin(), part.end(), y.begin()));
  }
}
