// SPDX-License-Identifier: MIT
#include "nn/layer/initializer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

/// Largest magnitude and variance of many draws.
struct Spread {
  double largest = 0;
  double variance = 0;
};

Spread spread_of(const nn::Initializer& rule, nn::Fans fans) {
  const nn::Random random{11, {nn::RandomPurpose::initializer}};
  constexpr std::uint64_t count = 20000;
  Spread spread;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double value = rule(random, i, fans);
    spread.largest = std::max(spread.largest, std::abs(value));
    spread.variance += value * value / count;
  }
  return spread;
}

}  // namespace

TEST_SUITE("layer/initializer") {
  TEST_CASE("fans_of: counts inputs and outputs as Keras does") {
    const auto check = [](const nn::Shape& shape, double in, double out) {
      CAPTURE(shape.to_string());
      CHECK(nn::fans_of(shape).in == in);
      CHECK(nn::fans_of(shape).out == out);
    };
    check({}, 1, 1);
    check({7}, 7, 7);
    check({3, 5}, 3, 5);
    check({3, 2, 4, 8}, 24, 48);
  }

  TEST_CASE("GlorotUniform: reaches sqrt(6 / (in + out)) and not beyond") {
    const Spread spread = spread_of(nn::GlorotUniform{}, {10, 14});
    CHECK(spread.largest <= 0.5);
    CHECK(spread.largest > 0.499);
    CHECK(spread.variance == doctest::Approx(0.25 / 3).epsilon(0.03));
  }

  TEST_CASE("HeNormal: has variance 2 / in after truncation") {
    const Spread spread = spread_of(nn::HeNormal{}, {8, 100});
    CHECK(spread.variance == doctest::Approx(0.25).epsilon(0.03));
    CHECK(spread.largest <= 2 * 0.5 / 0.8796);
  }

  TEST_CASE("Initializer: Zeros, Ones and Constant give their number") {
    CHECK(spread_of(nn::Zeros{}, {}).largest == 0);
    CHECK(spread_of(nn::Ones{}, {}).largest == 1);
    CHECK(spread_of(nn::Ones{}, {}).variance == doctest::Approx(1));
    CHECK(spread_of(nn::Constant{-2}, {}).variance == doctest::Approx(4));
  }

  TEST_CASE("Initializer: goes through its name and back") {
    for (const char* name :
         {"glorot_uniform", "he_normal", "zeros", "ones", "constant(0.1)", "constant(-2.5e-10)",
          "constant(0)", "constant(1)", "lecun_uniform", "random_normal", "random_normal(1,0.5)",
          "random_uniform(0,1)", "truncated_normal(0,2)", "orthogonal", "orthogonal(2)", "identity",
          "identity(-1)", "variance_scaling(2,fan_out,uniform)", "own"}) {
      CAPTURE(name);
      CHECK(nn::Initializer::from_string(name).to_string() == name);
    }
  }

  TEST_CASE("Orthogonal: is the same for the same stream, and of gain 0 or no elements too") {
    const nn::Random random{11, {nn::RandomPurpose::initializer}};
    std::vector<float> one(12), same(12);
    nn::Initializer{nn::Orthogonal{}}.fill(random, {4, 3}, one.data());
    nn::Initializer{nn::Orthogonal{}}.fill(random, {4, 3}, same.data());
    CHECK(one == same);
    nn::Initializer{nn::Orthogonal{0}}.fill(random, {4, 3}, one.data());
    CHECK(one == std::vector<float>(12));
    nn::Initializer{nn::Orthogonal{}}.fill<float>(random, {0, 3}, nullptr);
    nn::Initializer{nn::Orthogonal{}}.fill<float>(random, {3, 0}, nullptr);
  }

  TEST_CASE("Identity: the gain on the diagonal of a matrix, and of no other tensor") {
    const nn::Random random{11, {nn::RandomPurpose::initializer}};
    std::vector<double> values(6, 7.0);
    nn::Initializer{nn::Identity{2}}.fill(random, {2, 3}, values.data());
    CHECK(values == std::vector<double>{2, 0, 0, 0, 2, 0});
    CHECK_THROWS_WITH_AS(nn::Initializer{nn::Identity{}}.fill(random, {6}, values.data()),
                         "Identity: expected a matrix, got [6]", nn::ShapeError);
  }

  TEST_CASE("Initializer: a function of one's own") {
    const nn::Initializer own = [](const nn::Random&, std::uint64_t index, nn::Fans fans) {
      return static_cast<double>(index) + fans.in;
    };
    const nn::Random random{11, {nn::RandomPurpose::initializer}};
    std::vector<float> values(3);
    own.fill(random, {1, 3}, values.data());
    CHECK(values == std::vector<float>{1, 2, 3});
    CHECK(own.to_string() == "own");
    nn::Initializer::from_string("own").fill(random, {1, 3}, values.data());
    CHECK(values == std::vector<float>(3));
  }

  TEST_CASE("Initializer: refuses names that it does not know") {
    for (const std::string name :
         {"lecun", "constant", "constant(x)", "constant(1", "", "own(1)", "ones(1)",
          "orthogonal(1,2)", "random_normal(1)", "random_normal(1,2,3)", "constant(inf)",
          "variance_scaling(1,fan,uniform)", "variance_scaling(1,fan_in)", "constant()"}) {
      CAPTURE(name);
      const std::string sentence =
          "Initializer: expected one of glorot_uniform, glorot_normal, he_uniform, he_normal, "
          "lecun_uniform, lecun_normal, zeros, ones, random_uniform, random_normal, "
          "truncated_normal, orthogonal, identity, own, constant, variance_scaling, with its "
          "numbers in parentheses, got '" +
          name + "'";
      CHECK_THROWS_WITH_AS(static_cast<void>(nn::Initializer::from_string(name)), sentence.c_str(),
                           std::invalid_argument);
    }
  }
}
