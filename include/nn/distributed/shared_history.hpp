// SPDX-License-Identifier: MIT
// What a training of several processes has recorded, given to all of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/collective.hpp"
#include "nn/training/history.hpp"

namespace nn::detail {

/// Gives all processes the History of process 0, but for what each knows of a divergence.
NN_COLD inline void broadcast(Communicator& communicator, History& history) {
  std::vector<double> numbers{static_cast<double>(history.epochs().size())};
  std::string names;
  const auto add = [&](const auto& list) {
    for (const auto number : list) numbers.push_back(static_cast<double>(number));
  };
  add(history.epochs());
  add(history.seconds());
  for (const auto& [name, values] : history) {
    names += name + '\n';
    numbers.push_back(static_cast<double>(values.size()));
    add(values);
  }
  std::string bytes = to_bytes(numbers);
  broadcast(communicator, bytes);
  broadcast(communicator, names);
  numbers = from_bytes(bytes);
  const double* next = numbers.data();
  const auto take = [&next](std::size_t count) {
    next += count;
    return std::vector<double>(next - count, next);
  };
  const auto num_epochs = static_cast<std::size_t>(*next++);
  const std::vector<double> epochs = take(num_epochs);
  std::vector<double> seconds = take(num_epochs);
  std::vector<std::pair<std::string, std::vector<double>>> logs;
  for (std::size_t at = 0; at < names.size();) {
    const std::size_t end = names.find('\n', at);
    const auto size = static_cast<std::size_t>(*next++);
    logs.emplace_back(names.substr(at, end - at), take(size));
    at = end + 1;
  }
  const std::optional<Divergence> divergence = history.divergence();
  history = History({epochs.begin(), epochs.end()}, std::move(seconds), std::move(logs));
  history.set_divergence(divergence);
}

}  // namespace nn::detail
