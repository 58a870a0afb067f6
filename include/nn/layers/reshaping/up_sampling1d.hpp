// SPDX-License-Identifier: MIT
// Repetition of the steps of a sequence.
#pragma once

#include <string>

#include "nn/layer/reshaping/up_sampling.hpp"

namespace nn {

/// Each step of a sequence `size` times (Keras: UpSampling1D): y[n,t,c] = x[n, t / size, c]
/// Shapes    x [N, steps, C]   y [N, steps size, C]
/// Backward  dx = the sum of dy over the steps that were made of one
/// Throws    std::invalid_argument for a size outside 1 .. 2^20; ShapeError for samples that are
///           not [steps, C]
template <Real T = float>
class UpSampling1D : public detail::UpSampling<T, 1> {
 public:
  explicit UpSampling1D(Index size = 2)
      : detail::UpSampling<T, 1>("UpSampling1D", {size, 1}, Interpolation::nearest) {}

  [[nodiscard]] static std::string name() { return "UpSampling1D"; }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("size", this->size().height);
  }
  [[nodiscard]] static UpSampling1D from_arguments(const Arguments& a) {
    return UpSampling1D(a.get<Index>("size"));
  }
};

}  // namespace nn
