// SPDX-License-Identifier: MIT
// Enlarged images.
#pragma once

#include <string>

#include "nn/layer/reshaping/up_sampling.hpp"

namespace nn {

/// Options of UpSampling2D, with Keras' names and defaults.
struct UpSampling2DOptions {
  Interpolation interpolation = Interpolation::nearest;
};

/// Images with `size` times as many rows and columns (Keras: UpSampling2D).
///     nearest:   y[n,i,j,c] = x[n, i / s, j / s, c]
///     bilinear:  a mean of the four pixels around ((i + 1/2) / s - 1/2, (j + 1/2) / s - 1/2),
///                weighted by how near they are; the border's pixels go on beyond it
/// Shapes    x [N, H, W, C]   y [N, H size, W size, C]
/// Backward  dx gets dy by the shares that a pixel has in y
/// Throws    std::invalid_argument for sizes outside 1 .. 2^20; ShapeError for samples that are
///           not [H, W, C]
template <Real T = float>
class UpSampling2D : public detail::UpSampling<T, 2> {
 public:
  explicit UpSampling2D(Size2D size = 2, const UpSampling2DOptions& options = {})
      : detail::UpSampling<T, 2>("UpSampling2D", size, options.interpolation) {}

  [[nodiscard]] static std::string name() { return "UpSampling2D"; }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}
        .set("size", this->size())
        .set("interpolation", to_string(this->interpolation()));
  }
  [[nodiscard]] static UpSampling2D from_arguments(const Arguments& a) {
    return UpSampling2D(a.get<Size2D>("size"),
                        {.interpolation = a.one_of(
                             "interpolation", {Interpolation::nearest, Interpolation::bilinear})});
  }
};

}  // namespace nn
