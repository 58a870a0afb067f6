// SPDX-License-Identifier: MIT
// Random contrast layer.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "nn/layer/augmentation/random_color.hpp"

namespace nn {

/// Changes the contrast of each image of a training batch by a random factor (Keras:
/// RandomContrast); identity at inference.
///     y = clip((x - mean) f + mean)     mean of the image's channel, f in 1 - lower .. 1 + upper
/// `RandomContrast{0.2}`: lower = upper = 0.2; `RandomContrast{{0.1, 0.3}}`: lower and upper. clip
/// brings values back to value_range. f is a function of (seed, layer, step, n) alone.
/// Shapes    x [N, H, W, C]   y like x
/// Backward  dx = f dz + (1 - f) mean(dz), where dz is dy, and 0 where y was clipped
/// Throws    std::invalid_argument for factors outside 0 .. 1, a value_range that does not rise and
///           a negative seed; ShapeError for samples that are not [H, W, C]
template <Real T = float>
class RandomContrast : public detail::RandomColor<T, true> {
  using Base = detail::RandomColor<T, true>;

 public:
  NN_COLD explicit RandomContrast(FactorRange factor, const RandomColorOptions& options = {})
      : Base("RandomContrast", {-std::abs(factor.lower), factor.upper}, 1, options) {
    // A single number f has come as {-f, f}.
    const double lower = factor.lower == -factor.upper ? factor.upper : factor.lower;
    for (const double bound : {lower, factor.upper}) {
      demand(bound >= 0 && bound <= 1, "RandomContrast", "factors from 0 to 1", bound);
    }
  }

  [[nodiscard]] static std::string name() { return "RandomContrast"; }

  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    arguments.set("factor", std::vector<double>{-this->factor().lower, this->factor().upper});
    this->describe(arguments);
    return arguments;
  }
  [[nodiscard]] NN_COLD static RandomContrast from_arguments(const Arguments& a) {
    return RandomContrast(FactorRange::from(a, "factor"), Base::options_from(a));
  }
};

}  // namespace nn
