// SPDX-License-Identifier: MIT
// The mean of a number over rows: what most metrics are.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/core/whole_number.hpp"
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

/// Mean over the rows of all batches since `reset`; 0 of none.
class RowMean {
 public:
  void reset() { *this = {}; }

  /// Adds `value_of(row)` for each row.
  template <Real T, class ValueOf>
  void add(const ScoredBatch<T>& batch, const ValueOf& value_of) {
    for (Index i = 0; i < batch.rows; ++i) sum_ += static_cast<double>(value_of(batch.row(i)));
    rows_ += batch.rows;
  }

  /// Adds the rows' losses, by a loss as `RowLoss` has it.
  template <Real T, class Loss>
  void add_losses(const Loss& loss, const ScoredBatch<T>& batch) {
    add(batch, [&](const ScoredRow<T>& row) { return loss(row, T(0), static_cast<T*>(nullptr)); });
  }

  /// Sum and count, to go on from.
  [[nodiscard]] std::vector<double> state() const { return {sum_, static_cast<double>(rows_)}; }
  /// Throws `std::invalid_argument` for a list that `state` can't have given.
  NN_COLD void set_state(const std::vector<double>& state) {
    demand(state.size() == 2, "RowMean", "a state of 2 numbers", state.size());
    rows_ = whole_number(state[1], "RowMean");
    sum_ = state[0];
  }

  /// Adds the sum and count of another one.
  NN_COLD void merge(const std::vector<double>& state) {
    RowMean other;
    other.set_state(state);
    sum_ += other.sum_;
    rows_ += other.rows_;
  }

  [[nodiscard]] double result() const {
    return rows_ == 0 ? 0.0 : sum_ / static_cast<double>(rows_);
  }

 private:
  double sum_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace nn
