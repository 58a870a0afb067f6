// SPDX-License-Identifier: MIT
// Cosine of the angle between result and target: a loss and a metric.
#pragma once

#include <cmath>

#include "nn/loss/value_loss.hpp"

namespace nn {

/// Minus the cosine of the angle between the result y and the target t, both taken as vectors
/// (Keras: CosineSimilarity). As a metric it is the cosine itself.
///     loss = -(y . t) / (|y| |t|)           dy = -(t / |t| - (y . t) / (|y| |t|) y / |y|) / |y|
/// Lengths below 1e-7 count as 1e-7, so that a result of zeros has the loss 0; there dy = -t / |t|
/// / 1e-7. Shapes    y, t, dy [K] Others    as ValueLoss
class CosineSimilarity : public ValueLossOf<CosineSimilarity> {
 public:
  static constexpr const char* loss_name = "cosine_similarity";
  using ValueLossOf::ValueLossOf;
  static constexpr bool is_similarity = true;  // so more is better

  template <Real T>
  [[nodiscard]] static T row(const ScoredRow<T>& row, T factor, T* gradient) {
    using std::sqrt;
    const T *y = row.scores, *t = row.values;  // [K]
    T inner_product(0), y_squares(0), t_squares(0);
    for (Index k = 0; k < row.classes; ++k) {
      inner_product += y[k] * t[k];
      y_squares += y[k] * y[k];
      t_squares += t[k] * t[k];
    }
    const T shortest = static_cast<T>(1e-7);
    const bool is_short = !(y_squares > shortest * shortest);
    const T y_scale = T(1) / (is_short ? shortest : sqrt(y_squares));
    const T t_scale = T(1) / (t_squares > shortest * shortest ? sqrt(t_squares) : shortest);
    const T cosine = inner_product * y_scale * t_scale;
    for (Index k = 0; gradient != nullptr && k < row.classes; ++k) {
      const T along = is_short ? T(0) : cosine * y_scale * y[k];
      gradient[k] = factor * y_scale * (along - t_scale * t[k]);
    }
    return -cosine;
  }
};

}  // namespace nn
