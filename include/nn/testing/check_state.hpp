// SPDX-License-Identifier: MIT
// Numbers that a layer keeps from batch to batch without training them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "nn/testing/check_gradients.hpp"
#include "nn/testing/check_promises.hpp"
#include "nn/testing/findings.hpp"
#include "nn/testing/layer_rig.hpp"

namespace nn::testing {

namespace detail {

/// The values of these parameters one after the other.
template <Real T>
[[nodiscard]] std::vector<T> values_of(const std::vector<NamedParameter<T>>& parameters) {
  std::vector<T> all;
  for (const NamedParameter<T>& parameter : parameters) {
    const T* const first = parameter.value().data();
    all.insert(all.end(), first, first + parameter.shape.num_elements());
  }
  return all;
}

/// Compares the values with those of `values_of`, bit for bit.
template <Real T>
void compare_values(Findings& findings, const std::string& where, const std::string& kind,
                    const std::vector<NamedParameter<T>>& parameters,
                    const std::vector<T>& expected) {
  const T* wanted = expected.data();
  for (const NamedParameter<T>& parameter : parameters) {
    compare_exactly(findings, where, kind + " '" + parameter.name + "'", parameter.shape, wanted,
                    parameter.value().data());
    wanted += parameter.shape.num_elements();
  }
}

}  // namespace detail

/// A frozen layer gives the right dx, and training leaves it as it is.
inline void check_frozen(Findings& findings, const std::string& where, const LayerMaker& make,
                         const Shape& sample, InputRange range) {
  const auto freeze = [](auto layer) {
    layer.set_frozen(true);
    return layer;
  };
  LayerRig<double> rig(freeze(make.of_double()), sample);
  if (rig.state().empty()) return;
  LayerMaker frozen;
  frozen.of_double = [=] { return freeze(make.of_double()); };
  if (make.of_dual) frozen.of_dual = [=] { return freeze(make.of_dual()); };
  check_gradients(findings, where, frozen, sample, 3, range);

  const std::vector<double> before = detail::values_of(rig.state());
  const ParameterUpdate step = ParameterUpdate::of<double>(detail::DescentRule{});
  RiggedBatch<double> batch = rig.batch(3, range);
  Pass pass = rig.training_pass();
  pass.accumulate = false;
  pass.update = &step;
  rig.run(batch, pass);
  rig.update_state(batch, pass);
  detail::compare_values(findings, where, "parameter", rig.state(), before);
}

/// Passes leave a layer's state as it is. update_state changes nothing else, and takes up its own
/// pass alone.
template <Real T>
void check_state(Findings& findings, const std::string& where, LayerRig<T>& rig, InputRange range) {
  if (rig.state().empty()) return;
  const std::vector<T> before = detail::values_of(rig.state());
  const std::vector<T> parameters = detail::values_of(rig.parameters());
  RiggedBatch<T> batch = rig.batch(3, range);
  Pass inference = rig.training_pass();
  inference.training = false;
  rig.forward(batch, inference);
  rig.run(batch);
  detail::compare_values(findings, where + ", after passes", "state", rig.state(), before);

  rig.update_state(batch);
  const std::vector<T> once = detail::values_of(rig.state());
  detail::compare_values(findings, where + ", after update_state", "parameter", rig.parameters(),
                         parameters);

  const T* next = before.data();
  for (const NamedParameter<T>& state : rig.state()) {
    std::copy_n(next, state.shape.num_elements(), state.value().data());
    next += state.shape.num_elements();
  }
  RiggedBatch<T> mixed = rig.batch(3, range), other = rig.batch(2, range, 1);
  rig.forward(mixed);
  rig.run(other);
  rig.backward(mixed);
  rig.update_state(mixed);
  detail::compare_values(findings, where + ", another pass before update_state", "state",
                         rig.state(), once);
}

}  // namespace nn::testing
