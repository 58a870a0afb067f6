// SPDX-License-Identifier: MIT
#include "nn/core/error.hpp"

#include <doctest/doctest.h>

#include <type_traits>

TEST_SUITE("core/error") {
  TEST_CASE("sentence: has place, rule and value, and what else there is") {
    CHECK(nn::sentence({"Dense", "a rule", "a value"}) == "Dense: expected a rule, got a value");
    CHECK(nn::sentence({"Dense", "a rule", "a value", "context"}) ==
          "Dense: expected a rule, got a value (context)");
    CHECK(nn::sentence({"Dense", "a rule", "a value", "", "do this"}) ==
          "Dense: expected a rule, got a value; do this");
    CHECK(nn::sentence({"Dense", "a rule", "a value", "context", "do this"}) ==
          "Dense: expected a rule, got a value (context); do this");
  }

  TEST_CASE("demand: throws the sentence unless the condition holds") {
    CHECK_NOTHROW(nn::demand(true, "Adam", "a rule", "a value"));
    CHECK_THROWS_WITH_AS(nn::demand(false, "Adam", "a rule", "a value"),
                         "Adam: expected a rule, got a value", std::invalid_argument);
    CHECK_THROWS_AS(nn::demand<nn::ShapeError>(false, "x", "a rule", "a value"), nn::ShapeError);
  }

  TEST_CASE("errors: are those of the standard library") {
    CHECK(std::is_base_of_v<std::invalid_argument, nn::ShapeError>);
    CHECK(std::is_base_of_v<std::runtime_error, nn::IoError>);
  }
}
