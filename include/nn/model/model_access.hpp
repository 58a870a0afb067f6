// SPDX-License-Identifier: MIT
// How nested models, files and tests reach a model's network, which is no business of its users.
#pragma once

#include "nn/core/cxx20.hpp"

namespace nn::detail {

struct ModelAccess {
  template <class Model>
  static auto network(Model& model) -> decltype((model.network_)) {
    return model.network_;
  }
  template <class Model>
  static auto compiled(Model& model) -> decltype((model.compiled_)) {
    return model.compiled_;
  }
};

}  // namespace nn::detail
