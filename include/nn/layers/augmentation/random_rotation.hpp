// SPDX-License-Identifier: MIT
// Random rotation layer.
#pragma once

#include <cmath>
#include <numbers>
#include <string>

#include "nn/layer/augmentation/random_warp.hpp"

namespace nn {

/// Turns each image of a training batch about its middle by a random angle (Keras: RandomRotation);
/// identity at inference.
///     y[n,p] = x[n, R p]     R turns by 2 pi a, a from factor
/// Positive angles turn counter-clockwise: {-0.1, 0.2} by 36 degrees clockwise to 72 degrees
/// counter-clockwise, 0.1 as {-0.1, 0.1}. a is a function of (seed, layer, step, n) alone.
/// Shapes    x [N, H, W, C]   y like x
/// Backward  dx gets dy at the pixels that were read, by their shares
/// Throws    std::invalid_argument for a factor outside -1 .. 1, a negative seed and a fill_value
///           that is not finite; ShapeError for samples that are not [H, W, C]
template <Real T = float>
class RandomRotation {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD explicit RandomRotation(FactorRange factor, const RandomWarpOptions& options = {})
      : factor_(factor), warp_("RandomRotation", options) {
    factor.require_within(-1, "RandomRotation", "a factor");
  }

  [[nodiscard]] static std::string name() { return "RandomRotation"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    return detail::RandomWarp<T>::output_shape(name(), input);
  }

  static constexpr Promises promises{.is_identity_at_inference = true, .ignores_y = true};

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass) const {
    // y[p] = x[map(p)]
    warp_.forward(x, y, pass, map());
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4>, TensorMap<T, 4> dy,
                TensorMap<T, 4> dx, const Pass& pass) const {
    // dx[map(p)] += dy[p]
    warp_.backward(x, dy, dx, pass, map());
  }

  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    factor_.describe(arguments, "factor");
    warp_.describe(arguments);
    return arguments;
  }
  [[nodiscard]] NN_COLD static RandomRotation from_arguments(const Arguments& a) {
    return RandomRotation(FactorRange::from(a, "factor"), detail::RandomWarp<T>::options_from(a));
  }

 private:
  /// x' = cos x - sin y   y' = sin x + cos y, from the middle; y points downwards
  [[nodiscard]] auto map() const {
    return [factor = factor_](const Random& random, Index n, const kernels::ImageSize& image) {
      const double angle = 2 * std::numbers::pi * factor.at(uniform_of_image(random, n, 0));
      const double cosine = std::cos(angle), sine = std::sin(angle);
      const kernels::Affine2D map{.xx = cosine, .xy = -sine, .yx = sine, .yy = cosine};
      return map.about_middle(image);
    };
  }

  FactorRange factor_;
  detail::RandomWarp<T> warp_;
};

}  // namespace nn
