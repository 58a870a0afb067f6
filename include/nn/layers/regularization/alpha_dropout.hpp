// SPDX-License-Identifier: MIT
// Dropout for self-normalizing networks.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "nn/kernels/dropout/dropout.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Dropout that keeps mean 0 and variance 1 of what `selu` gives (Klambauer, Unterthiner, Mayr and
/// Hochreiter 2017; Keras: AlphaDropout). In training an element becomes selu's lower limit a' with
/// probability `rate`, and then
///     y = a x + b   with a = 1 / sqrt((1 - rate) (1 + rate a'^2)) and b = -a rate a'
/// Identity at inference. Whether an element is dropped is a function of (model's seed, layer,
/// step, element of the batch) alone. Shapes    x [N, ...]   y like x Backward  dx = a dy where the
/// element was kept, else 0 Throws    std::invalid_argument unless 0 <= rate < 1
template <Real T = float>
class AlphaDropout {
 public:
  using Scalar = T;

  explicit AlphaDropout(double rate) : rate_(rate) {
    demand(rate >= 0 && rate < 1, "AlphaDropout", "a rate from 0 to below 1", rate);
  }

  [[nodiscard]] static std::string name() { return "AlphaDropout"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }

  static constexpr Promises promises{.is_identity_at_inference = true, .keeps_mask = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    if (!drops(pass)) {
      std::copy_n(x.data(), x.size(), y.data());
      return;
    }
    // y = a (kept ? x - a' : 0) + (a a' + b)
    kernels::scale_shift(x.size(), x.data(), T(1), T(-lower_limit), y.data());
    drop(y.size(), y.data(), y.data(), T(factor() * lower_limit * (1 - rate_)), pass);
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    if (!drops(pass)) {
      std::copy_n(dy.data(), dy.size(), dx.data());
      return;
    }
    drop(x.size(), dy.data(), dx.data(), T(0), pass);  // draws the same numbers as forward
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("rate", rate_); }
  [[nodiscard]] static AlphaDropout from_arguments(const Arguments& a) {
    return AlphaDropout(a.get<double>("rate"));
  }

 private:
  static constexpr double lower_limit = -kernels::selu_scale * kernels::selu_alpha;  // a'

  [[nodiscard]] bool drops(const Pass& pass) const { return pass.is_random() && rate_ > 0; }
  [[nodiscard]] double factor() const {  // a
    return 1 / std::sqrt((1 - rate_) * (1 + rate_ * lower_limit * lower_limit));
  }
  /// to = a (kept ? from : 0) + shift
  void drop(Index count, const T* from, T* to, const T& shift, const Pass& pass) const {
    kernels::dropout(pass.random(RandomPurpose::dropout), rate_, count, from, to,
                     pass.first_in_batch(count));
    // What dropout keeps it divides by 1 - rate.
    kernels::scale_shift(count, to, T(factor() * (1 - rate_)), shift, to);
  }

  double rate_;
};

}  // namespace nn
