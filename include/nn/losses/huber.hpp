// SPDX-License-Identifier: MIT
// Squared distance where it is small, and the distance where it is large: a loss and a metric.
#pragma once

#include "nn/loss/value_loss.hpp"

namespace nn {

struct HuberOptions {
  double delta = 1;  ///< the distance from which on the loss is no longer a square; above 0
  Reduction reduction = Reduction::sum_over_batch_size;  ///< of the losses of a batch's rows
};

/// Mean over a row of e^2 / 2 where |e| <= delta, and delta |e| - delta^2 / 2 elsewhere, with e = y
/// - t, y the result and t the target (Huber 1964; Keras: Huber): outliers pull no harder than
/// delta.
///     dy_k = (1/K) max(-delta, min(delta, y_k - t_k))
/// Shapes    y, t, dy [K]
/// Throws    std::invalid_argument for a delta that is not above 0
/// Others    as ValueLoss
class Huber : public ValueLossOf<Huber> {
 public:
  static constexpr const char* loss_name = "huber_loss";
  static constexpr const char* parameter_name = "delta";

  explicit Huber(const HuberOptions& options = {})
      : ValueLossOf({.reduction = options.reduction}, options.delta) {
    demand(options.delta > 0, "Huber", "a delta above 0", options.delta);
  }
  [[nodiscard]] NN_COLD static Huber from_arguments(const Arguments& arguments) {
    return Huber{{.delta = arguments.get<double>("delta"),
                  .reduction = arguments.one_of("reduction", detail::reductions)}};
  }

  template <Real T>
  [[nodiscard]] static T element(T y, T t, T delta, T& slope) {
    const T error = y - t;
    slope = error > delta ? delta : error < -delta ? -delta : error;
    return slope * (error - T(0.5) * slope);
  }
};

}  // namespace nn
