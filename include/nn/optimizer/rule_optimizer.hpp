// SPDX-License-Identifier: MIT
// Optimizers that are a rule for the parameters and what the model's block remembers of them: all
// but that rule.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/layer/parameter_block.hpp"
#include "nn/optimizer/gradient_changes.hpp"
#include "nn/optimizer/piecewise_update.hpp"
#include "nn/optimizer/update_options.hpp"
#include "nn/schedule/hyperparameter.hpp"

namespace nn {

/// An optimizer with a learning rate, at most eight more numbers and a flag, which may all be
/// described in files; the numbers and the rate may be schedules. Moments and the number of steps
/// are in the model's parameter block. Models of T hold all of them as `HeldOptimizer<T>`, so that
/// what they share is compiled once.
class RuleOptimizer {
 public:
  /// A number and its range.
  struct Number {
    const char* name = nullptr;
    const char* expected = nullptr;  // in errors
    double lowest = 0, highest = std::numeric_limits<double>::max();
    bool is_half_open = false;             // without `highest`
    const char* const* choices = nullptr;  // names of the values 0 .. highest, in files
  };
  /// One of them.
  struct Kind {
    const char* name;
    const char* where;  // in errors: its class
    std::array<Number, UpdateStep::max_numbers> numbers;
    const char* flag;                   // null: none
    bool needs_tensors;                 // a piece is always a whole parameter
    bool runs_on_all_threads;           // each piece
    void (*prepare)(UpdateStep& step);  // numbers to factors
    int (*num_moments)(const RuleOptimizer& optimizer);
  };

  NN_COLD RuleOptimizer(const Kind& kind, Hyperparameter learning_rate,
                        std::vector<Hyperparameter> numbers, bool flag, UpdateOptions options)
      : kind_(&kind),
        learning_rate_(std::move(learning_rate)),
        numbers_(std::move(numbers)),
        flag_(flag),
        options_(std::move(options)) {
    if (learning_rate_.is_fixed()) set_learning_rate(learning_rate_.at(0));
    static_cast<void>(numbers_at(0));
    options_.require_valid(kind.where);
  }

  [[nodiscard]] std::string name() const { return kind_->name; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    learning_rate_.describe(arguments, "learning_rate");
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      const Number& number = kind_->numbers[i];
      if (number.choices == nullptr) {
        numbers_[i].describe(arguments, number.name);
      } else {
        arguments.set(number.name, number.choices[static_cast<std::size_t>(numbers_[i].at(0))]);
      }
    }
    if (kind_->flag != nullptr) arguments.set(kind_->flag, flag_);
    options_.describe(arguments);
    return arguments;
  }
  [[nodiscard]] NN_COLD static RuleOptimizer from(const Kind& kind, const Arguments& arguments,
                                                  MakeSchedule make_schedule) {
    std::vector<Hyperparameter> numbers;
    for (const Number& number : kind.numbers) {
      if (number.name == nullptr) break;
      if (number.choices == nullptr) {
        numbers.push_back(Hyperparameter::from(arguments, number.name, make_schedule));
      } else {
        const std::span choices(number.choices, static_cast<std::size_t>(number.highest) + 1);
        const auto choice = arguments.place_among(number.name, choices);
        numbers.push_back(static_cast<double>(choice));
      }
    }
    const bool flag = kind.flag != nullptr && arguments.get<bool>(kind.flag);
    return {kind, Hyperparameter::from(arguments, "learning_rate", make_schedule),
            std::move(numbers), flag, UpdateOptions::from(arguments)};
  }

  /// The rate of the update after `step` batches.
  [[nodiscard]] double learning_rate(std::int64_t step = 0) const {
    return learning_rate_.at(step);
  }
  NN_COLD void set_learning_rate(double rate) {
    nn::set_learning_rate(learning_rate_, rate, kind_->where);
  }
  [[nodiscard]] const Hyperparameter& number(std::size_t i) const { return numbers_[i]; }
  [[nodiscard]] bool flag() const { return flag_; }

  /// At the end of a training: the weights become their average, if there is one.
  template <Real T>
  void finalize_variable_values(ParameterBlock<T>& block) const {
    options_.average.finalize(block);
  }

 protected:
  /// Updates all values by their gradients; gradients may change.
  template <Real T>
  void step(ParameterBlock<T>& block, UpdateRule<T> rule) const {
    if (const auto update = begin_step(block, rule)) {
      update->apply_to_all(block.values(), block.gradients(), block.size());
      return;
    }
    const bool is_update = is_update_step(block.step());
    const Index batches = options_.batches_per_update();
    if (batches > 1) detail::add_up_gradients(block, batches, is_update);
    if (!is_update) {
      block.advance_step();
      return;
    }
    if (options_.clipvalue > 0) detail::clip_values(block, options_.clipvalue);
    detail::clip_lengths(block, options_.clipnorm, options_.global_clipnorm);
    detail::PiecewiseUpdate<T> update = piecewise(block, rule, false);
    update.limit = 0;
    const auto decay = static_cast<T>(options_.weight_decay * learning_rate(block.step()));
    block.advance_step();
    T *const first = block.values(), *const gradients = block.gradients();
    const auto update_one = [&](std::size_t number, Index begin, Index count) {
      const NamedParameter<T>& parameter = block.named()[number];
      if (decay != T(0) && options_.decays(parameter.name)) {
        kernels::sgd_update(count, first + begin, first + begin, decay);
      }
      const bool is_matrix = parameter.shape.rank() == 2 && options_.is_included(parameter.name);
      const Shape shape = is_matrix ? parameter.shape : Shape{0, 0};
      update(first + begin, gradients + begin, count, shape[0], shape[1]);
    };
    detail::for_each_trained(block, update_one, kind_->runs_on_all_threads);
  }

  /// Counts a step. Returns what it does to each parameter; nothing, and counts none, where that
  /// depends on whole gradients.
  template <Real T>
  [[nodiscard]] std::optional<ParameterUpdate> begin_step(ParameterBlock<T>& block,
                                                          UpdateRule<T> rule) const {
    if (needs_all_gradients()) return std::nullopt;
    const detail::PiecewiseUpdate<T> update = piecewise(block, rule, true);
    block.advance_step();
    return ParameterUpdate::of<T>(update, block.values(), {update.m[0], update.m[1]});
  }

 private:
  [[nodiscard]] bool needs_all_gradients() const {
    return kind_->needs_tensors || options_.clipnorm > 0 || options_.global_clipnorm > 0 ||
           !options_.exclude_from_weight_decay.empty();
  }

  [[nodiscard]] bool is_update_step(std::int64_t step) const {
    return (step + 1) % options_.batches_per_update() == 0;
  }

  /// The numbers of a step. Throws `std::invalid_argument` for one that is out of range.
  [[nodiscard]] NN_COLD std::array<double, UpdateStep::max_numbers> numbers_at(
      std::int64_t step) const {
    std::array<double, UpdateStep::max_numbers> values{};
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      const Number& number = kind_->numbers[i];
      const double value = values[i] = numbers_[i].at(step);
      const bool is_in_range =
          value >= number.lowest &&
          (number.is_half_open ? value < number.highest : value <= number.highest);
      demand(is_in_range, kind_->where, number.expected, value);
    }
    return values;
  }

  /// Of the step that is next; may allocate moments, and counts nothing. is_whole: with what needs
  /// no other gradients: sums over batches, clipvalue and decay.
  template <Real T>
  [[nodiscard]] detail::PiecewiseUpdate<T> piecewise(ParameterBlock<T>& block, UpdateRule<T> rule,
                                                     bool is_whole) const {
    const std::int64_t step = block.step();
    const Index batches = options_.batches_per_update();
    const std::int64_t t = step / batches + 1;
    UpdateStep numbers{learning_rate(step), static_cast<double>(t), flag_, numbers_at(step)};
    detail::PiecewiseUpdate<T> update{.first = block.values(), .flag = flag_};
    if (is_whole && batches > 1) {
      update.sums = block.moment(ParameterBlock<T>::gradient_sum_moment);
      update.scale = T(1) / static_cast<T>(batches);
      if (!is_update_step(step)) return update;
    }
    update.rule = rule;
    update.limit = static_cast<T>(options_.clipvalue);
    if (is_whole) update.decay = static_cast<T>(options_.weight_decay * numbers.rate);
    const auto num_moments = static_cast<std::size_t>(kind_->num_moments(*this));
    for (std::size_t i = 0; i < num_moments; ++i) update.m[i] = block.moment(i);
    update.average = options_.average.step(block, t);
    kind_->prepare(numbers);
    for (std::size_t i = 0; i < update.factors.size(); ++i) {
      update.factors[i] = static_cast<T>(numbers.numbers[i]);
    }
    return update;
  }

  const Kind* kind_;
  Hyperparameter learning_rate_;
  std::vector<Hyperparameter> numbers_;
  bool flag_;
  UpdateOptions options_;
};

/// Any of them, for models of T.
template <Real T>
class HeldOptimizer : public RuleOptimizer {
 public:
  static constexpr bool is_held_described = true;  // what is held as this can be read from a file

  HeldOptimizer(const RuleOptimizer& optimizer, UpdateRule<T> rule)
      : RuleOptimizer(optimizer), rule_(rule) {}

  void step(ParameterBlock<T>& block) const { RuleOptimizer::step(block, rule_); }
  [[nodiscard]] std::optional<ParameterUpdate> begin_step(ParameterBlock<T>& block) const {
    return RuleOptimizer::begin_step(block, rule_);
  }

 private:
  UpdateRule<T> rule_;
};

/// What such an optimizer O derives from. O has
///     static constexpr const char *optimizer_name, *class_name;     // in files, and in errors
///     static constexpr std::array<RuleOptimizer::Number, N> numbers;
///     static void prepare(UpdateStep& step);       // the numbers of a step to its factors
///     static int num_moments(const RuleOptimizer& optimizer);
///     template <Real T> static void update(const UpdatePiece<T>& piece);
/// and perhaps `static constexpr const char* flag_name`, and `needs_tensors`: each piece is then a
/// whole parameter, of which `runs_on_all_threads` takes one at a time. Otherwise a piece is any
/// neighbours, and different ones may be updated at once.
template <class O>
class OptimizerOf : public RuleOptimizer {
 public:
  using HeldFor = O;
  [[nodiscard]] static std::string name() { return O::optimizer_name; }
  [[nodiscard]] NN_COLD static O from_arguments(const Arguments& arguments,
                                                MakeSchedule make_schedule) {
    return O{RuleOptimizer::from(kind, arguments, make_schedule)};
  }

  template <Real T>
  [[nodiscard]] HeldOptimizer<T> held() const {
    return {*this, &O::template update<T>};
  }
  template <Real T>
  void step(ParameterBlock<T>& block) const {
    held<T>().step(block);
  }
  template <Real T>
  [[nodiscard]] std::optional<ParameterUpdate> begin_step(ParameterBlock<T>& block) const {
    return held<T>().begin_step(block);
  }

 protected:
  explicit OptimizerOf(RuleOptimizer&& optimizer) : RuleOptimizer(std::move(optimizer)) {}
  template <class Options>
  NN_COLD OptimizerOf(const Options& options, std::vector<Hyperparameter> numbers,
                      bool flag = false)
      : RuleOptimizer(kind, options.learning_rate, std::move(numbers), flag,
                      UpdateOptions::of(options)) {}

 private:
  [[nodiscard]] static constexpr const char* flag_or_null() {
    if constexpr (requires { O::flag_name; }) return O::flag_name;
    return nullptr;
  }
  [[nodiscard]] static constexpr auto all_numbers() {
    std::array<Number, UpdateStep::max_numbers> all{};
    std::copy(O::numbers.begin(), O::numbers.end(), all.begin());
    return all;
  }

  static constexpr bool takes_tensors = requires { requires O::needs_tensors; };
  static constexpr bool takes_threads = requires { requires O::runs_on_all_threads; };
  static constexpr Kind kind{.name = O::optimizer_name,
                             .where = O::class_name,
                             .numbers = all_numbers(),
                             .flag = flag_or_null(),
                             .needs_tensors = takes_tensors,
                             .runs_on_all_threads = takes_threads,
                             .prepare = &O::prepare,
                             .num_moments = &O::num_moments};
};

}  // namespace nn
