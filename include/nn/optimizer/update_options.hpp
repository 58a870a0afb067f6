// SPDX-License-Identifier: MIT
// What every optimizer can do beside its own rule.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/layer/weight_average.hpp"

namespace nn {

/// The options that all optimizers have, with Keras' names. An update takes them in this order:
/// gradients of several batches become their mean, that is clipped, weights decay, the optimizer's
/// rule changes them, and their average follows. At most one of the three clippings is given.
struct UpdateOptions {
  /// Above 0: w -= learning_rate weight_decay w before each update (Loshchilov and Hutter 2019).
  double weight_decay = 0;
  /// Parameters whose names contain one of these don't decay: {"bias", "gamma"}, for example.
  std::vector<std::string> exclude_from_weight_decay{};
  /// Parameters whose names contain one of these are no matrices to an optimizer that takes these
  /// in a way of their own.
  std::vector<std::string> exclude{};
  double clipvalue = 0;  ///< above 0: each number of a gradient is cut to [-clipvalue, clipvalue]
  double clipnorm = 0;   ///< above 0: each parameter's gradient is scaled to this length at most
  double global_clipnorm = 0;  ///< above 0: so are all gradients together (Pascanu et al. 2013)
  /// Above 1: an update for so many batches, by the mean of their gradients. Those of a last part
  /// wait for the next call of `fit`.
  Index gradient_accumulation_steps = 0;
  WeightAverage average{};  ///< use_ema, ema_momentum, ema_overwrite_frequency

  /// The options of that name among an optimizer's.
  template <class Options>
  [[nodiscard]] NN_COLD static UpdateOptions of(const Options& o) {
    UpdateOptions options{.weight_decay = o.weight_decay,
                          .exclude_from_weight_decay = o.exclude_from_weight_decay,
                          .clipvalue = o.clipvalue,
                          .clipnorm = o.clipnorm,
                          .global_clipnorm = o.global_clipnorm,
                          .gradient_accumulation_steps = o.gradient_accumulation_steps,
                          .average = {o.use_ema, o.ema_momentum, o.ema_overwrite_frequency}};
    if constexpr (requires { o.exclude; }) options.exclude = o.exclude;
    return options;
  }

  NN_COLD void require_valid(const char* where) const {
    average.require_valid(where);
    demand(weight_decay >= 0 && is_finite(weight_decay), where,
           "a finite weight_decay of 0 or more", weight_decay);
    int num_clippings = 0;
    for (const double limit : {clipvalue, clipnorm, global_clipnorm}) {
      demand(limit >= 0 && is_finite(limit), where, "a finite clipping of 0 or more", limit);
      num_clippings += limit > 0;
    }
    demand(num_clippings <= 1, where, "one of clipvalue, clipnorm and global_clipnorm",
           num_clippings);
    demand(gradient_accumulation_steps >= 0, where, "gradient_accumulation_steps of 0 or more",
           gradient_accumulation_steps);
  }

  /// Nothing of what is not used.
  NN_COLD void describe(Arguments& arguments) const {
    for (const auto& [name, number] : numbers()) {
      if (this->*number > 0) arguments.set(name, this->*number);
    }
    for (const auto& [name, list] : lists()) {
      std::string names;
      for (const std::string& each : this->*list) append_listed(names, each);
      if (!names.empty()) arguments.set(name, std::string_view(names));
    }
    if (gradient_accumulation_steps > 0) {
      arguments.set("gradient_accumulation_steps", gradient_accumulation_steps);
    }
    average.describe(arguments);
  }
  [[nodiscard]] NN_COLD static UpdateOptions from(const Arguments& arguments) {
    UpdateOptions options;
    for (const auto& [name, number] : numbers()) {
      if (arguments.has(name)) options.*number = arguments.get<double>(name);
    }
    for (const auto& [name, list] : lists()) {
      if (!arguments.has(name)) continue;
      std::string names = arguments.get<std::string>(name) + ", ";
      for (std::size_t end = 0; (end = names.find(", ")) != std::string::npos;) {
        (options.*list).push_back(names.substr(0, end));
        names.erase(0, end + 2);
      }
    }
    if (arguments.has("gradient_accumulation_steps")) {
      options.gradient_accumulation_steps = arguments.get<Index>("gradient_accumulation_steps");
    }
    options.average = WeightAverage::from(arguments);
    return options;
  }

  [[nodiscard]] bool decays(const std::string& parameter) const {
    return !contains_one_of(exclude_from_weight_decay, parameter);
  }
  [[nodiscard]] bool is_included(const std::string& parameter) const {
    return !contains_one_of(exclude, parameter);
  }
  /// Batches for each update.
  [[nodiscard]] Index batches_per_update() const {
    return gradient_accumulation_steps > 1 ? gradient_accumulation_steps : 1;
  }

 private:
  [[nodiscard]] NN_COLD static bool contains_one_of(const std::vector<std::string>& names,
                                                    const std::string& parameter) {
    for (const std::string& name : names) {
      if (parameter.find(name) != std::string::npos) return true;
    }
    return false;
  }
  using NamedList = std::pair<const char*, std::vector<std::string> UpdateOptions::*>;
  [[nodiscard]] static constexpr std::array<NamedList, 2> lists() {
    return {{{"exclude_from_weight_decay", &UpdateOptions::exclude_from_weight_decay},
             {"exclude", &UpdateOptions::exclude}}};
  }
  using NamedNumber = std::pair<const char*, double UpdateOptions::*>;
  [[nodiscard]] static constexpr std::array<NamedNumber, 4> numbers() {
    return {{{"weight_decay", &UpdateOptions::weight_decay},
             {"clipvalue", &UpdateOptions::clipvalue},
             {"clipnorm", &UpdateOptions::clipnorm},
             {"global_clipnorm", &UpdateOptions::global_clipnorm}}};
  }
};

}  // namespace nn
