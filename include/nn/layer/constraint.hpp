// SPDX-License-Identifier: MIT
// Any constraint, as an option of a layer.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include "nn/constraints/constraints.hpp"
#include "nn/core/finite.hpp"

namespace nn {

/// What each update brings a weight back to: `.kernel_constraint = nn::MaxNorm{3}`; none by
/// default. Or one of one's own, a function without captures that changes w, of that shape:
///     .bias_constraint = +[](const nn::Shape& shape, std::span<double> w) { ... }
/// Files call that "own": a model that is loaded predicts, but can't be trained.
/// Throws `std::invalid_argument` for lengths that are negative, not finite or in the wrong order.
class Constraint {
 public:
  using Function = void (*)(const Shape& shape, std::span<double> w);
  enum class Rule { none, max_norm, min_max_norm, unit_norm, non_neg, own };

  Constraint() = default;
  // NOLINTBEGIN(google-explicit-constructor): an option's value
  NN_COLD Constraint(const MaxNorm& rule)
      : Constraint(Rule::max_norm, "MaxNorm", {0, rule.max_value, 1, rule.axis}) {}
  NN_COLD Constraint(const MinMaxNorm& rule) : Constraint(Rule::min_max_norm, "MinMaxNorm", rule) {}
  NN_COLD Constraint(const UnitNorm& rule)
      : Constraint(Rule::unit_norm, "UnitNorm", {1, 1, 1, rule.axis}) {}
  Constraint(NonNeg) : rule_(Rule::non_neg) {}
  Constraint(Function own) : rule_(Rule::own), own_(own) {}
  template <class F>
  requires std::is_class_v<F> && std::convertible_to<F, Function> Constraint(F own)
      : Constraint(static_cast<Function>(own)) {}
  // NOLINTEND(google-explicit-constructor)

  /// Whether there is one.
  [[nodiscard]] explicit operator bool() const { return rule_ != Rule::none; }
  [[nodiscard]] Rule rule() const { return rule_; }
  /// The lengths that are allowed; of MaxNorm, UnitNorm and MinMaxNorm.
  [[nodiscard]] const MinMaxNorm& lengths() const { return lengths_; }

  /// Throws `ShapeError` for a weight without the axes along which lengths are taken.
  NN_COLD void require_axes(const char* weight, Index rank) const {
    const bool has_lengths =
        rule_ == Rule::max_norm || rule_ == Rule::min_max_norm || rule_ == Rule::unit_norm;
    if (has_lengths) lengths_.axis.require_within(rank, weight);
  }

  /// Changes w of that shape. Throws as `require_axes` does.
  template <Real T>
  [[gnu::noinline]] void operator()(const Shape& shape, T* w) const {
    switch (rule_) {
      case Rule::none:
        return;
      case Rule::non_neg:
        return NonNeg{}(shape, w);
      case Rule::own:
        return apply_own(shape, w);
      default:
        require_axes("Constraint", shape.rank());
        return lengths_(shape, w);
    }
  }

 private:
  NN_COLD Constraint(Rule rule, const char* where, const MinMaxNorm& lengths)
      : rule_(rule), lengths_(lengths) {
    const auto& [lowest, highest, rate, axis] = lengths;
    demand(lowest >= 0, where, "a min_value of 0 or more", lowest);
    demand(highest >= lowest && is_finite(highest), where,
           rule == Rule::max_norm ? "a finite max_value of 0 or more"
                                  : "a finite max_value of min_value or more",
           highest);
    demand(rate >= 0 && rate <= 1, where, "a rate in [0, 1]", rate);
  }

  template <Real T>
  NN_COLD void apply_own(const Shape& shape, T* w) const {
    if (own_ == nullptr) {
      refuse({"Constraint", "one that a file can name", "'own', a function of the program", "",
              "make the model in the program, and load its weights"});
    }
    std::vector<double> values(w, w + shape.num_elements());
    own_(shape, values);
    std::transform(values.begin(), values.end(), w,
                   [](double value) { return static_cast<T>(value); });
  }

  Rule rule_ = Rule::none;
  MinMaxNorm lengths_{};
  Function own_ = nullptr;
};

}  // namespace nn
