// SPDX-License-Identifier: MIT
// What all recurrent layers can be told.
#pragma once

#include <utility>

#include "nn/core/error.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/layer/parameter.hpp"

namespace nn::detail {

/// What all recurrent layers can be told, by Keras' names.
struct RecurrenceOptions {
  bool use_bias;
  Initializer kernel_initializer, recurrent_initializer, bias_initializer;
  WeightRules kernel_rules, recurrent_rules, bias_rules;
  bool return_sequences, return_state, go_backwards, stateful;
  Index batch_size;

  /// Those among a layer's options.
  template <class Options>
  explicit RecurrenceOptions(const Options& o)
      : use_bias(o.use_bias),
        kernel_initializer(o.kernel_initializer),
        recurrent_initializer(o.recurrent_initializer),
        bias_initializer(o.bias_initializer),
        kernel_rules{o.kernel_regularizer, o.kernel_constraint},
        recurrent_rules{o.recurrent_regularizer, o.recurrent_constraint},
        bias_rules{o.bias_regularizer, o.bias_constraint},
        return_sequences(o.return_sequences),
        return_state(o.return_state),
        go_backwards(o.go_backwards),
        stateful(o.stateful),
        batch_size(o.batch_size) {}
};

/// The arguments, with those about states where the layer has any to return or to keep.
template <class Options>
[[nodiscard]] NN_COLD Arguments with_states(Arguments a, const Options& options) {
  if (options.return_state) a.set("return_state", true);
  if (options.stateful) a.set("stateful", true).set("batch_size", options.batch_size);
  return a;
}
/// The options, with those about states that the arguments have.
template <class Options>
[[nodiscard]] NN_COLD Options read_states(const Arguments& a, Options options) {
  if (a.has("return_state")) options.return_state = a.get<bool>("return_state");
  if (a.has("stateful")) options.stateful = a.get<bool>("stateful");
  if (a.has("batch_size")) options.batch_size = a.get<Index>("batch_size");
  return options;
}

/// The options of the same layer in the other direction.
template <class Options>
[[nodiscard]] Options reversed(Options options) {
  options.go_backwards = !options.go_backwards;
  return options;
}

/// Throws `std::invalid_argument` for an activation that a cell can't differentiate by its result.
NN_COLD inline void require_gate_activation(const char* where, Activation activation) {
  if (!acts_on_rows(activation) && !needs_input(activation)) return;
  refuse({where, "an activation of elements whose slope follows from its result",
          to_string(activation), "", "use tanh, sigmoid, relu or hard_sigmoid"});
}

}  // namespace nn::detail
