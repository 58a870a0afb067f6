// SPDX-License-Identifier: MIT
// A layer on the test bench: with parameters, tensors and a workspace, and no model around it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "nn/layer/parameter_block.hpp"
#include "nn/model/any_layer.hpp"
#include "nn/testing/model_layer.hpp"

namespace nn::testing {

/// Elements in fresh memory: all bits set at first, which is NaN in every floating-point type, and
/// behind the last one a guard that a write past the end destroys.
template <class T>
class GuardedBuffer {
 public:
  explicit GuardedBuffer(Index count)
      : size_(count), bytes_(static_cast<std::size_t>(end_of(count) + cache_line)) {
    std::fill(bytes_.begin(), bytes_.end(), guard);
    set_bits();
  }

  [[nodiscard]] T* data() { return reinterpret_cast<T*>(bytes_.data()); }
  [[nodiscard]] const T* data() const { return reinterpret_cast<const T*>(bytes_.data()); }
  [[nodiscard]] Index size() const { return size_; }

  void set_bits() { std::fill_n(bytes_.begin(), end_of(size_), std::byte{0xff}); }
  [[nodiscard]] bool is_intact() const {
    return std::all_of(bytes_.begin() + end_of(size_), bytes_.end(),
                       [](std::byte value) { return value == guard; });
  }
  [[nodiscard]] bool has_bits_of(const GuardedBuffer& other) const {
    return size_ == other.size_ &&
           std::memcmp(data(), other.data(), static_cast<std::size_t>(end_of(size_))) == 0;
  }

 private:
  static constexpr std::byte guard{0x5a};
  [[nodiscard]] static Index end_of(Index count) { return count * static_cast<Index>(sizeof(T)); }

  Index size_;
  AlignedArray<std::byte> bytes_;
};

/// Numbers that the tests draw; the same for every scalar type.
enum class TestNumbers : std::uint16_t { input = 1, output_gradient = 2, parameter = 3 };

[[nodiscard]] inline double test_number(TestNumbers use, Index index, std::uint32_t time = 0) {
  const Random random{42, {RandomPurpose::user, static_cast<std::uint16_t>(use), time}};
  return 2 * random.uniform(static_cast<std::uint64_t>(index)) - 1;  // in [-1, 1)
}

/// Sets each of the values to `number(index)`, beginning again after a prime number of them:
/// drawing is slow where nothing is optimized.
template <class T, class Number>
void fill(T* values, Index count, Number&& number) {
  constexpr Index period = 4099;
  for (Index i = 0; i < std::min(count, period); ++i) values[i] = static_cast<T>(number(i));
  for (Index i = period; i < count; ++i) values[i] = values[i - period];
}

/// The tensors of one pass through a rigged layer, and its workspace.
template <Real T>
struct RiggedBatch {
  Shape x_shape, y_shape;  // with batch
  GuardedBuffer<T> x, y, dy, dx;
  GuardedBuffer<std::byte> memory;
  std::vector<T> factors;  // what dy is at first

  RiggedBatch(const Shape& input, const Shape& output, Index workspace_bytes)
      : x_shape(input),
        y_shape(output),
        x(input.num_elements()),
        y(output.num_elements()),
        dy(output.num_elements()),
        dx(input.num_elements()),
        memory(workspace_bytes),
        factors(static_cast<std::size_t>(dy.size())) {
    fill(factors.data(), dy.size(),
         [](Index i) { return test_number(TestNumbers::output_gradient, i); });
  }

  /// Restores dy, which a backward pass may have used up.
  void set_output_gradient() { std::copy(factors.begin(), factors.end(), dy.data()); }
};

/// Values that the input of a layer under test may have.
struct InputRange {
  double lowest = -1;
  double highest = 1;
  bool is_whole = false;  ///< only whole numbers below `highest`: x has no gradient
};

/// Gives a layer parameters in this block, which it looks into from then on. Also what starts at
/// zero is tested.
template <Real T>
void set_parameters(AnyLayer<T>& layer, std::span<const Shape> samples, ParameterBlock<T>& block) {
  ParameterList<T> list;
  layer.parameters(samples, list);
  block.allocate(list);
  block.initialize(list, 1);
  block.allocate_gradients(list);
  std::uint32_t number = 0;
  for (const NamedParameter<T>& parameter : block) {
    for (Index i = 0; i < parameter.shape.num_elements(); ++i) {
      T& value = parameter.value().data()[i];
      value += static_cast<T>(0.25 * test_number(TestNumbers::parameter, i, number));
    }
    ++number;
  }
}

/// A layer with parameters of its own.
template <Real T>
class LayerRig {
 public:
  /// The model around a layer applies its activation, so one that has any is put into a model.
  LayerRig(AnyLayer<T> layer, const Shape& sample)
      : layer_(runs_alone(layer) ? std::move(layer) : in_model(std::move(layer))), sample_(sample) {
    set_parameters(layer_, {&sample_, 1}, block_);
    for (const NamedParameter<T>& parameter : block_) {
      (parameter.is_trained() ? parameters_ : state_).push_back(parameter);
    }
  }

  /// How the layer is asked to run unless a test says otherwise.
  [[nodiscard]] static Pass training_pass() {
    return {.training = true, .seed = 7, .step = 3, .layer = 1};
  }

  /// A batch for training passes. `set` chooses among sets of input numbers.
  [[nodiscard]] RiggedBatch<T> batch(Index size, InputRange range, std::uint32_t set = 0) const {
    const Shape input = sample_.with_batch(size);
    RiggedBatch<T> batch(
        input, layer_.output_shape(sample_).with_batch(size),
        std::max(layer_.workspace_bytes(input, true), layer_.workspace_bytes(input, false)));
    fill(batch.x.data(), batch.x.size(), [=](Index i) {
      const double unit = (test_number(TestNumbers::input, i, set) + 1) / 2;
      const double number = range.lowest + unit * (range.highest - range.lowest);
      return range.is_whole ? std::floor(number) : number;
    });
    batch.set_output_gradient();
    return batch;
  }

  void forward(RiggedBatch<T>& batch, Pass pass = training_pass()) const {
    pass.memory = batch.memory.data();
    layer_.forward(batch.x.data(), batch.x_shape, batch.y.data(), batch.y_shape, pass);
  }
  void backward(RiggedBatch<T>& batch, Pass pass = training_pass()) const {
    pass.memory = batch.memory.data();
    layer_.backward(batch.x.data(), batch.x_shape, batch.y.data(), batch.y_shape, batch.dy.data(),
                    batch.dx.data(), pass);
  }
  /// After forward and backward.
  void update_state(RiggedBatch<T>& batch, Pass pass = training_pass()) {
    pass.memory = batch.memory.data();
    layer_.update_state(batch.x_shape, pass);
  }
  /// Forward and backward from clean memory: gradients of parameters at 0, everything else NaN.
  void run(RiggedBatch<T>& batch, const Pass& pass = training_pass()) {
    batch.y.set_bits();
    batch.dx.set_bits();
    batch.memory.set_bits();
    batch.set_output_gradient();
    block_.zero_gradients();
    forward(batch, pass);
    backward(batch, pass);
  }

  [[nodiscard]] const AnyLayer<T>& layer() const { return layer_; }
  [[nodiscard]] const Shape& sample() const { return sample_; }
  /// Those that are trained, and the others: state, and all that is frozen.
  [[nodiscard]] const std::vector<NamedParameter<T>>& parameters() const { return parameters_; }
  [[nodiscard]] const std::vector<NamedParameter<T>>& state() const { return state_; }

  /// Gradients of all parameters one after the other.
  [[nodiscard]] std::vector<T> parameter_gradients() const {
    std::vector<T> all;
    for (const NamedParameter<T>& parameter : parameters_) {
      const T* first = parameter.gradient().data();
      all.insert(all.end(), first, first + parameter.shape.num_elements());
    }
    return all;
  }
  void fill_parameter_gradients(T value) {
    for (const NamedParameter<T>& parameter : parameters_) parameter.gradient().setConstant(value);
  }

 private:
  [[nodiscard]] static bool runs_alone(const AnyLayer<T>& layer) {
    return layer.activation() == Activation::linear || layer.promises().only_activates;
  }
  [[nodiscard]] static AnyLayer<T> in_model(AnyLayer<T> layer) {
    std::vector<AnyLayer<T>> layers;
    layers.push_back(std::move(layer));
    return AnyLayer<T>(ModelLayer<T>(std::move(layers)));
  }

  AnyLayer<T> layer_;
  Shape sample_;
  ParameterBlock<T> block_;
  std::vector<NamedParameter<T>> parameters_, state_;  // views of the block
};

}  // namespace nn::testing
