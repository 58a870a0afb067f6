// SPDX-License-Identifier: MIT
// Random crop layer.
#pragma once

#include <algorithm>
#include <string>

#include "nn/kernels/images/resize.hpp"
#include "nn/layer/augmentation/random_image.hpp"

namespace nn {

/// Takes a window of height x width pixels of each image (Keras: RandomCrop). In training it lies
/// where a random number says, at the same place in all images of a batch. At inference, and where
/// an image is smaller than the window, it is the largest one in the middle of the image that has
/// the same aspect ratio, resized to height x width with bilinear interpolation.
///     y[n,i,j] = x[n, top + i, left + j]     top in 0 .. H - height, left in 0 .. W - width
/// Shapes    x [N, H, W, C]   y [N, height, width, C]
/// Backward  dx gets dy at the pixels that were read, by their shares
/// Throws    std::invalid_argument unless height and width are positive, and for a negative seed;
///           ShapeError for samples that are not [H, W, C] or have no pixels
template <Real T = float>
class RandomCrop {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD RandomCrop(Index height, Index width, const ImageSeed& seed = {})
      : height_(height), width_(width), seed_(seed) {
    demand(height > 0, "RandomCrop", "a positive height", height);
    demand(width > 0, "RandomCrop", "a positive width", width);
    detail::require_seed("RandomCrop", seed);
  }

  [[nodiscard]] static std::string name() { return "RandomCrop"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    detail::require_image(name(), input);
    if (input[0] == 0 || input[1] == 0) {
      refuse<ShapeError>({"RandomCrop", "images with pixels", input.to_string()});
    }
    return {height_, width_, input[2]};
  }

  static constexpr Promises promises{.ignores_y = true};

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass) const {
    kernels::resize(window(x, pass), x.data(), y.data());
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4>, TensorMap<T, 4> dy,
                TensorMap<T, 4> dx, const Pass& pass) const {
    if (pass.needs_dx) kernels::resize_gradient<T>(window(x, pass), dy.data(), dx.data());
  }

  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    arguments.set("height", height_).set("width", width_);
    detail::describe_seed(arguments, seed_);
    return arguments;
  }
  [[nodiscard]] NN_COLD static RandomCrop from_arguments(const Arguments& a) {
    return RandomCrop(a.get<Index>("height"), a.get<Index>("width"), detail::seed_from(a));
  }

 private:
  [[nodiscard]] kernels::ResizeShape window(const ConstTensorMap<T, 4>& x, const Pass& pass) const {
    kernels::ResizeShape s{.batch = x.dimension(0),
                           .height = x.dimension(1),
                           .width = x.dimension(2),
                           .channels = x.dimension(3),
                           .top = 0,
                           .left = 0,
                           .rows = height_,
                           .cols = width_,
                           .out_height = height_,
                           .out_width = width_};
    if (pass.is_random() && s.height >= height_ && s.width >= width_) {
      const Random random = detail::random_of_images(pass, seed_);
      s.top = static_cast<Index>(random.uniform(0) * static_cast<double>(s.height - height_ + 1));
      s.left = static_cast<Index>(random.uniform(1) * static_cast<double>(s.width - width_ + 1));
      return s;
    }
    const double ratio = static_cast<double>(height_) / static_cast<double>(width_);
    const auto fitting = [](double size, Index most) {
      return std::clamp<Index>(static_cast<Index>(std::min(size, static_cast<double>(most))), 1,
                               most);
    };
    s.rows = fitting(static_cast<double>(s.width) * ratio, s.height);
    s.cols = fitting(static_cast<double>(s.height) / ratio, s.width);
    s.top = (s.height - s.rows) / 2;
    s.left = (s.width - s.cols) / 2;
    return s;
  }

  Index height_;
  Index width_;
  ImageSeed seed_;
};

}  // namespace nn
