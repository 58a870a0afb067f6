// SPDX-License-Identifier: MIT
// The loop over epochs, for peers that have none of their own.
#pragma once

#include <numeric>
#include <random>

#include "../common.hpp"

namespace compare {

/// Trains a model that has `train(digits, order)` and `count_hits(digits, order)`, both for the
/// batch of images that `order` lists.
template <class Model>
void run_epochs(const Task& task, const Report& report, Model& model) {
  const Digits train = read_digits("train", task.images), test = read_digits("t10k", 10000);
  std::vector<std::uint32_t> order(train.labels.size()), straight(test.labels.size());
  std::iota(order.begin(), order.end(), 0u);
  std::iota(straight.begin(), straight.end(), 0u);
  std::mt19937 random(1);
  for (int epoch = 1; epoch <= task.epochs; ++epoch) {
    const double start = now();
    std::shuffle(order.begin(), order.end(), random);
    for (Index first = 0; first + batch_size <= train.count(); first += batch_size) {
      model.train(train, order.data() + first);
    }
    const double seconds = now() - start;
    Index hits = 0, tested = 0;
    for (; tested + batch_size <= test.count(); tested += batch_size) {
      hits += model.count_hits(test, straight.data() + tested);
    }
    report.print({{"epoch", epoch},
                  {"images", static_cast<double>(train.count() / batch_size * batch_size)},
                  {"seconds", seconds},
                  {"accuracy", static_cast<double>(hits) / static_cast<double>(tested)}});
  }
}

}  // namespace compare
