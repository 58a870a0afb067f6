// SPDX-License-Identifier: MIT
// Forward and backward through a whole model, for loops of one's own.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <span>
#include <utility>

#include "nn/model/model.hpp"
#include "nn/training/requirements.hpp"

namespace nn {

namespace detail {

/// The seed of a forward pass. Several of them between two optimizer steps, whose gradients add up,
/// draw each their own dropout.
[[nodiscard]] inline std::uint64_t seed_of_repeat(std::uint64_t seed, std::uint64_t repeat) {
  constexpr std::uint64_t golden_ratio = 0x9E3779B97F4A7C15;
  return seed + repeat * golden_ratio;
}

}  // namespace detail

/// x [N, ...] has the model's input shape; the result has the given rank. Throws
/// `std::invalid_argument` for a model with several inputs or outputs.
template <Real T>
template <int Rank, class X>
ConstTensorMap<T, Rank> Model<T>::forward(X&& x, Workspace& workspace) const {
  constexpr const char* where = "Model::forward";
  const Samples samples = detail::samples_of(std::forward<X>(x));
  require_samples(where, std::span(&samples, 1));
  require_one_output(where);
  const Shape shape = output_shape().with_batch(samples.count());
  detail::require_output_rank(where, output_shape(), Rank);
  const Index x_bytes = padded_bytes<T>(samples.count(), input_shape().num_elements());
  const MemoryLayout& layout = network_.layout(workspace.layouts(), samples.count(), true);
  const Workspace::ForwardPass before = workspace.last_forward;
  std::byte* const memory = workspace.reserve(checked_sum({x_bytes, layout.num_bytes}));
  const T* const first = samples.gather(nullptr, samples.count(), reinterpret_cast<T*>(memory));
  Pass own = network_.pass(true, memory + x_bytes);
  const bool repeats = before.model == this && before.step == own.step;
  const std::uint64_t repeat = repeats ? before.repeat + 1 : 0;
  own.seed = detail::seed_of_repeat(network_.seed(), repeat);
  network_.forward(std::span(&first, 1), own, layout, {});
  workspace.last_forward = {
      this, network_.build_number(), first, samples.count(), own.memory, own.step, repeat, false};
  return map_tensor<Rank>(network_.result(0, std::span(&first, 1), own.memory, layout), shape);
}

/// dy [N, ...] is the gradient of the loss with respect to the result of `forward`. Layers' state
/// takes up each forward pass once. Throws
/// `std::invalid_argument` without a `forward` of this model in the workspace, `ShapeError` for
/// another shape. Where a layer throws or memory runs out, gradients may hold a part of the sums.
template <Real T>
template <TensorLike DY>
void Model<T>::backward(const DY& dy, Workspace& workspace) {
  constexpr const char* where = "Model::backward";
  static_assert(std::same_as<ScalarOf<DY>, T>, "gradients have the model's scalar type");
  require_built(where);
  network_.require_float_weights(where);
  const auto& last = workspace.last_forward;
  demand(last.model == this && last.build_number == network_.build_number(), where,
         "a workspace that forward of this model has filled last", "another");
  const Shape shape = output_shape().with_batch(last.batch_size);
  if (shape_of(dy) != shape) {
    refuse<ShapeError>(
        {where, {"a gradient of shape ", shape.to_string()}, shape_of(dy).to_string()});
  }
  network_.ensure_gradients();
  const MemoryLayout& layout = network_.layout(workspace.layouts(), last.batch_size, true);
  T* const gradient = network_.result_gradient(0, last.memory, layout);
  std::copy_n(dy.data(), dy.size(), gradient);
  Pass own = network_.pass(true, last.memory);
  own.step = last.step;  // forward's dropout, even if the optimizer has run since
  own.seed = detail::seed_of_repeat(network_.seed(), last.repeat);
  const T* const x = static_cast<const T*>(last.x);
  network_.backward(std::span(&x, 1), own, layout, {});
  if (!std::exchange(workspace.last_forward.is_in_state, true)) network_.update_state(own, layout);
}

}  // namespace nn
