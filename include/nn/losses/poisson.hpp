// SPDX-License-Identifier: MIT
// Negative log-likelihood of counts: a loss and a metric.
#pragma once

#include <cmath>

#include "nn/loss/value_loss.hpp"

namespace nn {

/// Mean over a row of y - t log(y + 1e-7), with y > 0 the expected count and t the count (Keras:
/// Poisson): minus the logarithm of the Poisson distribution, but for what y does not change.
///     loss = (1/K) sum_k y_k - t_k log(y_k + 1e-7)  dy_k = (1/K) (1 - t_k / (y_k + 1e-7))
/// Shapes    y, t, dy [K]
/// Others    as ValueLoss
class Poisson : public ValueLossOf<Poisson> {
 public:
  static constexpr const char* loss_name = "poisson";
  using ValueLossOf::ValueLossOf;

  template <Real T>
  [[nodiscard]] static T element(T y, T t, T& slope) {
    using std::log;
    const T rate = y + static_cast<T>(1e-7);
    slope = T(1) - t / rate;
    return y - t * log(rate);
  }
};

}  // namespace nn
