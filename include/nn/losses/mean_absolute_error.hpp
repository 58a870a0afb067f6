// SPDX-License-Identifier: MIT
// Mean distance from the targets: a loss and a metric.
#pragma once

#include "nn/loss/value_loss.hpp"

namespace nn {

/// Mean over a row of |y - t|, with y the result and t the target (Keras: MeanAbsoluteError).
///     loss = (1/K) sum_k |y_k - t_k|                dy_k = (1/K) sign(y_k - t_k),   0 where equal
/// Shapes    y, t, dy [K]
/// Others    as ValueLoss
class MeanAbsoluteError : public ValueLossOf<MeanAbsoluteError> {
 public:
  static constexpr const char* loss_name = "mean_absolute_error";
  using ValueLossOf::ValueLossOf;

  template <Real T>
  [[nodiscard]] static T element(T y, T t, T& slope) {
    const T error = y - t;
    slope = error > T(0) ? T(1) : error < T(0) ? T(-1) : T(0);
    return error < T(0) ? -error : error;
  }
};

}  // namespace nn
