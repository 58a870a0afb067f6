// SPDX-License-Identifier: MIT
#include "mnist/repeats.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "mnist/members.hpp"

TEST_SUITE("examples/mnist/repeats") {
  TEST_CASE("student_quantile: gives the values of printed tables") {
    using mnist::detail::student_quantile;
    CHECK(student_quantile(1) == doctest::Approx(12.7062).epsilon(1e-4));
    CHECK(student_quantile(2) == doctest::Approx(4.30265).epsilon(1e-4));
    CHECK(student_quantile(4) == doctest::Approx(2.77645).epsilon(1e-4));
    CHECK(student_quantile(9) == doctest::Approx(2.26216).epsilon(1e-4));
    CHECK(student_quantile(120) == doctest::Approx(1.97993).epsilon(1e-4));
    CHECK(student_quantile(1e5) == doctest::Approx(1.95999).epsilon(1e-4));
  }

  TEST_CASE("spread_of: mean, deviation and margin by hand") {
    const mnist::Spread spread = mnist::spread_of({1, 2, 6});
    CHECK(spread.mean == doctest::Approx(3));
    CHECK(spread.deviation == doctest::Approx(std::sqrt(7.0)));  // (4 + 1 + 9) / 2
    CHECK(spread.margin == doctest::Approx(4.303 * std::sqrt(7.0 / 3)).epsilon(1e-4));
    CHECK(mnist::spread_of({0.5, 0.5}).margin == 0);
  }

  TEST_CASE("describe_spread: says what the results of several seeds say, of one nothing") {
    std::vector<mnist::Member> members(2);
    CHECK(mnist::describe_spread(members) == "");  // not tested
    for (std::size_t i = 0; i < 2; ++i) {
      nn::ConfusionMatrix confusion{2};
      for (nn::Index k = 0; k < 10; ++k) confusion.add(0, k < (i == 0 ? 9 : 8) ? 0 : 1);
      members[i].test = {.loss = 0, .confusion = confusion, .probabilities = {}};
    }
    // 90 and 80 %: deviation 5 sqrt(2), margin 12.706 * 5
    CHECK(mnist::describe_spread(members) ==
          "2 seeds: mean accuracy 85.000 %, standard deviation 7.071 %, 95 % interval of the mean "
          "21.469 to 148.531 %\n");
  }
}
