// SPDX-License-Identifier: MIT
#include "nn/kernels/dropout/noise.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using nn::Isa;
using namespace nn::testing;
using namespace nn::kernels;

constexpr Index places = 7, channels = 31;  // of a sample

/// What each kind of noise makes of samples, of which the first is number `first` of the batch.
template <class T>
std::vector<std::vector<T>> noisy(const T* x, Index first, Index samples) {
  const nn::Random random(7, {nn::RandomPurpose::dropout, 3, 5});
  const Index size = places * channels, count = samples * size;
  std::vector<std::vector<T>> all(3, nan_values<T>(count));
  add_noise(random, 0.5, count, x, all[0].data(), first * size);
  multiply_by_noise(random, 0.5, count, x, all[1].data(), first * size);
  drop_channels(random, 0.25, samples, places, channels, x, all[2].data(), first * channels);
  return all;
}

}  // namespace

TEST_SUITE("kernels/noise") {
  TEST_CASE_TEMPLATE("Noise: elements get their own normal numbers, channels their own share", T,
                     float, double) {
    const nn::Random random(7, {nn::RandomPurpose::dropout, 3, 5});
    const Index samples = 3, size = places * channels;
    const auto x = random_values<T>(samples * size, 1);
    const auto actual = noisy(x.data(), 2, samples);
    for (Index i = 0; i < samples * size; ++i) {
      CAPTURE(i);
      const auto at = static_cast<std::size_t>(i);
      const double z = naive::normal_number(random, static_cast<std::uint64_t>(2 * size + i));
      CHECK(actual[0][at] == doctest::Approx(static_cast<double>(x[at]) + z / 2));
      CHECK(actual[1][at] == doctest::Approx(static_cast<double>(x[at]) * (1 + z / 2)));
      const auto channel = static_cast<std::uint64_t>((2 + i / size) * channels + i % channels);
      const bool is_kept = random.block(channel / 4)[channel % 4] >= 0x40000000u;
      CHECK(actual[2][at] == doctest::Approx(is_kept ? static_cast<double>(x[at]) / 0.75 : 0));
    }
  }

  TEST_CASE_TEMPLATE("Noise: every instruction set agrees with the naive loops", T, float, double) {
    const nn::Random random(7, {nn::RandomPurpose::dropout, 3, 5});
    // Beside a mean of 0, float has the digits of the smallest numbers' radius to a few only.
    const double tolerance = std::is_same_v<T, float> ? 2e-5 : 1e-12;
    for (const Index count : {0, 1, 3, 31, 32, 1003, 40000})
      for (const Index first : {Index{0}, Index{3}, (Index{3} << 34) + 2})
        for (const bool multiplies : {false, true}) {
          CAPTURE(count);
          CAPTURE(first);
          const auto x = random_values<T>(count, 1);
          auto expected = nan_values<T>(count);
          naive::noise(random, multiplies, T(0.5), first, count, x.data(), expected.data());
          for (const Isa isa : available_isas()) {
            CAPTURE(static_cast<int>(isa));
            auto y = nan_values<T>(count);
            NN_DISPATCH_TO(isa, noise, random, multiplies, T(0.5), first, count, x.data(),
                           y.data());
            CHECK(largest_difference(y, expected) <= tolerance);
          }
        }
  }

  TEST_CASE("Noise: the numbers are normal") {
    const nn::Random random(11, {nn::RandomPurpose::dropout});
    constexpr Index count = 400000;
    const std::vector<double> zeros(std::size_t{count});
    std::vector<double> z(zeros.size());
    add_noise(random, 1, count, zeros.data(), z.data());
    double moments[4] = {}, products = 0, within_1 = 0;
    for (Index i = 0; i < count; ++i) {
      const double value = z[static_cast<std::size_t>(i)];
      double power = 1;
      for (double& moment : moments) moment += power *= value;
      within_1 += std::abs(value) < 1 ? 1 : 0;
      if (i > 0) products += value * z[static_cast<std::size_t>(i - 1)];
    }
    // Expected 0, 1, 0, 3, 0 and erf(1 / sqrt 2); allowed are four deviations of each.
    CHECK(std::abs(moments[0] / count) < 4 * 0.0016);
    CHECK(std::abs(moments[1] / count - 1) < 4 * 0.0023);
    CHECK(std::abs(moments[2] / count) < 4 * 0.0062);
    CHECK(std::abs(moments[3] / count - 3) < 4 * 0.0155);
    CHECK(std::abs(products / count) < 4 * 0.0016);
    CHECK(std::abs(within_1 / count - 0.682689) < 4 * 0.00074);
  }

  TEST_CASE_TEMPLATE("Noise: a part of a batch gets what the whole does there, on any threads", T,
                     float, double) {
    constexpr Index samples = 200, size = places * channels;  // several blocks
    const auto x = random_values<T>(samples * size, 1);
    std::vector<std::vector<T>> whole;
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      const ThreadsForTest use(threads);
      const auto actual = noisy(x.data(), 0, samples);
      if (threads == 1) whole = actual;
      CHECK(actual == whole);
    }
    for (const Index first : {1, 77}) {
      CAPTURE(first);
      const auto part = noisy(x.data() + first * size, first, samples - first);
      for (std::size_t kind = 0; kind < whole.size(); ++kind) {
        CAPTURE(kind);
        CHECK(std::equal(part[kind].begin(), part[kind].end(), whole[kind].data() + first * size));
      }
    }
  }
}
