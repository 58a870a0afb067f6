// SPDX-License-Identifier: MIT
// What losses of probabilities share: limits that keep logarithms finite, and checks.
#pragma once

#include "nn/core/error.hpp"
#include "nn/scoring/scored_batch.hpp"

namespace nn::detail {

/// Probabilities are taken from [1e-7, 1 - 1e-7], as in Keras: no logarithm is infinite.
template <Real T>
struct ProbabilityLimits {
  T low = static_cast<T>(1e-7);
  T high = T(1) - low;

  [[nodiscard]] T clip(T p) const { return p < low ? low : p > high ? high : p; }
  [[nodiscard]] bool cut(T p) const { return p < low || p > high; }
};

[[noreturn]] NN_COLD inline void refuse_scores(const char* where, const char* expected, Index row,
                                               const Text& got, const char* closing) {
  refuse({where,
          expected,
          got,
          {"row ", row, " of the batch"},
          {"end the model with ", closing, ", or give the loss {.from_logits = true}"}});
}

/// Throws unless each row can be a distribution over classes. A model without a closing softmax
/// would train on nonsense, at a loss that never falls. NaN passes: it comes from weights that have
/// diverged.
template <Real T>
void require_distributions(const char* where, const ScoredBatch<T>& batch) {
  constexpr const char* expected = "probabilities, none below 0, which sum to 1";
  constexpr double tolerance = 0.01;  // room for a softmax that computes in half precision
  for (Index row = 0; row < batch.rows; ++row) {
    const T* p = batch.scores + row * batch.classes;  // [classes]
    T lowest(0), sum(0);
    for (Index k = 0; k < batch.classes; ++k) {
      if (p[k] < lowest) lowest = p[k];
      sum += p[k];
    }
    const auto off = static_cast<double>(sum) - 1;
    if (lowest < T(0)) {
      refuse_scores(where, expected, row, {"a score of ", static_cast<double>(lowest)},
                    "nn::Softmax");
    }
    if (off > tolerance || off < -tolerance) {
      refuse_scores(where, expected, row, {"scores that sum to ", static_cast<double>(sum)},
                    "nn::Softmax");
    }
  }
}

/// Throws unless each score can be a probability of its own.
template <Real T>
void require_probabilities(const char* where, const ScoredBatch<T>& batch) {
  for (Index i = 0; i < batch.rows * batch.classes; ++i) {
    const T p = batch.scores[i];
    if (!(p < T(0)) && !(p > T(1))) continue;
    refuse_scores(where, "probabilities from 0 to 1", i / batch.classes,
                  {"a score of ", static_cast<double>(p)}, "a sigmoid");
  }
}

NN_COLD inline void require_smoothing(const char* where, double label_smoothing) {
  demand(label_smoothing >= 0 && label_smoothing <= 1, where, "a label_smoothing in [0, 1]",
         label_smoothing);
}

}  // namespace nn::detail
