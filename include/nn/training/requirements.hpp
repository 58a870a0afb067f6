// SPDX-License-Identifier: MIT
// Checks of labels and results that several calls share.
#pragma once

#include <cstdint>

#include "nn/data/labels.hpp"
#include "nn/data/samples.hpp"

namespace nn::detail {

/// Throws unless there is a label for each sample and each is a class that the model has a score
/// for.
NN_COLD inline void require_labels(const char* where, const Samples& x, const LabelView& y,
                                   const Shape& output) {
  if (x.count() != y.count()) {
    refuse<ShapeError>(
        {where, "as many labels as samples", {y.count(), " labels"}, {x.count(), " samples"}});
  }
  if (output.rank() != 1) {
    refuse<ShapeError>({.where = where,
                        .expected = "a model that gives one row of class scores for a sample",
                        .got = {"output of shape ", output.to_string()},
                        .remedy = "add nn::Flatten before the last nn::Dense"});
  }
  for (Index i = 0; i < y.count(); ++i) {
    const std::int32_t label = y.data()[i];
    if (label >= 0 && label < output.back()) continue;
    refuse({where,
            {"labels from 0 to ", output.back() - 1},
            label,
            {"label of sample ", i},
            "the last layer needs a unit for each class"});
  }
}

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
