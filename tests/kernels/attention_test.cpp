// SPDX-License-Identifier: MIT
#include "nn/kernels/attention/attention.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using nn::Isa;
using nn::Random;
using namespace nn::testing;
using namespace nn::kernels;

template <class T>
struct Tensors {
  std::vector<T> q, k, v, dy;
  std::vector<T> y, dq, dk, dv;  // results

  explicit Tensors(const AttentionSize& size)
      : q(random_values<T>(size.num_queries(), 1)),
        k(random_values<T>(size.num_keys(), 2)),
        v(random_values<T>(size.num_values(), 3)),
        dy(random_values<T>(size.num_results(), 4)),
        y(nan_values<T>(size.num_results())),
        dq(nan_values<T>(size.num_queries())),
        dk(nan_values<T>(size.num_keys())),
        dv(nan_values<T>(size.num_values())) {}

  void run(const AttentionSize& size, const AttentionOptions& options) {
    attention<T>(size, options, q.data(), k.data(), v.data(), y.data());
    attention_gradient<T>(size, options, q.data(), k.data(), v.data(), dy.data(), dq.data(),
                          dk.data(), dv.data());
  }

  /// The naive twin: one query after the other, in plain loops.
  void run_naive(const AttentionSize& s, const AttentionOptions& options) {
    for (std::vector<T>* sums : {&y, &dq, &dk, &dv}) std::fill(sums->begin(), sums->end(), T(0));
    for (Index n = 0; n < s.samples; ++n) {
      for (Index h = 0; h < s.heads; ++h) {
        for (Index i = 0; i < s.queries; ++i) query(s, options, n, h, i);
      }
    }
  }

 private:
  void query(const AttentionSize& s, const AttentionOptions& options, Index n, Index h, Index i) {
    const auto at = [&](Index step, Index steps, Index features) {
      return static_cast<std::size_t>(((n * steps + step) * s.heads + h) * features);
    };
    const auto sizes = static_cast<std::size_t>(s.keys);
    const Index valid = options.is_causal ? std::min(s.keys, i + 1) : s.keys;
    std::vector<T> p(sizes), kept(sizes, T(1)), dp(sizes);
    for (Index j = 0; j < valid; ++j) {
      for (Index c = 0; c < s.key_size; ++c) {
        p[static_cast<std::size_t>(j)] +=
            q[at(i, s.queries, s.key_size) + static_cast<std::size_t>(c)] *
            k[at(j, s.keys, s.key_size) + static_cast<std::size_t>(c)];
      }
    }
    const bool* const mask = options.key_mask == nullptr ? nullptr : options.key_mask + n * s.keys;
    if (mask != nullptr && std::find(mask, mask + valid, true) != mask + valid) {
      for (std::size_t j = 0; j < sizes; ++j) p[j] = mask[j] ? p[j] : lowest_score<T>();
    }
    naive::softmax_scores(valid, s.keys, T(options.scale), p.data());
    if (options.dropout_rate > 0) {
      const Index row = (n * s.heads + h) * s.queries + i;
      dropout<T>(options.random, options.dropout_rate, s.keys, kept.data(), kept.data(),
                 options.begin + row * s.keys);
    }
    for (Index j = 0; j < s.keys; ++j) {
      const auto key = static_cast<std::size_t>(j);
      for (Index c = 0; c < s.value_size; ++c) {
        const std::size_t from = at(j, s.keys, s.value_size) + static_cast<std::size_t>(c);
        const std::size_t to = at(i, s.queries, s.value_size) + static_cast<std::size_t>(c);
        y[to] += p[key] * kept[key] * v[from];
        dv[from] += p[key] * kept[key] * dy[to];
        dp[key] += kept[key] * dy[to] * v[from];
      }
    }
    naive::softmax_scores_gradient(s.keys, T(options.scale), p.data(), dp.data());
    for (Index j = 0; j < s.keys; ++j) {
      for (Index c = 0; c < s.key_size; ++c) {
        const std::size_t from = at(i, s.queries, s.key_size) + static_cast<std::size_t>(c);
        const std::size_t to = at(j, s.keys, s.key_size) + static_cast<std::size_t>(c);
        dq[from] += dp[static_cast<std::size_t>(j)] * k[to];
        dk[to] += dp[static_cast<std::size_t>(j)] * q[from];
      }
    }
  }
};

/// A mask that leaves out some keys of each sample, and all of the last one.
std::unique_ptr<bool[]> mask_of(const AttentionSize& size) {
  auto mask = std::make_unique<bool[]>(static_cast<std::size_t>(size.samples * size.keys));
  for (Index i = 0; i < (size.samples - 1) * size.keys; ++i) {
    mask[static_cast<std::size_t>(i)] = i % 3 != 1;
  }
  return mask;
}

/// The last one is cut in several blocks of queries.
const AttentionSize sizes[] = {
    {.samples = 1, .heads = 1, .queries = 1, .keys = 1, .key_size = 1, .value_size = 1},
    {.samples = 2, .heads = 3, .queries = 5, .keys = 7, .key_size = 4, .value_size = 3},
    {.samples = 3, .heads = 2, .queries = 33, .keys = 17, .key_size = 5, .value_size = 8},
    {.samples = 2, .heads = 2, .queries = 250, .keys = 300, .key_size = 8, .value_size = 4},
};

}  // namespace

TEST_SUITE("kernels/attention") {
  TEST_CASE_TEMPLATE("Scores: every instruction set agrees with the naive twin", T, float, double) {
    const double tolerance = 30 * static_cast<double>(std::numeric_limits<T>::epsilon());
    for (const Isa isa : available_isas()) {
      for (const Index count : {1, 3, 8, 16, 37, 100}) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(count);
        const Index valid = std::max<Index>(1, count - 2), room = score_row_size(count);
        auto expected = random_values<T>(room, 1), x = expected;
        naive::softmax_scores(valid, count, T(3), expected.data());
        NN_DISPATCH_TO(isa, softmax_scores, valid, count, T(3), x.data());
        x.resize(static_cast<std::size_t>(count));
        expected.resize(x.size());
        CHECK(largest_difference(x, expected) <= tolerance);
        CHECK(std::all_of(x.data() + valid, x.data() + count, [](T p) { return p == 0; }));
        auto dx = random_values<T>(count, 2), expected_dx = dx;
        naive::softmax_scores_gradient(count, T(3), expected.data(), expected_dx.data());
        dx.push_back(T(77));
        NN_DISPATCH_TO(isa, softmax_scores_gradient, count, T(3), x.data(), dx.data());
        CHECK(dx.back() == T(77));
        dx.pop_back();
        CHECK(largest_difference(dx, expected_dx) <= 3 * tolerance);
      }
    }
  }

  TEST_CASE_TEMPLATE("Scores: large ones neither overflow nor vanish", T, float, double) {
    std::vector<T> x(16, T(0));
    x[0] = T(3e4);
    x[1] = T(3e4);
    x[2] = T(-3e4);
    softmax_scores<T>(3, 3, T(2), x.data());
    CHECK(x[0] == T(0.5));
    CHECK(x[1] == T(0.5));
    CHECK(x[2] == T(0));
    x.assign(16, std::numeric_limits<T>::quiet_NaN());
    softmax_scores<T>(3, 3, T(1), x.data());
    CHECK(std::isnan(x[0]));
  }

  TEST_CASE_TEMPLATE("Attention: agrees with the naive twin", T, float, double) {
    for (const AttentionSize& size : sizes) {
      for (const bool is_causal : {false, true}) {
        for (const double dropout : {0.0, 0.3}) {
          const bool is_masked = is_causal == (dropout == 0);
          CAPTURE(size.queries);
          CAPTURE(is_causal);
          CAPTURE(dropout);
          const std::unique_ptr<bool[]> mask = mask_of(size);
          const AttentionOptions options{.scale = 0.7,
                                         .is_causal = is_causal,
                                         .key_mask = is_masked ? mask.get() : nullptr,
                                         .dropout_rate = dropout,
                                         .random = Random(1, {}),
                                         .begin = 5};
          Tensors<T> actual(size), expected(size);
          actual.run(size, options);
          expected.run_naive(size, options);
          const double tolerance = sum_tolerance<T>(size.queries + size.keys);
          CHECK(largest_difference(actual.y, expected.y) <= tolerance);
          CHECK(largest_difference(actual.dq, expected.dq) <= tolerance);
          CHECK(largest_difference(actual.dk, expected.dk) <= tolerance);
          CHECK(largest_difference(actual.dv, expected.dv) <= tolerance);
        }
      }
    }
  }

  TEST_CASE("Attention: the number of threads changes no bit") {
    for (const AttentionSize& size : sizes) {
      const AttentionOptions options{.is_causal = true, .dropout_rate = 0.5};
      Tensors<float> one(size), several(size);
      {
        const ThreadsForTest threads(1);
        one.run(size, options);
      }
      const ThreadsForTest threads(3);
      several.run(size, options);
      CHECK(one.y == several.y);
      CHECK(one.dq == several.dq);
      CHECK(one.dk == several.dk);
      CHECK(one.dv == several.dv);
    }
  }

  TEST_CASE("Attention: no queries") {
    const AttentionSize size{.samples = 2, .queries = 0, .keys = 3, .key_size = 2, .value_size = 2};
    Tensors<float> none(size);
    none.run(size, {});
    CHECK(none.dk == std::vector<float>(none.dk.size(), 0));
    CHECK(none.dv == std::vector<float>(none.dv.size(), 0));
  }
}
