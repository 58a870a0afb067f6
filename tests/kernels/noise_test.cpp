// SPDX-License-Identifier: MIT
#include "nn/kernels/dropout/noise.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
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
      const double z = random.normal(static_cast<std::uint64_t>(2 * size + i));
      CHECK(actual[0][at] == doctest::Approx(static_cast<double>(x[at]) + z / 2));
      CHECK(actual[1][at] == doctest::Approx(static_cast<double>(x[at]) * (1 + z / 2)));
      const auto channel = static_cast<std::uint64_t>((2 + i / size) * channels + i % channels);
      const bool is_kept = random.block(channel / 4)[channel % 4] >= 0x40000000u;
      CHECK(actual[2][at] == doctest::Approx(is_kept ? static_cast<double>(x[at]) / 0.75 : 0));
    }
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
