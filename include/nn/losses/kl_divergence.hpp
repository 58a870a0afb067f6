// SPDX-License-Identifier: MIT
// Kullback-Leibler divergence of distributions: a loss and a metric.
#pragma once

#include <cmath>

#include "nn/loss/value_loss.hpp"

namespace nn {

/// Sum over a row of t log(t / y), with y the distribution of the result and t that of the target
/// (Kullback and Leibler 1951; Keras: KLDivergence). Both are clipped to [1e-7, 1].
///     loss = sum_k t_k log(t_k / y_k)               dy_k = -t_k / y_k,   0 where y_k is clipped
/// Shapes    y, t, dy [K]
/// Others    as ValueLoss
class KLDivergence : public ValueLossOf<KLDivergence> {
 public:
  static constexpr const char* loss_name = "kl_divergence";
  using ValueLossOf::ValueLossOf;
  static constexpr bool sums_row = true;

  template <Real T>
  [[nodiscard]] static T element(T y, T t, T& slope) {
    using std::log;
    const T smallest = static_cast<T>(1e-7);
    const auto clip = [&](T p) { return p < smallest ? smallest : p > T(1) ? T(1) : p; };
    const T q = clip(y), p = clip(t);
    slope = y < smallest || y > T(1) ? T(0) : -p / q;
    return p * log(p / q);
  }
};

}  // namespace nn
