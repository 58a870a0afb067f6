// SPDX-License-Identifier: MIT
// The values in this folder (see README.md), and how results are held against them.
#pragma once

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "nn/io/safetensors.hpp"
#include "nn/model/sequential.hpp"

namespace nn::testing {

/// One family of values: its index and, where it has any, its arrays.
class Golden {
 public:
  explicit Golden(const std::string& family) {
    const std::string stem = NN_GOLDEN_DIR "/" + family;
    std::ifstream(stem + ".json") >> index_;
    if (std::ifstream(stem + ".safetensors").good()) {
      file_ = io::SafetensorsFile::read(stem + ".safetensors");
    }
  }

  [[nodiscard]] const nlohmann::json& index() const { return index_; }
  [[nodiscard]] const nlohmann::json& cases() const { return index_.at("cases"); }

  template <class T>
  [[nodiscard]] std::vector<T> array(const std::string& name) const {
    const io::TensorEntry& entry = file_->at(name);
    std::vector<T> values(static_cast<std::size_t>(entry.shape.num_elements()));
    file_->copy_to(entry, values.data());
    return values;
  }
  [[nodiscard]] Shape shape(const std::string& name) const { return file_->at(name).shape; }

 private:
  nlohmann::json index_;
  std::optional<io::SafetensorsFile> file_;
};

[[nodiscard]] inline Shape shape_from(const nlohmann::json& sizes) {
  return Shape(sizes.begin(), sizes.end());
}

template <class T>
[[nodiscard]] double tolerance_of(const nlohmann::json& golden_case) {
  return golden_case.at("tolerance").at(std::same_as<T, double> ? "double" : "float");
}

/// Empty if |a - b| <= tolerance max(1, |b|) for all elements, else a sentence about the first that
/// isn't.
template <class Actual, class Expected>
[[nodiscard]] std::string first_difference(const Actual& actual, const Expected& expected,
                                           double tolerance) {
  if (static_cast<std::size_t>(actual.size()) != static_cast<std::size_t>(expected.size())) {
    return "sizes " + std::to_string(actual.size()) + " and " + std::to_string(expected.size());
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(expected.size()); ++i) {
    const auto a = static_cast<double>(actual.data()[i]);
    const auto b = static_cast<double>(expected.data()[i]);
    if (std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b))) continue;
    return "element " + std::to_string(i) + ": " + std::to_string(a) + ", expected " +
           std::to_string(b) + ", difference " + std::to_string((a - b) * 1e9) + "e-9";
  }
  return "";
}

/// Fills the model's parameters, in order, with the arrays `prefix + name`.
template <Real T>
void set_weights(Sequential<T>& model, const Golden& golden, const std::string& prefix,
                 const std::vector<std::string>& names) {
  std::size_t i = 0;
  for (const NamedParameter<T>& parameter : model.parameters()) {
    const std::vector<T> values = golden.array<T>(prefix + names.at(i++));
    std::copy(values.begin(), values.end(), parameter.value().data());
  }
}

}  // namespace nn::testing
