// SPDX-License-Identifier: MIT
// Mean squared distance from the targets: a loss and a metric.
#pragma once

#include "nn/loss/value_loss.hpp"

namespace nn {

/// Mean over a row of (y - t)^2, with y the result and t the target (Keras: MeanSquaredError).
///     loss = (1/K) sum_k (y_k - t_k)^2              dy_k = (2/K) (y_k - t_k)
/// Shapes    y, t, dy [K]
/// Others    as ValueLoss
class MeanSquaredError : public ValueLossOf<MeanSquaredError> {
 public:
  static constexpr const char* loss_name = "mean_squared_error";
  using ValueLossOf::ValueLossOf;

  template <Real T>
  [[nodiscard]] static T element(T y, T t, T& slope) {
    const T error = y - t;
    slope = T(2) * error;
    return error * error;
  }
};

}  // namespace nn
