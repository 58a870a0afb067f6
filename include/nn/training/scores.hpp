// SPDX-License-Identifier: MIT
// Loss and metrics of an evaluation, an epoch or a batch, by name.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/core/text.hpp"

namespace nn {

/// Values by name, in the order in which they were set: scores["loss"], scores["accuracy"], ….
class Scores {
 public:
  /// Throws `std::invalid_argument` for an unknown name; the message lists the known ones.
  [[nodiscard]] NN_COLD double operator[](std::string_view name) const {
    if (const double* value = find(name)) return *value;
    std::string known;
    for (const auto& [key, value] : values_) append_listed(known, key);
    refuse({"Scores", {"one of ", known.empty() ? "no names" : known}, {"'", name, "'"}});
  }
  /// The value of that name, or null.
  [[nodiscard]] const double* find(std::string_view name) const {
    for (const auto& [key, value] : values_) {
      if (key == name) return &value;
    }
    return nullptr;
  }
  NN_COLD void set(const std::string& name, double value) {
    for (auto& [key, known] : values_) {
      if (key == name) {
        known = value;
        return;
      }
    }
    values_.emplace_back(name, value);
  }

  [[nodiscard]] auto begin() const { return values_.begin(); }
  [[nodiscard]] auto end() const { return values_.end(); }
  [[nodiscard]] bool empty() const { return values_.empty(); }

 private:
  std::vector<std::pair<std::string, double>> values_;
};

/// 4 decimals, scientific below 0.001, as in Keras' progress bar.
[[nodiscard]] inline std::string readable_score(double value) {
  const bool is_small = value != 0 && std::abs(value) < 1e-3;
  return with_digits(value, 4, is_small ? std::chars_format::scientific : std::chars_format::fixed);
}

/// "loss: 0.0532 - accuracy: 0.9844"
[[nodiscard]] NN_COLD inline std::string to_string(const Scores& scores) {
  std::string text;
  for (const auto& [name, value] : scores) {
    append(text, {text.empty() ? "" : " - ", name, ": ", readable_score(value)});
  }
  return text;
}

/// Prints them in a line. (A template, so that only programs that print need the stream's
/// definition.)
template <std::same_as<char> Char>
std::basic_ostream<Char>& operator<<(std::basic_ostream<Char>& stream, const Scores& scores) {
  return stream << to_string(scores);
}

}  // namespace nn
