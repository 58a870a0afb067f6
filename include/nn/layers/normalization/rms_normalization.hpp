// SPDX-License-Identifier: MIT
// Root mean square normalization.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/layer/normalization/row_normalization.hpp"

namespace nn {

/// Options of RMSNormalization, with Keras' names and defaults.
struct RMSNormalizationOptions {
  /// That are normalized together: the last one, or several last ones in their order.
  std::vector<Index> axis{-1};
  double epsilon = 1e-6;  ///< added to the mean square, which may be 0; positive
};

/// Divides each row of each sample by its root mean square (Zhang and Sennrich 2019; Keras:
/// RMSNormalization):
///     y = x / rms * scale     rms = sqrt(mean x^2 + epsilon)
/// Shapes    x [rows, last axes]   y like x   scale [last axes]
/// Backward  dscale += sum dy x^   with x^ = x / rms
///           dx = (g - x^ mean(g x^)) / rms   with g = dy scale
/// Init      scale: one
/// Throws    std::invalid_argument for an epsilon that is not positive, and without an axis;
///           ShapeError for other axes than the last, and for samples without elements
template <Real T = float>
class RMSNormalization : public detail::RowNormalization<T> {
 public:
  NN_COLD explicit RMSNormalization(RMSNormalizationOptions options = {})
      : detail::RowNormalization<T>("RMSNormalization", std::move(options.axis), options.epsilon,
                                    false) {}

  [[nodiscard]] static std::string name() { return "RMSNormalization"; }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add(this->gamma_, "scale", this->row_shape(input), Ones{});
  }

  [[nodiscard]] NN_COLD Arguments arguments() const { return this->arguments_of_rows(); }
  [[nodiscard]] NN_COLD static RMSNormalization from_arguments(const Arguments& a) {
    return RMSNormalization(
        {.axis = RMSNormalization::axis_from(a), .epsilon = a.get<double>("epsilon")});
  }
};

}  // namespace nn
