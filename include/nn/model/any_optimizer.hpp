// SPDX-License-Identifier: MIT
// An optimizer of any type behind one interface.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "nn/core/cold.hpp"
#include "nn/layer/parameter_block.hpp"
#include "nn/model/described.hpp"

namespace nn {

/// An update rule: `name()`, `learning_rate()`, `set_learning_rate(double)`,
/// `step(ParameterBlock<T>&)`. Optional members:
///
///     double learning_rate(std::int64_t step) const;  // of the update after `step` updates
///     ParameterUpdate begin_step(ParameterBlock<T>&);  // counts the step, returns it as a rule
///     void finalize_variable_values(ParameterBlock<T>&);  // at the end of `fit`
///
/// With begin_step, backward updates each parameter as soon as its gradient is finished.
template <class O, class T>
concept OptimizerFor = std::copyable<O> && requires(O& optimizer, ParameterBlock<T>& block) {
  { optimizer.name() } -> std::convertible_to<std::string>;
  { optimizer.learning_rate() } -> std::convertible_to<double>;
  optimizer.set_learning_rate(0.1);
  optimizer.step(block);
};

namespace detail {

template <class T>
struct OptimizerInterface {
  virtual ~OptimizerInterface() = default;
  virtual OptimizerInterface* clone() const = 0;
  virtual std::string name() const = 0;
  virtual std::optional<Arguments> arguments() const = 0;
  virtual double learning_rate(std::int64_t step) const = 0;
  virtual void set_learning_rate(double rate) = 0;
  virtual void step(ParameterBlock<T>& block) = 0;
  /// The step as a rule, counted already; nothing for an optimizer that needs all gradients first.
  virtual std::optional<ParameterUpdate> begin_step(ParameterBlock<T>& block) = 0;
  virtual void finalize_variable_values(ParameterBlock<T>& block) = 0;
};
template <class T, class O>
struct OptimizerHolder final : OptimizerInterface<T> {
  explicit OptimizerHolder(O held) : optimizer(std::move(held)) {}
  NN_COLD OptimizerInterface<T>* clone() const override { return new OptimizerHolder(optimizer); }
  std::string name() const override { return optimizer.name(); }
  std::optional<Arguments> arguments() const override { return arguments_of(optimizer); }
  double learning_rate(std::int64_t step) const override {
    if constexpr (requires { optimizer.learning_rate(step); }) return optimizer.learning_rate(step);
    return optimizer.learning_rate();
  }
  void set_learning_rate(double rate) override { optimizer.set_learning_rate(rate); }
  void step(ParameterBlock<T>& block) override { optimizer.step(block); }
  std::optional<ParameterUpdate> begin_step(ParameterBlock<T>& block) override {
    if constexpr (requires { optimizer.begin_step(block); }) return optimizer.begin_step(block);
    return std::nullopt;
  }
  void finalize_variable_values(ParameterBlock<T>& block) override {
    if constexpr (requires { optimizer.finalize_variable_values(block); }) {
      optimizer.finalize_variable_values(block);
    }
  }
  O optimizer;
};
/// As hold_loss.
template <class T, class O>
NN_COLD OptimizerInterface<T>* hold_optimizer(O optimizer) {
  if constexpr (requires { requires std::same_as<typename O::HeldFor, O>; }) {
    return new OptimizerHolder<T, decltype(optimizer.template held<T>())>(
        optimizer.template held<T>());
  } else {
    return new OptimizerHolder<T, O>(std::move(optimizer));
  }
}

}  // namespace detail

}  // namespace nn
