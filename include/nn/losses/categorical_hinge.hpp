// SPDX-License-Identifier: MIT
// Hinge loss between the true class and the best of the others: a loss and a metric.
#pragma once

#include "nn/loss/value_loss.hpp"

namespace nn {

/// max(0, 1 + max_k (1 - t_k) y_k - sum_k t_k y_k), with y the scores and t the one-hot target
/// (Keras: CategoricalHinge): 0 where the true class leads by 1.
///     dy_k = -t_k, and 1 - t_k more at the maximum; 0 where the loss is 0
/// Shapes    y, t, dy [K]
/// Others    as ValueLoss
class CategoricalHinge : public ValueLossOf<CategoricalHinge> {
 public:
  static constexpr const char* loss_name = "categorical_hinge";
  using ValueLossOf::ValueLossOf;

  template <Real T>
  [[nodiscard]] static T row(const ScoredRow<T>& row, T factor, T* gradient) {
    const T *y = row.scores, *t = row.values;  // [K]
    T score(0), rival_score = (T(1) - t[0]) * y[0];
    Index rival = 0;
    for (Index k = 0; k < row.classes; ++k) {
      score += t[k] * y[k];
      const T other = (T(1) - t[k]) * y[k];
      if (!(other > rival_score)) continue;
      rival = k;
      rival_score = other;
    }
    const T loss = T(1) + rival_score - score;
    const bool is_zero = loss < T(0);
    for (Index k = 0; gradient != nullptr && k < row.classes; ++k) {
      gradient[k] = is_zero ? T(0) : factor * ((k == rival ? T(1) - t[k] : T(0)) - t[k]);
    }
    return is_zero ? T(0) : loss;
  }
};

}  // namespace nn
