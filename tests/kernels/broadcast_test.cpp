// SPDX-License-Identifier: MIT
#include "nn/kernels/rows/broadcast.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using nn::Shape;
using nn::kernels::Broadcast;

/// Where element `index` of the large tensor comes from.
Index source(const Shape& small, const Shape& large, Index index) {
  Index result = 0, step = 1;
  for (Index axis = large.rank() - 1, own = small.rank() - 1; own >= 0; --axis, --own) {
    if (small[own] != 1) result += index % large[axis] * step;
    step *= small[own];
    index /= large[axis];
  }
  return result;
}

}  // namespace

TEST_SUITE("kernels/broadcast") {
  TEST_CASE_TEMPLATE("Broadcast: repeats elements, and sums over what came of them", T, float,
                     double) {
    const struct {
      Shape small, large;
    } pairs[] = {{{2, 3}, {2, 3}},
                 {{1, 3}, {4, 3}},
                 {{3}, {2, 4, 3}},
                 {{2, 1}, {2, 5}},
                 {{1, 1, 70}, {3, 5, 70}},
                 {{4, 1, 2}, {4, 3, 2}},
                 {{1, 3, 1}, {2, 3, 4}},
                 {{2, 1, 3, 1}, {2, 4, 3, 5}},
                 {{}, {2, 3}},
                 {{1, 1}, {2, 3}},
                 {{1}, {0}},
                 {{1, 2}, {0, 2}}};
    for (const auto& [small, large] : pairs) {
      const auto x = nn::testing::random_values<T>(small.num_elements(), 1);
      const auto dy = nn::testing::random_values<T>(large.num_elements(), 2);
      std::vector<T> expected(dy.size()), sums(x.size(), T(0));
      for (std::size_t i = 0; i < dy.size(); ++i) {
        const auto from = static_cast<std::size_t>(source(small, large, static_cast<Index>(i)));
        expected[i] = x[from];
        sums[from] += dy[i];
      }
      auto y = nn::testing::nan_values<T>(large.num_elements());
      auto dx = nn::testing::nan_values<T>(small.num_elements());
      const Broadcast broadcast(small, large);
      broadcast.repeat(x.data(), y.data());
      broadcast.sum(dy.data(), dx.data());
      CHECK(y == expected);
      CHECK(nn::testing::largest_difference(dx, sums) <=
            nn::testing::sum_tolerance<T>(large.num_elements()));
    }
  }
}
