// SPDX-License-Identifier: MIT
// A matrix that is read while it is made, and never written whole.
#pragma once

#include "nn/kernels/product/matrix.hpp"

namespace nn::kernels {

/// Takes a matrix of T, whole columns at a time, while they are in a core's cache. Whoever makes
/// the columns calls `begin` once; `read` for all of them, those of one run in their order from one
/// thread, different runs from any threads at once; then `end`, or `cancel` where something threw.
/// How columns come in runs follows from the shapes alone, so that sums over runs are the same for
/// any number of threads.
template <class T>
class ColumnReader {
 public:
  /// `unit`: columns that stay together, counted from the first one.
  explicit ColumnReader(Index unit) : unit_(unit) {}
  [[nodiscard]] Index unit() const { return unit_; }

  virtual void begin(Index num_runs) = 0;
  virtual void read(Index run, Index first, Matrix<const T> strip) = 0;
  virtual void end() = 0;
  /// Gives back what `begin` took.
  virtual void cancel() noexcept {}

 protected:
  ColumnReader(const ColumnReader&) = default;
  ColumnReader& operator=(const ColumnReader&) = default;
  ~ColumnReader() = default;

 private:
  Index unit_;
};

}  // namespace nn::kernels
