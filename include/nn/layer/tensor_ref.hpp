// SPDX-License-Identifier: MIT
// A tensor of a pass whose rank is known only when the program runs.
#pragma once

#include <algorithm>

#include "nn/core/tensor.hpp"

namespace nn {

/// Elements in row-major order, and their shape with the batch axis. T may be const.
template <class T>
struct TensorRef {
  T* data = nullptr;
  Shape shape{};
  /// Of an input of a layer with several: as `Pass::mask`, [samples, steps].
  const bool* mask = nullptr;

  [[nodiscard]] Index size() const { return shape.num_elements(); }
  /// A map [rows, last axis].
  [[nodiscard]] auto rows() const {
    const Index cols = shape.rank() > 1 ? shape.back() : 1;
    return map_tensor<2>(data, Shape{cols == 0 ? 0 : size() / cols, cols});
  }
  /// A map of the tensor's own rank.
  template <int Rank>
  [[nodiscard]] auto map() const {
    return map_tensor<Rank>(data, shape);
  }
};

}  // namespace nn
