// SPDX-License-Identifier: MIT
// Mean distance from the targets in percent of them: a loss and a metric.
#pragma once

#include "nn/loss/value_loss.hpp"

namespace nn {

/// Mean over a row of 100 |y - t| / |t|, with y the result and t the target (Keras:
/// MeanAbsolutePercentageError). Targets nearer to 0 than 1e-7 count as so far from it.
///     loss = (100/K) sum_k |y_k - t_k| / m_k        dy_k = (100/K) sign(y_k - t_k) / m_k
///     m_k = max(|t_k|, 1e-7)
/// Shapes    y, t, dy [K]
/// Others    as ValueLoss
class MeanAbsolutePercentageError : public ValueLossOf<MeanAbsolutePercentageError> {
 public:
  static constexpr const char* loss_name = "mean_absolute_percentage_error";
  using ValueLossOf::ValueLossOf;

  template <Real T>
  [[nodiscard]] static T element(T y, T t, T& slope) {
    const T smallest = static_cast<T>(1e-7);
    const T size = t < T(0) ? -t : t;
    const T percent = T(100) / (size < smallest ? smallest : size);
    const T error = y - t;
    slope = error > T(0) ? percent : error < T(0) ? -percent : T(0);
    return slope * error;
  }
};

}  // namespace nn
