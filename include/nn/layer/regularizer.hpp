// SPDX-License-Identifier: MIT
// Any regularizer, as an option of a layer.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/regularizers/regularizers.hpp"

namespace nn {

/// A penalty on a weight, which training adds to the loss: `.kernel_regularizer = nn::L2{1e-4}`;
/// none by default. Or one of one's own, a function without captures that returns the penalty of w,
/// of that shape, and adds its gradient to `gradient`, unless that is empty:
///     .kernel_regularizer = +[](const nn::Shape& shape, std::span<const double> w,
///                               std::span<double> gradient) -> double { ... }
/// Files call that "own": a model that is loaded predicts, but can't be trained or evaluated.
/// Throws `std::invalid_argument` for factors that are negative or not finite.
class Regularizer {
 public:
  using Function = double (*)(const Shape& shape, std::span<const double> w,
                              std::span<double> gradient);
  enum class Rule { none, l1, l2, l1_l2, orthogonal, own };

  Regularizer() = default;
  // NOLINTBEGIN(google-explicit-constructor): an option's value
  NN_COLD Regularizer(L1 rule) : Regularizer(Rule::l1, "L1", rule.l1, 0) {}
  NN_COLD Regularizer(L2 rule) : Regularizer(Rule::l2, "L2", 0, rule.l2) {}
  NN_COLD Regularizer(L1L2 rule) : Regularizer(Rule::l1_l2, "L1L2", rule.l1, rule.l2) {}
  NN_COLD Regularizer(OrthogonalRegularizer rule)
      : Regularizer(Rule::orthogonal, "OrthogonalRegularizer", rule.factor, 0, rule.mode) {}
  Regularizer(Function own) : rule_(Rule::own), own_(own) {}
  template <class F>
  requires std::is_class_v<F> && std::convertible_to<F, Function> Regularizer(F own)
      : Regularizer(static_cast<Function>(own)) {}
  // NOLINTEND(google-explicit-constructor)

  /// Whether there is a penalty.
  [[nodiscard]] explicit operator bool() const { return rule_ != Rule::none; }
  [[nodiscard]] Rule rule() const { return rule_; }
  /// The factors of |w| and of w^2, or that of an OrthogonalRegularizer in place of the first.
  [[nodiscard]] double l1() const { return l1_; }
  [[nodiscard]] double l2() const { return l2_; }
  [[nodiscard]] OrthogonalMode mode() const { return mode_; }

  /// The penalty of w; adds its gradient to `gradient` unless that is null. Both of that shape.
  template <Real T>
  [[gnu::noinline]] double operator()(const Shape& shape, const T* w, T* gradient) const {
    switch (rule_) {
      case Rule::none:
        return 0;
      case Rule::orthogonal:
        return OrthogonalRegularizer{l1_, mode_}(shape, w, gradient);
      case Rule::own:
        return own_penalty(shape, w, gradient);
      default:
        return L1L2{l1_, l2_}(shape, w, gradient);
    }
  }

 private:
  NN_COLD Regularizer(Rule rule, const char* where, double l1, double l2,
                      OrthogonalMode mode = OrthogonalMode::of_rows)
      : rule_(rule), mode_(mode), l1_(l1), l2_(l2) {
    for (const double factor : {l1, l2}) {
      demand(factor >= 0 && is_finite(factor), where, "finite factors of 0 or more", factor);
    }
  }

  template <Real T>
  NN_COLD double own_penalty(const Shape& shape, const T* w, T* gradient) const {
    if (own_ == nullptr) {
      refuse({"Regularizer", "one that a file can name", "'own', a function of the program", "",
              "make the model in the program, and load its weights"});
    }
    const auto count = static_cast<std::size_t>(shape.num_elements());
    const std::vector<double> values(w, w + count);
    std::vector<double> slopes(gradient == nullptr ? 0 : count);
    const double penalty = own_(shape, values, slopes);
    for (std::size_t i = 0; i < slopes.size(); ++i) gradient[i] += static_cast<T>(slopes[i]);
    return penalty;
  }

  Rule rule_ = Rule::none;
  OrthogonalMode mode_ = OrthogonalMode::of_rows;
  double l1_ = 0, l2_ = 0;
  Function own_ = nullptr;
};

}  // namespace nn
