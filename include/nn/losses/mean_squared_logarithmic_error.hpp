// SPDX-License-Identifier: MIT
// Mean squared distance between the logarithms: a loss and a metric.
#pragma once

#include <cmath>

#include "nn/loss/value_loss.hpp"

namespace nn {

/// Mean over a row of (log(1 + y) - log(1 + t))^2, with y the result and t the target (Keras:
/// MeanSquaredLogarithmicError): for numbers of 0 or more whose ratio counts. Numbers below 1e-7
/// are taken as 1e-7.
///     loss = (1/K) sum_k d_k^2      dy_k = (2/K) d_k / (1 + y_k),   0 where y_k is below 1e-7
///     d_k = log(1 + max(y_k, 1e-7)) - log(1 + max(t_k, 1e-7))
/// Shapes    y, t, dy [K]
/// Others    as ValueLoss
class MeanSquaredLogarithmicError : public ValueLossOf<MeanSquaredLogarithmicError> {
 public:
  static constexpr const char* loss_name = "mean_squared_logarithmic_error";
  using ValueLossOf::ValueLossOf;

  template <Real T>
  [[nodiscard]] static T element(T y, T t, T& slope) {
    using std::log1p;
    const T smallest = static_cast<T>(1e-7);
    const T ratio = log1p(y < smallest ? smallest : y) - log1p(t < smallest ? smallest : t);
    slope = y < smallest ? T(0) : T(2) * ratio / (T(1) + y);
    return ratio * ratio;
  }
};

}  // namespace nn
