// SPDX-License-Identifier: MIT
// A pass through a layer with several inputs or results, on the test bench.
#pragma once

#include <cstddef>
#include <vector>

#include "nn/testing/layer_rig.hpp"

namespace nn::testing::detail {

/// The tensors of one pass, each in guarded memory of its own.
class MergedBatch {
 public:
  MergedBatch(const AnyLayer<double>& layer, const std::vector<Shape>& samples, Index batch,
              InputRange range)
      : memory_(memory_bytes(layer, samples, batch)) {
    Index number = 0;
    for (const Shape& sample : samples) {
      shapes_.push_back(sample.with_batch(batch));
      GuardedBuffer<double>& x = x_.emplace_back(shapes_.back().num_elements());
      dx_.emplace_back(x.size());
      fill(x.data(), x.size(), [&](Index) {
        const double unit = (test_number(TestNumbers::input, number++) + 1) / 2;
        return range.lowest + unit * (range.highest - range.lowest);
      });
    }
    number = 0;
    for (Index i = 0; i < layer.num_results(); ++i) {
      y_shapes_.push_back(layer.merged_shape(samples, i).with_batch(batch));
      y_.emplace_back(y_shapes_.back().num_elements());
      GuardedBuffer<double>& dy = dy_.emplace_back(y_.back().size());
      fill(dy.data(), dy.size(),
           [&](Index) { return test_number(TestNumbers::output_gradient, number++); });
    }
  }

  void forward(const AnyLayer<double>& layer) {
    std::vector<TensorRef<double>> results;
    for (std::size_t i = 0; i < y_.size(); ++i) results.push_back({y_[i].data(), y_shapes_[i]});
    layer.merge(inputs(), results, pass());
  }
  /// With null for the gradient of each input that `skips(i)`, and of the unread result. Gradients
  /// of parameters are assigned.
  template <class Skips>
  void backward(const AnyLayer<double>& layer, const Skips& skips, std::ptrdiff_t unread = -1) {
    std::vector<TensorRef<double>> gradients, result_gradients;
    std::vector<TensorRef<const double>> results;
    for (std::size_t i = 0; i < dx_.size(); ++i) {
      gradients.push_back({skips(i) ? nullptr : dx_[i].data(), shapes_[i]});
    }
    for (std::size_t i = 0; i < y_.size(); ++i) {
      const bool is_read = static_cast<std::ptrdiff_t>(i) != unread;
      results.push_back({y_[i].data(), y_shapes_[i]});
      result_gradients.push_back({is_read ? dy_[i].data() : nullptr, y_shapes_[i]});
    }
    layer.backward(inputs(), results, result_gradients, gradients, pass());
  }

  [[nodiscard]] std::size_t num_inputs() const { return x_.size(); }
  [[nodiscard]] std::size_t num_results() const { return y_.size(); }
  [[nodiscard]] const Shape& y_shape(std::size_t i) const { return y_shapes_[i]; }
  [[nodiscard]] const Shape& shape(std::size_t i) const { return shapes_[i]; }
  [[nodiscard]] GuardedBuffer<double>& x(std::size_t i) { return x_[i]; }
  [[nodiscard]] GuardedBuffer<double>& dx(std::size_t i) { return dx_[i]; }
  [[nodiscard]] GuardedBuffer<double>& y(std::size_t i) { return y_[i]; }
  [[nodiscard]] GuardedBuffer<double>& dy(std::size_t i) { return dy_[i]; }

  [[nodiscard]] const GuardedBuffer<std::byte>& memory() const { return memory_; }

 private:
  [[nodiscard]] static Index memory_bytes(const AnyLayer<double>& layer, std::vector<Shape> shapes,
                                          Index batch) {
    for (Shape& shape : shapes) shape = shape.with_batch(batch);
    return layer.workspace_bytes(shapes, true);
  }
  [[nodiscard]] Pass pass() {
    Pass pass = LayerRig<double>::training_pass();
    pass.memory = memory_.data();
    pass.accumulate = false;
    return pass;
  }
  [[nodiscard]] Tensors<const double> inputs() {
    inputs_.clear();
    for (std::size_t i = 0; i < x_.size(); ++i) inputs_.push_back({x_[i].data(), shapes_[i]});
    return inputs_;
  }

  std::vector<Shape> shapes_, y_shapes_;  // of inputs and results, with batch
  std::vector<GuardedBuffer<double>> x_, dx_, y_, dy_;
  GuardedBuffer<std::byte> memory_;
  std::vector<TensorRef<const double>> inputs_;
};

}  // namespace nn::testing::detail
