// SPDX-License-Identifier: MIT
// Checks that CLI11 lacks, or reports less clearly than the library does.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "nn/core/text.hpp"

namespace mnist {

/// Refuses `--name=` without a value: CLI11 would take the next option as the value.
inline void require_values(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::string_view argument{argv[i]};
    if (!argument.starts_with("--") || argument.find('=') + 1 != argument.size()) continue;
    argument.remove_suffix(1);
    throw CLI::ArgumentMismatch(nn::concat({argument, ": expected a value, got none"}));
  }
}

/// Reads 010 as ten; CLI11 would read it as octal.
inline std::string without_leading_zeros(const std::string& number) {
  std::size_t first = 0;
  while (first + 1 < number.size() && number[first] == '0' && number[first + 1] >= '0' &&
         number[first + 1] <= '9') {
    ++first;
  }
  return number.substr(first);
}

/// A whole number in from .. to.
inline CLI::Validator whole_number(std::int64_t from, std::int64_t to) {
  const std::string rule = nn::concat({"a whole number from ", from, " to ", to});
  const auto check = [=](const std::string& text) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    const bool is_right = error == std::errc{} && stop == end && from <= number && number <= to;
    return is_right ? std::string{} : nn::concat({"expected ", rule, ", got '", text, "'"});
  };
  return {check, nn::concat({from, " .. ", to})};
}

/// A number above `least`, or equal to it if `includes_least`, and below `limit`. (The range check
/// of CLI11 lets NaN through, as it compares false with any bound.)
inline CLI::Validator number_between(double least, bool includes_least, double limit) {
  std::string rule = nn::concat({"a number ", includes_least ? "from " : "above ", least});
  if (std::isfinite(limit)) nn::append(rule, {" to below ", limit});
  const auto check = [=](const std::string& text) {
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    const bool is_read = error == std::errc{} && stop == end && std::isfinite(number);
    const bool is_right =
        is_read && (number > least || (includes_least && number == least)) && number < limit;
    return is_right ? std::string{} : nn::concat({"expected ", rule, ", got '", text, "'"});
  };
  return {check, ""};
}

/// One of several words.
inline CLI::Validator one_of(const std::vector<std::string>& words) {
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i) {
    list += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  }
  const auto check = [=](const std::string& text) {
    if (std::find(words.begin(), words.end(), text) != words.end()) return std::string{};
    return nn::concat({"expected ", list, ", got '", text, "'"});
  };
  return {check, list};
}

/// The name of a file.
inline CLI::Validator file_name() {
  const auto check = [](const std::string& text) {
    return text.empty() ? std::string{"expected the name of a file, got none"} : std::string{};
  };
  return {check, ""};
}

}  // namespace mnist
