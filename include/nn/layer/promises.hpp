// SPDX-License-Identifier: MIT
// What a layer promises to the model around it.
#pragma once

#include <concepts>
#include <type_traits>

#include "nn/core/cxx20.hpp"

namespace nn {

/// The promises of a layer, as a member of it:
///     static constexpr nn::Promises promises{.masks_dx = true, .assigns_gradients = true};
/// Each one spares the model a pass over memory; a layer without any is correct all the same.
struct Promises {
  /// y is the memory of x under another shape: forward and backward are never called.
  bool reshapes = false;
  /// At inference y = x, in the shape of x: forward copies, and a model leaves the layer out.
  bool is_identity_at_inference = false;
  /// The layer does nothing but its `activation()`, unless that is linear.
  bool only_activates = false;
  /// forward obeys pass.activation, which is one of those that `is_epilogue` names. backward gets
  /// the gradient in front of the activation as dy, and does not read y.
  bool applies_activation = false;
  /// forward obeys pass.activation where that is a ReLU. backward gets the gradient behind the
  /// ReLU, and does not read y.
  bool applies_relu = false;
  /// It has a second `forward`, which gives y = act(affine(z)) at inference, of what the other one
  /// gives as z.
  bool applies_affine = false;
  /// At inference y is an affine map of x for each feature, which `affine` says.
  bool is_affine = false;
  /// backward does not read y, so an activation may be written over it.
  bool ignores_y = false;
  /// Of sequences: y has the mask of x, as each of its steps follows from that step of x, or as the
  /// layer reads pass.mask. Where y has no steps, its mask ends all the same.
  bool keeps_mask = false;
  /// The same, where y has the steps of the first input alone, and the layer reads the mask of
  /// each.
  bool keeps_first_mask = false;
  /// It obeys pass.dx_is_masked.
  bool masks_dx = false;
  /// It obeys pass.accumulate.
  bool assigns_gradients = false;
  /// It obeys pass.update: backward applies it to each of the layer's parameters, and may leave
  /// their gradients unwritten.
  bool updates_parameters = false;
  /// It has a second `backward`, which hands dx to a reader by columns; only called with
  /// pass.update, so it goes with updates_parameters.
  bool gives_dx_in_columns = false;
  /// It has a `dy_reader`, which takes dy by columns in place of a backward without dx.
  bool takes_dy_in_columns = false;
  /// It obeys pass.y_in_bfloat16.
  bool writes_bfloat16 = false;
  /// It obeys pass.x_in_bfloat16.
  bool reads_bfloat16 = false;
};

namespace detail {

/// The promises of the layer type L.
template <class L>
[[nodiscard]] consteval Promises promises_of() {
  if constexpr (requires { L::promises; }) {
    static_assert(std::same_as<std::remove_cvref_t<decltype(L::promises)>, Promises>,
                  "expected static constexpr nn::Promises promises{...}");
    static_assert(!L::promises.gives_dx_in_columns || L::promises.updates_parameters,
                  "expected updates_parameters beside gives_dx_in_columns");
    return L::promises;
  }
  return {};
}

}  // namespace detail
}  // namespace nn
