// SPDX-License-Identifier: MIT
// Named numbers: the loss and metrics of an evaluation, an epoch or a batch.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <utility>

#include "nn/core/error.hpp"

namespace nn {

/// Values by name, in the order in which they were set: scores["loss"], scores["accuracy"], ….
class Scores {
 public:
  /// Throws `std::invalid_argument`, naming what there is, for an unknown name.
  [[nodiscard, gnu::cold, gnu::noinline]] double operator[](std::string_view name) const {
    if (const double* value = find(name)) return *value;
    std::string known;
    for (const auto& [key, value] : values_) append_listed(known, key);
    refuse({"Scores", {"one of ", known.empty() ? "no names" : known}, {"'", name, "'"}});
  }
  /// The value of that name, or nullptr.
  [[nodiscard]] const double* find(std::string_view name) const {
    for (const auto& [key, value] : values_) {
      if (key == name) return &value;
    }
    return nullptr;
  }
  [[gnu::cold, gnu::noinline]] void set(const std::string& name, double value) {
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
  std::list<std::pair<std::string, double>> values_;  // which compiles quicker than a vector
};

}  // namespace nn
