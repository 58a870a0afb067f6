// SPDX-License-Identifier: MIT
// How training and files reach into a model without being part of it.
#pragma once

#include "nn/model/sequential.hpp"

namespace nn::detail {

/// Reaches the parts of a model, for the storeys above: training and files.
struct ModelAccess {
  template <Real T>
  static Network<T>& network(Sequential<T>& model) {
    return model.network_;
  }
  template <Real T>
  static const Network<T>& network(const Sequential<T>& model) {
    return model.network_;
  }
  template <Real T>
  static Compiled<T>& compiled(Sequential<T>& model, const char* where) {
    require_compiled(model, where);
    return model.compiled_;
  }
  template <Real T>
  static const Compiled<T>& compiled(const Sequential<T>& model, const char* where) {
    require_compiled(model, where);
    return model.compiled_;
  }
  template <Real T>
  static void require_compiled(const Sequential<T>& model, const char* where) {
    if (model.is_compiled()) return;
    refuse({where, "a compiled model", "one without loss and optimizer", "",
            "call compile(optimizer, loss, metrics) first"});
  }
};

}  // namespace nn::detail
