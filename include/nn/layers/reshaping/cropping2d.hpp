// SPDX-License-Identifier: MIT
// Samples without their borders: images.
#pragma once

#include <string>

#include "nn/layer/reshaping/borders.hpp"

namespace nn {

/// Leaves out pixels around images (Keras: Cropping2D). `nn::Cropping2D{{{1, 0}, {2, 3}}}`: top,
/// bottom, left, right. Shapes    x [N, H, W, C]   y [N, H - top - bottom, W - left - right, C]
/// Backward  dx = dy, and 0 at what was left out
/// Throws    std::invalid_argument for numbers outside 0 .. 2^20; ShapeError for samples that are
///           not [H, W, C], or
///           from which nothing would be left
template <Real T = float>
class Cropping2D : public detail::BorderLayer<T, 2, false> {
 public:
  explicit Cropping2D(const Borders2D& cropping = 0)
      : detail::BorderLayer<T, 2, false>("Cropping2D", "cropping", cropping) {}

  [[nodiscard]] static std::string name() { return "Cropping2D"; }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("cropping", this->sizes());
  }
  [[nodiscard]] static Cropping2D from_arguments(const Arguments& a) {
    return Cropping2D(Cropping2D::borders_from(a, "cropping"));
  }
};

}  // namespace nn
