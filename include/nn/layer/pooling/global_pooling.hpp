// SPDX-License-Identifier: MIT
// What layers share that pool all steps of a sequence, or all pixels of an image.
#pragma once

#include <string>

#include "nn/layer/layer.hpp"

namespace nn {

/// Options of the global poolings, with Keras' names and defaults.
struct GlobalPoolingOptions {
  bool keepdims = false;  ///< keep the axes that are pooled, with size 1
};

namespace detail {

/// Shapes and arguments of a pooling over samples [steps, channels] (Axes = 1) or [height, width,
/// channels] (Axes = 2).
template <Real T, int Axes>
class GlobalPooling {
 public:
  using Scalar = T;
  static constexpr int input_rank = Axes + 2;

  [[nodiscard]] NN_COLD Shape output_shape(const Shape& input) const {
    constexpr bool is_image = Axes == 2;
    if (input.rank() != Axes + 1) {
      refuse<ShapeError>(
          {layer_, is_image ? "samples [height, width, channels]" : "samples [steps, channels]",
           input.to_string(), "",
           is_image ? "use images [N, height, width, channels]"
                    : "use sequences [N, steps, channels]"});
    }
    if (input.num_elements() == 0) {
      refuse<ShapeError>(
          {layer_,
           is_image ? "images with pixels and channels" : "sequences with steps and channels",
           input.to_string()});
    }
    if (!options_.keepdims) return {input.back()};
    if constexpr (is_image) return {1, 1, input.back()};
    return {1, input.back()};
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{layer_}.set("keepdims", options_.keepdims);
  }

 protected:
  GlobalPooling(const char* layer, const GlobalPoolingOptions& options)
      : layer_(layer), options_(options) {}

  [[nodiscard]] static GlobalPoolingOptions options_from(const Arguments& a) {
    return {.keepdims = a.get<bool>("keepdims")};
  }
  /// Steps or pixels.
  [[nodiscard]] static Index num_places(const ConstTensorMap<T, Axes + 2>& x) {
    return Axes == 2 ? x.dimension(1) * x.dimension(Axes) : x.dimension(1);
  }

 private:
  const char* layer_;
  GlobalPoolingOptions options_;
};

}  // namespace detail
}  // namespace nn
