// SPDX-License-Identifier: MIT
// How a chain of layers runs: shapes, memory, and which neighbours work as one.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "nn/core/memory.hpp"
#include "nn/model/any_layer.hpp"

namespace nn {

/// Made once for a chain of layers and an input shape; says what each layer reads and writes. An
/// activation layer behind a layer that can apply it becomes part of that layer, a reshaping layer
/// is no work at all, and a ReLU's gradient is masked where it is written, if that layer can.
///
/// Memory of a training pass, in this order: for each layer its y and what it keeps; then two
/// buffers that the gradients take in turn. At inference: two that the ys take; then each layer's.
template <Real T>
class Plan {
 public:
  using Layers = std::vector<AnyLayer<T>>;

  struct Step {
    Shape x, y;                                  // of one sample
    Index number = 0;                            // of the layer, nested models' layers counted
    bool is_view = false;                        // y is x's memory
    Activation activation = Activation::linear;  // of the following activation layer, done here too
    bool dy_is_masked = false, mask_dx = false;
    bool needs_dx = false;        // a layer before this one has parameters
    bool drops_softmax = false;   // closes the model with a softmax that a loss may take over
    bool is_all_softmax = false;  // and does nothing else: then it is a view
  };

  Plan() = default;
  /// Throws `ShapeError` with the layer's number and sentence where a layer can't take what it
  /// gets.
  [[gnu::cold, gnu::noinline]] Plan(const Layers& layers, const Shape& input) {
    Shape shape = input;
    Index number = 0;
    bool parameters_before = false;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      steps_.push_back(
          {.x = shape, .y = checked_output_shape(layers[i], i, shape), .number = number});
      number += layers[i].num_layers();
      steps_.back().is_view = layers[i].facts().reshapes;
      steps_.back().needs_dx = parameters_before;
      parameters_before |= layers[i].facts().has_parameters;
      shape = steps_.back().y;
    }
    fuse_activations(layers);
    fuse_masks(layers);
    find_closing_softmax(layers);
  }

  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
  /// Whether a loss may have the logits in place of the closing softmax's result.
  [[nodiscard]] bool closes_with_softmax() const {
    return std::any_of(steps_.begin(), steps_.end(), [](const Step& s) { return s.drops_softmax; });
  }

  [[nodiscard]] Index workspace_bytes(const Layers& layers, Index batch, bool training) const;

  /// Runs all layers on x [batch, ...]. At inference the result goes to `result`; in training it
  /// stays in `memory` for backward. Returns where it is.
  const T* forward(const Layers& layers, const T* x, Index batch, const Pass& pass,
                   T* result) const;

  /// Where the gradient of the result has to be put before `backward`.
  [[nodiscard]] T* result_gradient(const Layers& layers, Index batch, std::byte* memory) const {
    return reinterpret_cast<T*>(memory + kept_bytes(layers, batch));
  }

  /// Runs all layers backwards after a training `forward` on the same x and memory. dx [batch, ...]
  /// may be null where nobody wants the gradient of the input.
  void backward(const Layers& layers, const T* x, Index batch, const Pass& pass, T* dx) const;

 private:
  static Shape checked_output_shape(const AnyLayer<T>& layer, std::size_t i, const Shape& input);
  [[gnu::cold]] void fuse_activations(const Layers& layers);
  [[gnu::cold]] void fuse_masks(const Layers& layers);
  [[gnu::cold]] void find_closing_softmax(const Layers& layers);

  /// The pass as layer i sees it.
  [[nodiscard]] Pass pass_of(std::size_t i, const Pass& pass, std::byte* memory) const {
    Pass own = pass;
    own.memory = memory;
    own.layer = static_cast<std::uint16_t>(pass.layer + steps_[i].number);
    own.activation = steps_[i].activation;
    own.as_logits = pass.as_logits && steps_[i].drops_softmax;
    own.dy_is_masked = steps_[i].dy_is_masked;
    own.mask_dx = steps_[i].mask_dx;
    return own;
  }
  [[nodiscard]] bool is_view(std::size_t i, bool as_logits) const {
    return steps_[i].is_view || (as_logits && steps_[i].is_all_softmax);
  }

  [[nodiscard]] static Index tensor_bytes(const Shape& sample, Index batch) {
    return round_to_cache_line(batch * sample.num_elements() * static_cast<Index>(sizeof(T)));
  }
  [[nodiscard]] Index layer_bytes(const AnyLayer<T>& layer, std::size_t i, Index batch,
                                  bool training) const {
    return round_to_cache_line(layer.workspace_bytes(steps_[i].x.with_batch(batch), training));
  }
  /// Training: bytes of step i's y and of what its layer keeps.
  [[nodiscard, gnu::noinline]] Index kept_bytes_of(const AnyLayer<T>& layer, std::size_t i,
                                                   Index batch) const {
    if (steps_[i].is_view) return 0;
    return tensor_bytes(steps_[i].y, batch) + layer_bytes(layer, i, batch, true);
  }
  [[nodiscard]] Index kept_bytes(const Layers& layers, Index batch) const {
    Index total = 0;
    for (std::size_t i = 0; i < steps_.size(); ++i) total += kept_bytes_of(layers[i], i, batch);
    return total;
  }
  /// Sizes of the two buffers that gradients take in turn; the result's gradient lies in the first.
  [[nodiscard, gnu::noinline]] std::array<Index, 2> gradient_bytes(Index batch) const {
    std::array<Index, 2> bytes{steps_.empty() ? 0 : tensor_bytes(steps_.back().y, batch), 0};
    for (const bool as_logits : {false, true}) {  // whose turn it is may depend on it
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

  std::vector<Step> steps_;
};

template <Real T>
Shape Plan<T>::checked_output_shape(const AnyLayer<T>& layer, std::size_t i, const Shape& input) {
  Shape output;
  try {
    output = layer.output_shape(input);
    static_cast<void>(output.num_elements());  // throws where it overflows
  } catch (const ShapeError& error) {
    throw ShapeError{concat({"Sequential, layer ", i, ": ", error.what()})};
  }
  const int rank = layer.facts().input_rank;
  if (rank != 2 && input.rank() + 1 != rank) {
    refuse<ShapeError>({{"Sequential, layer ", i, ": ", layer.name()},
                        {"samples of rank ", rank - 1},
                        input.to_string()});
  }
  return output;
}

template <Real T>
void Plan<T>::fuse_activations(const Layers& layers) {
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    const AnyLayer<T>& next = layers[i + 1];
    const bool can_apply =
        layers[i].facts().applies_activation && layers[i].activation() == Activation::linear;
    if (!can_apply || !next.facts().only_activates) continue;
    steps_[i].activation = next.activation();
    steps_[i + 1].is_view = next.activation() != Activation::linear;
  }
}

template <Real T>
void Plan<T>::fuse_masks(const Layers& layers) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Pass pass;
    pass.activation = steps_[i].activation;
    const bool ends_with_relu = layers[i].facts().applies_activation &&
                                pass.activation_of(layers[i].activation()) == Activation::relu;
    std::size_t next = i + 1;
    while (next < layers.size() && steps_[next].is_view) ++next;
    if (!ends_with_relu || next == layers.size() || !layers[next].facts().masks_dx) continue;
    steps_[i].dy_is_masked = true;
    steps_[next].mask_dx = true;
  }
}

template <Real T>
void Plan<T>::find_closing_softmax(const Layers& layers) {
  std::size_t last = layers.size();
  while (last > 0 && steps_[last - 1].is_view) --last;
  if (last == 0) return;
  const AnyLayer<T>& layer = layers[last - 1];
  Pass pass;
  pass.activation = steps_[last - 1].activation;
  steps_[last - 1].drops_softmax =
      pass.activation_of(layer.activation()) == Activation::softmax &&
      (layer.facts().obeys_as_logits || layer.facts().only_activates) &&
      steps_[last - 1].y == steps_.back().y;  // a reshape behind it would move the classes
  steps_[last - 1].is_all_softmax = steps_[last - 1].drops_softmax && layer.facts().only_activates;
}

template <Real T>
Index Plan<T>::workspace_bytes(const Layers& layers, Index batch, bool training) const {
  if (training) {
    const auto gradients = gradient_bytes(batch);
    return kept_bytes(layers, batch) + gradients[0] + gradients[1];
  }
  const auto results = result_bytes(batch);
  Index total = results[0] + results[1];
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (!steps_[i].is_view) total += layer_bytes(layers[i], i, batch, false);
  }
  return total;
}

template <Real T>
const T* Plan<T>::forward(const Layers& layers, const T* x, Index batch, const Pass& pass,
                          T* result) const {
  return pass.training ? forward_training(layers, x, batch, pass)
                       : forward_inference(layers, x, batch, pass, result);
}

template <Real T>
const T* Plan<T>::forward_training(const Layers& layers, const T* x, Index batch,
                                   const Pass& pass) const {
  std::byte* memory = pass.memory;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (!is_view(i, pass.as_logits)) {
      T* y = reinterpret_cast<T*>(memory);
      const Pass own = pass_of(i, pass, memory + tensor_bytes(step.y, batch));
      layers[i].forward(x, step.x.with_batch(batch), y, step.y.with_batch(batch), own);
      x = y;
    }
    memory += kept_bytes_of(layers[i], i, batch);
  }
  return x;
}

template <Real T>
const T* Plan<T>::forward_inference(const Layers& layers, const T* x, Index batch, const Pass& pass,
                                    T* result) const {
  const auto sizes = result_bytes(batch);
  const std::array<std::byte*, 2> buffers{pass.memory, pass.memory + sizes[0]};
  std::size_t last = steps_.size();
  while (last > 0 && is_view(last - 1, pass.as_logits)) --last;
  if (last == 0) return std::copy_n(x, batch * steps_.back().y.num_elements(), result), result;
  std::byte* memory = buffers[1] + sizes[1];
  for (std::size_t i = 0, turn = 0; i < last; ++i) {
    if (is_view(i, pass.as_logits)) continue;
    const Step& step = steps_[i];
    T* y = i + 1 == last ? result : reinterpret_cast<T*>(buffers[turn]);
    const Pass own = pass_of(i, pass, memory);
    memory += layer_bytes(layers[i], i, batch, false);
    layers[i].forward(x, step.x.with_batch(batch), y, step.y.with_batch(batch), own);
    x = y;
    turn = 1 - turn;
  }
  return result;
}

template <Real T>
void Plan<T>::backward(const Layers& layers, const T* x, Index batch, const Pass& pass,
                       T* dx) const {
  std::byte* end = pass.memory + kept_bytes(layers, batch);  // of what step i and those before keep
  const std::array<std::byte*, 2> buffers{end, end + gradient_bytes(batch)[0]};
  std::size_t turn = 1;
  T* dy = reinterpret_cast<T*>(buffers[0]);
  for (std::size_t i = steps_.size(); i-- > 0;) {
    const Step& step = steps_[i];
    end -= kept_bytes_of(layers[i], i, batch);
    if (is_view(i, pass.as_logits)) continue;
    std::size_t before = i;  // the step that made this one's x
    while (before > 0 && steps_[before - 1].is_view) --before;
    const T* x_i = before == 0 ? x
                               : reinterpret_cast<const T*>(
                                     end - kept_bytes_of(layers[before - 1], before - 1, batch));
    Pass own = pass_of(i, pass, end + tensor_bytes(step.y, batch));
    own.needs_dx = dx != nullptr || step.needs_dx;
    T* dx_i = before == 0 && dx != nullptr ? dx : reinterpret_cast<T*>(buffers[turn]);
    layers[i].backward(x_i, step.x.with_batch(batch), reinterpret_cast<const T*>(end),
                       step.y.with_batch(batch), dy, dx_i, own);
    if (!own.needs_dx) return;  // nothing before has parameters
    dy = dx_i;
    turn = 1 - turn;
  }
  // Only views: the gradient passes through.
  if (dx != nullptr && dy != dx) std::copy_n(dy, batch * steps_.front().x.num_elements(), dx);
}

}  // namespace nn
