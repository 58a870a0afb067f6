// SPDX-License-Identifier: MIT
// How the layers of a model run: memory and passes.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/core/memory.hpp"
#include "nn/kernels/product/kernels.hpp"
#include "nn/kernels/rows/activation.hpp"
#include "nn/layer/memory_layout.hpp"
#include "nn/model/plan_steps.hpp"

namespace nn {

/// Made once for the layers of a model and an input shape; says what each layer reads and writes:
/// - A reshaping layer is no work at all.
/// - The activation behind a layer that can apply it becomes part of that layer. Others are applied
///   by the plan, over their input where nobody else needs it.
/// - A layer gets the gradient in front of its activation. That of a ReLU is masked by the layer
///   that writes it, if that layer can.
/// - The first layer that is trained may read its dy while the next one makes it.
/// - A result that only products in bfloat16 read may be rounded as it is written.
template <Real T>
class Plan {
 public:
  using Layers = detail::Layers<T>;
  using Step = detail::PlanStep;

  Plan() = default;
  /// `shapes`: of one sample in front of the first layer, behind it, and so on. `as_logits`: leaves
  /// out the activation that closes the model.
  Plan(const Layers& layers, const std::vector<Shape>& shapes, bool as_logits)
      : plan_(detail::StepFinder<T>(layers, shapes, as_logits).take()) {}

  [[nodiscard]] const std::vector<Step>& steps() const { return plan_.steps; }
  [[nodiscard]] const std::vector<detail::PlanValue>& values() const { return plan_.values; }
  /// The activation that the model ends with, which a loss may take over; linear: none.
  [[nodiscard]] Activation closing_activation() const { return plan_.closing_activation; }

  /// Places the tensors of a pass in memory.
  void lay_out(const Layers& layers, Index batch, bool training, MemoryLayout& layout) const;

  /// Runs all layers on x [batch, ...]. At inference the result goes to `result`; in training it
  /// stays in `pass.memory` for backward. Returns where it is.
  const T* forward(const Layers& layers, const T* x, const Pass& pass, const MemoryLayout& layout,
                   T* result) const;

  /// Where the gradient of the result has to be put between `forward` and `backward`.
  [[nodiscard]] T* result_gradient(std::byte* memory, const MemoryLayout& layout) const {
    return gradient(plan_.output.value, memory, layout);
  }

  /// Runs all layers backwards after a training `forward` on the same x and memory. dx [batch, ...]
  /// may be null where nobody wants the gradient of the input.
  void backward(const Layers& layers, const T* x, const Pass& pass, const MemoryLayout& layout,
                T* dx) const;

  /// Updates layers' state after `backward`, with its pass.
  void update_state(const Layers& layers, const Pass& pass, const MemoryLayout& layout) const;

  /// The first step whose result, of a training `forward` in `pass.memory`, is not finite; null:
  /// there is none.
  [[nodiscard]] NN_COLD const Step* first_non_finite(const Pass& pass,
                                                     const MemoryLayout& layout) const;

 private:
  /// What the steps of a backward pass share.
  struct BackwardPass {
    const Layers& layers;
    const T* x;
    const Pass& pass;
    const MemoryLayout& layout;
    T* dx;
  };
  /// What one step of a pass works on, beside gradients.
  struct StepTensors {
    const T* x;
    Shape x_shape;
    const T* y;
    Shape y_shape;
    Pass pass;
  };

  [[nodiscard]] static std::size_t index_of(const std::ptrdiff_t step) {
    return static_cast<std::size_t>(step);
  }
  [[nodiscard]] static Index tensor_bytes(Index num_elements, Index batch) {
    return padded_bytes<T>(batch, num_elements);
  }
  [[nodiscard]] const T* value(std::size_t v, const T* x, std::byte* memory,
                               const MemoryLayout& layout) const {
    if (plan_.values[v].maker < 0) return x;
    return reinterpret_cast<const T*>(memory + layout.values[v]);
  }
  [[nodiscard]] T* gradient(std::size_t v, std::byte* memory, const MemoryLayout& layout) const {
    return reinterpret_cast<T*>(memory + layout.gradients[v]);
  }

  /// At inference a result stays in the cache until it is read: rounding it saves nothing.
  [[nodiscard]] bool is_rounded(std::size_t v, const Pass& pass) const {
    return plan_.values[v].in_bfloat16 && pass.training && kernels::takes_bfloat16(pass.precision);
  }
  /// The pass as the layer of step i sees it.
  [[nodiscard]] Pass pass_of(std::size_t i, const Pass& pass, const MemoryLayout& layout) const {
    const Step& step = plan_.steps[i];
    Pass own = pass;
    own.memory = pass.memory + layout.kept[i];
    own.layer = pass.layer + static_cast<std::uint64_t>(step.number);
    own.activation = step.activation;
    own.needs_dx = step.needs_dx;
    own.dx_is_masked = step.dx_is_masked;
    own.x_in_bfloat16 = is_rounded(step.x.value, pass);
    own.y_in_bfloat16 = is_rounded(step.y.value, pass);
    return own;
  }

  void lay_out_inference(const Layers& layers, Index batch, MemoryLayout& layout) const;
  void lay_out_training(const Layers& layers, Index batch, MemoryLayout& layout) const;
  [[nodiscard]] std::vector<MemoryBlock> gradient_blocks(Index batch) const;

  /// dz = dy act'(z), where y = act(z); dz may be dy.
  static void activation_gradient(Activation activation, const StepTensors& t, const T* dy, T* dz) {
    const Index cols = row_size(t.y_shape);
    kernels::activation_gradient_of_rows(activation, t.y_shape.num_elements() / cols, cols, t.y, dy,
                                         dz);
  }
  /// Of the rows that a softmax acts on.
  [[nodiscard]] static Index row_size(const Shape& shape) {
    return std::max<Index>(shape.empty() ? 1 : shape.back(), 1);
  }

  [[nodiscard]] StepTensors tensors_of(const BackwardPass& all, std::size_t i) const;
  void backward_step(const BackwardPass& all, std::size_t i) const;
  /// Runs the layer of step i and the one that made its x at once: the latter reads its dy column
  /// by column while the former makes it, and it is never stored. Returns false where the latter
  /// declines.
  bool backward_in_columns(const BackwardPass& all, std::size_t i) const;

  detail::PlanSteps plan_;
};

template <Real T>
NN_COLD void Plan<T>::lay_out(const Layers& layers, Index batch, bool training,
                              MemoryLayout& layout) const {
  layout.values.assign(plan_.values.size(), 0);
  layout.gradients.assign(plan_.values.size(), 0);
  layout.kept.assign(plan_.steps.size(), 0);
  if (training) {
    lay_out_training(layers, batch, layout);
  } else {
    lay_out_inference(layers, batch, layout);
  }
}

/// A value is in use from the step that makes it to the last one that reads it. What layers keep
/// lasts from one batch to the next.
template <Real T>
NN_COLD void Plan<T>::lay_out_inference(const Layers& layers, Index batch,
                                        MemoryLayout& layout) const {
  std::vector<MemoryBlock> blocks(plan_.values.size());
  for (std::size_t v = 0; v < plan_.values.size(); ++v) {
    const detail::PlanValue& value = plan_.values[v];
    MemoryBlock& block = blocks[value.memory];
    const auto last =
        static_cast<Index>(value.readers.empty() ? index_of(value.maker) : value.readers.back());
    block.last = std::max(block.last, last);
    if (value.memory == v) {
      block.first = value.maker;
      block.num_bytes = tensor_bytes(value.num_elements, batch);
    }
  }
  // The input lies outside, and so does the result.
  blocks[0] = blocks[plan_.values[plan_.output.value].memory] = {};
  Index size = place_blocks(blocks);
  for (std::size_t v = 0; v < plan_.values.size(); ++v) {
    layout.values[v] = blocks[plan_.values[v].memory].offset;
  }
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    layout.kept[i] = size;
    if (step.is_activation) continue;
    const Index kept = layers[step.leaf]->workspace_bytes(step.x.shape.with_batch(batch), false);
    size = checked_sum({size, round_to_cache_line(kept)});
  }
  layout.num_bytes = size;
}

/// Of n steps, number i runs forward at moment i and backward at moment 2 n - i; at moment n the
/// loss writes the gradient of the result, and at moment 2 n + 1 state is updated. Values, and what
/// layers keep, last until the step that made them has run backward, or to the end for state. A
/// gradient lasts from the step that writes it first to the one that reads it.
template <Real T>
NN_COLD void Plan<T>::lay_out_training(const Layers& layers, Index batch,
                                       MemoryLayout& layout) const {
  const std::size_t num_values = plan_.values.size(), num_steps = plan_.steps.size();
  const auto turn = static_cast<Index>(num_steps);
  std::vector<MemoryBlock> blocks = gradient_blocks(batch);  // a block for each value
  const auto index_of_kept = [=](std::size_t step) { return num_values + step; };
  const auto index_of_result = [=](std::size_t step) { return num_values + num_steps + step; };
  blocks.resize(num_values + 2 * num_steps);
  for (std::size_t i = 0; i < num_steps; ++i) {
    const Step& step = plan_.steps[i];
    const auto moment = static_cast<Index>(i);
    const MemoryBlock block{.first = moment, .last = 2 * turn - moment, .is_kept = true};
    const detail::PlanValue& y = plan_.values[step.y.value];
    MemoryBlock& result = blocks[index_of_result(i)] = block;
    if (y.memory == step.y.value) result.num_bytes = tensor_bytes(y.num_elements, batch);
    MemoryBlock& kept = blocks[index_of_kept(i)] = block;
    if (step.is_activation) continue;
    const AnyLayer<T>& layer = *layers[step.leaf];
    kept.num_bytes =
        round_to_cache_line(layer.workspace_bytes(step.x.shape.with_batch(batch), true));
    if (layer.updates_state()) kept.last = 2 * turn + 1;
  }
  layout.num_bytes = place_blocks(blocks);
  for (std::size_t v = 0; v < num_values; ++v) {
    layout.gradients[v] = blocks[plan_.values[v].memory].offset;
  }
  for (std::size_t i = 0; i < num_steps; ++i) {
    const std::size_t y = plan_.steps[i].y.value, owner = plan_.values[y].memory;
    layout.values[y] = owner == y ? blocks[index_of_result(i)].offset : layout.values[owner];
    layout.kept[i] = blocks[index_of_kept(i)].offset;
  }
}

/// A block for the gradient of each value; those that share memory have one, that of the owner.
template <Real T>
NN_COLD std::vector<MemoryBlock> Plan<T>::gradient_blocks(Index batch) const {
  const auto turn = static_cast<Index>(plan_.steps.size());
  std::vector<MemoryBlock> blocks(plan_.values.size());
  for (std::size_t v = 0; v < plan_.values.size(); ++v) {
    const detail::PlanValue& value = plan_.values[v];
    const bool is_result = v == plan_.output.value || value.readers.empty();
    const Index first = is_result ? turn : 2 * turn - static_cast<Index>(value.readers.back());
    const Index last = 2 * turn - std::max<Index>(value.maker, 0);
    MemoryBlock& block = blocks[value.memory];
    block.first = value.memory == v ? first : std::min(block.first, first);
    block.last = std::max(block.last, last);
    block.num_bytes = std::max(block.num_bytes, tensor_bytes(value.num_elements, batch));
  }
  return blocks;
}

template <Real T>
const T* Plan<T>::forward(const Layers& layers, const T* x, const Pass& pass,
                          const MemoryLayout& layout, T* result) const {
  const Index batch = layout.key.batch;
  const std::size_t output = plan_.values[plan_.output.value].memory;
  const auto memory_of = [&](std::size_t v) {
    if (!pass.training && plan_.values[v].memory == output) return result;
    return reinterpret_cast<T*>(pass.memory + layout.values[v]);
  };
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    const T* const from = step.x.value == 0 ? x : memory_of(step.x.value);
    T* const y = memory_of(step.y.value);
    if (step.is_activation) {
      const Index cols = row_size(step.y.shape);
      const Index rows = batch * step.y.shape.num_elements() / cols;
      kernels::activate_rows(step.activation, rows, cols, from, y);
    } else {
      layers[step.leaf]->forward(from, step.x.shape.with_batch(batch), y,
                                 step.y.shape.with_batch(batch), pass_of(i, pass, layout));
    }
  }
  if (output != 0) return memory_of(plan_.output.value);
  if (pass.training) return x;
  std::copy_n(x, batch * plan_.values[0].num_elements, result);
  return result;
}

template <Real T>
NN_COLD const detail::PlanStep* Plan<T>::first_non_finite(const Pass& pass,
                                                          const MemoryLayout& layout) const {
  for (const Step& step : plan_.steps) {
    const std::size_t v = step.y.value;
    const Index count = layout.key.batch * plan_.values[v].num_elements;
    const T* const y = value(v, nullptr, pass.memory, layout);
    const auto* const rounded = reinterpret_cast<const Bfloat16*>(y);
    const bool is_finite =
        is_rounded(v, pass)
            ? std::all_of(rounded, rounded + count,
                          [](Bfloat16 number) { return nn::is_finite(from_bfloat16(number)); })
            : nn::first_non_finite(y, count) == count;
    if (!is_finite) return &step;
  }
  return nullptr;
}

template <Real T>
typename Plan<T>::StepTensors Plan<T>::tensors_of(const BackwardPass& all, std::size_t i) const {
  const Step& step = plan_.steps[i];
  const Index batch = all.layout.key.batch;
  StepTensors tensors{value(step.x.value, all.x, all.pass.memory, all.layout),
                      step.x.shape.with_batch(batch),
                      value(step.y.value, all.x, all.pass.memory, all.layout),
                      step.y.shape.with_batch(batch), pass_of(i, all.pass, all.layout)};
  if (all.dx != nullptr) tensors.pass.needs_dx = true;
  return tensors;
}

template <Real T>
void Plan<T>::backward_step(const BackwardPass& all, std::size_t i) const {
  const Step& step = plan_.steps[i];
  const StepTensors t = tensors_of(all, i);
  T* const dy = gradient(step.y.value, all.pass.memory, all.layout);
  T* const dx = step.x.value == 0 && all.dx != nullptr
                    ? all.dx
                    : gradient(step.x.value, all.pass.memory, all.layout);
  if (step.is_activation) {
    return activation_gradient(step.activation, t, dy, dx);
  }
  if (!step.dy_is_dz) activation_gradient(step.activation, t, dy, dy);
  all.layers[step.leaf]->backward(t.x, t.x_shape, t.y, t.y_shape, dy, dx, t.pass);
}

template <Real T>
bool Plan<T>::backward_in_columns(const BackwardPass& all, std::size_t i) const {
  const Step& step = plan_.steps[i];
  const std::size_t before = index_of(plan_.values[step.x.value].maker);
  const AnyLayer<T>& maker = *all.layers[plan_.steps[before].leaf];
  const StepTensors first = tensors_of(all, before);
  auto* const reader = maker.dy_reader(first.x, first.x_shape, first.y, first.y_shape, first.pass);
  if (reader == nullptr) return false;
  const StepTensors t = tensors_of(all, i);
  T* const dy = gradient(step.y.value, all.pass.memory, all.layout);
  if (!step.dy_is_dz) activation_gradient(step.activation, t, dy, dy);
  all.layers[step.leaf]->backward(t.x, t.x_shape, t.y, t.y_shape, dy, *reader, t.pass);
  maker.update(first.pass);
  return true;
}

template <Real T>
void Plan<T>::update_state(const Layers& layers, const Pass& pass,
                           const MemoryLayout& layout) const {
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    if (step.is_activation) continue;
    layers[step.leaf]->update_state(step.x.shape.with_batch(layout.key.batch),
                                    pass_of(i, pass, layout));
  }
}

template <Real T>
void Plan<T>::backward(const Layers& layers, const T* x, const Pass& pass,
                       const MemoryLayout& layout, T* dx) const {
  const BackwardPass all{layers, x, pass, layout, dx};
  for (std::size_t i = plan_.steps.size(); i-- > 0;) {
    const Step& step = plan_.steps[i];
    const bool in_columns = step.dx_in_columns && dx == nullptr && pass.update != nullptr;
    if (in_columns && backward_in_columns(all, i)) return;
    if (!step.trains && !step.needs_dx && dx == nullptr) return;  // nothing before trains
    backward_step(all, i);
  }
  if (dx == nullptr || plan_.output.value != 0) return;
  // Without steps, the gradient passes through.
  std::copy_n(result_gradient(pass.memory, layout), layout.key.batch * plan_.values[0].num_elements,
              dx);
}

}  // namespace nn
