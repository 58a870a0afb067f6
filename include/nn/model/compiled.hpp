// SPDX-License-Identifier: MIT
// What `compile` attaches to a model: a loss, an optimizer and metrics of any type.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/erased.hpp"
#include "nn/core/has_state.hpp"
#include "nn/data/target_kind.hpp"
#include "nn/kernels/bfloat16/bfloat16.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/layer/parameter_block.hpp"
#include "nn/schedule/hyperparameter.hpp"
#include "nn/scoring/row_loss.hpp"

namespace nn {

/// A loss, optimizer or metric that names its constructor's arguments, and so can be saved with its
/// model: a static `name()`, `Arguments arguments() const`, and `static V
/// from_arguments(arguments)` or, where a number may be a schedule, `from_arguments(arguments,
/// make_schedule)`.
template <class V>
concept Described = requires(const V& value) {
  { V::name() } -> std::convertible_to<std::string>;
  { value.arguments() } -> std::same_as<Arguments>;
}
&&(
    requires(const Arguments& arguments) {
      { V::from_arguments(arguments) } -> std::same_as<V>;
    } ||
    requires(const Arguments& arguments, MakeSchedule make_schedule) {
      { V::from_arguments(arguments, make_schedule) } -> std::same_as<V>;
    });

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

/// A running statistic: `name()`, `reset()`, `update(batch)`, `result()` over all batches since
/// `reset`. The scores of a batch are what the model gives, such as probabilities. Optional
/// members:
///
///     std::vector<double> state() const;             // what it has added up, and that put back:
///     void set_state(const std::vector<double>&);    // for backups within an epoch
///     void merge(const std::vector<double>&);        // adds the state of another one of its kind:
///                                                    // for trainings by several processes
///     static constexpr bool more_is_better = true;  // which way it improves: EarlyStopping asks
///     static constexpr bool ranks_scores = true;  // looks at a row's order alone, so that a
///                                                 // softmax's input does for its result
///     bool ranks_scores_of(bool are_classes) const;  // likewise, beside class numbers or values
template <class M, class T>
concept MetricFor = std::copyable<M> && requires(M& metric, const ScoredBatch<T>& batch) {
  { metric.name() } -> std::convertible_to<std::string>;
  metric.reset();
  metric.update(batch);
  { metric.result() } -> std::convertible_to<double>;
};

namespace detail {

/// The arguments of something that names them.
template <class V>
[[nodiscard]] NN_COLD std::optional<Arguments> arguments_of(const V& value) {
  if constexpr (Described<V> || requires { requires V::is_held_described; }) {
    return value.arguments();
  }
  return std::nullopt;
}

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
  LossInterface<T>* clone() const override { return new LossHolder(loss); }
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
/// V, or the class that it says it is held as: a base that can do all that V can. A class that
/// derives from such a V is held as itself.
template <class V>
struct Held {
  using Type = V;
};
template <class V>
requires std::same_as<typename V::HeldFor, V> && std::derived_from<V, typename V::HeldAs>
struct Held<V> {
  using Type = typename V::HeldAs;
};
template <class V>
using HeldType = typename Held<V>::Type;

/// Not inline, so that the library compiled once has all that a loss brings.
template <class T, class L>
NN_COLD LossInterface<T>* hold_loss(L loss) {
  return new LossHolder<T, HeldType<L>>(std::move(loss));
}

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
  OptimizerInterface<T>* clone() const override { return new OptimizerHolder(optimizer); }
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

// A list of metrics is made before the model's scalar type is known, so each takes both.
struct MetricInterface {
  virtual ~MetricInterface() = default;
  virtual MetricInterface* clone() const = 0;
  virtual std::string name() const = 0;
  virtual std::optional<Arguments> arguments() const = 0;
  virtual std::optional<bool> more_is_better() const = 0;
  virtual bool ranks_scores(bool are_classes) const = 0;
  virtual void reset() = 0;
  virtual void update(const ScoredBatch<float>& batch) = 0;
  virtual void update(const ScoredBatch<double>& batch) = 0;
  virtual double result() const = 0;
  virtual std::optional<std::vector<double>> state() const = 0;
  virtual void set_state(const std::vector<double>& state) = 0;
  virtual bool merges() const = 0;
  virtual void merge(const std::vector<double>& state) = 0;
};
template <class M>
struct MetricHolder final : MetricInterface {
  explicit MetricHolder(M held) : metric(std::move(held)) {}
  MetricInterface* clone() const override { return new MetricHolder(metric); }
  std::string name() const override { return metric.name(); }
  std::optional<Arguments> arguments() const override { return arguments_of(metric); }
  std::optional<bool> more_is_better() const override {
    if constexpr (requires { bool{M::more_is_better}; }) return M::more_is_better;
    if constexpr (requires { bool{metric.improves_upwards()}; }) return metric.improves_upwards();
    return std::nullopt;
  }
  bool ranks_scores(bool are_classes) const override {
    if constexpr (requires { bool{metric.ranks_scores_of(are_classes)}; }) {
      return metric.ranks_scores_of(are_classes);
    }
    return requires { requires M::ranks_scores; };
  }
  void reset() override { metric.reset(); }
  void update(const ScoredBatch<float>& batch) override { metric.update(batch); }
  void update(const ScoredBatch<double>& batch) override { metric.update(batch); }
  double result() const override { return metric.result(); }
  NN_COLD std::optional<std::vector<double>> state() const override {
    if constexpr (HasState<M>) return metric.state();
    return std::nullopt;
  }
  NN_COLD void set_state(const std::vector<double>& state) override {
    if constexpr (HasState<M>) metric.set_state(state);
  }
  bool merges() const override {
    return HasState<M> && requires(M & own, const std::vector<double>& state) { own.merge(state); };
  }
  NN_COLD void merge([[maybe_unused]] const std::vector<double>& state) override {
    if constexpr (requires { metric.merge(state); }) metric.merge(state);
  }
  M metric;
};

}  // namespace detail

class Metric;
/// The metric over rows that each count as much as sample_weight and class_weight say, named
/// "weighted_accuracy", for example (Keras: weighted_metrics). Others count all rows alike.
[[nodiscard]] Metric weighted(Metric metric);

/// A metric of any type, as the elements of `compile`'s list.
class Metric {
 public:
  template <class M>
  requires(!std::same_as<M, Metric>) &&
      MetricFor<M, float>&& MetricFor<M, double> Metric(
          M metric)  // NOLINT(google-explicit-constructor): {nn::Accuracy{}} is a list of metrics
      : self_(new detail::MetricHolder<detail::HeldType<M>>(std::move(metric))) {}

  [[nodiscard]] NN_COLD std::string name() const {
    return takes_weights_ ? "weighted_" + self_->name() : self_->name();
  }
  /// Its constructor's arguments, if it names them, and "weighted".
  [[nodiscard]] NN_COLD std::optional<Arguments> arguments() const {
    std::optional<Arguments> arguments = self_->arguments();
    if (arguments && takes_weights_) arguments->set("weighted", true);
    return arguments;
  }
  /// Whether rows count as much as they weigh.
  [[nodiscard]] bool takes_weights() const { return takes_weights_; }
  friend Metric weighted(Metric metric) {
    metric.takes_weights_ = true;
    return metric;
  }
  /// Whether a higher value is the better one; nothing for a metric that does not say.
  [[nodiscard]] std::optional<bool> more_is_better() const { return self_->more_is_better(); }
  /// Whether it takes logits in place of a softmax's result, beside targets that are class numbers
  /// or values.
  [[nodiscard]] bool ranks_scores(bool are_classes) const {
    return self_->ranks_scores(are_classes);
  }
  void reset() { self_->reset(); }
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    self_->update(batch);
  }
  [[nodiscard]] double result() const { return self_->result(); }
  /// What it has added up since `reset`; nothing for a metric that can't say.
  [[nodiscard]] std::optional<std::vector<double>> state() const { return self_->state(); }
  /// Puts that back. Throws `std::invalid_argument` for another metric's state.
  void set_state(const std::vector<double>& state) { self_->set_state(state); }
  /// Whether it can add what another one of its kind has added up, and does so.
  [[nodiscard]] bool merges() const { return self_->merges(); }
  void merge(const std::vector<double>& state) { self_->merge(state); }

 private:
  detail::Erased<detail::MetricInterface> self_;
  bool takes_weights_ = false;
};

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

/// Options of `compile`.
struct CompileOptions {
  /// Of a model with several outputs: what the loss of each is multiplied by in their sum, which is
  /// trained; empty: all 1.
  std::vector<double> loss_weights{};
  /// How Dense layers multiply in `fit` and `train_on_batch`: in float32, or in bfloat16, whose
  /// products are summed in float; weights and the optimizer's memory stay floats (Micikevicius et
  /// al. 2018; Kalamkar et al. 2019). Evaluation and prediction multiply in float32.
  ProductPrecision precision{};
};

/// Throws unless a model of T can multiply in this precision.
template <Real T>
NN_COLD void require_precision(const char* where, const ProductPrecision& precision) {
  if (std::same_as<T, float> || precision == NumberFormat::float32) return;
  refuse({.where = where,
          .expected = "precision float32 in a model of doubles",
          .got = to_string(precision),
          .remedy = "make a model of floats"});
}

namespace detail {

/// The names that metrics have in scores: their own, with a number where an earlier one has it
/// ("precision", "precision_1"). Throws `std::invalid_argument` for a name that would hide the loss
/// or a value of the validation.
[[nodiscard]] NN_COLD inline std::vector<std::string> names_of(const std::vector<Metric>& metrics) {
  std::vector<std::string> names;
  const auto is_taken = [&names](const std::string& name) {
    for (const std::string& other : names) {
      if (other == name) return true;
    }
    return false;
  };
  for (const Metric& metric : metrics) {
    const std::string name = metric.name();
    if (name == "loss" || name.starts_with("val_")) {
      refuse({"Model::compile",
              "a metric not named loss or val_*",
              {"'", name, "'"},
              "",
              "give it another name"});
    }
    std::string unique = name;
    for (Index number = 1; is_taken(unique); ++number) unique = concat({name, "_", number});
    names.push_back(std::move(unique));
  }
  return names;
}

}  // namespace detail

/// What is asked of one output of a model.
template <Real T>
struct Objective {
  AnyLoss<T> loss;
  std::vector<Metric> metrics{};
  double weight = 1;   // of the loss, in the sum that is trained
  std::string name{};  // of the output; empty: it is the only one
  std::vector<std::string> metric_names = detail::names_of(metrics);  // in scores

  /// How names in scores begin.
  [[nodiscard]] std::string prefix() const { return name.empty() ? "" : name + "_"; }
};

/// The optimizer of a model, and a loss and metrics for each output.
template <Real T>
struct Compiled {
  detail::Erased<detail::OptimizerInterface<T>> optimizer;
  std::vector<Objective<T>> objectives;
  CompileOptions options{};

  /// The closing activations that losses apply themselves.
  [[nodiscard]] NN_COLD std::vector<Activation> taken_over() const {
    std::vector<Activation> activations;
    for (const Objective<T>& objective : objectives) {
      activations.push_back(objective.loss->takes_over());
    }
    return activations;
  }
};

}  // namespace nn
