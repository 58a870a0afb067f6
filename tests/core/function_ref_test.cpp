// SPDX-License-Identifier: MIT
#include "nn/core/function_ref.hpp"

#include <doctest/doctest.h>

#include <string>

namespace nn {
namespace {

/// Can be neither copied nor moved.
struct Answer {
  explicit Answer(int number) : value(number) {}
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  int value;
};

int twice(FunctionRef<int(int)> function) { return function(1) + function(2); }

TEST_SUITE("core/function_ref") {
  TEST_CASE("FunctionRef: calls what it was made from, and sees what that refers to") {
    int factor = 10;
    const auto times = [&factor](int number) { return factor * number; };
    const FunctionRef<int(int)> view = times;
    CHECK(view(2) == 20);
    factor = 100;
    CHECK(view(2) == 200);
    CHECK(twice(view) == 300);
    CHECK(twice([](int number) { return -number; }) == -3);
  }

  TEST_CASE("FunctionRef: hands on references, and results that cannot be copied") {
    std::string text;
    const auto append = [](std::string& to, const char* more) { to += more; };
    const FunctionRef<void(std::string&, const char*)> view = append;
    view(text, "ab");
    CHECK(text == "ab");
    const auto make = [] { return Answer(42); };
    const FunctionRef<Answer()> made = make;
    CHECK(made().value == 42);
  }
}

}  // namespace
}  // namespace nn
