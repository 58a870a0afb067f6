// SPDX-License-Identifier: MIT
// The regularizers and constraints of a model's parameters.
#pragma once

#include <iterator>

#include "nn/core/parallel.hpp"
#include "nn/layer/parameter_block.hpp"

namespace nn {

namespace detail {

/// Whether a trained parameter has a regularizer.
template <Real T>
[[nodiscard]] NN_COLD bool has_regularizers(const ParameterBlock<T>& block) {
  for (const NamedParameter<T>& parameter : block) {
    if (parameter.is_trained() && parameter.rules.regularizer) return true;
  }
  return false;
}
/// Whether one has a constraint.
template <Real T>
[[nodiscard]] NN_COLD bool has_constraints(const ParameterBlock<T>& block) {
  for (const NamedParameter<T>& parameter : block) {
    if (parameter.is_trained() && parameter.rules.constraint) return true;
  }
  return false;
}

}  // namespace detail

/// The sum of the penalties on all trained parameters: what `fit` and `evaluate` add to the loss.
/// For loops of one's own, as the next two.
template <Real T>
[[nodiscard]] NN_COLD double penalty_of(const ParameterBlock<T>& block) {
  double sum = 0;
  if (block.format() != NumberFormat::float32) return sum;  // quantised, to be trained no more
  for (const NamedParameter<T>& parameter : block) {
    if (!parameter.is_trained() || !parameter.rules.regularizer) continue;
    sum += parameter.rules.regularizer(parameter.shape, parameter.value().data(),
                                       static_cast<T*>(nullptr));
  }
  return sum;
}

/// The same, and adds its gradients to those of the parameters: between `backward` and the
/// optimizer's `step`.
template <Real T>
NN_COLD double add_penalties(ParameterBlock<T>& block) {
  double sum = 0;
  for (const NamedParameter<T>& parameter : block) {
    if (!parameter.is_trained() || !parameter.rules.regularizer) continue;
    sum += parameter.rules.regularizer(parameter.shape,
                                       static_cast<const T*>(parameter.value().data()),
                                       parameter.gradient().data());
  }
  return sum;
}

/// Brings the trained parameters back to what their constraints allow: after the optimizer's
/// `step`. Functions of one's own may run in several threads at once.
template <Real T>
NN_COLD void apply_constraints(ParameterBlock<T>& block) {
  if (!detail::has_constraints(block)) return;
  parallel_for(std::ssize(block.named()), [&](Index i) {
    const NamedParameter<T>& parameter = block.named()[static_cast<std::size_t>(i)];
    if (!parameter.is_trained()) return;
    parameter.rules.constraint(parameter.shape, parameter.value().data());
  });
}

}  // namespace nn
