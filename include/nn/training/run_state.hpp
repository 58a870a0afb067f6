// SPDX-License-Identifier: MIT
// All that the rest of a training run depends on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/real.hpp"
#include "nn/training/divergence.hpp"
#include "nn/training/history.hpp"

namespace nn {

/// A training run between two batches: with the same data and options, a `fit` in another process
/// goes on from it as this one would.
struct RunState {
  /// An array of the run's own, which it may change after the next callback has run.
  struct Array {
    std::string name;  ///< "weights", "moment_0", or "kept_1": weights that callback 1 keeps
    std::span<const std::byte> bytes;
    bool is_double = false;  ///< else it is of floats
  };

  /// What both processes must agree on: names and texts.
  std::vector<std::pair<std::string, std::string>> identity;
  /// The first metric that can't give its state; empty: all can. Without it, `metrics` is empty.
  std::string metric_without_state;

  Index epoch = 0;              ///< of the next batch
  Index batch = 0;              ///< the next one of that epoch
  std::int64_t step = 0;        ///< updates made so far
  std::int64_t epoch_step = 0;  ///< updates made before that epoch: its order follows from them
  double learning_rate = 0;     ///< of the next update
  /// Of each output, of the rows of that epoch so far; then that of penalties, if there are any.
  std::vector<double> loss_sums;
  std::vector<Index> num_rows;                 ///< of each output; for penalties the samples
  std::vector<std::vector<double>> metrics;    ///< the state of each
  std::vector<std::vector<double>> callbacks;  ///< the state of each; empty: it has none
  std::vector<Array> arrays;
  std::optional<Divergence> divergence;
  History history;  ///< of the epochs that have ended

  /// The array of that name, or null.
  [[nodiscard]] const Array* find(const std::string& name) const {
    for (const Array& array : arrays) {
      if (array.name == name) return &array;
    }
    return nullptr;
  }
};

namespace detail {

/// The numbers of an array as bytes.
template <Real T>
[[nodiscard]] RunState::Array array_of(std::string name, const T* values, std::size_t count) {
  return {std::move(name), std::as_bytes(std::span(values, count)), sizeof(T) == sizeof(double)};
}

/// Throws `std::invalid_argument` unless the array has so many Ts.
template <Real T>
NN_COLD void require_size(const RunState::Array& array, std::size_t count) {
  const std::size_t size = array.is_double ? sizeof(double) : sizeof(float);
  if (size == sizeof(T) && array.bytes.size() == count * size) return;
  refuse({{"RunState, ", array.name},
          {count, sizeof(T) == sizeof(double) ? " doubles" : " floats"},
          {array.bytes.size() / size, array.is_double ? " doubles" : " floats"}});
}

}  // namespace detail
}  // namespace nn
