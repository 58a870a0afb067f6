// SPDX-License-Identifier: MIT
// What a test form finds wrong: sentences, and the comparisons that write them.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/core/shape.hpp"

namespace nn::testing {

/// Sentences in the grammar of the library's errors; empty: nothing wrong.
using Findings = std::vector<std::string>;

/// One finding a line: `CHECK(nn::testing::to_text(check_layer(...)) == "")`.
[[nodiscard]] inline std::string to_text(const Findings& findings) {
  std::string text;
  for (const std::string& finding : findings) text += finding + "\n";
  return text;
}

[[nodiscard]] inline std::string to_text(double number) {
  return with_digits(number, 10, std::chars_format::general);
}

/// "[1, 2]": where element number `index` of a tensor of that shape is.
[[nodiscard]] inline std::string coordinates(const Shape& shape, Index index) {
  std::string text;
  for (Index axis = shape.rank(); axis-- > 0;) {
    text = std::to_string(index % shape[axis]) + (text.empty() ? "" : ", ") + text;
    index /= shape[axis];
  }
  return "[" + text + "]";
}

/// Adds a finding for the first element that differs by more than `tolerance` times (1 + the
/// largest expected element), or is NaN. `place`: "y", "gradient of the input".
template <class A, class B>
void compare(Findings& findings, const std::string& where, const std::string& place,
             const Shape& shape, const A* expected, const B* actual, double tolerance) {
  double largest = 0;
  const Index count = shape.num_elements();
  for (Index i = 0; i < count; ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  for (Index i = 0; i < count; ++i) {
    const auto wanted = static_cast<double>(expected[i]), got = static_cast<double>(actual[i]);
    if (std::abs(wanted - got) <= tolerance * (1 + largest)) continue;
    findings.push_back(sentence(
        {{where, ": ", place, " at ", coordinates(shape, i)}, to_text(wanted), to_text(got)}));
    return;
  }
}

/// The same for elements that have to agree to the last bit; -0 is 0 here.
template <class T>
void compare_exactly(Findings& findings, const std::string& where, const std::string& place,
                     const Shape& shape, const T* expected, const T* actual) {
  compare(findings, where, place, shape, expected, actual, 0);
}

}  // namespace nn::testing
