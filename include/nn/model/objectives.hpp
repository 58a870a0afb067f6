// SPDX-License-Identifier: MIT
// The losses and metrics of a model's outputs, from the lists that `compile` gets.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/model/compiled.hpp"
#include "nn/model/summary.hpp"

namespace nn::detail {

/// Throws `std::invalid_argument` unless a list has one element for each output; `what` names them.
NN_COLD inline void require_one_each(const char* where, const char* what, std::size_t count,
                                     std::size_t num_outputs) {
  if (count == num_outputs) return;
  refuse({where,
          {what, " for each output, ", num_outputs},
          count,
          "",
          "write a list with one for each, {…, …}"});
}

/// The objective of each output. Throws `std::invalid_argument` for lists of other lengths, and for
/// weights of losses below 0.
template <Real T>
[[nodiscard]] NN_COLD std::vector<Objective<T>> objectives_of(
    const char* where, const Network<T>& network, std::vector<AnyLoss<T>>& losses,
    std::vector<std::vector<Metric>>& metrics, const std::vector<double>& loss_weights) {
  const std::size_t num_outputs = network.num_outputs();
  require_one_each(where, "a loss", losses.size(), num_outputs);
  if (metrics.empty()) metrics.resize(num_outputs);
  require_one_each(where, "a list of metrics", metrics.size(), num_outputs);
  if (!loss_weights.empty()) {
    require_one_each(where, "a loss weight", loss_weights.size(), num_outputs);
  }
  for (const double weight : loss_weights) {
    if (!(weight >= 0) || !is_finite(weight)) refuse({where, "loss weights of 0 or more", weight});
  }
  std::vector<Objective<T>> objectives;
  std::vector<std::string> names{""};
  if (num_outputs > 1) names = output_names(network);
  for (std::size_t o = 0; o < num_outputs; ++o) {
    objectives.push_back({.loss = std::move(losses[o]),
                          .metrics = std::move(metrics[o]),
                          .weight = loss_weights.empty() ? 1 : loss_weights[o],
                          .name = names[o]});
  }
  return objectives;
}

}  // namespace nn::detail
