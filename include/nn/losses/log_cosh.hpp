// SPDX-License-Identifier: MIT
// Logarithm of the hyperbolic cosine of the distance: a loss and a metric.
#pragma once

#include <cmath>

#include "nn/loss/value_loss.hpp"

namespace nn {

/// Mean over a row of log(cosh(y - t)), with y the result and t the target (Keras: LogCosh): about
/// half the square of a small distance, and a large one itself.
///     loss = (1/K) sum_k log cosh(y_k - t_k)        dy_k = (1/K) tanh(y_k - t_k)
/// Shapes    y, t, dy [K]
/// Others    as ValueLoss
class LogCosh : public ValueLossOf<LogCosh> {
 public:
  static constexpr const char* loss_name = "log_cosh";
  using ValueLossOf::ValueLossOf;

  template <Real T>
  [[nodiscard]] static T element(T y, T t, T& slope) {
    using std::exp, std::log1p, std::tanh;
    const T error = y - t;
    const T size = error < T(0) ? -error : error;
    slope = tanh(error);
    constexpr double log_2 = 0.693147180559945309;
    return size + log1p(exp(T(-2) * size)) - static_cast<T>(log_2);  // finite for any size
  }
};

}  // namespace nn
