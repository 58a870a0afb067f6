// SPDX-License-Identifier: MIT
// A loss of any type behind one interface.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "nn/core/erased.hpp"
#include "nn/data/target_kind.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/model/described.hpp"
#include "nn/scoring/row_loss.hpp"

namespace nn {

/// A loss: `name()`, and either a call for one row, as `RowLoss` has it, or a call for a whole
/// batch that writes each row's loss and, unless it is null, the gradient with respect to the
/// scores, and returns the loss of the batch. Optional members:
///
///     static constexpr TargetKind targets = TargetKind::values;  // else class numbers
///     Activation takes_over() const;  // applies this closing activation itself: where the model
///                                     // ends with it, the scores are logits (`are_logits`)
///     bool from_logits() const;       // true: refuses a model that ends with a softmax
///     Index num_classes(Index outputs) const;  // that values tell apart, for class_weight; else 0
///     static constexpr bool takes_weights = true;  // a call for a batch that multiplies the loss
///                                                  // and gradient of each row by its weight
template <class L, class T>
concept Loss = std::copyable<L> && requires(const L& loss) {
  { loss.name() } -> std::convertible_to<std::string>;
} &&(RowLoss<L, T> ||
     requires(const L& loss, const ScoredBatch<T>& batch, T* row_losses, T* gradient) {
       { loss(batch, row_losses, gradient) } -> std::convertible_to<double>;
     });

namespace detail {

/// What a loss takes as targets.
struct TargetRule {
  std::string loss;
  TargetKind kind = TargetKind::classes;
  std::optional<std::int32_t> ignore_class{};  // a label that need not be a class
};

template <class T>
struct LossInterface {
  virtual ~LossInterface() = default;
  virtual LossInterface* clone() const = 0;
  virtual std::string name() const = 0;
  virtual std::optional<Arguments> arguments() const = 0;
  virtual TargetRule targets() const = 0;
  virtual bool from_logits() const = 0;
  virtual bool takes_weights() const = 0;
  /// How the losses of rows become one number; nothing for a call for a whole batch.
  virtual std::optional<Reduction> reduction() const = 0;
  /// Classes that the targets of a row of `outputs` numbers tell apart; 0: none.
  virtual Index num_classes(Index outputs) const = 0;
  /// The closing activation whose input the loss takes in place of its result; linear: none.
  virtual Activation takes_over() const = 0;
  virtual double compute(const ScoredBatch<T>& batch, T* row_losses, T* gradient) const = 0;
};
template <class T, class L>
struct LossHolder final : LossInterface<T> {
  explicit LossHolder(L held) : loss(std::move(held)) {}
  NN_COLD LossInterface<T>* clone() const override { return new LossHolder(loss); }
  std::string name() const override { return loss.name(); }
  std::optional<Arguments> arguments() const override { return arguments_of(loss); }
  TargetRule targets() const override { return {loss.name(), kind, ignored_class(loss)}; }
  bool from_logits() const override {
    if constexpr (requires { bool{loss.from_logits()}; }) return loss.from_logits();
    return false;
  }
  bool takes_weights() const override {
    return RowLoss<L, T> || requires { requires L::takes_weights; };
  }
  std::optional<Reduction> reduction() const override {
    if constexpr (RowLoss<L, T>) return reduction_of(loss);
    return std::nullopt;
  }
  Index num_classes(Index outputs) const override {
    if constexpr (requires { loss.num_classes(outputs); }) return loss.num_classes(outputs);
    return kind == TargetKind::classes ? outputs : 0;
  }
  Activation takes_over() const override {
    if constexpr (requires { Activation{loss.takes_over()}; }) return loss.takes_over();
    return Activation::linear;
  }
  double compute(const ScoredBatch<T>& batch, T* row_losses, T* gradient) const override {
    if constexpr (RowLoss<L, T>) {
      return compute_loss(loss, batch, row_losses, gradient);
    } else {
      return static_cast<double>(loss(batch, row_losses, gradient));
    }
  }
  static constexpr TargetKind kind = [] {
    if constexpr (requires { L::targets; }) return TargetKind{L::targets};
    return TargetKind::classes;
  }();
  L loss;
};
/// Not inline, so that the library compiled once has all that a loss brings.
template <class T, class L>
NN_COLD LossInterface<T>* hold_loss(L loss) {
  return new LossHolder<T, HeldType<L>>(std::move(loss));
}

}  // namespace detail

/// A loss of any type, as the elements of `compile`'s list for several outputs.
template <Real T>
class AnyLoss {
 public:
  template <class L>  // not Loss<T> L: that would ask whether this class can be copied
  requires(!std::same_as<L, AnyLoss>) &&
      Loss<L, T> AnyLoss(
          L loss)  // NOLINT(google-explicit-constructor): {nn::MeanSquaredError{}} is a list
      : self_(detail::hold_loss<T>(std::move(loss))) {}
  explicit AnyLoss(detail::Erased<detail::LossInterface<T>> held) : self_(std::move(held)) {}

  [[nodiscard]] const detail::LossInterface<T>* operator->() const { return self_.get(); }
  [[nodiscard]] const detail::LossInterface<T>& operator*() const { return *self_.get(); }

 private:
  detail::Erased<detail::LossInterface<T>> self_;
};

}  // namespace nn
