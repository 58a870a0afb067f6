// SPDX-License-Identifier: MIT
// Layers that training does not change.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/model/model.hpp"

namespace nn {

template <Real T>
NN_COLD Index Model<T>::number_of(const char* where, std::string_view name) const {
  std::string known;
  const std::vector<std::string> names = detail::layer_names(network_);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Index>(i);
    append_listed(known, names[i]);
  }
  refuse({where, {"a layer among ", known}, {"'", name, "'"}});
}

/// `freeze` and `unfreeze`. A frozen layer keeps its parameters and its state, batch normalization
/// normalizes by its moving statistics in training too, and the gradients of parameters are left
/// out. That holds for all layers of a nested model. What is trained again begins with moments of
/// 0; `compile` lets all begin anew. Copies are frozen as well; files say so with the optimizer
/// alone.
///
/// Maps of values, gradients and moments from before are no longer valid. Throws
/// `std::invalid_argument` during `fit`, after `quantize`, and for a layer that is not there.
template <Real T>
NN_COLD void Model<T>::set_frozen(const char* where, bool frozen, Index first, Index last) {
  network_.require_no_training(where);
  network_.require_float_weights(where);
  Network<T> changed = network_;  // this model stays as it is where memory runs out
  for (Index i = first; i < last; ++i) {
    require_layer(where, i);
    changed.graph().set_frozen(static_cast<std::size_t>(i), frozen);
  }
  changed.rearrange();
  network_ = std::move(changed);
}

}  // namespace nn
