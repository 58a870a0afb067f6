// SPDX-License-Identifier: MIT
// Max pooling of images to a given size.
#pragma once

#include <string>

#include "nn/layer/pooling/max_pooling.hpp"

namespace nn {

/// The largest value of each of `output_size` windows that share an image evenly, whatever its size
/// (Keras: AdaptiveMaxPooling2D): window i of n on a length h lies on the pixels from
/// floor(i h / n) to ceil((i + 1) h / n), so windows may overlap.
/// Shapes    x [N, H, W, C]   y [N, OH, OW, C]
/// Backward  dx gets dy at the pixel that won, the first in scan order where several are equal
/// Throws    std::invalid_argument for sizes outside 1 .. 2^20;
///           ShapeError for samples that are not [H, W, C], have no elements, or have 2^31 or more
template <Real T = float>
class AdaptiveMaxPooling2D : public detail::MaxPooling<T, detail::SharedWindows> {
 public:
  NN_COLD explicit AdaptiveMaxPooling2D(Size2D output_size)
      : detail::MaxPooling<T, detail::SharedWindows>("AdaptiveMaxPooling2D",
                                                     {"AdaptiveMaxPooling2D", output_size}) {}

  [[nodiscard]] static std::string name() { return "AdaptiveMaxPooling2D"; }

  [[nodiscard]] static AdaptiveMaxPooling2D from_arguments(const Arguments& a) {
    return AdaptiveMaxPooling2D(a.get<Size2D>("output_size"));
  }
};

}  // namespace nn
