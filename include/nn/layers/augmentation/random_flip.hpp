// SPDX-License-Identifier: MIT
// Random flip layer.
#pragma once

#include <string>

#include "nn/layer/augmentation/random_warp.hpp"

namespace nn {

/// Which ways images may be flipped.
enum class FlipMode { horizontal, vertical, horizontal_and_vertical };

[[nodiscard]] constexpr const char* to_string(FlipMode mode) {
  constexpr const char* names[] = {"horizontal", "vertical", "horizontal_and_vertical"};
  return names[static_cast<int>(mode)];
}

/// Flips each image of a training batch or not, with probability 1/2 from left to right and, apart
/// from that, from top to bottom (Keras: RandomFlip); identity at inference. What happens is a
/// function of (seed, layer, step, n) alone.
///     y[n,i,j] = x[n, H - 1 - i or i, W - 1 - j or j]
/// Shapes    x [N, H, W, C]   y like x
/// Backward  dx = dy flipped back
/// Throws    std::invalid_argument for a negative seed; ShapeError for samples that are not
///           [H, W, C]
template <Real T = float>
class RandomFlip {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD explicit RandomFlip(FlipMode mode = FlipMode::horizontal_and_vertical,
                              const ImageSeed& seed = {})
      : mode_(mode),
        seed_(seed),
        warp_("RandomFlip", {.interpolation = Interpolation::nearest, .seed = seed}) {}

  [[nodiscard]] static std::string name() { return "RandomFlip"; }
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
    // dx[map(p)] = dy[p]
    warp_.backward(x, dy, dx, pass, map());
  }

  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    arguments.set("mode", to_string(mode_));
    detail::describe_seed(arguments, seed_);
    return arguments;
  }
  [[nodiscard]] NN_COLD static RandomFlip from_arguments(const Arguments& a) {
    return RandomFlip(a.one_of("mode", {FlipMode::horizontal, FlipMode::vertical,
                                        FlipMode::horizontal_and_vertical}),
                      detail::seed_from(a));
  }

 private:
  /// x' = W - 1 - x or x   y' = H - 1 - y or y
  [[nodiscard]] auto map() const {
    return [mode = mode_](const Random& random, Index n, const kernels::ImageSize& image) {
      kernels::Affine2D map;
      if (mode != FlipMode::vertical && uniform_of_image(random, n, 0) < 0.5) {
        map.xx = -1;
        map.x0 = static_cast<double>(image.width - 1);
      }
      if (mode != FlipMode::horizontal && uniform_of_image(random, n, 1) < 0.5) {
        map.yy = -1;
        map.y0 = static_cast<double>(image.height - 1);
      }
      return map;
    };
  }

  FlipMode mode_;
  ImageSeed seed_;
  detail::RandomWarp<T> warp_;
};

}  // namespace nn
