// SPDX-License-Identifier: MIT
// Networks that mnist_train trains one after the other: an ensemble, or a look at how results vary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mnist/repeats.hpp"
#include "mnist/results.hpp"
#include "nn/sequential.hpp"

namespace mnist {

/// One of them.
struct Member {
  std::uint64_t seed = 0;
  nn::Sequential<float> model{};
  nn::History history{};
  std::optional<TestResult> test{};  // of one that is no part of an ensemble
};

/// The first member, or, where none has been tested, a model that gives the mean of what all of
/// them say of an image. The members' models are empty then.
[[nodiscard]] inline nn::Model<float> joined(std::vector<Member>& members) {
  if (members.size() == 1 || members[0].test) return std::move(members[0].model);
  const nn::Input<float> image{members[0].model.input_shape()};
  std::vector<nn::Value<float>> opinions;
  for (Member& member : members) opinions.push_back(image | std::move(member.model));
  nn::Model<float> model(image, nn::apply(nn::AverageLayer<float>{}, opinions)[0]);
  model.compile(nn::SGD{}, nn::SparseCategoricalCrossentropy{}, {nn::Accuracy{}});  // to evaluate
  return model;
}

[[nodiscard]] inline std::vector<double> accuracies_of(const std::vector<Member>& members) {
  std::vector<double> accuracies;
  for (const Member& member : members) {
    if (member.test) accuracies.push_back(member.test->confusion.accuracy());
  }
  return accuracies;
}

/// "3 seeds: mean accuracy 99.03 %, standard deviation 0.06 %, 95 % interval of the mean 98.88 to
/// 99.18 %"; empty for less than two results.
[[nodiscard]] inline std::string describe_spread(const std::vector<Member>& members) {
  const std::vector<double> accuracies = accuracies_of(members);
  if (accuracies.size() < 2) return "";
  const Spread spread = spread_of(accuracies);
  const auto hundredth = [](double share) { return nn::with_digits(100 * share, 3); };
  return nn::concat({accuracies.size(), " seeds: mean accuracy ", hundredth(spread.mean),
                     " %, standard deviation ", hundredth(spread.deviation),
                     " %, 95 % interval of the mean ", hundredth(spread.mean - spread.margin),
                     " to ", hundredth(spread.mean + spread.margin), " %\n"});
}

}  // namespace mnist
