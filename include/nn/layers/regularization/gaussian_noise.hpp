// SPDX-License-Identifier: MIT
// Noise that is added in training.
#pragma once

#include <algorithm>
#include <string>

#include "nn/core/finite.hpp"
#include "nn/kernels/dropout/noise.hpp"
#include "nn/kernels/rows/copy.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Adds a normal number to each element in training (Keras: GaussianNoise): y = x + stddev z.
/// Identity at inference. The number is a function of (model's seed, layer, step, element of the
/// batch) alone.
/// Shapes    x [N, ...]   y like x
/// Backward  dx = dy
/// Throws    std::invalid_argument for a stddev that is below 0 or not finite
template <Real T = float>
class GaussianNoise {
 public:
  using Scalar = T;

  explicit GaussianNoise(double stddev) : stddev_(stddev) {
    demand(stddev >= 0 && is_finite(stddev), "GaussianNoise", "a finite stddev of 0 or more",
           stddev);
  }

  [[nodiscard]] static std::string name() { return "GaussianNoise"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }

  static constexpr Promises promises{.is_identity_at_inference = true, .keeps_mask = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    if (pass.is_random() && stddev_ > 0) {
      kernels::add_noise(pass.random(RandomPurpose::dropout), stddev_, x.size(), x.data(), y.data(),
                         pass.first_in_batch(x.size()));
    } else {
      std::copy_n(x.data(), x.size(), y.data());
    }
  }

  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2> dy, TensorMap<T, 2> dx,
                const Pass& pass) const {
    if (pass.needs_dx) kernels::copy<T>(dy.size(), dy.data(), dx.data());
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("stddev", stddev_); }
  [[nodiscard]] static GaussianNoise from_arguments(const Arguments& a) {
    return GaussianNoise(a.get<double>("stddev"));
  }

 private:
  double stddev_;
};

}  // namespace nn
