// SPDX-License-Identifier: MIT
// Where the tensors of a model's passes lie in memory.
#pragma once

#include <algorithm>
#include <vector>

#include "nn/core/memory.hpp"
#include "nn/layer/memory_layout.hpp"
#include "nn/model/plan_steps.hpp"

namespace nn::detail {

/// Bytes of the affine map that the layer of a step does for another one, in front of what it
/// keeps.
template <Real T>
[[nodiscard]] Index affine_bytes(const PlanStep& step) {
  if (step.affine_leaf < 0) return 0;
  return round_to_cache_line(bytes_of<T>(Index{2}, step.y.shape.back()));
}

/// Bytes of what the layer of a step keeps.
template <Real T>
[[nodiscard]] NN_COLD Index kept_bytes(const Layers<T>& layers, const PlanStep& step, Index batch,
                                       bool training) {
  if (step.is_activation) return 0;
  std::vector<Shape> x;
  for (const PlanInput& input : step.inputs) x.push_back(input.batch_shape(batch));
  return checked_sum({affine_bytes<T>(step),
                      round_to_cache_line(layers[step.leaf]->workspace_bytes(x, training))});
}

/// A value is in use from the step that makes it to the last one that reads it. What layers keep
/// lasts from one batch to the next.
template <Real T>
NN_COLD void lay_out_inference(const PlanSteps& plan, const Layers<T>& layers, Index batch,
                               MemoryLayout& layout) {
  std::vector<MemoryBlock> blocks(plan.values.size());
  for (std::size_t v = plan.num_inputs; v < plan.values.size(); ++v) {
    const PlanValue& value = plan.values[v];
    MemoryBlock& block = blocks[value.memory];
    const Index last =
        value.readers.empty() ? value.maker : static_cast<Index>(value.readers.back());
    block.last = std::max(block.last, last);
    if (value.memory == v) {
      block.first = value.maker;
      block.num_bytes = padded_bytes<T>(batch, value.num_elements);
    }
  }
  // The inputs lie outside, and so do the results.
  for (const PlanOutput& output : plan.outputs) blocks[plan.values[output.value].memory] = {};
  Index size = place_blocks(blocks);
  for (std::size_t v = 0; v < plan.values.size(); ++v) {
    layout.values[v] = blocks[plan.values[v].memory].offset;
  }
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    layout.kept[i] = size;
    size = checked_sum({size, kept_bytes(layers, plan.steps[i], batch, false)});
  }
  layout.num_bytes = size;
}

/// For training: a block for the gradient of each value, where those that share memory have one,
/// that of the owner; then one for each addend.
template <Real T>
[[nodiscard]] NN_COLD std::vector<MemoryBlock> gradient_blocks(const PlanSteps& plan, Index batch) {
  const auto turn = static_cast<Index>(plan.steps.size());
  std::vector<MemoryBlock> blocks(plan.values.size() + plan.addends.size());
  for (std::size_t v = 0; v < plan.values.size(); ++v) {
    const PlanValue& value = plan.values[v];
    const bool is_first = value.output >= 0 || value.readers.empty();
    const Index first = is_first ? turn : 2 * turn - static_cast<Index>(value.readers.back());
    const Index last = 2 * turn - std::max<Index>(value.maker, 0);
    MemoryBlock& block = blocks[value.memory];
    block.first = value.memory == v ? first : std::min(block.first, first);
    block.last = std::max(block.last, last);
    block.num_bytes = std::max(block.num_bytes, padded_bytes<T>(batch, value.num_elements));
  }
  const auto add_addend = [&](const PlanInput& input, Index moment) {
    if (input.addend < 0) return;
    blocks[plan.values.size() + static_cast<std::size_t>(input.addend)] = {
        .num_bytes = padded_bytes<T>(batch, plan.values[input.value].num_elements),
        .first = moment,
        .last = moment};
  };
  for (const PlanOutput& output : plan.outputs) add_addend(output, turn);
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    for (const PlanInput& input : plan.steps[i].inputs) {
      add_addend(input, 2 * turn - static_cast<Index>(i));
    }
  }
  return blocks;
}

/// Of n steps, number i runs forward at moment i and backward at moment 2 n - i; at moment n the
/// loss writes the gradient of the result, and at moment 2 n + 1 state is updated. Values, and what
/// layers keep, last until the step that made them has run backward, or to the end for state. A
/// gradient lasts from the step that writes it first to the one that reads it, an addend as long as
/// the step that writes it.
template <Real T>
NN_COLD void lay_out_training(const PlanSteps& plan, const Layers<T>& layers, Index batch,
                              MemoryLayout& layout) {
  const std::size_t num_values = plan.values.size(), num_steps = plan.steps.size();
  const auto turn = static_cast<Index>(num_steps);
  std::vector<MemoryBlock> blocks = gradient_blocks<T>(plan, batch);
  const std::size_t first_kept = blocks.size(), first_result = first_kept + num_steps;
  blocks.resize(first_result + num_values);
  for (std::size_t i = 0; i < num_steps; ++i) {
    const PlanStep& step = plan.steps[i];
    const auto moment = static_cast<Index>(i);
    MemoryBlock block{.first = moment, .last = 2 * turn - moment, .is_kept = true};
    for (std::size_t r = 0; r < step.num_results(); ++r) {
      const std::size_t v = step.result(r).value;
      const PlanValue& y = plan.values[v];
      block.num_bytes = y.memory == v ? padded_bytes<T>(batch, y.num_elements) : 0;
      blocks[first_result + v] = block;
    }
    block.num_bytes = kept_bytes(layers, step, batch, true);
    if (layers[step.leaf]->updates_state()) block.last = 2 * turn + 1;
    blocks[first_kept + i] = block;
  }
  layout.num_bytes = place_blocks(blocks);
  for (std::size_t v = 0; v < num_values; ++v) {
    layout.gradients[v] = blocks[plan.values[v].memory].offset;
  }
  for (std::size_t i = 0; i < plan.addends.size(); ++i) {
    layout.addends[i] = blocks[num_values + i].offset;
  }
  for (std::size_t v = plan.num_inputs; v < num_values; ++v) {
    layout.values[v] = blocks[first_result + plan.values[v].memory].offset;
  }
  for (std::size_t i = 0; i < num_steps; ++i) layout.kept[i] = blocks[first_kept + i].offset;
}

/// Places the tensors of a pass over `batch` samples in memory.
template <Real T>
NN_COLD void lay_out(const PlanSteps& plan, const Layers<T>& layers, Index batch, bool training,
                     MemoryLayout& layout) {
  layout.values.assign(plan.values.size(), 0);
  layout.gradients.assign(plan.values.size(), 0);
  layout.addends.assign(plan.addends.size(), 0);
  layout.kept.assign(plan.steps.size(), 0);
  (training ? lay_out_training<T> : lay_out_inference<T>)(plan, layers, batch, layout);
  // Masks are few bytes, and last.
  layout.masks.clear();
  for (const PlanMask& mask : plan.masks) {
    layout.masks.push_back(layout.num_bytes);
    layout.num_bytes = checked_sum({layout.num_bytes, padded_bytes<bool>(batch, mask.size)});
  }
}

}  // namespace nn::detail
