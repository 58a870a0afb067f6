// SPDX-License-Identifier: MIT
// What layers share that move the pixels of images at random in training.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/kernels/warp/warp.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Options of the layers that move pixels, with Keras' names and defaults.
struct RandomWarpOptions {
  FillMode fill_mode = FillMode::reflect;  ///< what is read outside of an image
  Interpolation interpolation = Interpolation::bilinear;
  /// Replaces the model's seed and the layer's place in it: layers with the same seed draw the same
  /// numbers, as for an image and its mask. 0 or more.
  std::optional<std::int64_t> seed{};
  double fill_value = 0;  ///< of FillMode::constant
};

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

namespace detail {

/// Moves the pixels of images [N, height, width, channels], each image by a map of its own.
template <Real T>
class RandomWarp {
 public:
  NN_COLD RandomWarp(const char* layer, const RandomWarpOptions& options) : options_(options) {
    demand(is_finite(T(options.fill_value)), layer, "a finite fill_value", options.fill_value);
    if (options.seed) demand(*options.seed >= 0, layer, "a seed of 0 or more", *options.seed);
  }

  [[nodiscard]] NN_COLD static Shape output_shape(const std::string& layer, const Shape& input) {
    if (input.rank() == 3) return input;
    refuse<ShapeError>({layer, "samples [height, width, channels]", input.to_string(), "",
                        "use images [N, height, width, channels]"});
  }

  /// `map_of(random, n, image)` is the map of image n; y = x at inference.
  template <class MapOf>
  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass,
               const MapOf& map_of) const {
    if (pass.is_random()) {
      kernels::warp(shape_of(x), maps_of(x, pass, map_of), T(options_.fill_value), x.data(),
                    y.data());
    } else {
      std::copy_n(x.data(), x.size(), y.data());
    }
  }

  /// dx = the transpose of the same map of dy
  template <class MapOf>
  void backward(ConstTensorMap<T, 4> x, TensorMap<T, 4> dy, TensorMap<T, 4> dx, const Pass& pass,
                const MapOf& map_of) const {
    if (!pass.needs_dx) return;
    if (!pass.is_random()) {
      std::copy_n(dy.data(), dy.size(), dx.data());
      return;
    }
    kernels::warp_gradient<T>(shape_of(x), maps_of(x, pass, map_of), dy.data(), dx.data());
  }

  NN_COLD void describe(Arguments& arguments) const {
    arguments.set("fill_mode", to_string(options_.fill_mode))
        .set("interpolation", to_string(options_.interpolation))
        .set("fill_value", options_.fill_value);
    if (options_.seed) arguments.set("seed", *options_.seed);
  }
  [[nodiscard]] NN_COLD static RandomWarpOptions options_from(const Arguments& a) {
    RandomWarpOptions options{
        .fill_mode = a.one_of("fill_mode", {FillMode::reflect, FillMode::constant, FillMode::wrap,
                                            FillMode::nearest}),
        .interpolation =
            a.one_of("interpolation", {Interpolation::bilinear, Interpolation::nearest}),
        .fill_value = a.get<double>("fill_value")};
    if (a.has("seed")) options.seed = a.get<Index>("seed");
    return options;
  }

 private:
  [[nodiscard]] kernels::WarpShape shape_of(const ConstTensorMap<T, 4>& x) const {
    return {.batch = x.dimension(0),
            .image = {x.dimension(1), x.dimension(2)},
            .channels = x.dimension(3),
            .fill_mode = options_.fill_mode,
            .interpolation = options_.interpolation};
  }
  template <class MapOf>
  [[nodiscard]] auto maps_of(const ConstTensorMap<T, 4>& x, const Pass& pass,
                             const MapOf& map_of) const {
    const Random random = options_.seed ? Random{static_cast<std::uint64_t>(*options_.seed),
                                                 {RandomPurpose::augmentation, 0, pass.step}}
                                        : pass.random(RandomPurpose::augmentation);
    const kernels::ImageSize image{x.dimension(1), x.dimension(2)};
    const Index first = pass.first_in_batch(x.dimension(0));
    return [=](Index n) { return map_of(random, first + n, image); };
  }

  RandomWarpOptions options_;
};

}  // namespace detail

/// Number i of the few, uniform in [0, 1), that image n of a batch has.
[[nodiscard]] inline double uniform_of_image(const Random& random, Index n, Index i) {
  constexpr Index numbers_of_image = 4;
  return random.uniform(static_cast<std::uint64_t>(n * numbers_of_image + i));
}

}  // namespace nn
