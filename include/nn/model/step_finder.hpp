// SPDX-License-Identifier: MIT
// Which neighbours in a model work as one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "nn/model/plan_steps.hpp"

namespace nn::detail {

/// Finds the steps of a model.
template <Real T>
class StepFinder {
 public:
  /// taken_over: see Plan.
  NN_COLD StepFinder(const Layers<T>& layers, const Wiring& wiring, bool training,
                     std::span<const Activation> taken_over)
      : layers_(layers) {
    list_steps(wiring, training);
    drop_unread_steps();
    find_closing_activations(taken_over);
    melt_steps(training);
    number_values();
    find_readers();
    overwrite_inputs();
    find_masks();
    find_trained();
    if (wiring.shares_layers) find_shared();
    find_addends();
    find_columns();
    find_rounded_values();
    find_outputs_memory();
  }

  [[nodiscard]] PlanSteps take() { return std::move(plan_); }

 private:
  using Steps = std::vector<PlanStep>;

  [[nodiscard]] const Promises& promises(const PlanStep& step) const {
    return layers_[step.leaf]->promises();
  }

  /// A step for each layer, and one for the activation that it ends with.
  NN_COLD void list_steps(const Wiring& wiring, bool training) {
    plan_.num_inputs = wiring.num_inputs;
    std::vector<PlanTensor> tensors;
    for (std::size_t v = 0; v < wiring.num_inputs; ++v) {
      plan_.values.push_back({.num_elements = wiring.shapes[v].num_elements()});
      tensors.push_back({v, wiring.shapes[v]});
    }
    Index number = 0;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const AnyLayer<T>& layer = *layers_[i];
      const std::size_t first_result = tensors.size();
      const Shape& shape = wiring.shapes[first_result];
      const Index outer_axes = wiring.outer_axes[i];
      const Activation activation = layer.activation();
      const bool only_activates =
          layer.promises().only_activates && activation != Activation::linear;
      std::vector<PlanTensor> whole_inputs, inputs;
      for (const std::size_t source : wiring.sources[i]) {
        whole_inputs.push_back(tensors[source]);
        inputs.push_back(inner_tensor(tensors[source], outer_axes));
      }
      PlanTensor y = inner_tensor({inputs[0].value, shape}, outer_axes);
      const NewMask mask = mask_behind(layer, whole_inputs, shape, outer_axes);
      const bool does_nothing =
          layer.promises().reshapes || (!training && layer.promises().is_identity_at_inference);
      const auto num_results = static_cast<std::size_t>(layer.num_results());
      if ((!does_nothing && !only_activates) || mask.is_new || num_results > 1) {
        y = append({.leaf = i,
                    .number = number,
                    .new_mask = mask.is_new ? mask.number : -1,
                    .trains = layer.is_trained()},
                   inputs, y);
      }
      PlanStep* const maker = num_results > 1 ? &plan_.steps.back() : nullptr;
      std::vector<PlanTensor> further;
      for (std::size_t result = 1; result < num_results; ++result) {
        const Shape& own = wiring.shapes[first_result + result];
        further.push_back({plan_.values.size(), own, 1, outer_mask(whole_inputs[0], outer_axes)});
        maker->further.push_back(inner_tensor(further.back(), outer_axes));
        plan_.values.push_back({.num_elements = own.num_elements()});
      }
      if (activation != Activation::linear) {
        y = append({.leaf = i, .is_activation = true, .activation = activation}, {y}, y);
      }
      tensors.push_back({y.value, shape, 1, mask.number});
      tensors.insert(tensors.end(), further.begin(), further.end());
      number += layer.num_layers();
    }
    for (const std::size_t output : wiring.outputs) plan_.outputs.push_back({{tensors[output]}});
  }
  /// A tensor as a layer with so many outer axes sees it.
  [[nodiscard]] PlanTensor inner_tensor(const PlanTensor& whole, Index outer_axes) const {
    if (outer_axes == 0) return whole;
    const Shape outer(whole.shape.begin(), whole.shape.begin() + outer_axes);
    const bool sees_mask = whole.mask >= 0 && mask_of(whole).outer_axes == outer_axes;
    return {whole.value, inner_shape(whole.shape, outer_axes), outer.num_elements(),
            sees_mask ? whole.mask : -1};
  }
  [[nodiscard]] PlanTensor append(PlanStep step, const std::vector<PlanTensor>& inputs,
                                  PlanTensor y) {
    for (const PlanTensor& input : inputs) step.inputs.push_back({input});
    y.value = plan_.values.size();
    plan_.values.push_back({.num_elements = y.shape.num_elements() * y.repeats});
    step.y = y;
    plan_.steps.push_back(std::move(step));
    return y;
  }

  struct NewMask {
    std::ptrdiff_t number = -1;
    bool is_new = false;  // made by the layer, or of several
  };
  [[nodiscard]] const PlanMask& mask_of(const PlanTensor& tensor) const {
    return plan_.masks[static_cast<std::size_t>(tensor.mask)];
  }
  /// The mask of an axis that a layer does not see: it acts on each of those steps alone.
  [[nodiscard]] std::ptrdiff_t outer_mask(const PlanTensor& whole, Index outer_axes) const {
    return whole.mask >= 0 && mask_of(whole).outer_axes < outer_axes ? whole.mask : -1;
  }
  /// The mask of what a layer makes of these tensors.
  [[nodiscard]] NN_COLD NewMask mask_behind(const AnyLayer<T>& layer,
                                            std::vector<PlanTensor> inputs, const Shape& shape,
                                            Index outer_axes) {
    const bool has_steps = shape.rank() > outer_axes + 1;
    const auto add_mask = [&] {
      const Shape axes(shape.begin(), shape.begin() + outer_axes + 1);
      plan_.masks.push_back({outer_axes, axes.back(), axes.num_elements()});
      return NewMask{std::ssize(plan_.masks) - 1, true};
    };
    if (layer.makes_mask() && !layer.promises().reshapes && has_steps) return add_mask();
    if (layer.promises().keeps_first_mask) inputs.resize(1);
    bool is_one = true;
    for (const PlanTensor& input : inputs) {
      if (input.mask < 0) return {};
      is_one &= input.mask == inputs[0].mask;
    }
    if (is_one && outer_mask(inputs[0], outer_axes) >= 0) return {inputs[0].mask};
    const bool keeps = layer.promises().keeps_mask || layer.promises().keeps_first_mask;
    if (!keeps || !has_steps) return {};
    for (const PlanTensor& input : inputs) {
      const PlanMask& each = mask_of(input);
      if (each.outer_axes != outer_axes || each.steps != shape[outer_axes]) return {};
    }
    return is_one ? NewMask{inputs[0].mask} : add_mask();
  }

  /// Leaves out what no result needs, as where a nested model has outputs that nobody reads. No
  /// gradient would get there.
  NN_COLD void drop_unread_steps() {
    std::vector<bool> is_needed(plan_.values.size(), false);
    for (const PlanOutput& output : plan_.outputs) is_needed[output.value] = true;
    Steps needed;
    for (std::size_t i = plan_.steps.size(); i-- > 0;) {
      PlanStep& step = plan_.steps[i];
      bool is_step_needed = false;
      for (std::size_t r = 0; r < step.num_results(); ++r) {
        is_step_needed |= is_needed[step.result(r).value];
      }
      if (!is_step_needed) continue;
      for (const PlanInput& input : step.inputs) is_needed[input.value] = true;
      needed.push_back(std::move(step));
    }
    std::reverse(needed.begin(), needed.end());
    plan_.steps = std::move(needed);
  }

  /// How often each value is read, by steps or by the user.
  [[nodiscard]] std::vector<int> count_uses() const {
    std::vector<int> num_uses(plan_.values.size(), 0);
    for (const PlanOutput& output : plan_.outputs) ++num_uses[output.value];
    for (const PlanStep& step : plan_.steps) {
      for (const PlanInput& input : step.inputs) ++num_uses[input.value];
    }
    return num_uses;
  }

  [[nodiscard]] static Index last_axis(const Shape& shape) {
    return shape.empty() ? 1 : shape.back();
  }
  /// What a result ends with. Where its loss takes that over, the step is left out.
  NN_COLD void find_closing_activations(std::span<const Activation> taken_over) {
    for (std::size_t o = 0; o < plan_.outputs.size(); ++o) {
      PlanOutput& output = plan_.outputs[o];
      const auto step =
          std::find_if(plan_.steps.begin(), plan_.steps.end(),
                       [&output](const PlanStep& each) { return each.y.value == output.value; });
      if (step == plan_.steps.end() || !step->is_activation) continue;
      // A reshape behind a softmax may move the classes.
      const bool moves = last_axis(step->y.shape) != last_axis(output.shape);
      if (moves || count_uses()[output.value] > 1) continue;
      output.closing_activation = step->activation;
      output.are_logits = o < taken_over.size() && taken_over[o] == step->activation;
      if (!output.are_logits) continue;
      output.value = step->x().value;
      plan_.steps.erase(step);
    }
  }

  /// A layer that can applies what is behind it as it writes its result: an activation, and at
  /// inference an affine map before that.
  NN_COLD void melt_steps(bool training) {
    const std::vector<int> num_uses = count_uses();
    Steps melted;
    std::vector<std::ptrdiff_t> makers(plan_.values.size(), -1);  // the steps that make each value
    for (PlanStep& step : plan_.steps) {
      const std::ptrdiff_t maker = makers[step.x().value];
      const bool is_sole = maker >= 0 && num_uses[step.x().value] == 1;
      PlanStep* const before = is_sole ? &melted[static_cast<std::size_t>(maker)] : nullptr;
      if (before != nullptr &&
          (melts_into(step, *before) || (!training && folds_into(step, *before)))) {
        if (!step.is_activation) before->affine_leaf = static_cast<std::ptrdiff_t>(step.leaf);
        before->activation = step.activation;
        before->y.value = step.y.value;  // in the shape that the layer knows
        makers[step.y.value] = maker;
      } else {
        makers[step.y.value] = std::ssize(melted);
        melted.push_back(std::move(step));
      }
    }
    plan_.steps = std::move(melted);
  }
  [[nodiscard]] bool melts_into(const PlanStep& step, const PlanStep& before) const {
    if (!step.is_activation || before.is_activation) return false;
    if (before.activation != Activation::linear) return false;
    return (promises(before).applies_activation && is_epilogue(step.activation)) ||
           (promises(before).applies_relu && step.activation == Activation::relu);
  }
  /// See Promises::applies_affine.
  [[nodiscard]] bool folds_into(const PlanStep& step, const PlanStep& before) const {
    if (step.is_activation || !promises(step).is_affine || before.affine_leaf >= 0) return false;
    if (before.is_activation || before.activation != Activation::linear) return false;
    if (step.y.shape.empty() || !layers_[step.leaf]->is_affine_on(step.y.shape)) return false;
    // A reshape between them may have made other features.
    return promises(before).applies_affine && step.x().shape == before.y.shape;
  }

  /// Leaves out values that no step makes any more.
  NN_COLD void number_values() {
    const auto num_inputs = static_cast<std::ptrdiff_t>(plan_.num_inputs);
    std::vector<PlanValue> values(plan_.values.begin(), plan_.values.begin() + num_inputs);
    std::vector<std::size_t> numbers(plan_.values.size());
    std::iota(numbers.begin(), numbers.begin() + num_inputs, std::size_t{0});
    for (PlanStep& step : plan_.steps) {
      for (PlanInput& input : step.inputs) input.value = numbers[input.value];
      for (std::size_t r = 0; r < step.num_results(); ++r) {
        std::size_t& value = step.result(r).value;
        numbers[value] = values.size();
        values.push_back(std::move(plan_.values[value]));
        value = values.size() - 1;
      }
    }
    for (PlanOutput& output : plan_.outputs) output.value = numbers[output.value];
    plan_.values = std::move(values);
  }

  NN_COLD void find_readers() {
    for (std::size_t v = 0; v < plan_.values.size(); ++v) plan_.values[v].memory = v;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      for (const PlanInput& input : plan_.steps[i].inputs) {
        plan_.values[input.value].readers.push_back(i);
      }
      for (std::size_t r = 0; r < plan_.steps[i].num_results(); ++r) {
        plan_.values[plan_.steps[i].result(r).value].maker = static_cast<std::ptrdiff_t>(i);
      }
    }
    for (std::size_t o = plan_.outputs.size(); o-- > 0;) {
      plan_.values[plan_.outputs[o].value].output = static_cast<std::ptrdiff_t>(o);
    }
  }
  /// The only step that reads what this one makes; null: there are several, or it is a result.
  [[nodiscard]] PlanStep* sole_reader(const PlanStep& step) {
    const PlanValue& value = plan_.values[step.y.value];
    const bool is_sole = value.readers.size() == 1 && value.output < 0;
    return is_sole ? &plan_.steps[value.readers.front()] : nullptr;
  }
  /// The step that makes what this one reads first; null: it reads the model's input.
  [[nodiscard]] PlanStep* maker_of_x(const PlanStep& step) {
    const std::ptrdiff_t maker = plan_.values[step.x().value].maker;
    return maker < 0 ? nullptr : &plan_.steps[static_cast<std::size_t>(maker)];
  }

  /// An activation is written over its input where nobody needs that any more, in backward neither.
  NN_COLD void overwrite_inputs() {
    for (PlanStep& step : plan_.steps) {
      const PlanStep* const before = maker_of_x(step);
      if (!step.is_activation || before == nullptr || before->is_activation) continue;
      if (needs_input(step.activation)) continue;
      const Promises& promised = promises(*before);
      const bool ignores_y =
          promised.applies_activation || promised.applies_relu || promised.ignores_y;
      const bool needs_y = !ignores_y || before->activation != Activation::linear;
      if (needs_y || sole_reader(*before) != &step) continue;
      plan_.values[step.y.value].memory = plan_.values[step.x().value].memory;
    }
  }

  /// The gradient of a ReLU is masked by the layer that reads its result.
  NN_COLD void find_masks() {
    for (PlanStep& step : plan_.steps) {
      const bool is_relu = step.activation == Activation::relu;
      if (!step.is_activation) {
        step.dy_is_dz =
            step.activation == Activation::linear || (is_relu && promises(step).applies_relu);
      }
      PlanStep* const reader = is_relu ? sole_reader(step) : nullptr;
      if (reader == nullptr) continue;
      // What a ReLU gives to another one has its mask anyway.
      const bool masks = reader->is_activation ? reader->activation == Activation::relu
                                               : promises(*reader).masks_dx;
      if (!masks) continue;
      reader->dx_is_masked = true;
      step.dy_is_dz = true;
    }
  }

  NN_COLD void find_trained() {
    std::vector<bool> needs_gradient(plan_.values.size(), false);
    for (PlanStep& step : plan_.steps) {
      for (PlanInput& input : step.inputs) {
        input.needs_dx = needs_gradient[input.value];
        step.needs_dx |= input.needs_dx;
      }
      for (std::size_t r = 0; r < step.num_results(); ++r) {
        needs_gradient[step.result(r).value] = step.needs_dx || step.trains;
      }
    }
  }

  /// A layer that has several steps adds up its gradients, and is updated behind the last of them.
  NN_COLD void find_shared() {
    std::map<const AnyLayer<T>*, PlanStep*> last_steps;  // of each layer, in backward order
    for (std::size_t i = plan_.steps.size(); i-- > 0;) {
      PlanStep& step = plan_.steps[i];
      if (step.is_activation) continue;
      const auto [last, is_first] = last_steps.emplace(layers_[step.leaf], &step);
      if (is_first) continue;
      PlanStep& before = *std::exchange(last->second, &step);
      before.is_shared = step.is_shared = true;
      step.adds_gradients = true;
      before.updates_shared = false;
      step.updates_shared = true;
    }
  }

  /// Of the losses and steps that write the gradient of a value, the one that runs first assigns
  /// it.
  NN_COLD void find_addends() {
    std::vector<bool> is_assigned(plan_.values.size(), false);
    const auto assign_or_add = [&](PlanInput& input) {
      if (!is_assigned[input.value]) {
        is_assigned[input.value] = true;
        return;
      }
      input.addend = std::ssize(plan_.addends);
      plan_.addends.push_back(input.value);
    };
    for (PlanOutput& output : plan_.outputs) assign_or_add(output);
    for (std::size_t i = plan_.steps.size(); i-- > 0;) {
      for (PlanInput& input : plan_.steps[i].inputs) assign_or_add(input);
    }
  }

  /// The first layer that is trained gives no gradient on, so it may read dy while the next one
  /// makes it.
  NN_COLD void find_columns() {
    const auto first = std::find_if(plan_.steps.begin(), plan_.steps.end(),
                                    [](const PlanStep& step) { return step.trains; });
    if (first == plan_.steps.end()) return;
    PlanStep* const next = sole_reader(*first);
    if (next == nullptr || next->is_activation || next->is_shared || first->is_shared) return;
    const bool is_row_a_sample = next->x().shape.rank() == 1 && next->x().repeats == 1;
    next->dx_in_columns = is_row_a_sample && next->trains && promises(*next).gives_dx_in_columns &&
                          promises(*first).takes_dy_in_columns && first->dy_is_dz;
  }

  /// A result that only products in bfloat16 read may be rounded at once, unless the layer that
  /// made it needs it in its backward.
  NN_COLD void find_rounded_values() {
    for (const PlanStep& step : plan_.steps) {
      if (step.is_activation || !promises(step).writes_bfloat16 || !step.dy_is_dz) continue;
      const PlanStep* const reader = sole_reader(step);
      if (reader == nullptr || reader->is_activation) continue;
      plan_.values[step.y.value].in_bfloat16 = promises(*reader).reads_bfloat16;
    }
  }

  /// What is overwritten by a result of the model lies where that one does.
  NN_COLD void find_outputs_memory() {
    for (const PlanValue& value : plan_.values) {
      if (value.output >= 0) plan_.values[value.memory].output = value.output;
    }
  }

  const Layers<T>& layers_;
  PlanSteps plan_;
};

}  // namespace nn::detail
