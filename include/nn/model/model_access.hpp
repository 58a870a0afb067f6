// SPDX-License-Identifier: MIT
// How files and tests reach a model's network, which is no business of its users.
#pragma once

#include "nn/model/sequential.hpp"

namespace nn::detail {

struct ModelAccess {
  template <class Model>
  static auto& network(Model& model) {
    return model.network_;
  }
};

}  // namespace nn::detail
