// SPDX-License-Identifier: MIT
// What layers share that change images at random in training.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// The bounds of a random number: 0.1 stands for -0.1 to 0.1, {0, 0.2} for 0 to 0.2 (Keras: a
/// number or a tuple).
struct FactorRange {
  double lower = 0;
  double upper = 0;

  FactorRange(double factor)  // NOLINT(google-explicit-constructor): 0.1 is a range
      : lower(-std::abs(factor)), upper(std::abs(factor)) {}
  FactorRange(double least, double most) : lower(least), upper(most) {}

  /// Throws `std::invalid_argument` for bounds outside of least .. 1, or in the wrong order.
  NN_COLD void require_within(double least, const char* where, const char* name) const {
    if (least <= lower && lower <= upper && upper <= 1) return;
    refuse({where, {name, " that rises within ", least, " .. 1"}, {lower, " .. ", upper}});
  }
  [[nodiscard]] double at(double fraction) const { return lower + (upper - lower) * fraction; }

  NN_COLD void describe(Arguments& arguments, const char* name) const {
    arguments.set(name, std::vector<double>{lower, upper});
  }
  [[nodiscard]] NN_COLD static FactorRange from(const Arguments& arguments, const char* name) {
    const auto bounds = arguments.get<std::vector<double>>(name);
    if (bounds.size() == 1) return bounds[0];
    demand(bounds.size() == 2, arguments.owner().c_str(), "one or two bounds of a factor",
           bounds.size());
    return {bounds[0], bounds[1]};
  }
};

/// Numbers that replace the model's seed and a layer's place in it: layers with the same seed draw
/// the same numbers, as for an image and its mask. 0 or more.
using ImageSeed = std::optional<std::int64_t>;

/// Options of layers that change the values of images, with Keras' names and defaults.
struct RandomColorOptions {
  FactorRange value_range{0, 255};  ///< of the images; what is outside becomes its nearest bound
  ImageSeed seed{};
};

namespace detail {

/// Throws `std::invalid_argument` for a seed below 0.
NN_COLD inline void require_seed(const char* layer, const ImageSeed& seed) {
  if (seed) demand(*seed >= 0, layer, "a seed of 0 or more", *seed);
}
NN_COLD inline void describe_seed(Arguments& arguments, const ImageSeed& seed) {
  if (seed) arguments.set("seed", *seed);
}
[[nodiscard]] NN_COLD inline ImageSeed seed_from(const Arguments& arguments) {
  if (!arguments.has("seed")) return std::nullopt;
  return arguments.get<Index>("seed");
}
/// The numbers of a pass.
[[nodiscard]] inline Random random_of_images(const Pass& pass, const ImageSeed& seed) {
  if (!seed) return pass.random(RandomPurpose::augmentation);
  return {static_cast<std::uint64_t>(*seed), {RandomPurpose::augmentation, 0, pass.step}};
}

/// Throws `ShapeError` for samples that are no images.
NN_COLD inline void require_image(const std::string& layer, const Shape& input) {
  if (input.rank() == 3) return;
  refuse<ShapeError>({layer, "samples [height, width, channels]", input.to_string(), "",
                      "use images [N, height, width, channels]"});
}

/// Throws `std::invalid_argument` for a range that does not rise or is not finite.
NN_COLD inline void require_value_range(const char* layer, const FactorRange& range) {
  if (range.lower < range.upper && is_finite(range.lower) && is_finite(range.upper)) return;
  refuse({layer, "a finite value_range that rises", {range.lower, " .. ", range.upper}});
}

}  // namespace detail

/// Number i of the few, uniform in [0, 1), that image n of a batch has.
[[nodiscard]] inline double uniform_of_image(const Random& random, Index n, Index i) {
  constexpr Index numbers_of_image = 4;
  return random.uniform(static_cast<std::uint64_t>(n * numbers_of_image + i));
}

}  // namespace nn
