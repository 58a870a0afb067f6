// SPDX-License-Identifier: MIT
// Random brightness layer.
#pragma once

#include <string>

#include "nn/layer/augmentation/random_color.hpp"

namespace nn {

/// Makes each image of a training batch brighter or darker by a random part of its value_range
/// (Keras: RandomBrightness); identity at inference.
///     y = clip(x + f (highest - lowest))     f from `factor`: 0.2 stands for {-0.2, 0.2}
/// clip brings values back to value_range. f is a function of (seed, layer, step, n) alone.
/// Shapes    x [N, H, W, C]   y like x
/// Backward  dx = dy, and 0 where y was clipped
/// Throws    std::invalid_argument for factors outside -1 .. 1, a value_range that does not rise
///           and a negative seed; ShapeError for samples that are not [H, W, C]
template <Real T = float>
class RandomBrightness : public detail::RandomColor<T, false> {
  using Base = detail::RandomColor<T, false>;

 public:
  NN_COLD explicit RandomBrightness(FactorRange factor, const RandomColorOptions& options = {})
      : Base("RandomBrightness", factor, options.value_range.upper - options.value_range.lower,
             options) {
    factor.require_within(-1, "RandomBrightness", "a factor");
  }

  [[nodiscard]] static std::string name() { return "RandomBrightness"; }

  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    this->factor().describe(arguments, "factor");
    this->describe(arguments);
    return arguments;
  }
  [[nodiscard]] NN_COLD static RandomBrightness from_arguments(const Arguments& a) {
    return RandomBrightness(FactorRange::from(a, "factor"), Base::options_from(a));
  }
};

}  // namespace nn
