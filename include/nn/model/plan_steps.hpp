// SPDX-License-Identifier: MIT
// What a model does step by step, as a plan says it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nn/model/any_layer.hpp"

namespace nn::detail {

/// The layers of a model in the order in which they run, those of nested models one by one. A layer
/// that is used several times stands here as often.
template <Real T>
using Layers = std::vector<AnyLayer<T>*>;

/// What these layers read. The first values are the model's inputs; behind them come all that each
/// layer makes.
struct Wiring {
  std::size_t num_inputs = 0;
  bool shares_layers = false;                       // some layer has several uses
  std::vector<std::vector<std::size_t>> sources{};  // the values that each layer reads
  std::vector<Shape> shapes{};                      // of each value, for one sample
  /// For each layer, how many axes of its samples count as axes of the batch.
  std::vector<Index> outer_axes{};
  std::vector<std::size_t> values{};   // by the numbers that the model's graph has
  std::vector<std::size_t> outputs{};  // the model's results
};

/// A model's sample as a layer with so many outer axes sees it.
[[nodiscard]] inline Shape inner_shape(const Shape& sample, Index outer_axes) {
  return Shape(sample.begin() + outer_axes, sample.end());
}

/// Throws `ShapeError` for samples of another rank; rank 2: any will do.
NN_COLD inline void require_rank(const std::string& layer, int rank, const char* what,
                                 const Shape& shape) {
  if (shape.rank() == Shape::max_rank) {  // a batch has one axis more
    refuse<ShapeError>({layer, {what, " of at most 7 axes"}, shape.to_string()});
  }
  if (rank == 2 || rank == any_rank || shape.rank() + 1 == rank) return;
  refuse<ShapeError>({layer, {what, " of rank ", rank - 1}, shape.to_string()});
}

/// All that a layer makes of samples of these shapes. Throws `ShapeError` where it can't take them.
template <Real T>
[[nodiscard]] NN_COLD std::vector<Shape> checked_output_shapes(const AnyLayer<T>& layer,
                                                               std::span<const Shape> inputs) {
  if (!layer.merges() && inputs.size() != 1) {
    refuse<ShapeError>({layer.name(), "one input", inputs.size()});
  }
  const Index num_results = layer.num_results();
  if (num_results < 1 || num_results > static_cast<Index>(max_merged)) {
    refuse({layer.name(), {"from 1 to ", max_merged, " results"}, num_results});
  }
  std::vector<Shape> outputs;
  for (Index result = 0; result < num_results; ++result) {
    outputs.push_back(layer.merges() ? layer.merged_shape(inputs, result)
                                     : layer.output_shape(inputs[0]));
    static_cast<void>(outputs.back().num_elements());  // throws where it overflows
  }
  if (inputs.size() > max_merged) {
    refuse<ShapeError>({layer.name(),
                        {"at most ", max_merged, " inputs"},
                        inputs.size(),
                        "",
                        "merge some of them first"});
  }
  // Further tensors may have any rank.
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    require_rank(layer.name(), i == 0 ? layer.input_rank() : any_rank, "samples", inputs[i]);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    require_rank(layer.name(), i == 0 ? layer.output_rank() : any_rank, "an output_shape",
                 outputs[i]);
  }
  return outputs;
}

/// What one step makes and others read. The first values are the model's inputs.
struct PlanValue {
  Index num_elements = 0;              // of one sample
  std::ptrdiff_t maker = -1;           // the step that makes it; -1: none
  std::vector<std::size_t> readers{};  // the steps that read it, in order
  std::size_t memory = 0;              // the value whose memory it takes; mostly its own number
  std::ptrdiff_t output = -1;          // the model's first result with these elements; -1: none
  bool in_bfloat16 = false;            // in training, for a precision that takes bfloat16
};

/// A value under one of the shapes that its elements may have.
struct PlanTensor {
  std::size_t value = 0;
  Shape shape{};             // of one sample, without a layer's outer axes
  Index repeats = 1;         // such samples in one of the model
  std::ptrdiff_t mask = -1;  // the plan's mask of its steps; -1: none

  [[nodiscard]] Shape batch_shape(Index batch) const { return shape.with_batch(batch * repeats); }
};

/// A mask that a step makes, of the steps behind so many outer axes.
struct PlanMask {
  Index outer_axes, steps;
  Index size;  // of one sample of the model
};

/// A value whose gradient is written from here: what a step reads, or a result of the model.
struct PlanInput : PlanTensor {
  bool needs_dx = false;  // a step before this one trains
  /// The gradient of this value has been written before, so that this one is added. It is written
  /// to the plan's addend of this number first; -1: it is assigned.
  std::ptrdiff_t addend = -1;
};

/// A result of the model.
struct PlanOutput : PlanInput {
  Activation closing_activation = Activation::linear;  // it ends with; linear: none
  bool are_logits = false;                             // that activation is left out
};

/// One step: a layer runs, or the plan itself applies an activation. Reshaping layers are no steps.
struct PlanStep {
  std::size_t leaf = 0;          // the layer's place among all
  Index number = 0;              // the layer draws random numbers by it
  std::ptrdiff_t new_mask = -1;  // of y, if this step makes it; -1: it does not
  std::vector<PlanInput> inputs{};
  PlanTensor y{};
  std::vector<PlanTensor> further{};  // what a layer with several results makes behind y
  bool is_activation = false;         // y = act(x); the layer does not run
  /// act of such a step, or what the layer applies to its result in place of a step behind it.
  Activation activation = Activation::linear;
  /// At inference the layer does the affine map of this other one, which was behind it; -1: none.
  std::ptrdiff_t affine_leaf = -1;
  bool trains = false;          // the layer has parameters that are trained
  bool is_shared = false;       // the layer has other steps too
  bool adds_gradients = false;  // one of them has written gradients of parameters before
  bool updates_shared = false;  // it is the last of them to run backward
  bool needs_dx = false;        // of any input
  /// The reader of a ReLU's result writes 0 to its dx where x is 0. Then dy of the layer that
  /// applied the ReLU is the gradient in front of the ReLU already.
  bool dx_is_masked = false;
  bool dy_is_dz = false;  // no activation is left to be differentiated
  /// dx has one reader, the layer that made x, and that one can take it column by column.
  bool dx_in_columns = false;

  /// The first input, which is the only one unless the layer merges several.
  [[nodiscard]] const PlanInput& x() const { return inputs[0]; }
  /// y, and what is behind it.
  [[nodiscard]] std::size_t num_results() const { return 1 + further.size(); }
  [[nodiscard]] const PlanTensor& result(std::size_t i) const {
    return i == 0 ? y : further[i - 1];
  }
  [[nodiscard]] PlanTensor& result(std::size_t i) { return i == 0 ? y : further[i - 1]; }
};

/// The steps of a model and the values between them.
struct PlanSteps {
  std::vector<PlanStep> steps;
  std::size_t num_inputs = 0;
  std::vector<PlanValue> values;
  std::vector<PlanMask> masks;
  std::vector<PlanOutput> outputs;
  std::vector<std::size_t> addends;  // the values whose gradients are added to, each time
};

}  // namespace nn::detail
