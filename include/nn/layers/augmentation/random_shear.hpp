// SPDX-License-Identifier: MIT
// Random shear layer.
#pragma once

#include <string>

#include "nn/layer/augmentation/random_warp.hpp"

namespace nn {

/// Shears each image of a training batch along its axes (Keras: RandomShear); identity at
/// inference.
///     y[n,i,j] = x[n, i + s b j, j + s a i]     a from x_factor, b from y_factor, s = 1 or -1
/// The pixel in the upper left corner stays in its place, as in Keras. A range is within 0 .. 1, as
/// {0.1, 0.2}; 0.2 stands for {-0.2, 0.2}. a, b and s are functions of (seed, layer, step, n)
/// alone. Shapes    x [N, H, W, C]   y like x Backward  dx gets dy at the pixels that were read, by
/// their shares Throws    std::invalid_argument for factors outside 0 .. 1, a negative seed and a
/// fill_value that
///           is not finite; ShapeError for samples that are not [H, W, C]
template <Real T = float>
class RandomShear {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD explicit RandomShear(FactorRange x_factor = 0, FactorRange y_factor = 0,
                               const RandomWarpOptions& options = {})
      : x_factor_(x_factor), y_factor_(y_factor), warp_("RandomShear", options) {
    require_factor(x_factor, "an x_factor");
    require_factor(y_factor, "a y_factor");
  }

  [[nodiscard]] static std::string name() { return "RandomShear"; }
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
    x_factor_.describe(arguments, "x_factor");
    y_factor_.describe(arguments, "y_factor");
    warp_.describe(arguments);
    return arguments;
  }
  [[nodiscard]] NN_COLD static RandomShear from_arguments(const Arguments& a) {
    return RandomShear(FactorRange::from(a, "x_factor"), FactorRange::from(a, "y_factor"),
                       detail::RandomWarp<T>::options_from(a));
  }

 private:
  /// x' = x + s a y   y' = y + s b x
  [[nodiscard]] auto map() const {
    return [along_x = x_factor_, along_y = y_factor_](const Random& random, Index n,
                                                      const kernels::ImageSize&) {
      const double sign = uniform_of_image(random, n, 2) < 0.5 ? 1 : -1;
      return kernels::Affine2D{.xy = sign * along_x.at(uniform_of_image(random, n, 0)),
                               .yx = sign * along_y.at(uniform_of_image(random, n, 1))};
    };
  }

  /// A range within 0 .. 1, or that of a single number.
  static void require_factor(FactorRange factor, const char* name) {
    factor.require_within(factor.lower == -factor.upper ? -1 : 0, "RandomShear", name);
  }

  FactorRange x_factor_;
  FactorRange y_factor_;
  detail::RandomWarp<T> warp_;
};

}  // namespace nn
