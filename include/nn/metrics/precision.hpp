// SPDX-License-Identifier: MIT
// Precision on integer labels.
#pragma once

#include <string>
#include <vector>

#include "nn/kernels/product/precision.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/metrics/class_counts.hpp"

namespace nn {

struct PrecisionOptions {
  Average average = Average::macro;
};

/// Of the samples taken for a class, the share that belongs to it, averaged over classes.
/// 0 / 0 counts as 0. The word has a second sense in this field, so the class also lends its name
/// to number formats: `compile(..., {.precision = nn::Precision::bfloat16})`.
class Precision {
 public:
  static constexpr bool more_is_better = true;
  static constexpr bool ranks_scores = true;
  static constexpr ProductPrecision float32{};
  static constexpr ProductPrecision bfloat16 = ProductPrecision::bfloat16();
  static constexpr NumberFormat int8 = NumberFormat::int8;  // for `quantize`; of no products

  explicit Precision(const PrecisionOptions& options = {}) : options_(options) {}

  [[nodiscard]] static std::string name() { return "precision"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}.set("average", to_string(options_.average));
  }
  [[nodiscard]] NN_COLD static Precision from_arguments(const Arguments& arguments) {
    return Precision{{.average = arguments.one_of("average", detail::averages)}};
  }
  void reset() { counts_.resize(0); }
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    counts_.add(batch);
  }
  [[nodiscard]] std::vector<double> state() const { return counts_.state(); }
  void set_state(const std::vector<double>& state) { counts_.set_state(state); }
  void merge(const std::vector<double>& state) { counts_.merge(state); }
  [[nodiscard]] double result() const { return counts_.precision(options_.average); }

 private:
  PrecisionOptions options_;
  ClassCounts counts_{"Precision"};
};

}  // namespace nn
