// SPDX-License-Identifier: MIT
// Where a training began to compute infinities or NaN.
#pragma once

#include <cstdint>
#include <string>

#include "nn/core/text.hpp"

namespace nn {

/// The first batch of a `fit` whose loss was not finite, and the first tensor of its computation
/// that was not.
struct Divergence {
  std::int64_t step = 0;  ///< updates made before that batch
  std::string tensor;  ///< "x", "y", a parameter ("0.dense.kernel"), a result ("0.dense.y"), "loss"

  [[nodiscard]] std::string to_string() const {
    return concat({"diverged at step ", step, ": ", tensor, " is not finite"});
  }
};

}  // namespace nn
