// SPDX-License-Identifier: MIT
// Samples without their borders: sequences.
#pragma once

#include <string>

#include "nn/layer/reshaping/borders.hpp"

namespace nn {

/// Leaves out steps before and after (Keras: Cropping1D). `nn::Cropping1D{{2, 0}}` drops the first
/// two steps. Shapes    x [N, steps, channels]   y [N, steps - before - after, channels] Backward
/// dx = dy, and 0 at what was left out Throws    std::invalid_argument for numbers outside 0 ..
/// 2^20; ShapeError for samples that are
///           not [steps, channels], or
///           from which nothing would be left
template <Real T = float>
class Cropping1D : public detail::BorderLayer<T, 1, false> {
 public:
  explicit Cropping1D(const Borders1D& cropping = 1)
      : detail::BorderLayer<T, 1, false>("Cropping1D", "cropping", {cropping, 0}) {}

  [[nodiscard]] static std::string name() { return "Cropping1D"; }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("cropping", this->sizes());
  }
  [[nodiscard]] static Cropping1D from_arguments(const Arguments& a) {
    return Cropping1D(Cropping1D::borders_from(a, "cropping").vertical);
  }
};

}  // namespace nn
