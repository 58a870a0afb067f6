// SPDX-License-Identifier: MIT
// How a chain of layers runs: memory and passes.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/core/memory.hpp"
#include "nn/kernels/product/kernels.hpp"
#include "nn/model/plan_steps.hpp"
#include "nn/model/result_table.hpp"

namespace nn {

/// Made once for a chain of layers and an input shape; says what each layer reads and writes:
/// - An activation layer behind a layer that can apply it becomes part of that layer.
/// - A reshaping layer is no work at all.
/// - The gradient of a ReLU is masked by the layer that writes it, if that layer can.
/// - The first layer with parameters may read its dy while the next one makes it.
/// - A result that only products in bfloat16 read may be rounded as it is written.
///
/// Memory of a training pass, in order: the table of results; for each layer its y and what it
/// keeps; two buffers that gradients take in turn. At inference: two that ys take; what each layer
/// keeps.
template <Real T>
class Plan {
 public:
  using Layers = detail::Layers<T>;
  using Step = detail::PlanStep;

  Plan() = default;
  /// For the shapes of one sample in front of the first layer, behind it, and so on.
  Plan(const Layers& layers, const std::vector<Shape>& shapes)
      : steps_(detail::plan_steps(layers, shapes)),
        num_layers_(steps_.empty() ? 0 : steps_.back().number + layers.back()->num_layers()) {}

  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
  /// Layers that draw random numbers of their own, or could.
  [[nodiscard]] Index num_layers() const { return num_layers_; }
  /// Whether a loss may have the logits in place of the closing softmax's result.
  [[nodiscard]] bool closes_with_softmax() const {
    return std::any_of(steps_.begin(), steps_.end(), [](const Step& s) { return s.drops_softmax; });
  }

  [[nodiscard]] Index workspace_bytes(const Layers& layers, Index batch, bool training) const;

  /// Runs all layers on x [batch, ...]. At inference the result goes to `result`; in training it
  /// stays in `memory` for backward. Returns where it is.
  const T* forward(const Layers& layers, const T* x, Index batch, const Pass& pass,
                   T* result) const {
    return pass.training ? forward_training(layers, x, batch, pass)
                         : forward_inference(layers, x, batch, pass, result);
  }

  /// Where the gradient of the result has to be put between `forward` and `backward`.
  [[nodiscard]] T* result_gradient(std::byte* memory) const {
    return reinterpret_cast<T*>(detail::ResultTable(memory)[steps_.size()]);
  }

  /// Number of the first layer whose result, of a training `forward` in `pass.memory`, is not
  /// finite; the number of layers if there is none.
  [[nodiscard]] NN_COLD std::size_t first_non_finite(Index batch, const Pass& pass) const;

  /// Runs all layers backwards after a training `forward` on the same x and memory. dx [batch, ...]
  /// may be null where nobody wants the gradient of the input.
  void backward(const Layers& layers, const T* x, Index batch, const Pass& pass, T* dx) const;

  /// Updates layers' state after `backward`; what a layer keeps in memory has to live so long.
  void update_state(const Layers& layers, Index batch, const Pass& pass) const;

 private:
  /// The pass as layer i sees it.
  [[nodiscard]] Pass pass_of(std::size_t i, const Pass& pass, std::byte* memory) const {
    const Step& step = steps_[i];
    Pass own = pass;
    own.memory = memory;
    own.layer = pass.layer + static_cast<std::uint64_t>(step.number);
    own.activation = step.activation;
    own.as_logits = pass.as_logits && step.drops_softmax;
    own.dy_is_masked = step.dy_is_masked;
    own.dx_is_masked = step.dx_is_masked;
    // At inference a result stays in the cache until it is read: rounding it saves nothing.
    const bool rounds = pass.training && kernels::takes_bfloat16(pass.precision);
    own.x_in_bfloat16 = rounds && step.x_in_bfloat16;
    own.y_in_bfloat16 = rounds && step.y_in_bfloat16;
    return own;
  }
  [[nodiscard]] bool is_view(std::size_t i, bool as_logits) const {
    return steps_[i].is_view || (as_logits && steps_[i].is_all_softmax);
  }

  [[nodiscard]] static Index tensor_bytes(const Shape& sample, Index batch) {
    return padded_bytes<T>(batch, sample.num_elements());
  }
  [[nodiscard]] Index layer_bytes(const AnyLayer<T>& layer, std::size_t i, Index batch,
                                  bool training) const {
    return round_to_cache_line(layer.workspace_bytes(steps_[i].x.with_batch(batch), training));
  }
  /// Training: bytes of step i's y and of what its layer keeps.
  [[nodiscard, gnu::noinline]] Index kept_bytes(const AnyLayer<T>& layer, std::size_t i,
                                                Index batch) const {
    if (steps_[i].is_view) return 0;
    return checked_sum({tensor_bytes(steps_[i].y, batch), layer_bytes(layer, i, batch, true)});
  }
  /// Sizes of the two buffers that gradients take in turn; the result's gradient lies in the first.
  [[nodiscard, gnu::noinline]] std::array<Index, 2> gradient_bytes(Index batch) const {
    std::array<Index, 2> bytes{steps_.empty() ? 0 : tensor_bytes(steps_.back().y, batch), 0};
    for (const bool as_logits : {false, true}) {  // it may change whose turn it is
      std::size_t turn = 1;
      for (std::size_t i = steps_.size(); i-- > 0;) {
        if (is_view(i, as_logits)) continue;
        bytes[turn] = std::max(bytes[turn], tensor_bytes(steps_[i].x, batch));
        turn = 1 - turn;
      }
    }
    return bytes;
  }
  /// Sizes of the two buffers that results take in turn at inference.
  [[nodiscard, gnu::noinline]] std::array<Index, 2> result_bytes(Index batch) const {
    std::array<Index, 2> bytes{0, 0};
    std::size_t turn = 0;
    for (const Step& step : steps_) {
      if (step.is_view) continue;
      bytes[turn] = std::max(bytes[turn], tensor_bytes(step.y, batch));
      turn = 1 - turn;
    }
    return bytes;
  }

  const T* forward_training(const Layers& layers, const T* x, Index batch, const Pass& pass) const;
  const T* forward_inference(const Layers& layers, const T* x, Index batch, const Pass& pass,
                             T* result) const;

  /// What the steps of a backward pass share: the model's layers and input.
  struct BackwardPass {
    const Layers& layers;
    const T* x;
    Index batch;
    const Pass& pass;
  };
  /// What one of them gets beside dy.
  struct BackwardStep {
    const T* x;
    Shape x_shape;
    const T* y;
    Shape y_shape;
    Pass pass;
  };
  [[nodiscard]] BackwardStep backward_step(const BackwardPass& all, std::size_t i) const;
  /// Runs step i and the one that made its x at once: the latter reads its dy column by column
  /// while step i makes it, and it is never stored. Returns false where the latter declines.
  bool backward_in_columns(const BackwardPass& all, std::size_t i, const BackwardStep& step,
                           T* dy) const;

  std::vector<Step> steps_;
  Index num_layers_ = 0;
};

template <Real T>
Index Plan<T>::workspace_bytes(const Layers& layers, Index batch, bool training) const {
  const auto buffers = training ? gradient_bytes(batch) : result_bytes(batch);
  const Index table = training ? detail::ResultTable::num_bytes(steps_.size()) : 0;
  Index total = checked_sum({table, buffers[0], buffers[1]});
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].is_view) continue;
    const Index bytes =
        training ? kept_bytes(*layers[i], i, batch) : layer_bytes(*layers[i], i, batch, false);
    total = checked_sum({total, bytes});
  }
  return total;
}

template <Real T>
const T* Plan<T>::forward_training(const Layers& layers, const T* x, Index batch,
                                   const Pass& pass) const {
  const detail::ResultTable results(pass.memory);
  std::byte* y = pass.memory + detail::ResultTable::num_bytes(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    results.set(i, y);
    if (!is_view(i, pass.as_logits)) {
      const Pass own = pass_of(i, pass, y + tensor_bytes(step.y, batch));
      layers[i]->forward(x, step.x.with_batch(batch), reinterpret_cast<T*>(y),
                         step.y.with_batch(batch), own);
      x = reinterpret_cast<T*>(y);
    }
    y += kept_bytes(*layers[i], i, batch);
  }
  results.set(steps_.size(), y);
  return x;
}

template <Real T>
std::size_t Plan<T>::first_non_finite(Index batch, const Pass& pass) const {
  const detail::ResultTable results(pass.memory);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (is_view(i, pass.as_logits)) continue;
    const Index count = batch * steps_[i].y.num_elements();
    const auto* y = reinterpret_cast<const T*>(results[i]);
    const auto* rounded = reinterpret_cast<const Bfloat16*>(results[i]);
    const bool is_finite =
        pass_of(i, pass, nullptr).y_in_bfloat16
            ? std::all_of(rounded, rounded + count,
                          [](Bfloat16 value) { return nn::is_finite(from_bfloat16(value)); })
            : nn::first_non_finite(y, count) == count;
    if (!is_finite) return i;
  }
  return steps_.size();
}

template <Real T>
const T* Plan<T>::forward_inference(const Layers& layers, const T* x, Index batch, const Pass& pass,
                                    T* result) const {
  const auto sizes = result_bytes(batch);
  const std::array<std::byte*, 2> buffers{pass.memory, pass.memory + sizes[0]};
  std::size_t last = steps_.size();
  while (last > 0 && is_view(last - 1, pass.as_logits)) --last;
  if (last == 0) std::copy_n(x, batch * steps_.back().y.num_elements(), result);
  std::byte* memory = buffers[1] + sizes[1];
  for (std::size_t i = 0, turn = 0; i < last; ++i) {
    if (is_view(i, pass.as_logits)) continue;
    const Step& step = steps_[i];
    T* y = i + 1 == last ? result : reinterpret_cast<T*>(buffers[turn]);
    const Pass own = pass_of(i, pass, memory);
    memory += layer_bytes(*layers[i], i, batch, false);
    layers[i]->forward(x, step.x.with_batch(batch), y, step.y.with_batch(batch), own);
    x = y;
    turn = 1 - turn;
  }
  return result;
}

template <Real T>
typename Plan<T>::BackwardStep Plan<T>::backward_step(const BackwardPass& all,
                                                      std::size_t i) const {
  const Step& step = steps_[i];
  const detail::ResultTable results(all.pass.memory);
  const T* x = step.maker < 0
                   ? all.x
                   : reinterpret_cast<const T*>(results[static_cast<std::size_t>(step.maker)]);
  Pass own = pass_of(i, all.pass, results[i] + tensor_bytes(step.y, all.batch));
  own.needs_dx = step.needs_dx;
  return {x, step.x.with_batch(all.batch), reinterpret_cast<const T*>(results[i]),
          step.y.with_batch(all.batch), own};
}

template <Real T>
void Plan<T>::update_state(const Layers& layers, Index batch, const Pass& pass) const {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (is_view(i, pass.as_logits)) continue;
    std::byte* const y = detail::ResultTable(pass.memory)[i];
    const Pass own = pass_of(i, pass, y + tensor_bytes(steps_[i].y, batch));
    layers[i]->update_state(steps_[i].x.with_batch(batch), own);
  }
}

template <Real T>
bool Plan<T>::backward_in_columns(const BackwardPass& all, std::size_t i, const BackwardStep& step,
                                  T* dy) const {
  const auto before = static_cast<std::size_t>(steps_[i].maker);
  const AnyLayer<T>& maker = *all.layers[before];
  const BackwardStep first = backward_step(all, before);
  auto* const reader = maker.dy_reader(first.x, first.x_shape, first.y, first.y_shape, first.pass);
  if (reader == nullptr) return false;
  all.layers[i]->backward(step.x, step.x_shape, step.y, step.y_shape, dy, *reader, step.pass);
  maker.update(first.pass);
  return true;
}

template <Real T>
void Plan<T>::backward(const Layers& layers, const T* x, Index batch, const Pass& pass,
                       T* dx) const {
  const BackwardPass all{layers, x, batch, pass};
  T* dy = result_gradient(pass.memory);
  const std::array<T*, 2> buffers{
      dy, reinterpret_cast<T*>(reinterpret_cast<std::byte*>(dy) + gradient_bytes(batch)[0])};
  std::size_t turn = 1;
  for (std::size_t i = steps_.size(); i-- > 0;) {
    if (is_view(i, pass.as_logits)) continue;
    BackwardStep step = backward_step(all, i);
    if (dx != nullptr) step.pass.needs_dx = true;
    const bool in_columns = steps_[i].dx_in_columns && dx == nullptr && pass.update != nullptr;
    if (in_columns && backward_in_columns(all, i, step, dy)) return;
    T* const dx_i = dx != nullptr && steps_[i].maker < 0 ? dx : buffers[turn];
    layers[i]->backward(step.x, step.x_shape, step.y, step.y_shape, dy, dx_i, step.pass);
    if (!step.pass.needs_dx) return;  // nothing before has parameters
    dy = dx_i;
    turn = 1 - turn;
  }
  // Only views: the gradient passes through.
  if (dx != nullptr && dy != dx) std::copy_n(dy, batch * steps_.front().x.num_elements(), dx);
}

}  // namespace nn
