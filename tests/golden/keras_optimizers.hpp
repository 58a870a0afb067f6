// SPDX-License-Identifier: MIT
// Optimizers and schedules of the library from Keras' arguments.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "nn/io/described.hpp"
#include "nn/optimizers/optimizers.hpp"
#include "nn/schedules/schedules.hpp"
#include "tests/golden/keras_arguments.hpp"

namespace nn::testing {

/// An optimizer or schedule, which may have a schedule inside.
template <class V>
[[nodiscard]] V from_arguments(const Arguments& arguments) {
  if constexpr (requires { V::from_arguments(arguments); }) {
    return V::from_arguments(arguments);
  } else {
    return V::from_arguments(arguments, nn::io::make_schedule<nn::io::DescribedTypes<>>);
  }
}

/// Calls use(schedule) with the library's schedule. Returns why there is none, and "" after the
/// call.
template <class Use>
[[nodiscard]] std::string use_schedule(const std::string& schedule, const nlohmann::json& config,
                                       const Use& use) {
  const KerasArguments keras("schedules", schedule, config);
#define NN_USE(Schedule) \
  if (schedule == #Schedule) return keras.use_object(from_arguments<Schedule>, use);
  NN_FOR_EACH_SCHEDULE(NN_USE)
#undef NN_USE
  return "no such schedule";
}

/// The same for optimizers, whose learning_rate may be a schedule.
template <class Use>
[[nodiscard]] std::string use_optimizer(const std::string& optimizer, nlohmann::json config,
                                        const Use& use) {
  if (const auto rate = config.find("learning_rate"); rate != config.end() && rate->is_object()) {
    const std::string schedule = rate->at("class_name");
    std::string why_not = use_schedule(schedule, rate->at("config"), [](const auto&) {});
    if (!why_not.empty()) return why_not;
    nlohmann::json full = keras_defaults().at("schedules").at(schedule).at("defaults");
    full.update(rate->at("config"));
    full.erase("name");
    rate->at("config") = full;
  }
  const KerasArguments keras("optimizers", optimizer, config);
#define NN_USE(Optimizer) \
  if (optimizer == #Optimizer) return keras.use_object(from_arguments<Optimizer>, use);
  NN_FOR_EACH_OPTIMIZER(NN_USE)
#undef NN_USE
  return "no such optimizer";
}

}  // namespace nn::testing
