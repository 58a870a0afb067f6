// SPDX-License-Identifier: MIT
// Penalty on what passes through.
#pragma once

#include <algorithm>
#include <string>

#include "nn/layer/layer.hpp"

namespace nn {

/// Options of ActivityRegularization, with Keras' names and defaults.
struct ActivityRegularizationOptions {
  double l1 = 0;  ///< of |x|; finite, 0 or more
  double l2 = 0;  ///< of x^2; finite, 0 or more
};

/// Gives what it gets, and adds a penalty on it to the loss of training and evaluation (Keras:
/// ActivityRegularization): (l1 sum |x| + l2 sum x^2) / N for a batch of N samples. Behind a layer
/// it is what Keras' argument activity_regularizer is for that layer.
/// Shapes    x [N, ...]   y like x
/// Backward  dx = dy + (l1 sign(x) + 2 l2 x) / N; in loops of one's own, which see no penalty, dy
/// Throws    std::invalid_argument for factors that are negative or not finite
template <Real T = float>
class ActivityRegularization {
 public:
  using Scalar = T;

  explicit ActivityRegularization(const ActivityRegularizationOptions& options)
      : options_(options) {
    for (const double factor : {options.l1, options.l2}) {
      demand(factor >= 0 && is_finite(factor), "ActivityRegularization",
             "finite factors of 0 or more", factor);
    }
  }

  [[nodiscard]] static std::string name() { return "ActivityRegularization"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }

  static constexpr Promises promises{.ignores_y = true, .keeps_mask = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    std::copy_n(x.data(), x.size(), y.data());
    if (pass.penalty == nullptr) return;
    pass.penalty->add(share_of(pass)(Shape{x.size()}, x.data(), static_cast<T*>(nullptr)));
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    std::copy_n(dy.data(), dy.size(), dx.data());
    if (pass.penalty == nullptr) return;
    static_cast<void>(share_of(pass)(Shape{x.size()}, x.data(), dx.data()));
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("l1", options_.l1).set("l2", options_.l2);
  }
  [[nodiscard]] static ActivityRegularization from_arguments(const Arguments& a) {
    return ActivityRegularization({.l1 = a.get<double>("l1"), .l2 = a.get<double>("l2")});
  }

 private:
  /// The penalty with its share of the batch.
  [[nodiscard]] L1L2 share_of(const Pass& pass) const {
    const auto samples = static_cast<double>(pass.penalty->samples);
    return {options_.l1 / samples, options_.l2 / samples};
  }

  ActivityRegularizationOptions options_;
};

}  // namespace nn
