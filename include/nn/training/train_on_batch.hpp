// SPDX-License-Identifier: MIT
// Single batches, for loops of one's own: an update or a test, and forward and backward alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "nn/core/float_mode.hpp"
#include "nn/training/batch_runner.hpp"
#include "nn/training/predict.hpp"

namespace nn {

/// One update from the whole of x [N, ...] with labels y [N]. Returns the loss and metrics of this
/// batch as they were before the update, dropout on. Needs a compiled model; builds it if that
/// wasn't done. Where it throws, the model is as it was, but for two cases after its first update:
/// a layer of one's own throws in backward, or memory runs out there in a thread or for a batch
/// size that it has not seen. The layers behind may be updated then (`fit` puts them back).
template <Real T>
template <class X, class Y>
Scores Sequential<T>::train_on_batch(const X& x, const Y& y) {
  return train_on_samples(detail::samples_of(x), detail::labels_of(y));
}

template <Real T>
Scores Sequential<T>::train_on_samples(const Samples& samples, const LabelView& y) {
  constexpr const char* where = "Sequential::train_on_batch";
  const Compiled<T>& compiled = detail::ModelAccess::compiled(*this, where);
  network_.require_no_training(where);
  network_.require_float_weights(where);
  samples.check_type<T>(where);
  demand(samples.count() > 0, where, "at least one sample", "none");
  if (!is_built()) {
    detail::require_labels<T>(where, samples, y, output_shape(samples.sample_shape()));
    Sequential built = *this;
    built.build(samples.sample_shape());
    Scores scores = built.train_on_samples(samples, y);
    *this = std::move(built);
    return scores;
  }
  require_samples(where, samples);
  detail::require_labels<T>(where, samples, y, output_shape());
  const FlushDenormals flush;
  network_.ensure_gradients();
  detail::BatchRunner<T> runner(network_, compiled);
  const Pass pass = runner.train_forward(samples, y, nullptr, samples.count());
  Scores scores = runner.scores();
  // The first update takes memory until its end, which later ones find in place.
  typename ParameterBlock<T>::Snapshot before;
  const bool is_first = network_.block.step() == 0;
  if (is_first) before = network_.block.snapshot();
  try {
    runner.update(network_, pass, samples.count());
  } catch (...) {
    if (is_first) network_.block.restore(std::move(before));
    throw;
  }
  return scores;
}

/// Loss and metrics of x [N, ...] with labels y [N] as one batch, in inference mode.
template <Real T>
template <class X, class Y>
Scores Sequential<T>::test_on_batch(const X& x, const Y& y) const {
  return test_on_samples(detail::samples_of(x), detail::labels_of(y));
}

template <Real T>
Scores Sequential<T>::test_on_samples(const Samples& samples, const LabelView& y) const {
  constexpr const char* where = "Sequential::test_on_batch";
  const Compiled<T>& compiled = detail::ModelAccess::compiled(*this, where);
  require_samples(where, samples);
  detail::require_labels<T>(where, samples, y, output_shape());
  demand(samples.count() > 0, where, "at least one sample", "none");
  const FlushDenormals flush;  // as evaluate
  detail::BatchRunner<T> runner(network_, compiled);
  runner.test(samples, y, samples.count());
  return runner.scores();
}

namespace detail {

/// The seed of a forward pass that is one of several between two optimizer steps (gradients add
/// up): each draws its own dropout.
[[nodiscard]] inline std::uint64_t seed_of_repeat(std::uint64_t seed, std::uint64_t repeat) {
  constexpr std::uint64_t golden_ratio = 0x9E3779B97F4A7C15;
  return seed + repeat * golden_ratio;
}

}  // namespace detail

/// Shapes: x [N, ...] of the model's input shape; the result has the given rank.
template <Real T>
template <int Rank, class X>
ConstTensorMap<T, Rank> Sequential<T>::forward(X&& x, Workspace& workspace) const {
  constexpr const char* where = "Sequential::forward";
  const Samples samples = detail::samples_of(std::forward<X>(x));
  require_samples(where, samples);
  const Shape shape = output_shape().with_batch(samples.count());
  detail::require_output_rank(where, output_shape(), Rank);
  const Index x_bytes = padded_bytes<T>(samples.count(), input_shape().num_elements());
  const Index plan_bytes = network_.plan.workspace_bytes(network_.layers, samples.count(), true);
  const Workspace::ForwardPass before = workspace.last_forward;
  std::byte* const memory = workspace.reserve(checked_sum({x_bytes, plan_bytes}));
  const T* first = samples.gather(nullptr, samples.count(), reinterpret_cast<T*>(memory));
  Pass own = pass(true, memory + x_bytes);
  const bool repeats = before.model == this && before.step == own.step;
  const std::uint64_t repeat = repeats ? before.repeat + 1 : 0;
  own.seed = detail::seed_of_repeat(network_.seed, repeat);
  const T* y = network_.plan.forward(network_.layers, first, samples.count(), own, nullptr);
  workspace.last_forward = {
      this, network_.build_number, first, samples.count(), own.memory, own.step, repeat};
  return map_tensor<Rank>(y, shape);
}

/// dy [N, ...] is the gradient of the loss with respect to the result of `forward`. Throws
/// `std::invalid_argument` without a `forward` of this model in the workspace, `ShapeError` for
/// another shape. Where a layer throws or memory runs out, gradients may hold a part of the sums.
template <Real T>
template <TensorLike DY>
void Sequential<T>::backward(const DY& dy, Workspace& workspace) {
  constexpr const char* where = "Sequential::backward";
  static_assert(std::same_as<ScalarOf<DY>, T>, "gradients have the model's scalar type");
  require_built(where);
  network_.require_float_weights(where);
  const auto& last = workspace.last_forward;
  demand(last.model == this && last.build_number == network_.build_number, where,
         "a workspace that forward of this model has filled last", "another");
  const Shape shape = output_shape().with_batch(last.batch_size);
  if (shape_of(dy) != shape) {
    refuse<ShapeError>(
        {where, {"a gradient of shape ", shape.to_string()}, shape_of(dy).to_string()});
  }
  network_.ensure_gradients();
  T* gradient = network_.plan.result_gradient(network_.layers, last.batch_size, last.memory);
  std::copy_n(dy.data(), dy.size(), gradient);
  Pass own = pass(true, last.memory);
  own.step = last.step;  // forward's random numbers, though the optimizer has run since
  own.seed = detail::seed_of_repeat(network_.seed, last.repeat);
  network_.plan.backward(network_.layers, static_cast<const T*>(last.x), last.batch_size, own,
                         nullptr);
}

}  // namespace nn
