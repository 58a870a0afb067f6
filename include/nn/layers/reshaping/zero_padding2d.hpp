// SPDX-License-Identifier: MIT
// Borders of zeros: images.
#pragma once

#include <string>

#include "nn/layer/reshaping/borders.hpp"

namespace nn {

/// Zeros around images (Keras: ZeroPadding2D). `nn::ZeroPadding2D{{{1, 0}, {2, 3}}}`: top, bottom,
/// left, right. Shapes    x [N, H, W, C]   y [N, top + H + bottom, left + W + right, C] Backward dx
/// = dy without the border Throws    std::invalid_argument for numbers outside 0 .. 2^20;
/// ShapeError for samples that are
///           not [H, W, C]
template <Real T = float>
class ZeroPadding2D : public detail::BorderLayer<T, 2, true> {
 public:
  explicit ZeroPadding2D(const Borders2D& padding = 1)
      : detail::BorderLayer<T, 2, true>("ZeroPadding2D", "padding", padding) {}

  [[nodiscard]] static std::string name() { return "ZeroPadding2D"; }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("padding", this->sizes());
  }
  [[nodiscard]] static ZeroPadding2D from_arguments(const Arguments& a) {
    return ZeroPadding2D(ZeroPadding2D::borders_from(a, "padding"));
  }
};

}  // namespace nn
