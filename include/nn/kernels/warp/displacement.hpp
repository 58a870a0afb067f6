// SPDX-License-Identifier: MIT
// Smooth random displacements of pixels.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/core/ceil_div.hpp"
#include "nn/core/random.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/warp/sampling.hpp"

namespace nn::kernels {

/// The weights of a Gaussian of that standard deviation, in pixels, out to three of them on both
/// sides, times `factor`.
[[nodiscard]] NN_COLD inline std::vector<float> gaussian_weights(double deviation, double factor) {
  const auto radius = static_cast<Index>(std::ceil(3 * deviation));
  std::vector<double> weights;
  weights.reserve(static_cast<std::size_t>(2 * radius + 1));
  double sum = 0;
  for (Index i = -radius; i <= radius; ++i) {
    const double distance = static_cast<double>(i) / deviation;
    weights.push_back(std::exp(-distance * distance / 2));
    sum += weights.back();
  }
  std::vector<float> scaled;
  scaled.reserve(weights.size());
  for (const double weight : weights) scaled.push_back(static_cast<float>(weight * factor / sum));
  return scaled;
}

/// Displacements of the pixels of one image: numbers from -1 to 1 for each pixel and direction,
/// smoothed by a Gaussian (Simard, Steinkraus and Platt, "Best practices for convolutional neural
/// networks applied to visual document analysis", 2003). A pixel of the result is read as far from
/// its own place. One at a time in each thread.
class DisplacementField {
 public:
  /// Image number `sample` of those that `random` is for. `weights` are the Gaussian's for one
  /// axis, and those of the other times the largest displacement.
  DisplacementField(const Random& random, Index sample, const ImageSize& image,
                    const std::vector<float>& weights, const std::vector<float>& scaled_weights)
      : radius_(std::ssize(weights) / 2),
        stride_(image.width + radius_),
        padding_(radius_ * stride_),
        size_(image.height * stride_),
        fields_(ScratchUse::displacements, 2 * size_) {
    const Scratch<float> noise(ScratchUse::noise, size_ + 2 * padding_);
    const Scratch<float> smooth(ScratchUse::smooth_noise, size_ + 2 * padding_);
    std::fill_n(noise.data(), size_ + 2 * padding_, 0.0F);
    std::fill_n(smooth.data(), size_ + 2 * padding_, 0.0F);
    for (Index axis = 0; axis < 2; ++axis) {
      draw(random, 2 * sample + axis, image, noise.data() + padding_);
      smooth_along(noise.data() + padding_, 1, weights, smooth.data() + padding_);
      smooth_along(smooth.data() + padding_, stride_, scaled_weights,
                   fields_.data() + axis * size_);
    }
  }

  /// As Affine2D's.
  void find_points(Index row, Index first, Index count, Points& points) const {
    const float* const x = fields_.data() + row * stride_ + first;
    const float* const y = x + size_;
    for (Index p = 0; p < count; ++p) {
      points.x[static_cast<std::size_t>(p)] = static_cast<float>(first + p) + x[p];
      points.y[static_cast<std::size_t>(p)] = static_cast<float>(row) + y[p];
    }
  }

 private:
  // In memory, rows are `radius_` zeros apart, and as many rows of zeros are before and behind
  // them. So a sum along either axis is one loop over all pixels, without a border.

  /// Numbers from -1 to 1, those of field number `field`, each from half a word.
  void draw(const Random& random, Index field, const ImageSize& image, float* to) const {
    constexpr Index numbers_per_block = 8;
    const Index blocks_per_row = ceil_div(image.width, numbers_per_block);
    for (Index row = 0; row < image.height; ++row, to += stride_) {
      for (Index first = 0; first < image.width; first += numbers_per_block) {
        const Index block = (field * image.height + row) * blocks_per_row;
        const Random::Block words =
            random.block(static_cast<std::uint64_t>(block + first / numbers_per_block));
        for (Index i = 0; i < std::min(numbers_per_block, image.width - first); ++i) {
          const std::uint32_t half = words[static_cast<std::size_t>(i / 2)] >> (i % 2 * 16);
          to[first + i] = static_cast<float>(static_cast<std::int16_t>(half)) * 0x1p-15F;
        }
      }
    }
  }

  /// to[i] = sum_k weights[k] from[i + (k - radius) step], where weights are symmetric
  void smooth_along(const float* from, Index step, const std::vector<float>& weights,
                    float* to) const {
    using Values = Eigen::Map<const Eigen::ArrayXf>;
    Eigen::Map<Eigen::ArrayXf> sum(to, size_);
    sum = weights[static_cast<std::size_t>(radius_)] * Values(from, size_);
    for (Index k = 1; k <= radius_; ++k) {
      const float weight = weights[static_cast<std::size_t>(radius_ + k)];
      sum += weight * (Values(from - k * step, size_) + Values(from + k * step, size_));
    }
  }

  Index radius_, stride_, padding_, size_;
  Scratch<float> fields_;  // displacements to the right [height, stride_], then those downwards
};

}  // namespace nn::kernels
