// SPDX-License-Identifier: MIT
// What layers share that change the contrast or the brightness of images at random in training.
#pragma once

#include <algorithm>
#include <string>

#include "nn/kernels/images/adjust.hpp"
#include "nn/layer/augmentation/random_image.hpp"

namespace nn::detail {

/// y = clip((x - mean) f + mean + shift) for each image, where one of the two numbers f = 1 +
/// number and shift = number is random; a base of layers.
template <Real T, bool is_contrast>
class RandomColor {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;
  static constexpr Promises promises{.is_identity_at_inference = true, .ignores_y = true};

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    require_image(layer_, input);
    return input;
  }

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass) const {
    if (pass.is_random()) {
      use_numbers(x, pass, [&](const auto& shape, const auto& factor_of, const auto& shift_of) {
        kernels::adjust(shape, factor_of, shift_of, x.data(), y.data());
      });
    } else {
      std::copy_n(x.data(), x.size(), y.data());
    }
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4>, TensorMap<T, 4> dy,
                TensorMap<T, 4> dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    if (pass.is_random()) {
      use_numbers(x, pass, [&](const auto& shape, const auto& factor_of, const auto& shift_of) {
        kernels::adjust_gradient(shape, factor_of, shift_of, x.data(), dy.data(), dx.data());
      });
    } else {
      std::copy_n(dy.data(), dy.size(), dx.data());
    }
  }

 protected:
  /// The number is scale U(factor).
  NN_COLD RandomColor(const char* layer, const FactorRange& factor, double scale,
                      const RandomColorOptions& options)
      : layer_(layer), factor_(factor), scale_(scale), options_(options) {
    require_value_range(layer, options.value_range);
    require_seed(layer, options.seed);
  }

  NN_COLD void describe(Arguments& arguments) const {
    options_.value_range.describe(arguments, "value_range");
    describe_seed(arguments, options_.seed);
  }
  [[nodiscard]] NN_COLD static RandomColorOptions options_from(const Arguments& a) {
    return {.value_range = FactorRange::from(a, "value_range"), .seed = seed_from(a)};
  }
  [[nodiscard]] const FactorRange& factor() const { return factor_; }

 private:
  template <class Use>
  void use_numbers(const ConstTensorMap<T, 4>& x, const Pass& pass, const Use& use) const {
    const Index batch = x.dimension(0), first = pass.first_in_batch(batch);
    const Random random = random_of_images(pass, options_.seed);
    const auto number_of = [&](Index n) {
      return scale_ * factor_.at(uniform_of_image(random, first + n, 0));
    };
    const kernels::AdjustShape<T> shape{batch, x.dimension(1) * x.dimension(2), x.dimension(3),
                                        static_cast<T>(options_.value_range.lower),
                                        static_cast<T>(options_.value_range.upper)};
    use(
        shape, [&](Index n) { return is_contrast ? 1 + number_of(n) : 1; },
        [&](Index n) { return is_contrast ? 0 : number_of(n); });
  }

  const char* layer_;
  FactorRange factor_;
  double scale_;
  RandomColorOptions options_;
};

}  // namespace nn::detail
