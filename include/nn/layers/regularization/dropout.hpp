// SPDX-License-Identifier: MIT
// Dropout layer.
#pragma once

#include <algorithm>
#include <string>

#include "nn/kernels/dropout/dropout.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Sets each element to 0 with probability `rate` in training and divides the others by 1 - rate,
/// which keeps the expectation (Srivastava et al. 2014; Keras: Dropout). Identity at inference.
/// Whether an element is dropped is a function of (model's seed, layer, step, element of the batch)
/// alone.
/// Shapes    x [N, ...]   y like x
/// Backward  dx = dy / (1 - rate) where the element was kept, else 0
/// Throws    std::invalid_argument unless 0 <= rate <= 1
template <Real T = float>
class Dropout {
 public:
  using Scalar = T;

  explicit Dropout(double rate) : rate_(rate) {
    demand(rate >= 0 && rate <= 1, "Dropout", "a rate from 0 to 1", rate);
  }

  [[nodiscard]] static std::string name() { return "Dropout"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }

  static constexpr Promises promises{.is_identity_at_inference = true, .keeps_mask = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    drop(x.size(), x.data(), y.data(), pass);
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    drop(x.size(), dy.data(), dx.data(), pass);  // draws the same numbers as forward
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("rate", rate_); }
  [[nodiscard]] static Dropout from_arguments(const Arguments& a) {
    return Dropout(a.get<double>("rate"));
  }

 private:
  /// to = from / (1 - rate) where kept, else 0
  void drop(Index count, const T* from, T* to, const Pass& pass) const {
    if (pass.is_random() && rate_ > 0) {
      kernels::dropout(pass.random(RandomPurpose::dropout), rate_, count, from, to,
                       pass.first_in_batch(count));
    } else {
      std::copy_n(from, count, to);
    }
  }

  double rate_;
};

}  // namespace nn
