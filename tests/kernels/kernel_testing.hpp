// SPDX-License-Identifier: MIT
// What the tests of kernels share: random operands, and loops over instruction sets and threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "nn/core/parallel.hpp"
#include "nn/core/random.hpp"
#include "nn/kernels/machine/isa.hpp"

namespace nn::testing {

/// The instruction sets that this processor can run, lowest first.
inline std::vector<Isa> available_isas() {
  std::vector<Isa> isas;
  for (const Isa isa : all_isas) {
    if (isa <= nn::detail::detect_isa()) isas.push_back(isa);
  }
  return isas;
}

/// Uniform in [-1, 1).
template <class T>
std::vector<T> random_values(Index count, std::uint64_t seed) {
  const Random random(seed, {RandomPurpose::user});
  std::vector<T> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<T>(2 * random.uniform(i) - 1);
  }
  return values;
}

/// What a kernel must overwrite everywhere.
template <class T>
std::vector<T> nan_values(Index count) {
  return std::vector<T>(static_cast<std::size_t>(count), std::numeric_limits<T>::quiet_NaN());
}

/// Largest |actual - expected|; infinite where one of them only is NaN or the sizes differ.
template <class T>
double largest_difference(const std::vector<T>& actual, const std::vector<T>& expected) {
  if (actual.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const auto a = static_cast<double>(actual[i]), b = static_cast<double>(expected[i]);
    if (std::isnan(a) && std::isnan(b)) continue;
    if (!(std::abs(a - b) <= largest)) {
      largest = std::isnan(a - b) ? std::numeric_limits<double>::infinity() : std::abs(a - b);
    }
  }
  return largest;
}

/// Allowed difference of sums of `num_terms` products of numbers below 1, added in any order.
template <class T>
double sum_tolerance(Index num_terms) {
  return 2 * static_cast<double>(num_terms + 2) *
         static_cast<double>(std::numeric_limits<T>::epsilon());
}

/// Programs for WebAssembly have threads where they are compiled with -pthread.
#if defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__)
inline constexpr bool has_threads = false;
#else
inline constexpr bool has_threads = true;
#endif

/// Sets the number of threads for the life of a test.
class ThreadsForTest {
 public:
  explicit ThreadsForTest(int threads) : before_(num_threads()) { set_num_threads(threads); }
  ~ThreadsForTest() { set_num_threads(before_); }
  ThreadsForTest(const ThreadsForTest&) = delete;
  ThreadsForTest& operator=(const ThreadsForTest&) = delete;

 private:
  int before_;
};

}  // namespace nn::testing
