// SPDX-License-Identifier: MIT
// A metric of any type behind one interface.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/erased.hpp"
#include "nn/core/has_state.hpp"
#include "nn/model/described.hpp"
#include "nn/scoring/scored_batch.hpp"

namespace nn {

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
  NN_COLD MetricInterface* clone() const override { return new MetricHolder(metric); }
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

}  // namespace nn
