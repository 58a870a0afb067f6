// SPDX-License-Identifier: MIT
// What layers share that move the pixels of images at random in training.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>

#include "nn/core/finite.hpp"
#include "nn/core/function_ref.hpp"
#include "nn/kernels/warp/warp.hpp"
#include "nn/layer/augmentation/random_image.hpp"

namespace nn {

/// Options of the layers that move pixels, with Keras' names and defaults.
struct RandomWarpOptions {
  FillMode fill_mode = FillMode::reflect;  ///< what is read outside of an image
  Interpolation interpolation = Interpolation::bilinear;
  ImageSeed seed{};
  double fill_value = 0;  ///< of FillMode::constant
};

namespace detail {

/// Moves the pixels of images [N, height, width, channels], each image by a map of its own.
template <Real T>
class RandomWarp {
 public:
  NN_COLD RandomWarp(const char* layer, const RandomWarpOptions& options) : options_(options) {
    demand(is_finite(T(options.fill_value)), layer, "a finite fill_value", options.fill_value);
    require_seed(layer, options.seed);
  }

  [[nodiscard]] NN_COLD static Shape output_shape(const std::string& layer, const Shape& input) {
    require_image(layer, input);
    return input;
  }

  /// `map_of(random, n, image)` is the map of image n; y = x at inference.
  template <class MapOf>
  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass,
               const MapOf& map_of) const {
    warp<MapBy<MapOf>>(shape_of(x), pass, map_of, x.data(), y.data());
  }

  /// dx = the transpose of the same map of dy
  template <class MapOf>
  void backward(ConstTensorMap<T, 4> x, TensorMap<T, 4> dy, TensorMap<T, 4> dx, const Pass& pass,
                const MapOf& map_of) const {
    if (pass.needs_dx) warp_gradient<MapBy<MapOf>>(shape_of(x), pass, map_of, dy.data(), dx.data());
  }

  NN_COLD void describe(Arguments& arguments) const {
    arguments.set("fill_mode", to_string(options_.fill_mode))
        .set("interpolation", to_string(options_.interpolation))
        .set("fill_value", options_.fill_value);
    describe_seed(arguments, options_.seed);
  }
  [[nodiscard]] NN_COLD static RandomWarpOptions options_from(const Arguments& a) {
    return {.fill_mode = a.one_of("fill_mode", {FillMode::reflect, FillMode::constant,
                                                FillMode::wrap, FillMode::nearest}),
            .interpolation =
                a.one_of("interpolation", {Interpolation::bilinear, Interpolation::nearest}),
            .seed = seed_from(a),
            .fill_value = a.get<double>("fill_value")};
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
  using MapBy = std::invoke_result_t<MapOf, const Random&, Index, const kernels::ImageSize&>;
  template <class Map>
  using Maps = FunctionRef<Map(const Random&, Index, const kernels::ImageSize&)>;

  // Compiled once for all layers with the same kind of map.
  template <class Map>
  [[gnu::noinline]] void warp(const kernels::WarpShape& shape, const Pass& pass, Maps<Map> map_of,
                              const T* x, T* y) const {
    if (!pass.is_random()) {
      std::copy_n(x, shape.batch * shape.size(), y);
      return;
    }
    kernels::warp(shape, maps_of(shape, pass, map_of), T(options_.fill_value), x, y);
  }
  template <class Map>
  [[gnu::noinline]] void warp_gradient(const kernels::WarpShape& shape, const Pass& pass,
                                       Maps<Map> map_of, const T* dy, T* dx) const {
    if (!pass.is_random()) {
      std::copy_n(dy, shape.batch * shape.size(), dx);
      return;
    }
    kernels::warp_gradient<T>(shape, maps_of(shape, pass, map_of), dy, dx);
  }
  template <class Map>
  [[nodiscard]] auto maps_of(const kernels::WarpShape& shape, const Pass& pass,
                             Maps<Map> map_of) const {
    const Random random = random_of_images(pass, options_.seed);
    const Index first = pass.first_in_batch(shape.batch);
    return [=](Index n) { return map_of(random, first + n, shape.image); };
  }

  RandomWarpOptions options_;
};

}  // namespace detail

}  // namespace nn
