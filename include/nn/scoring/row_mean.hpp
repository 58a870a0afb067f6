// SPDX-License-Identifier: MIT
// The mean of a number over rows: what most metrics are.
#pragma once

#include <vector>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/scoring/scored_batch.hpp"

namespace nn {

/// Throws `std::invalid_argument` for a batch whose targets are class numbers.
template <Real T>
void require_values(const char* where, const ScoredBatch<T>& batch) {
  if (batch.values == nullptr) refuse({where, "values as targets", "class numbers"});
}
/// Throws `std::invalid_argument` for a batch whose targets are values.
template <Real T>
void require_labels(const char* where, const ScoredBatch<T>& batch) {
  if (batch.labels == nullptr) refuse({where, "class numbers as targets", "values"});
}

/// Mean over the rows of all batches since `reset`, each times its weight; 0 of none.
class RowMean {
 public:
  void reset() { *this = {}; }

  /// Adds `value_of(row)` for each row.
  template <Real T, class ValueOf>
  void add(const ScoredBatch<T>& batch, const ValueOf& value_of) {
    for (Index i = 0; i < batch.rows; ++i) {
      const double weight = batch.weight(i);
      sum_ += weight * static_cast<double>(value_of(batch.row(i)));
      weights_ += weight;
    }
  }

  /// Adds the rows' losses, by a loss as `RowLoss` has it.
  template <Real T, class Loss>
  void add_losses(const Loss& loss, const ScoredBatch<T>& batch) {
    add(batch, [&](const ScoredRow<T>& row) { return loss(row, T(0), static_cast<T*>(nullptr)); });
  }

  /// Sum and weights, to go on from.
  [[nodiscard]] std::vector<double> state() const { return {sum_, weights_}; }
  /// Throws `std::invalid_argument` for a list that `state` can't have given.
  NN_COLD void set_state(const std::vector<double>& state) {
    demand(state.size() == 2, "RowMean", "a state of 2 numbers", state.size());
    demand(is_finite(state[1]), "RowMean", "finite weights", state[1]);
    sum_ = state[0];
    weights_ = state[1];
  }

  /// Adds the sum and weights of another one.
  NN_COLD void merge(const std::vector<double>& state) {
    RowMean other;
    other.set_state(state);
    sum_ += other.sum_;
    weights_ += other.weights_;
  }

  [[nodiscard]] double result() const { return weights_ == 0 ? 0.0 : sum_ / weights_; }

 private:
  double sum_ = 0;
  double weights_ = 0;  // of the rows, 1 each where there are none
};

}  // namespace nn
