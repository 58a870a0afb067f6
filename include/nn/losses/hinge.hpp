// SPDX-License-Identifier: MIT
// Hinge loss of signs: a loss and a metric.
#pragma once

#include "nn/loss/value_loss.hpp"

namespace nn {

/// Mean over a row of max(0, 1 - t y), with y the result and t the target, -1 or 1 (Cortes and
/// Vapnik 1995; Keras: Hinge). A target of 0 is taken as -1, so that 0 and 1 do as well.
///     loss = (1/K) sum_k max(0, 1 - t_k y_k)        dy_k = -t_k / K where t_k y_k < 1, else 0
/// Shapes    y, t, dy [K]
/// Others    as ValueLoss
class Hinge : public ValueLossOf<Hinge> {
 public:
  static constexpr const char* loss_name = "hinge";
  using ValueLossOf::ValueLossOf;

  template <Real T>
  [[nodiscard]] static T element(T y, T t, T& slope) {
    const T sign = t == T(0) ? T(-1) : t;
    const T gap = T(1) - sign * y;
    slope = gap > T(0) ? -sign : T(0);
    return gap > T(0) ? gap : T(0);
  }
};

}  // namespace nn
