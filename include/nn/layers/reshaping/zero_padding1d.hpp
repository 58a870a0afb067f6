// SPDX-License-Identifier: MIT
// Borders of zeros: sequences.
#pragma once

#include <string>

#include "nn/layer/reshaping/borders.hpp"

namespace nn {

/// Zeros before and after a sequence (Keras: ZeroPadding1D). `nn::ZeroPadding1D{{2, 0}}` puts two
/// steps in front. Shapes    x [N, steps, channels]   y [N, before + steps + after, channels]
/// Backward  dx = dy without the border
/// Throws    std::invalid_argument for numbers outside 0 .. 2^20; ShapeError for samples that are
///           not [steps, channels]
template <Real T = float>
class ZeroPadding1D : public detail::BorderLayer<T, 1, true> {
 public:
  explicit ZeroPadding1D(const Borders1D& padding = 1)
      : detail::BorderLayer<T, 1, true>("ZeroPadding1D", "padding", {padding, 0}) {}

  [[nodiscard]] static std::string name() { return "ZeroPadding1D"; }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("padding", this->sizes());
  }
  [[nodiscard]] static ZeroPadding1D from_arguments(const Arguments& a) {
    return ZeroPadding1D(ZeroPadding1D::borders_from(a, "padding").vertical);
  }
};

}  // namespace nn
