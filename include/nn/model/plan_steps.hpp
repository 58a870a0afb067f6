// SPDX-License-Identifier: MIT
// What each layer of a chain does: shapes, and which neighbours work as one.
#pragma once

#include <vector>

#include "nn/model/any_layer.hpp"

namespace nn::detail {

/// One layer's part in a `Plan`. What has the name of a member of `Pass` becomes that member.
struct PlanStep {
  Shape x, y;             // of one sample
  Index number = 0;       // of the layer, which draws random numbers by it
  Index maker = -1;       // the step whose y is x, across views; -1: x is the chain's input
  bool is_view = false;   // y is the memory of x, and the layer is never called
  bool needs_dx = false;  // a layer before this one is trained
  Activation activation = Activation::linear;
  bool dx_is_masked = false, dy_is_masked = false;
  // In training, for a precision whose products take bfloat16.
  bool x_in_bfloat16 = false, y_in_bfloat16 = false;
  // dx has one reader, the layer that made x, and that one can take it column by column.
  bool dx_in_columns = false;
  // The model ends with this step's softmax, which may be left out for the loss.
  bool drops_softmax = false;
  // That softmax is all that the layer does: where it is left out, the step is a view.
  bool is_all_softmax = false;
};

/// The layers of a model in the order in which they run, those of nested models one by one.
template <Real T>
using Layers = std::vector<AnyLayer<T>*>;

/// What layer i makes of samples of this shape. Throws `ShapeError` where it can't take them.
template <Real T>
[[nodiscard]] NN_COLD Shape checked_output_shape(const AnyLayer<T>& layer, const Shape& input) {
  const auto require_rank = [&](int rank, const char* what, const Shape& shape) {
    if (shape.rank() == Shape::max_rank) {  // a batch has one axis more
      refuse<ShapeError>({layer.name(), {what, " of at most 7 axes"}, shape.to_string()});
    }
    if (rank == 2 || shape.rank() + 1 == rank) return;
    refuse<ShapeError>({layer.name(), {what, " of rank ", rank - 1}, shape.to_string()});
  };
  Shape output = layer.output_shape(input);
  static_cast<void>(output.num_elements());  // throws where it overflows
  require_rank(layer.input_rank(), "samples", input);
  require_rank(layer.output_rank(), "an output_shape", output);
  return output;
}

/// Activation layers become part of the layer before.
template <Real T>
NN_COLD void fuse_activations(const Layers<T>& layers, std::vector<PlanStep>& steps) {
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    const AnyLayer<T>& next = *layers[i + 1];
    const bool can_apply =
        layers[i]->promises().applies_activation && layers[i]->activation() == Activation::linear;
    if (!can_apply || !next.promises().only_activates) continue;
    steps[i].activation = next.activation();
    steps[i + 1].is_view = next.activation() != Activation::linear;
  }
}

/// Number i is that of the step that reads the y of step i: the next one that is no view.
using Readers = std::vector<std::size_t>;
[[nodiscard]] NN_COLD inline Readers find_readers(const std::vector<PlanStep>& steps) {
  Readers readers(steps.size());
  for (std::size_t i = steps.size(), next = i; i-- > 0;) {
    readers[i] = next;
    if (!steps[i].is_view) next = i;
  }
  return readers;
}

/// The gradient of a ReLU is masked by the layer that reads its result.
template <Real T>
NN_COLD void fuse_masks(const Layers<T>& layers, const Readers& readers,
                        std::vector<PlanStep>& steps) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Pass pass;
    pass.activation = steps[i].activation;
    const bool ends_with_relu = layers[i]->promises().applies_activation &&
                                pass.activation_of(layers[i]->activation()) == Activation::relu;
    const std::size_t next = readers[i];
    if (!ends_with_relu || next >= layers.size() || !layers[next]->promises().masks_dx) continue;
    steps[i].dy_is_masked = true;
    steps[next].dx_is_masked = true;
  }
}

/// A softmax at the end may be left out.
template <Real T>
NN_COLD void find_closing_softmax(const Layers<T>& layers, std::vector<PlanStep>& steps) {
  std::size_t last = layers.size();
  while (last > 0 && steps[last - 1].is_view) --last;
  if (last == 0) return;
  const AnyLayer<T>& layer = *layers[last - 1];
  Pass pass;
  pass.activation = steps[last - 1].activation;
  const Promises& promises = layer.promises();
  steps[last - 1].drops_softmax =
      pass.activation_of(layer.activation()) == Activation::softmax &&
      (promises.applies_activation || promises.only_activates) &&
      steps[last - 1].y == steps.back().y;  // a reshape behind it would move the classes
  steps[last - 1].is_all_softmax = steps[last - 1].drops_softmax && promises.only_activates;
}

/// The first layer that is trained gives no gradient on, so it may read dy while the next one makes
/// it.
template <Real T>
NN_COLD void find_first_gradient(const Layers<T>& layers, const Readers& readers,
                                 std::vector<PlanStep>& steps) {
  std::size_t first = 0;
  while (first < layers.size() && !layers[first]->is_trained()) ++first;
  if (first == layers.size() || readers[first] == layers.size()) return;
  const std::size_t next = readers[first];
  const bool is_row_a_sample = steps[next].x.rank() == 1;
  steps[next].dx_in_columns = is_row_a_sample && layers[next]->promises().gives_dx_in_columns &&
                              layers[first]->promises().takes_dy_in_columns;
}

/// A result that only products in bfloat16 read may be rounded at once, unless the layer that made
/// it needs it in its backward.
template <Real T>
NN_COLD void find_rounded_results(const Layers<T>& layers, const Readers& readers,
                                  std::vector<PlanStep>& steps) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::size_t next = readers[i];
    if (next >= layers.size() || !layers[i]->promises().writes_bfloat16) continue;
    Pass pass;
    pass.activation = steps[i].activation;
    const bool needs_y =
        !steps[i].dy_is_masked && pass.activation_of(layers[i]->activation()) != Activation::linear;
    steps[i].y_in_bfloat16 = !needs_y && layers[next]->promises().reads_bfloat16;
    steps[next].x_in_bfloat16 = steps[i].y_in_bfloat16;
  }
}

/// The steps of a chain of layers with these shapes in front of the first one, behind it, and so
/// on, as `Plan` says.
template <Real T>
[[nodiscard]] NN_COLD std::vector<PlanStep> plan_steps(const Layers<T>& layers,
                                                       const std::vector<Shape>& shapes) {
  std::vector<PlanStep> steps;
  Index number = 0;
  bool parameters_before = false;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    steps.push_back({.x = shapes[i], .y = shapes[i + 1], .number = number});
    number += layers[i]->num_layers();
    steps.back().is_view = layers[i]->promises().reshapes;
    steps.back().needs_dx = parameters_before;
    parameters_before |= layers[i]->is_trained();
  }
  fuse_activations(layers, steps);
  const Readers readers = find_readers(steps);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].is_view && readers[i] < steps.size()) {
      steps[readers[i]].maker = static_cast<Index>(i);
    }
  }
  fuse_masks(layers, readers, steps);
  find_closing_softmax(layers, steps);
  find_first_gradient(layers, readers, steps);
  find_rounded_results(layers, readers, steps);
  return steps;
}

}  // namespace nn::detail
