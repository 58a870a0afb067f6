// SPDX-License-Identifier: MIT
// What layers say of samples that are no sequences, or no images.
#pragma once

#include "nn/core/error.hpp"
#include "nn/core/shape.hpp"

namespace nn::detail {

/// Throws `ShapeError` unless samples are [steps, channels] (Axes = 1) or [height, width, channels]
/// (Axes = 2).
template <int Axes>
NN_COLD void require_sample_rank(const char* layer, const Shape& sample) {
  constexpr bool is_image = Axes == 2;
  if (sample.rank() == Axes + 1) return;
  refuse<ShapeError>({layer,
                      is_image ? "samples [height, width, channels]" : "samples [steps, channels]",
                      sample.to_string(), "",
                      is_image ? "use images [N, height, width, channels]"
                               : "use sequences [N, steps, channels]"});
}

}  // namespace nn::detail
