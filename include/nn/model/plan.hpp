// SPDX-License-Identifier: MIT
// How the layers of a model run: memory and passes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/core/memory.hpp"
#include "nn/kernels/elementwise/affine.hpp"
#include "nn/kernels/product/kernels.hpp"
#include "nn/kernels/rows/activation.hpp"
#include "nn/model/plan_layout.hpp"
#include "nn/model/step_finder.hpp"

namespace nn {

/// Made once for the layers of a model and an input shape; says what each layer reads and writes:
/// - A reshaping layer is no work at all.
/// - The activation behind a layer that can apply it becomes part of that layer. Others are applied
///   by the plan, over their input where nobody else needs it.
/// - A layer gets the gradient in front of its activation. That of a ReLU is masked by the layer
///   that writes it, if that layer can.
/// - The first layer that is trained may read its dy while the next one makes it.
/// - A result that only products in bfloat16 read may be rounded as it is written.
/// - At inference a batch normalization becomes part of the convolution or product before it.
template <Real T>
class Plan {
 public:
  using Layers = detail::Layers<T>;
  using Step = detail::PlanStep;

  Plan() = default;
  /// taken_over: for each result of the model, an activation that is left out where it closes that
  /// result; may be shorter.
  Plan(const Layers& layers, const detail::Wiring& wiring, bool training,
       std::span<const Activation> taken_over = {})
      : plan_(detail::StepFinder<T>(layers, wiring, training, taken_over).take()) {}

  [[nodiscard]] const std::vector<Step>& steps() const { return plan_.steps; }
  [[nodiscard]] const std::vector<detail::PlanValue>& values() const { return plan_.values; }
  /// The results of the model, with the activations that close them, which losses may take over.
  [[nodiscard]] const std::vector<detail::PlanOutput>& outputs() const { return plan_.outputs; }

  /// Places the tensors of a pass in memory.
  void lay_out(const Layers& layers, Index batch, bool training, MemoryLayout& layout) const {
    detail::lay_out(plan_, layers, batch, training, layout);
  }

  /// Runs all layers on the inputs x, each [batch, ...]. At inference the results go to `results`;
  /// in training they stay in `pass.memory` for backward: see `result`.
  void forward(const Layers& layers, std::span<const T* const> x, const Pass& pass,
               const MemoryLayout& layout, std::span<T* const> results) const;

  /// Result `o` of a training `forward` on x.
  [[nodiscard]] const T* result(std::size_t o, std::span<const T* const> x, const std::byte* memory,
                                const MemoryLayout& layout) const {
    const std::size_t v = plan_.outputs[o].value;
    if (v < plan_.num_inputs) return x[v];
    return reinterpret_cast<const T*>(memory + layout.values[v]);
  }

  /// The mask of the steps of result `o`, of a forward in the same memory; null: all steps count.
  [[nodiscard]] const bool* result_mask(std::size_t o, std::byte* memory,
                                        const MemoryLayout& layout) const {
    return mask(plan_.outputs[o].mask, memory, layout);
  }
  /// Steps of each sample that it has.
  [[nodiscard]] Index result_mask_size(std::size_t o) const {
    const std::ptrdiff_t m = plan_.outputs[o].mask;
    return m < 0 ? 0 : plan_.masks[static_cast<std::size_t>(m)].size;
  }

  /// Where the gradient of result `o` has to be put between `forward` and `backward`.
  [[nodiscard]] T* result_gradient(std::size_t o, std::byte* memory,
                                   const MemoryLayout& layout) const {
    const detail::PlanOutput& output = plan_.outputs[o];
    if (output.addend < 0) return gradient(output.value, memory, layout);
    return addend(output, memory, layout);
  }

  /// Runs all layers backwards after a training `forward` on the same x and memory. dx: where the
  /// gradients of the inputs go, each [batch, ...]; empty where nobody wants them.
  void backward(const Layers& layers, std::span<const T* const> x, const Pass& pass,
                const MemoryLayout& layout, std::span<T* const> dx) const;

  /// Updates layers' state after `backward`, with its pass; after a `forward` at inference, that of
  /// stateful layers.
  void update_state(const Layers& layers, const Pass& pass, const MemoryLayout& layout) const;

  /// Applies pass.update to all parameters that `backward` with such a pass updates, whatever their
  /// gradients are.
  NN_COLD void update_parameters(const Layers& layers, const Pass& pass) const {
    for (const Step& step : plan_.steps) {
      if (step.trains) layers[step.leaf]->update_parameters(pass);
    }
  }

  /// The first step whose result, of a training `forward` in `pass.memory`, is not finite; null:
  /// there is none.
  [[nodiscard]] NN_COLD const Step* first_non_finite(const Pass& pass,
                                                     const MemoryLayout& layout) const;

 private:
  /// What the steps of a pass share: the model's layers and input, and where its tensors lie.
  struct Run {
    const Layers& layers;
    std::span<const T* const> x;
    const Pass& pass;
    const MemoryLayout& layout;
    std::span<T* const> results{};  // the caller's, at inference
    std::span<T* const> dx{};       // the caller's, in backward; empty: unwanted
  };

  /// Of the rows that a softmax acts on.
  [[nodiscard]] static Index row_size(const Shape& shape) {
    return std::max<Index>(shape.empty() ? 1 : shape.back(), 1);
  }

  /// What a step reads, and what it makes.
  [[nodiscard]] TensorRef<const T> input(const Run& run, const detail::PlanTensor& x) const {
    const T* const data = x.value < plan_.num_inputs ? run.x[x.value] : value(run, x.value);
    return {data, x.batch_shape(run.layout.key.batch)};
  }
  [[nodiscard]] TensorRef<const T> masked_input(const Run& run, const detail::PlanTensor& x) const {
    TensorRef<const T> found = input(run, x);
    found.mask = mask(x.mask, run.pass.memory, run.layout);
    return found;
  }
  [[nodiscard]] TensorRef<T> result(const Run& run, const detail::PlanTensor& y) const {
    return {value(run, y.value), y.batch_shape(run.layout.key.batch)};
  }
  [[nodiscard]] T* value(const Run& run, std::size_t v) const {
    const std::ptrdiff_t output = plan_.values[plan_.values[v].memory].output;
    if (output >= 0 && !run.pass.training) return run.results[static_cast<std::size_t>(output)];
    return reinterpret_cast<T*>(run.pass.memory + run.layout.values[v]);
  }
  [[nodiscard]] static bool* mask(std::ptrdiff_t m, std::byte* memory, const MemoryLayout& layout) {
    if (m < 0) return nullptr;
    return reinterpret_cast<bool*>(memory + layout.masks[static_cast<std::size_t>(m)]);
  }
  /// Where the gradient of a value is summed up.
  [[nodiscard]] T* gradient(const Run& run, std::size_t v) const {
    if (v < run.dx.size()) return run.dx[v];
    return gradient(v, run.pass.memory, run.layout);
  }
  [[nodiscard]] T* gradient(std::size_t v, std::byte* memory, const MemoryLayout& layout) const {
    return reinterpret_cast<T*>(memory + layout.gradients[v]);
  }
  /// Where a step writes the gradient of what it reads.
  [[nodiscard]] T* input_gradient(const Run& run, const detail::PlanInput& x) const {
    return x.addend < 0 ? gradient(run, x.value) : addend(x, run.pass.memory, run.layout);
  }
  [[nodiscard]] T* addend(const detail::PlanInput& x, std::byte* memory,
                          const MemoryLayout& layout) const {
    return reinterpret_cast<T*>(memory + layout.addends[static_cast<std::size_t>(x.addend)]);
  }

  /// At inference a result stays in the cache until it is read: rounding it saves nothing.
  [[nodiscard]] bool is_rounded(std::size_t v, const Pass& pass) const {
    return plan_.values[v].in_bfloat16 && pass.training && kernels::takes_bfloat16(pass.precision);
  }
  /// The pass as the layer of step i sees it.
  [[nodiscard]] Pass pass_of(const Run& run, std::size_t i) const {
    const Step& step = plan_.steps[i];
    Pass own = run.pass;
    own.memory = run.pass.memory + run.layout.kept[i] + detail::affine_bytes<T>(step);
    own.layer = run.pass.layer + static_cast<std::uint64_t>(step.number);
    own.activation = step.activation;
    own.needs_dx = step.needs_dx || !run.dx.empty();
    own.mask = mask(step.x().mask, run.pass.memory, run.layout);
    own.accumulate |= step.adds_gradients;
    if (step.is_shared) own.update = nullptr;
    own.dx_is_masked = step.dx_is_masked;
    own.x_in_bfloat16 = is_rounded(step.x().value, run.pass);
    own.y_in_bfloat16 = is_rounded(step.y.value, run.pass);
    return own;
  }

  /// The map that the layer of step i does for the one behind it, written to the pass's memory.
  [[nodiscard]] kernels::Affine<T> affine(const Run& run, std::size_t i) const;
  /// Results that are inputs, or have the elements of another result.
  void copy_results(const Run& run) const;
  /// Where a layer merges sequences with several masks: a step counts if it does in any of them.
  void unite_masks(const Run& run, const Step& step) const;
  void merge(const Run& run, std::size_t i) const;
  void backward_merge(const Run& run, std::size_t i) const;
  void backward_step(const Run& run, std::size_t i) const;
  /// Makes the gradient behind the activation of step i that in front of it, in its place.
  void differentiate_activation(const Run& run, const Step& step) const;
  /// Puts the gradients of results together.
  void begin_backward(const Run& run) const;
  /// Adds a gradient that was written aside, if it was, to that of its value.
  void add_addend(const Run& run, const detail::PlanInput& x) const;
  /// Runs the layer of step i and the one that made its x at once: the latter reads its dy column
  /// by column while the former makes it, and it is never stored. Returns false where the latter
  /// declines.
  bool backward_in_columns(const Run& run, std::size_t i) const;

  detail::PlanSteps plan_;
};

template <Real T>
void Plan<T>::forward(const Layers& layers, std::span<const T* const> x, const Pass& pass,
                      const MemoryLayout& layout, std::span<T* const> results) const {
  const Run run{.layers = layers, .x = x, .pass = pass, .layout = layout, .results = results};
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    const AnyLayer<T>& layer = *layers[step.leaf];
    if (layer.merges()) {
      merge(run, i);
      continue;
    }
    const TensorRef<const T> from = input(run, step.x());
    const TensorRef<T> y = result(run, step.y);
    if (step.new_mask >= 0) {
      layer.make_mask(from.data, from.shape, mask(step.new_mask, pass.memory, layout));
    }
    if (step.is_activation) {
      const Index cols = row_size(y.shape);
      kernels::activate_rows(step.activation, y.size() / cols, cols, from.data, y.data);
    } else if (step.affine_leaf >= 0) {
      layer.forward(from.data, from.shape, y.data, y.shape, affine(run, i), pass_of(run, i));
    } else {
      layer.forward(from.data, from.shape, y.data, y.shape, pass_of(run, i));
    }
  }
  if (!pass.training) copy_results(run);
}

template <Real T>
kernels::Affine<T> Plan<T>::affine(const Run& run, std::size_t i) const {
  const Step& step = plan_.steps[i];
  T* const scale = reinterpret_cast<T*>(run.pass.memory + run.layout.kept[i]);
  T* const shift = scale + step.y.shape.back();
  run.layers[static_cast<std::size_t>(step.affine_leaf)]->affine(scale, shift);
  return {scale, shift};
}

template <Real T>
NN_COLD void Plan<T>::copy_results(const Run& run) const {
  for (std::size_t o = 0; o < plan_.outputs.size(); ++o) {
    const detail::PlanOutput& output = plan_.outputs[o];
    const TensorRef<const T> found = input(run, output);
    if (found.data != run.results[o]) std::copy_n(found.data, found.size(), run.results[o]);
  }
}

template <Real T>
NN_COLD const detail::PlanStep* Plan<T>::first_non_finite(const Pass& pass,
                                                          const MemoryLayout& layout) const {
  for (std::size_t v = plan_.num_inputs; v < plan_.values.size(); ++v) {
    const Index count = layout.key.batch * plan_.values[v].num_elements;
    const auto* const y = reinterpret_cast<const T*>(pass.memory + layout.values[v]);
    const auto* const rounded = reinterpret_cast<const Bfloat16*>(y);
    const bool is_finite =
        is_rounded(v, pass)
            ? std::all_of(rounded, rounded + count,
                          [](Bfloat16 number) { return nn::is_finite(from_bfloat16(number)); })
            : nn::first_non_finite(y, count) == count;
    if (!is_finite) return &plan_.steps[static_cast<std::size_t>(plan_.values[v].maker)];
  }
  return nullptr;
}

template <Real T>
NN_COLD void Plan<T>::unite_masks(const Run& run, const Step& step) const {
  const Index size =
      run.layout.key.batch * plan_.masks[static_cast<std::size_t>(step.new_mask)].size;
  bool* const made = mask(step.new_mask, run.pass.memory, run.layout);
  std::fill_n(made, size, false);
  for (const detail::PlanInput& each : step.inputs) {
    const bool* const one = mask(each.mask, run.pass.memory, run.layout);
    for (Index k = 0; k < size; ++k) made[k] = made[k] || one[k];
  }
}

template <Real T>
NN_COLD void Plan<T>::merge(const Run& run, std::size_t i) const {
  const Step& step = plan_.steps[i];
  if (step.new_mask >= 0) unite_masks(run, step);
  std::array<TensorRef<const T>, detail::max_merged> x;
  std::array<TensorRef<T>, detail::max_merged> y;
  for (std::size_t j = 0; j < step.inputs.size(); ++j) x[j] = masked_input(run, step.inputs[j]);
  for (std::size_t r = 0; r < step.num_results(); ++r) y[r] = result(run, step.result(r));
  run.layers[step.leaf]->merge(Tensors<const T>(x.data(), step.inputs.size()),
                               Tensors<T>(y.data(), step.num_results()), pass_of(run, i));
}

template <Real T>
NN_COLD void Plan<T>::backward_merge(const Run& run, std::size_t i) const {
  const Step& step = plan_.steps[i];
  const std::size_t count = step.inputs.size(), num_results = step.num_results();
  std::array<TensorRef<const T>, detail::max_merged> x, y;
  std::array<TensorRef<T>, detail::max_merged> dx, dy;
  for (std::size_t j = 0; j < count; ++j) {
    const detail::PlanInput& each = step.inputs[j];
    x[j] = masked_input(run, each);
    const bool is_wanted = each.needs_dx || !run.dx.empty();
    dx[j] = {is_wanted ? input_gradient(run, each) : nullptr, x[j].shape};
  }
  for (std::size_t r = 0; r < num_results; ++r) {
    const std::size_t v = step.result(r).value;
    const bool is_read = !plan_.values[v].readers.empty() || plan_.values[v].output >= 0;
    const TensorRef<T> made = result(run, step.result(r));
    y[r] = {made.data, made.shape};
    dy[r] = {is_read ? gradient(run, v) : nullptr, made.shape};
  }
  run.layers[step.leaf]->backward(
      Tensors<const T>(x.data(), count), Tensors<const T>(y.data(), num_results),
      Tensors<T>(dy.data(), num_results), Tensors<T>(dx.data(), count), pass_of(run, i));
  if (step.updates_shared) run.layers[step.leaf]->update_parameters(run.pass);
}

template <Real T>
void Plan<T>::differentiate_activation(const Run& run, const Step& step) const {
  const TensorRef<T> y = result(run, step.y);
  const Index cols = row_size(y.shape);
  T* const dy = gradient(run, step.y.value);
  // z is gone; a layer applies no activation that needs it.
  kernels::activation_gradient_of_rows<T>(step.activation, y.size() / cols, cols, nullptr, y.data,
                                          dy, dy);
}

template <Real T>
void Plan<T>::add_addend(const Run& run, const detail::PlanInput& x) const {
  if (x.addend < 0) return;
  T* const sum = gradient(run, x.value);
  kernels::add(run.layout.key.batch * plan_.values[x.value].num_elements, sum,
               input_gradient(run, x), sum);
}

template <Real T>
void Plan<T>::backward_step(const Run& run, std::size_t i) const {
  const Step& step = plan_.steps[i];
  const AnyLayer<T>& layer = *run.layers[step.leaf];
  if (layer.merges()) return backward_merge(run, i);
  const TensorRef<const T> x = input(run, step.x());
  const TensorRef<T> y = result(run, step.y);
  T* const dy = gradient(run, step.y.value);
  T* const dx = input_gradient(run, step.x());
  if (step.is_activation) {
    if (step.dy_is_dz) {  // masked by the reader
      if (dx != dy) std::copy_n(dy, y.size(), dx);
      return;
    }
    const Index cols = row_size(y.shape);
    return kernels::activation_gradient_of_rows(step.activation, y.size() / cols, cols, x.data,
                                                y.data, dy, dx);
  }
  if (!step.dy_is_dz) differentiate_activation(run, step);
  layer.backward(x.data, x.shape, y.data, y.shape, dy, dx, pass_of(run, i));
  if (step.updates_shared) layer.update_parameters(run.pass);
}

template <Real T>
bool Plan<T>::backward_in_columns(const Run& run, std::size_t i) const {
  const Step& step = plan_.steps[i];
  const auto before = static_cast<std::size_t>(plan_.values[step.x().value].maker);
  const Step& first = plan_.steps[before];
  const AnyLayer<T>& maker = *run.layers[first.leaf];
  const Pass first_pass = pass_of(run, before);
  const TensorRef<const T> first_x = input(run, first.x());
  const TensorRef<T> x = result(run, first.y), y = result(run, step.y);
  auto* const reader = maker.dy_reader(first_x.data, first_x.shape, x.data, x.shape, first_pass);
  if (reader == nullptr) return false;
  if (!step.dy_is_dz) differentiate_activation(run, step);
  run.layers[step.leaf]->backward(x.data, step.x().batch_shape(run.layout.key.batch), y.data,
                                  y.shape, gradient(run, step.y.value), *reader, pass_of(run, i));
  maker.update(first_pass);
  return true;
}

template <Real T>
void Plan<T>::update_state(const Layers& layers, const Pass& pass,
                           const MemoryLayout& layout) const {
  const Run run{.layers = layers, .x = {}, .pass = pass, .layout = layout};
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    if (step.is_activation || (!pass.training && !layers[step.leaf]->is_stateful())) continue;
    layers[step.leaf]->update_state(step.x().batch_shape(layout.key.batch), pass_of(run, i));
  }
}

template <Real T>
void Plan<T>::backward(const Layers& layers, std::span<const T* const> x, const Pass& pass,
                       const MemoryLayout& layout, std::span<T* const> dx) const {
  const Run run{.layers = layers, .x = x, .pass = pass, .layout = layout, .dx = dx};
  begin_backward(run);
  std::ptrdiff_t done_before = -1;  // the step that has run along with a later one
  for (std::size_t i = plan_.steps.size(); i-- > 0;) {
    const Step& step = plan_.steps[i];
    const bool is_wanted = step.trains || step.needs_dx || !dx.empty();
    if (!is_wanted || static_cast<std::ptrdiff_t>(i) == done_before) continue;
    const bool in_columns = step.dx_in_columns && dx.empty() && pass.update != nullptr;
    if (in_columns && backward_in_columns(run, i)) {
      done_before = plan_.values[step.x().value].maker;
      continue;
    }
    backward_step(run, i);
    for (const detail::PlanInput& each : step.inputs) {
      if (each.needs_dx || !dx.empty()) add_addend(run, each);
    }
  }
}

template <Real T>
NN_COLD void Plan<T>::begin_backward(const Run& run) const {
  for (const detail::PlanOutput& output : plan_.outputs) {
    if (output.addend >= 0) {
      add_addend(run, output);
    } else if (output.value < run.dx.size()) {  // a result that is an input
      std::copy_n(gradient(output.value, run.pass.memory, run.layout),
                  run.layout.key.batch * plan_.values[output.value].num_elements,
                  run.dx[output.value]);
    }
  }
}

}  // namespace nn
