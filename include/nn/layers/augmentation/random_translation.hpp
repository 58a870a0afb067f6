// SPDX-License-Identifier: MIT
// Random translation layer.
#pragma once

#include <string>

#include "nn/layer/augmentation/random_warp.hpp"

namespace nn {

/// Shifts each image of a training batch by random parts of its height and width (Keras:
/// RandomTranslation); identity at inference.
///     y[n,i,j] = x[n, i - a H, j - b W]     a from height_factor, b from width_factor
/// Positive factors shift down and to the right: {-0.2, 0.3} up by at most 20 % and down by at most
/// 30 %, 0.2 as {-0.2, 0.2}. a and b are functions of (seed, layer, step, n) alone.
/// Shapes    x [N, H, W, C]   y like x
/// Backward  dx gets dy at the pixels that were read, by their shares
/// Throws    std::invalid_argument for factors outside -1 .. 1, a negative seed and a fill_value
/// that
///           is not finite; ShapeError for samples that are not [H, W, C]
template <Real T = float>
class RandomTranslation {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD RandomTranslation(FactorRange height_factor, FactorRange width_factor,
                            const RandomWarpOptions& options = {})
      : height_factor_(height_factor),
        width_factor_(width_factor),
        warp_("RandomTranslation", options) {
    height_factor.require_within(-1, "RandomTranslation", "a height_factor");
    width_factor.require_within(-1, "RandomTranslation", "a width_factor");
  }

  [[nodiscard]] static std::string name() { return "RandomTranslation"; }
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
    height_factor_.describe(arguments, "height_factor");
    width_factor_.describe(arguments, "width_factor");
    warp_.describe(arguments);
    return arguments;
  }
  [[nodiscard]] NN_COLD static RandomTranslation from_arguments(const Arguments& a) {
    return RandomTranslation(FactorRange::from(a, "height_factor"),
                             FactorRange::from(a, "width_factor"),
                             detail::RandomWarp<T>::options_from(a));
  }

 private:
  /// x' = x - b W   y' = y - a H
  [[nodiscard]] auto map() const {
    return [down = height_factor_, right = width_factor_](const Random& random, Index n,
                                                          const kernels::ImageSize& image) {
      const double shift_down = down.at(uniform_of_image(random, n, 0));
      const double shift_right = right.at(uniform_of_image(random, n, 1));
      return kernels::Affine2D{.x0 = -shift_right * static_cast<double>(image.width),
                               .y0 = -shift_down * static_cast<double>(image.height)};
    };
  }

  FactorRange height_factor_;
  FactorRange width_factor_;
  detail::RandomWarp<T> warp_;
};

}  // namespace nn
