// SPDX-License-Identifier: MIT
// Optimizers against what Keras computes, two tensors over 20 steps; schedules of the rate.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/golden/golden.hpp"
#include "tests/golden/keras_optimizers.hpp"
#include "tests/golden/tally.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::first_difference;
using testing::Golden;

template <Real T, class Optimizer>
void check_steps(const Golden& golden, const json& c, const Optimizer& optimizer) {
  const std::string name = c.at("name");
  CAPTURE(name);
  CAPTURE(sizeof(T));
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
    if (!c.at("config").contains("use_ema")) continue;
    const T* const averages = block.moments()[ParameterBlock<T>::average_moment].data();
    for (const NamedParameter<T>& parameter : block) {
      CAPTURE(parameter.name);
      const std::string result = name + "/step" + std::to_string(t) + "/average/" + parameter.name;
      const auto value = parameter.value();
      const ConstTensorMap<T, 1> average(averages + (value.data() - block.values()), value.size());
      CHECK(first_difference(average, golden.array<T>(result), tolerance) == "");
    }
  }
  if (!c.at("config").contains("use_ema")) return;
  optimizer.finalize_variable_values(block);
  for (const NamedParameter<T>& parameter : block) {
    const auto expected = golden.array<T>(name + "/final/" + parameter.name);
    CHECK(first_difference(parameter.value(), expected, tolerance) == "");
  }
}

/// Returns why the case can't be run, or "".
std::string check_optimizer_case(const Golden& golden, const json& c) {
  return testing::use_optimizer(c.at("optimizer"), c.at("config"), [&](const auto& optimizer) {
    using Optimizer = std::remove_cvref_t<decltype(optimizer)>;
    Arguments arguments = optimizer.arguments();
    if (c.contains("exclude_from_weight_decay")) {
      const std::vector<std::string> excluded = c.at("exclude_from_weight_decay");
      REQUIRE(excluded.size() == 1);
      arguments.set("exclude_from_weight_decay", std::string_view(excluded[0]));
    }
    const auto made = Optimizer::from_arguments(arguments, io::make_schedule<io::DescribedTypes<>>);
    check_steps<float>(golden, c, made);
    check_steps<double>(golden, c, made);
  });
}

/// The same for a schedule: its values at the steps that all cases share.
std::string check_schedule_case(const json& c, const json& all) {
  CAPTURE(c.at("name").get<std::string>());
  return testing::use_schedule(c.at("schedule"), c.at("config"), [&](const auto& schedule) {
    std::vector<double> values;
    for (const std::int64_t step : all.at("steps")) values.push_back(schedule(step));
    CHECK(first_difference(values, c.at("values").get<std::vector<double>>(),
                           testing::tolerance_of<double>(all)) == "");
  });
}

}  // namespace

TEST_SUITE("golden/optimizers") {
  TEST_CASE("Optimizers: weights after 1, 2, 5 and 20 steps are Keras'") {
    const Golden golden("optimizers");
    testing::Tally tally("optimizers");
    for (const json& c : golden.cases()) {
      tally.add(c.at("optimizer"), check_optimizer_case(golden, c));
    }
    tally.print();
    CHECK(tally.num_run() == tally.total());
  }

  TEST_CASE("Schedules: values are Keras'") {
    const Golden golden("optimizers");
    const json& all = golden.index().at("schedules");
    testing::Tally tally("schedules");
    for (const json& c : all.at("cases")) {
      tally.add(c.at("schedule"), check_schedule_case(c, all));
    }
    tally.print();
    CHECK(tally.num_run() == tally.total());
  }
}

}  // namespace nn
