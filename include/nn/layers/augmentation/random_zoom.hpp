// SPDX-License-Identifier: MIT
// Random zoom layer.
#pragma once

#include <optional>
#include <string>

#include "nn/layer/augmentation/random_warp.hpp"

namespace nn {

/// Zooms each image of a training batch about its middle by random factors (Keras: RandomZoom);
/// identity at inference.
///     y[n,p] = x[n, Z p]     Z = diag(1 + a, 1 + b), a from height_factor, b from width_factor
/// Positive factors zoom out, negative ones in: {-0.2, 0.3} by 20 % in to 30 % out, 0.2 as
/// {-0.2, 0.2}. Without width_factor b = a. Both are functions of (seed, layer, step, n) alone.
/// Shapes    x [N, H, W, C]   y like x
/// Backward  dx gets dy at the pixels that were read, by their shares
/// Throws    std::invalid_argument for factors outside -1 .. 1, a negative seed and a fill_value
/// that
///           is not finite; ShapeError for samples that are not [H, W, C]
template <Real T = float>
class RandomZoom {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD explicit RandomZoom(FactorRange height_factor,
                              std::optional<FactorRange> width_factor = std::nullopt,
                              const RandomWarpOptions& options = {})
      : height_factor_(height_factor), width_factor_(width_factor), warp_("RandomZoom", options) {
    height_factor.require_within(-1, "RandomZoom", "a height_factor");
    if (width_factor) width_factor->require_within(-1, "RandomZoom", "a width_factor");
  }

  [[nodiscard]] static std::string name() { return "RandomZoom"; }
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
    if (width_factor_) width_factor_->describe(arguments, "width_factor");
    warp_.describe(arguments);
    return arguments;
  }
  [[nodiscard]] NN_COLD static RandomZoom from_arguments(const Arguments& a) {
    return RandomZoom(FactorRange::from(a, "height_factor"), width_from(a),
                      detail::RandomWarp<T>::options_from(a));
  }

 private:
  /// x' = (1 + b) x   y' = (1 + a) y, from the middle
  [[nodiscard]] auto map() const {
    return [height = height_factor_, width = width_factor_](const Random& random, Index n,
                                                            const kernels::ImageSize& image) {
      const double yy = 1 + height.at(uniform_of_image(random, n, 0));
      const double xx = width ? 1 + width->at(uniform_of_image(random, n, 1)) : yy;
      return kernels::Affine2D{.xx = xx, .yy = yy}.about_middle(image);
    };
  }

  [[nodiscard]] static std::optional<FactorRange> width_from(const Arguments& a) {
    if (!a.has("width_factor")) return std::nullopt;
    return FactorRange::from(a, "width_factor");
  }

  FactorRange height_factor_;
  std::optional<FactorRange> width_factor_;
  detail::RandomWarp<T> warp_;
};

}  // namespace nn
