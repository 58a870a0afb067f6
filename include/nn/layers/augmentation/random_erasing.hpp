// SPDX-License-Identifier: MIT
// Random erasing layer.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "nn/kernels/images/adjust.hpp"
#include "nn/layer/augmentation/random_image.hpp"

namespace nn {

/// Options of RandomErasing, with Keras' names and defaults.
struct RandomErasingOptions {
  /// The probability that an image is erased: of 1, always; {0.2, 0.6}: between these; a single
  /// number f: between 0 and f. In 0 .. 1.
  FactorRange factor = 1.0;
  /// The parts of width and of height are the roots of numbers between these: so this is about the
  /// part of an image's area. In 0 .. 1.
  FactorRange scale{0.02, 0.33};
  std::optional<double> fill_value{};  ///< of the erased pixels; none: random, normal
  FactorRange value_range{0, 255};     ///< of the images, and of what erased pixels become
  ImageSeed seed{};
};

/// Erases a rectangle of each image of a training batch, or not (Zhong et al. 2020; Keras:
/// RandomErasing); identity at inference. Erased pixels become fill_value, or normal numbers times
/// the highest value, both clipped to value_range. All is a function of (seed, layer, step, n, and
/// the element) alone.
/// Shapes    x [N, H, W, C]   y like x
/// Backward  dx = dy, and 0 at erased pixels
/// Throws    std::invalid_argument for a factor or a scale outside of 0 .. 1, a value_range that
///           does not rise, a fill_value that is not finite and a negative seed; ShapeError for
///           samples that are not [H, W, C]
template <Real T = float>
class RandomErasing {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD explicit RandomErasing(const RandomErasingOptions& options = {}) : options_(options) {
    constexpr const char* where = "RandomErasing";
    for (FactorRange* range : {&options_.factor, &options_.scale}) {
      if (range->lower == -range->upper) range->lower = 0;  // of a single number
    }
    options_.factor.require_within(0, where, "a factor");
    options_.scale.require_within(0, where, "a scale");
    detail::require_value_range(where, options.value_range);
    if (options.fill_value) {
      demand(is_finite(T(*options.fill_value)), where, "a finite fill_value", *options.fill_value);
    }
    detail::require_seed(where, options.seed);
  }

  [[nodiscard]] static std::string name() { return "RandomErasing"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    detail::require_image(name(), input);
    return input;
  }

  static constexpr Promises promises{.is_identity_at_inference = true, .ignores_y = true};

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass) const {
    const Random random = detail::random_of_images(pass, options_.seed);
    const auto begin = static_cast<std::uint64_t>(pass.first_in_batch(x.size()));
    fill(x, x.data(), y.data(), pass, [&](Index element) {
      double value = options_.value_range.upper;
      if (options_.fill_value) {
        value = *options_.fill_value;
      } else {
        value *= random.normal(first_of_noise + begin + static_cast<std::uint64_t>(element));
      }
      return static_cast<T>(
          std::clamp(value, options_.value_range.lower, options_.value_range.upper));
    });
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4>, TensorMap<T, 4> dy,
                TensorMap<T, 4> dx, const Pass& pass) const {
    if (pass.needs_dx) fill(x, dy.data(), dx.data(), pass, [](Index) { return T(0); });
  }

  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    options_.factor.describe(arguments, "factor");
    options_.scale.describe(arguments, "scale");
    if (options_.fill_value) arguments.set("fill_value", *options_.fill_value);
    options_.value_range.describe(arguments, "value_range");
    detail::describe_seed(arguments, options_.seed);
    return arguments;
  }
  [[nodiscard]] NN_COLD static RandomErasing from_arguments(const Arguments& a) {
    RandomErasingOptions options{.factor = FactorRange::from(a, "factor"),
                                 .scale = FactorRange::from(a, "scale"),
                                 .value_range = FactorRange::from(a, "value_range"),
                                 .seed = detail::seed_from(a)};
    if (a.has("fill_value")) options.fill_value = a.get<double>("fill_value");
    return RandomErasing(options);
  }

 private:
  /// Numbers of images come before those of elements.
  static constexpr std::uint64_t first_of_noise = std::uint64_t{1} << 48;

  /// to = from, and value(element) in the rectangle of each image.
  template <class Value>
  void fill(const ConstTensorMap<T, 4>& x, const T* from, T* to, const Pass& pass,
            const Value& value) const {
    if (!pass.is_random()) {
      std::copy_n(from, x.size(), to);
      return;
    }
    const Random random = detail::random_of_images(pass, options_.seed);
    const Index first = pass.first_in_batch(x.dimension(0));
    const auto rectangle_of = [&](Index n) {
      return rectangle(random, first + n, x.dimension(1), x.dimension(2));
    };
    kernels::fill_rectangles(x.dimension(0), x.dimension(1), x.dimension(2), x.dimension(3),
                             rectangle_of, value, from, to);
  }

  [[nodiscard]] kernels::Rectangle rectangle(const Random& random, Index n, Index height,
                                             Index width) const {
    const auto number = [&](Index i) {  // two images' numbers, as it takes six
      return uniform_of_image(random, 2 * n + i / 4, i % 4);
    };
    if (number(4) >= options_.factor.at(number(5))) return {};
    // Pixels from `start` on, as far as their corners are in the part.
    struct Span {
      Index begin, end;
    };
    const auto span = [&](Index size, double part, double place) {
      const double length = std::sqrt(part) * static_cast<double>(size);
      const double start = place * (static_cast<double>(size) - length);
      const auto end = static_cast<Index>(std::ceil(start + length));
      return Span{static_cast<Index>(std::ceil(start)), std::min(end, size)};
    };
    const Span across = span(width, options_.scale.at(number(0)), number(1));
    const Span down = span(height, options_.scale.at(number(2)), number(3));
    return {down.begin, across.begin, down.end, across.end};
  }

  RandomErasingOptions options_;
};

}  // namespace nn
