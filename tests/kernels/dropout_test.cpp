// SPDX-License-Identifier: MIT
#include "nn/kernels/dropout/dropout.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

using nn::Index;
using nn::Isa;
using nn::Random;
using namespace nn::testing;
using namespace nn::kernels;

TEST_SUITE("kernels/dropout") {
  TEST_CASE_TEMPLATE("Dropout: every instruction set drops what the naive twin drops", T, float,
                     double) {
    const Random random(7, {nn::RandomPurpose::dropout, 3, 5});
    for (const Index count : {0, 1, 7, 31, 32, 103, 1000}) {
      const auto x = random_values<T>(count, 1);
      for (const Index first : {Index{0}, Index{3} << 34}) {  // whose blocks need more than 32 bits
        auto expected = nan_values<T>(count);
        naive::dropout(random, 0x40000000u, T(4) / T(3), first, count, x.data(), expected.data());
        for (const Isa isa : available_isas()) {
          CAPTURE(count);
          CAPTURE(static_cast<int>(isa));
          auto y = nan_values<T>(count);
          NN_DISPATCH_TO(isa, dropout, random, 0x40000000u, T(4) / T(3), first, count, x.data(),
                         y.data());
          CHECK(y == expected);
        }
      }
    }
  }

  TEST_CASE_TEMPLATE("Dropout: scales what it keeps, zeroes the rest, also in place", T, float,
                     double) {
    const Random random(7, {nn::RandomPurpose::dropout});
    const auto x = random_values<T>(103, 1);
    auto y = nan_values<T>(103), in_place = x;
    dropout(random, 0.25, 103, x.data(), y.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      CAPTURE(i);
      const bool kept = random.block(i / 4)[i % 4] >= 0x40000000u;
      CHECK(y[i] == doctest::Approx(kept ? x[i] / T(0.75) : T(0)));
    }
    dropout(random, 0.25, 103, in_place.data(), in_place.data());
    CHECK(in_place == y);
  }

  TEST_CASE_TEMPLATE("Dropout: a part of a tensor drops what the whole does there", T, float,
                     double) {
    const Random random(7, {nn::RandomPurpose::dropout});
    const auto x = random_values<T>(40000, 1);
    auto whole = nan_values<T>(40000);
    dropout(random, 0.25, 40000, x.data(), whole.data());
    for (const Index begin : {1, 2, 3, 4, 5, 37, 16386}) {
      for (const Index count : {Index{0}, Index{1}, Index{2}, Index{70}, 40000 - begin}) {
        CAPTURE(begin);
        CAPTURE(count);
        auto part = nan_values<T>(count);
        dropout(random, 0.25, count, x.data() + begin, part.data(), begin);
        CHECK(std::equal(part.begin(), part.end(), whole.data() + begin));
      }
    }
  }

  TEST_CASE("Dropout: drops the share that the rate says") {
    const Random random(7, {nn::RandomPurpose::dropout});
    const std::vector<float> x(100000, 1.0f);
    std::vector<float> y(x.size());
    for (const double rate : {1e-12, 0.1, 0.5, 0.9, 1.0}) {
      CAPTURE(rate);
      dropout(random, rate, 100000, x.data(), y.data());
      const auto dropped = std::count(y.begin(), y.end(), 0.0f);
      const double four_deviations = 4 * std::sqrt(rate * (1 - rate) / 1e5);
      CHECK(std::abs(static_cast<double>(dropped) / 1e5 - rate) <= four_deviations + 1e-12);
    }
  }

  TEST_CASE("Dropout: an element depends on its index only, not on the count or the threads") {
    const Random random(8, {nn::RandomPurpose::dropout});
    const Index count = 2 * block_size + 9;
    const auto x = random_values<float>(count, 1);
    std::vector<float> y(x.size()), first, part(50);
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      const ThreadsForTest use(threads);
      dropout(random, 0.5, count, x.data(), y.data());
      if (threads == 1) first = y;
      CHECK(y == first);
    }
    dropout(random, 0.5, 50, x.data(), part.data());
    CHECK(std::equal(part.begin(), part.end(), y.begin()));
    dropout(Random(9, {nn::RandomPurpose::dropout}), 0.5, 50, x.data(), part.data());
    CHECK(!std::equal(part.begin(), part.end(), y.begin()));
  }
}
