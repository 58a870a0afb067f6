// SPDX-License-Identifier: MIT
// Checks of results that several calls share.
#pragma once

#include "nn/core/shape.hpp"

namespace nn::detail {

/// Throws unless results have this rank, batch axis included. `output`: the shape of one sample's
/// result.
NN_COLD inline void require_output_rank(const char* where, const Shape& output, int rank) {
  if (output.rank() + 1 == rank) return;
  refuse<ShapeError>({where,
                      {"a result of rank ", output.rank() + 1},
                      {"rank ", rank},
                      {"samples of the output have shape ", output.to_string()},
                      {"give the template argument ", output.rank() + 1}});
}

}  // namespace nn::detail
