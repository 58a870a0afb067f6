// SPDX-License-Identifier: MIT
// Dropout of whole channels of sequences.
#pragma once

#include <string>

#include "nn/layer/regularization/spatial_dropout.hpp"

namespace nn {

/// Sets each channel of each sample to 0 with probability `rate` in training and divides the others
/// by 1 - rate (Tompson, Goroshin, Jain, LeCun and Bregler 2015; Keras: SpatialDropout1D). Identity
/// at inference. Neighbours in a channel are alike, so dropping them one by one would hide little.
/// Shapes    x [N, steps, C]   y like x
/// Backward  dx = dy / (1 - rate) in the channels that were kept, else 0
/// Throws    std::invalid_argument unless 0 <= rate <= 1; ShapeError for samples that are not
///           [steps, C]
template <Real T = float>
class SpatialDropout1D : public detail::SpatialDropout<T, 1> {
 public:
  explicit SpatialDropout1D(double rate) : detail::SpatialDropout<T, 1>("SpatialDropout1D", rate) {}

  [[nodiscard]] static std::string name() { return "SpatialDropout1D"; }

  [[nodiscard]] static SpatialDropout1D from_arguments(const Arguments& a) {
    return SpatialDropout1D(a.get<double>("rate"));
  }
};

}  // namespace nn
