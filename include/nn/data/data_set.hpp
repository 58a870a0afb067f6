// SPDX-License-Identifier: MIT
// Samples with what belongs to each of them.
#pragma once

#include "nn/data/sample_weights.hpp"
#include "nn/data/targets.hpp"

namespace nn {

/// Samples, their targets and their weights, as views.
struct DataSet {
  Samples x{};
  Targets y{};
  SampleWeights weights{};

  [[nodiscard]] Index count() const { return x.count(); }
  /// Samples first .. first + count - 1 with all that belongs to them.
  [[nodiscard]] DataSet slice(Index first, Index count) const {
    return {x.slice(first, count), y.slice(first, count), weights.slice(first, count)};
  }
};

}  // namespace nn
