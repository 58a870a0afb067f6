// SPDX-License-Identifier: MIT
// Average pooling of images to a given size.
#pragma once

#include <string>

#include "nn/layer/pooling/average_pooling.hpp"

namespace nn {

/// The mean of each of `output_size` windows that share an image evenly, whatever its size
/// (Keras: AdaptiveAveragePooling2D): window i of n on a length h lies on the pixels from
/// floor(i h / n) to ceil((i + 1) h / n), so windows may overlap.
/// Shapes    x [N, H, W, C]   y [N, OH, OW, C]
/// Backward  dx gets dy / pixels of the window, of each window that it lies in
/// Throws    std::invalid_argument for sizes outside 1 .. 2^20;
///           ShapeError for samples that are not [H, W, C] or have no elements
template <Real T = float>
class AdaptiveAveragePooling2D : public detail::AveragePooling<T, detail::SharedWindows> {
 public:
  NN_COLD explicit AdaptiveAveragePooling2D(Size2D output_size)
      : detail::AveragePooling<T, detail::SharedWindows>(
            "AdaptiveAveragePooling2D", {"AdaptiveAveragePooling2D", output_size}) {}

  [[nodiscard]] static std::string name() { return "AdaptiveAveragePooling2D"; }

  [[nodiscard]] static AdaptiveAveragePooling2D from_arguments(const Arguments& a) {
    return AdaptiveAveragePooling2D(a.get<Size2D>("output_size"));
  }
};

}  // namespace nn
