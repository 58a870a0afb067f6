// SPDX-License-Identifier: MIT
// A layer with state and nothing else of interest.
#pragma once

#include <string>

#include "nn/layer/layer.hpp"

namespace nn::testing {

/// y = x + shift. Its state follows the means of the batches that it is trained on:
/// mean = (mean + mean of the batch) / 2
/// Shapes  x [N, features]   shift, mean [features]   y like x
template <Real T = float>
class Tracker {
 public:
  using Scalar = T;

  [[nodiscard]] static std::string name() { return "Tracker"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }
  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    return training ? bytes_of<T>(x.back()) : 0;
  }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    const ConstTensorMap<T, 1> shift = shift_.value();
    for (Index i = 0; i < x.dimension(1); ++i) {
      T sum(0);
      for (Index n = 0; n < x.dimension(0); ++n) {
        y(n, i) = x(n, i) + shift(i);
        sum += x(n, i);
      }
      if (pass.training) batch_mean(pass)[i] = sum / T(static_cast<double>(x.dimension(0)));
    }
  }
  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2> dy, TensorMap<T, 2> dx,
                const Pass& pass) const {
    for (Index n = 0; n < dy.dimension(0); ++n) {
      for (Index i = 0; i < dy.dimension(1); ++i) {
        shift_.gradient()(i) += dy(n, i);
        if (pass.needs_dx) dx(n, i) = dy(n, i);
      }
    }
  }
  void update_state(const Shape&, const Pass& pass) {
    const TensorMap<T, 1> mean = mean_.value();
    for (Index i = 0; i < mean.size(); ++i) mean(i) = (mean(i) + batch_mean(pass)[i]) / T(2);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add(shift_, "shift", {input.back()}, Zeros{});
    list.add_state(mean_, "mean", {input.back()}, Zeros{});
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] static Tracker from_arguments(const Arguments&) { return Tracker(); }

 protected:
  [[nodiscard]] const Parameter<T, 1>& shift() const { return shift_; }
  [[nodiscard]] State<T, 1>& mean() { return mean_; }

 private:
  [[nodiscard]] static T* batch_mean(const Pass& pass) { return reinterpret_cast<T*>(pass.memory); }

  Parameter<T, 1> shift_;  // [features]
  State<T, 1> mean_;       // [features]
};

}  // namespace nn::testing
