// SPDX-License-Identifier: MIT
// Optimizers against what Keras computes: two tensors over 20 steps.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/schedules/exponential_decay.hpp"
#include "tests/golden/golden.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::first_difference;
using testing::Golden;

/// True if the config has no other keys than these.
bool has_only(const json& config, const std::vector<std::string>& keys) {
  for (const auto& [key, value] : config.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) return false;
  }
  return true;
}

/// The config's number or schedule.
Hyperparameter learning_rate_of(const json& config, double if_missing) {
  const json rate = config.value("learning_rate", json(if_missing));
  if (rate.is_number()) return rate.get<double>();
  REQUIRE(rate.at("class_name") == "ExponentialDecay");
  const json& decay = rate.at("config");
  return ExponentialDecay{decay.at("initial_learning_rate"), decay.at("decay_steps"),
                          decay.at("decay_rate")};
}

template <Real T, class Optimizer>
void check_steps(const Golden& golden, const json& c, const Optimizer& optimizer) {
  const std::string name = c.at("name");
  const double tolerance = testing::tolerance_of<T>(c);
  const std::vector<std::string> tensors{"a", "b"};
  std::vector<Parameter<T, 1>> parameters(tensors.size());
  ParameterList<T> list;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    list.add(parameters[i], tensors[i], {golden.shape("start/" + tensors[i]).num_elements()},
             Zeros{});
  }
  ParameterBlock<T> block;
  block.allocate(list);
  block.allocate_gradients(list);
  for (const NamedParameter<T>& parameter : block) {
    const auto start = golden.array<T>("start/" + parameter.name);
    std::copy(start.begin(), start.end(), parameter.value().data());
  }
  const int last_step = c.at("steps").back();
  for (int t = 1; t <= last_step; ++t) {
    for (const NamedParameter<T>& parameter : block) {
      const auto gradients = golden.array<T>("grads/" + parameter.name);  // [20, elements]
      const Index count = parameter.value().size();
      std::copy_n(gradients.data() + (t - 1) * count, count, parameter.gradient().data());
    }
    optimizer.step(block);
    const json& steps = c.at("steps");
    if (std::find(steps.begin(), steps.end(), t) == steps.end()) continue;
    CAPTURE(t);
    for (const NamedParameter<T>& parameter : block) {
      CAPTURE(parameter.name);
      const std::string result = name + "/step" + std::to_string(t) + "/" + parameter.name;
      CHECK(first_difference(parameter.value(), golden.array<T>(result), tolerance) == "");
    }
  }
}

}  // namespace

TEST_SUITE("golden/optimizers") {
  TEST_CASE_TEMPLATE("Optimizers: weights after 1, 2, 5 and 20 steps are Keras'", T, float,
                     double) {
    const Golden golden("optimizers");
    int num_cases = 0;
    for (const json& c : golden.cases()) {
      const json& config = c.at("config");
      CAPTURE(c.at("name").get<std::string>());
      if (c.at("optimizer") == "SGD" &&
          has_only(config, {"learning_rate", "momentum", "nesterov"})) {
        const SGD sgd{{.learning_rate = learning_rate_of(config, 0.01),
                       .momentum = config.value("momentum", 0.0),
                       .nesterov = config.value("nesterov", false)}};
        check_steps<T>(golden, c, sgd);
        ++num_cases;
      }
      if (c.at("optimizer") == "Adam" &&
          has_only(config, {"learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad"})) {
        const Adam adam{{.learning_rate = learning_rate_of(config, 0.001),
                         .beta_1 = config.value("beta_1", 0.9),
                         .beta_2 = config.value("beta_2", 0.999),
                         .epsilon = config.value("epsilon", 1e-7),
                         .amsgrad = config.value("amsgrad", false)}};
        check_steps<T>(golden, c, adam);
        ++num_cases;
      }
    }
    // sgd, its momentum and nesterov; adam, its amsgrad, a schedule and all of its options
    CHECK(num_cases == 7);
  }
}

}  // namespace nn
