// SPDX-License-Identifier: MIT
// Checks that several calls share.
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

/// Throws `std::invalid_argument` for a negative number of batches to read ahead.
NN_COLD inline void require_prefetch(const char* where, Index prefetch) {
  demand(prefetch >= 0, where, "a prefetch of 0 or more batches", prefetch);
}

}  // namespace nn::detail
