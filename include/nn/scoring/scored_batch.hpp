// SPDX-License-Identifier: MIT
// What losses and metrics look at: a batch of predictions beside its labels.
#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/core/config.hpp"

namespace nn {

/// `rows` predictions over `classes` classes, and the class that each should have been.
template <Real T>
struct ScoredBatch {
  Index rows = 0;
  Index classes = 0;
  const T* scores = nullptr;             ///< [rows, classes], probabilities or logits
  const std::int32_t* labels = nullptr;  ///< [rows], each in 0 .. classes - 1
  const T* weights = nullptr;            ///< [rows], of the rows' losses; null: all 1
  bool are_logits = false;               ///< scores are unnormalised logarithms of probabilities

  /// The class with the highest score, the first of equals.
  [[nodiscard]] std::int32_t predicted(Index row) const {
    const T* first = scores + row * classes;
    return static_cast<std::int32_t>(std::max_element(first, first + classes) - first);
  }
};

}  // namespace nn
