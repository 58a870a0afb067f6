// SPDX-License-Identifier: MIT
// Optimizers and schedules of the library from Keras' arguments.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/schedules/schedules.hpp"
#include "tests/golden/keras_arguments.hpp"

namespace nn::testing {

/// Calls use(schedule) with the library's schedule. Returns why there is none, and "" after the
/// call.
template <class Use>
[[nodiscard]] std::string use_schedule(const std::string& schedule, const nlohmann::json& config,
                                       const Use& use) {
  const KerasArguments keras("schedules", schedule, config);
#define NN_USE(Schedule) \
  if (schedule == #Schedule) return keras.use_object(Schedule::from_arguments, use);
  NN_FOR_EACH_SCHEDULE(NN_USE)
#undef NN_USE
  return "no such schedule";
}

/// The same for optimizers, whose learning_rate may be a schedule.
template <class Use>
[[nodiscard]] std::string use_optimizer(const std::string& optimizer, nlohmann::json config,
                                        const Use& use) {
  std::optional<Hyperparameter> schedule;
  if (const auto rate = config.find("learning_rate"); rate != config.end() && rate->is_object()) {
    std::string why_not = use_schedule(rate->at("class_name"), rate->at("config"),
                                       [&](const auto& made) { schedule = made; });
    if (!why_not.empty()) return why_not;
    config.erase(rate);
  }
  const auto rate_of = [&](const Arguments& a) {
    return schedule.value_or(a.get<double>("learning_rate"));
  };
  const KerasArguments keras("optimizers", optimizer, config);
  if (optimizer == "SGD") {
    const auto make = [&](const Arguments& a) {
      return SGD{{.learning_rate = rate_of(a),
                  .momentum = a.get<double>("momentum"),
                  .nesterov = a.get<bool>("nesterov"),
                  .use_ema = WeightAverage::from(a).is_used,
                  .ema_momentum = WeightAverage::from(a).momentum,
                  .ema_overwrite_frequency = WeightAverage::from(a).overwrite_frequency}};
    };
    return keras.use_object(make, use);
  }
  if (optimizer == "Adam") {
    const auto make = [&](const Arguments& a) {
      return Adam{{.learning_rate = rate_of(a),
                   .beta_1 = a.get<double>("beta_1"),
                   .beta_2 = a.get<double>("beta_2"),
                   .epsilon = a.get<double>("epsilon"),
                   .amsgrad = a.get<bool>("amsgrad"),
                   .use_ema = WeightAverage::from(a).is_used,
                   .ema_momentum = WeightAverage::from(a).momentum,
                   .ema_overwrite_frequency = WeightAverage::from(a).overwrite_frequency}};
    };
    return keras.use_object(make, use);
  }
  return "no such optimizer";
}

}  // namespace nn::testing
