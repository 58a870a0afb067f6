// SPDX-License-Identifier: MIT
// Squared hinge loss of signs: a loss and a metric.
#pragma once

#include "nn/loss/value_loss.hpp"

namespace nn {

/// Mean over a row of max(0, 1 - t y)^2, with y the result and t the target, -1 or 1 (Keras:
/// SquaredHinge). A target of 0 is taken as -1, so that 0 and 1 do as well.
///     loss = (1/K) sum_k m_k^2      dy_k = (-2/K) t_k m_k      m_k = max(0, 1 - t_k y_k)
/// Shapes    y, t, dy [K]
/// Others    as ValueLoss
class SquaredHinge : public ValueLossOf<SquaredHinge> {
 public:
  static constexpr const char* loss_name = "squared_hinge";
  using ValueLossOf::ValueLossOf;

  template <Real T>
  [[nodiscard]] static T element(T y, T t, T& slope) {
    const T sign = t == T(0) ? T(-1) : t;
    const T gap = T(1) - sign * y;
    const T margin = gap > T(0) ? gap : T(0);
    slope = T(-2) * sign * margin;
    return margin * margin;
  }
};

}  // namespace nn
