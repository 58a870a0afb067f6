// SPDX-License-Identifier: MIT
#include "nn/layer/initializer.hpp"

#include <doctest/doctest.h>

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
         {"glorot_uniform", "he_normal", "zeros", "ones", "constant(0.1)", "constant(-2.5e-10)"}) {
      CAPTURE(name);
      CHECK(nn::Initializer::from_string(name).to_string() == name);
    }
  }

  TEST_CASE("Initializer: refuses names that it does not know") {
    for (const std::string name : {"lecun", "constant", "constant(x)", "constant(1", ""}) {
      CAPTURE(name);
      const std::string sentence =
          "Initializer: expected glorot_uniform, he_normal, zeros, ones or constant(number), got "
          "'" +
          name + "'";
      CHECK_THROWS_WITH_AS(static_cast<void>(nn::Initializer::from_string(name)), sentence.c_str(),
                           std::invalid_argument);
    }
  }
}
