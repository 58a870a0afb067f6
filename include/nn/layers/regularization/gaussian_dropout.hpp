// SPDX-License-Identifier: MIT
// Noise that multiplies elements in training.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "nn/kernels/dropout/noise.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Multiplies each element by a normal number of mean 1 in training (Srivastava et al. 2014; Keras:
/// GaussianDropout): y = x (1 + sqrt(rate / (1 - rate)) z), which has the variance that Dropout of
/// that rate has. Identity at inference. The number is a function of (model's seed, layer, step,
/// element of the batch) alone.
/// Shapes    x [N, ...]   y like x
/// Backward  dx = dy (1 + sqrt(rate / (1 - rate)) z)
/// Throws    std::invalid_argument unless 0 <= rate < 1
template <Real T = float>
class GaussianDropout {
 public:
  using Scalar = T;

  explicit GaussianDropout(double rate) : rate_(rate) {
    demand(rate >= 0 && rate < 1, "GaussianDropout", "a rate from 0 to below 1", rate);
  }

  [[nodiscard]] static std::string name() { return "GaussianDropout"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }

  static constexpr Promises promises{.is_identity_at_inference = true, .keeps_mask = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    multiply(x.size(), x.data(), y.data(), pass);
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    // draws the same numbers as forward
    if (pass.needs_dx) multiply(x.size(), dy.data(), dx.data(), pass);
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("rate", rate_); }
  [[nodiscard]] static GaussianDropout from_arguments(const Arguments& a) {
    return GaussianDropout(a.get<double>("rate"));
  }

 private:
  void multiply(Index count, const T* from, T* to, const Pass& pass) const {
    if (pass.is_random() && rate_ > 0) {
      kernels::multiply_by_noise(pass.random(RandomPurpose::dropout),
                                 std::sqrt(rate_ / (1 - rate_)), count, from, to,
                                 pass.first_in_batch(count));
    } else {
      std::copy_n(from, count, to);
    }
  }

  double rate_;
};

}  // namespace nn
