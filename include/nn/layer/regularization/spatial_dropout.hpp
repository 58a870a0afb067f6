// SPDX-License-Identifier: MIT
// What layers share that drop whole channels.
#pragma once

#include <algorithm>

#include "nn/kernels/dropout/noise.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/sample_rank.hpp"

namespace nn::detail {

/// Dropout of the channels of samples [steps, channels] (Axes = 1) or [height, width, channels]
/// (Axes = 2).
template <Real T, int Axes>
class SpatialDropout {
 public:
  using Scalar = T;
  static constexpr int input_rank = Axes + 2;
  static constexpr int output_rank = Axes + 2;
  static constexpr Promises promises{.is_identity_at_inference = true, .keeps_mask = true};

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    require_sample_rank<Axes>(layer_, input);
    return input;
  }

  void forward(ConstTensorMap<T, Axes + 2> x, TensorMap<T, Axes + 2> y, const Pass& pass) const {
    drop(x, x.data(), y.data(), pass);
  }

  void backward(ConstTensorMap<T, Axes + 2> x, ConstTensorMap<T, Axes + 2>,
                TensorMap<T, Axes + 2> dy, TensorMap<T, Axes + 2> dx, const Pass& pass) const {
    if (pass.needs_dx) drop(x, dy.data(), dx.data(), pass);  // draws the same numbers as forward
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{layer_}.set("rate", rate_); }

 protected:
  SpatialDropout(const char* layer, double rate) : layer_(layer), rate_(rate) {
    demand(rate >= 0 && rate <= 1, layer, "a rate from 0 to 1", rate);
  }

 private:
  /// to = from / (1 - rate) in the channels that are kept, else 0
  void drop(const ConstTensorMap<T, Axes + 2>& x, const T* from, T* to, const Pass& pass) const {
    if (!pass.is_random() || rate_ == 0) {
      std::copy_n(from, x.size(), to);
      return;
    }
    const Index batch = x.dimension(0), channels = x.dimension(Axes + 1);
    const Index places = Axes == 2 ? x.dimension(1) * x.dimension(Axes) : x.dimension(1);
    kernels::drop_channels(pass.random(RandomPurpose::dropout), rate_, batch, places, channels,
                           from, to, pass.first_in_batch(batch * channels));
  }

  const char* layer_;
  double rate_;
};

}  // namespace nn::detail
