// SPDX-License-Identifier: MIT
// Batch normalization.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "nn/core/checked.hpp"
#include "nn/core/finite.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/kernels/normalization/column_runs.hpp"
#include "nn/layer/batch_peers.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/sample_axis.hpp"

namespace nn {

/// Options of BatchNormalization, with Keras' names and defaults.
struct BatchNormalizationOptions {
  Index axis = -1;         ///< of the features; it counts that of the batch, which is 0
  double momentum = 0.99;  ///< share of the moving statistics that a batch leaves; in [0, 1]
  double epsilon = 1e-3;   ///< added to variances, which may be 0; positive
  bool center = true;      ///< add beta
  bool scale = true;       ///< multiply by gamma
  Initializer beta_initializer = Zeros{};
  Initializer gamma_initializer = Ones{};
  Initializer moving_mean_initializer = Zeros{};
  Initializer moving_variance_initializer = Ones{};
  /// Where several processes train: take the statistics of the whole batch, at the cost of two
  /// messages between any two processes for each batch. false: those of each process's part.
  bool synchronized = false;
  Regularizer gamma_regularizer{}, beta_regularizer{};  ///< penalties in training
  Constraint gamma_constraint{}, beta_constraint{};     ///< where each update brings them back to
};

/// Gives each feature mean beta and deviation gamma (Ioffe and Szegedy 2015; Keras:
/// BatchNormalization), over all axes but that of the features:
///     y = (x - mean) / std * gamma + beta     std = sqrt(variance + epsilon)
/// In training, mean and variance (divided by the number of rows) are those of the batch, and the
/// moving ones follow them: moving = moving momentum + batch (1 - momentum). At inference they are
/// the moving ones, and in a frozen layer always.
/// Shapes    x [N, ..., features] or another order   y like x
///           gamma, beta, moving_mean, moving_variance [features]
/// Backward  dbeta += sum dy   dgamma += sum dy x^   with x^ = (x - mean) / std
///           dx = gamma / std (dy - mean dy - x^ mean(dy x^))
/// Init      gamma: one   beta: zero   moving_mean: zero   moving_variance: one
/// Throws    std::invalid_argument for a momentum outside [0, 1], an epsilon that is not positive
///           and axis 0; ShapeError for samples without the axis, or without features
template <Real T = float>
class BatchNormalization {
 public:
  using Scalar = T;
  static constexpr int input_rank = any_rank;
  static constexpr int output_rank = any_rank;

  explicit BatchNormalization(const BatchNormalizationOptions& options = {}) : options_(options) {
    demand(options.momentum >= 0 && options.momentum <= 1, "BatchNormalization",
           "a momentum from 0 to 1", options.momentum);
    demand(options.epsilon > 0 && is_finite(options.epsilon), "BatchNormalization",
           "a positive epsilon", options.epsilon);
    demand(options.axis != 0, "BatchNormalization", "an axis of samples",
           "0, the axis of the batch");
  }

  [[nodiscard]] static std::string name() { return "BatchNormalization"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    demand<ShapeError>(features_of(input) > 0, "BatchNormalization",
                       "samples with at least one feature", input.to_string());
    return input;
  }

  static constexpr Promises promises{.applies_activation = true,
                                     .is_affine = true,
                                     .keeps_mask = true,
                                     .masks_dx = true,
                                     .assigns_gradients = true};

  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    const Index features = axis_of(x).size, run = axis_of(x).inner;
    const Index of_columns = run == 1 ? 0 : bytes_of<T>(Index{4}, features, run);
    return checked_sum({of_columns, bytes_of<T>(training ? Index{5} : Index{2}, features)});
  }

  void forward(TensorRef<const T> x, TensorRef<T> y, const Pass& pass) const {
    const Index features = axis_of(x.shape).size;
    pass.require_memory("BatchNormalization", bytes_of<T>(features));
    const kernels::FeatureRuns<T> matrix = matrix_of(x.shape, pass);
    const Memory memory(pass, features);
    const T* mean = moving_mean_.value().data();          // [features]
    const T* variance = moving_variance_.value().data();  // [features]
    if (pass.training && !pass.is_frozen) {
      if (pass.mask != nullptr) {
        refuse({"BatchNormalization", "sequences without a mask in training", "masked ones",
                "their padding would be in the statistics", "normalize each step by itself"});
      }
      matrix.moments(x.data, memory.mean, memory.variance);
      if (is_shared(pass)) {
        detail::share_moments<T>(*pass.peers, matrix.count(), {memory.mean, size_of(features)},
                                 {memory.variance, size_of(features)});
      }
      mean = memory.mean;
      variance = memory.variance;
    }
    // y = (x - mean) / std * gamma + beta, or act of it
    for (Index j = 0; j < features; ++j) {
      memory.scale[j] = gamma(j) / std_of(variance[j]);
      memory.shift[j] = options_.center ? beta_.value()(j) : T(0);
    }
    const bool is_relu = pass.activation == Activation::relu;
    matrix.shift_and_scale(x.data, mean, memory.scale, memory.shift, y.data, is_relu);
    if (!is_relu) kernels::activate(pass.activation, y.size(), y.data, y.data);
  }

  /// Whether the features are those of the last axis, as `affine` takes them.
  [[nodiscard]] bool is_affine_on(const Shape& sample) const {
    return sample_axis("BatchNormalization", options_.axis, sample) == sample.rank() - 1;
  }

  /// y = x gamma / std + (beta - mean gamma / std), with the moving statistics.
  void affine(T* scale, T* shift) const {
    for (Index j = 0; j < moving_mean_.value().size(); ++j) {
      scale[j] = gamma(j) / std_of(moving_variance_.value()(j));
      shift[j] = (options_.center ? beta_.value()(j) : T(0)) - moving_mean_.value()(j) * scale[j];
    }
  }

  void backward(TensorRef<const T> x, TensorRef<const T>, TensorRef<T> dy, TensorRef<T> dx,
                const Pass& pass) const {
    const kernels::FeatureRuns<T> matrix = matrix_of(x.shape, pass);
    const Index features = matrix.features;
    const Memory memory(pass, features);
    if (pass.is_frozen) return backward_frozen(matrix, x, dy, dx, pass);
    // shift = sum dy   slope = sum dy (x - mean)
    matrix.products(x.data, dy.data, memory.mean, memory.shift, memory.slope);
    for (Index j = 0; j < features; ++j) {
      const T std_j = std_of(memory.variance[j]);
      // dbeta += sum dy   dgamma += sum dy x^
      if (options_.center) add(memory.shift[j], beta_.gradient()(j), pass);
      if (options_.scale) add(memory.slope[j] / std_j, gamma_.gradient()(j), pass);
    }
    if (!pass.needs_dx) return;
    Index count = matrix.count();
    if (is_shared(pass)) {
      count = detail::share_sums<T>(*pass.peers, count, {memory.shift, size_of(2 * features)});
    }
    const T share = T(1) / static_cast<T>(std::max<Index>(count, 1));
    for (Index j = 0; j < features; ++j) {
      const T std_j = std_of(memory.variance[j]);
      // dx = gamma / std dy - gamma / std^3 mean(dy (x - mean)) (x - mean) - gamma / std mean dy
      memory.scale[j] = gamma(j) / std_j;
      memory.slope[j] *= -memory.scale[j] / (std_j * std_j) * share;
      memory.shift[j] *= -memory.scale[j] * share;
    }
    matrix.combine(x.data, dy.data, memory.mean, memory.scale, memory.slope, memory.shift, dx.data,
                   pass.dx_is_masked);
  }

  void update_state(const Shape& x, const Pass& pass) {
    if (x.num_elements() == 0) return;
    const Memory memory(pass, axis_of(x).size);
    follow(memory.mean, moving_mean_.value());
    follow(memory.variance, moving_variance_.value());
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    const Shape shape{features_of(input)};
    if (options_.scale) {
      list.add(gamma_, "gamma", shape, options_.gamma_initializer,
               {options_.gamma_regularizer, options_.gamma_constraint});
    }
    if (options_.center) {
      list.add(beta_, "beta", shape, options_.beta_initializer,
               {options_.beta_regularizer, options_.beta_constraint});
    }
    list.add_state(moving_mean_, "moving_mean", shape, options_.moving_mean_initializer);
    list.add_state(moving_variance_, "moving_variance", shape,
                   options_.moving_variance_initializer);
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}
        .set("axis", options_.axis)
        .set("momentum", options_.momentum)
        .set("epsilon", options_.epsilon)
        .set("center", options_.center)
        .set("scale", options_.scale)
        .set("beta_initializer", options_.beta_initializer)
        .set("gamma_initializer", options_.gamma_initializer)
        .set("moving_mean_initializer", options_.moving_mean_initializer)
        .set("moving_variance_initializer", options_.moving_variance_initializer)
        .set("synchronized", options_.synchronized)
        .set_rules(options_);
  }
  [[nodiscard]] static BatchNormalization from_arguments(const Arguments& a) {
    return BatchNormalization(a.with_rules(BatchNormalizationOptions{
        .axis = a.get<Index>("axis"),
        .momentum = a.get<double>("momentum"),
        .epsilon = a.get<double>("epsilon"),
        .center = a.get<bool>("center"),
        .scale = a.get<bool>("scale"),
        .beta_initializer = a.get<Initializer>("beta_initializer"),
        .gamma_initializer = a.get<Initializer>("gamma_initializer"),
        .moving_mean_initializer = a.get<Initializer>("moving_mean_initializer"),
        .moving_variance_initializer = a.get<Initializer>("moving_variance_initializer"),
        .synchronized = a.has("synchronized") && a.get<bool>("synchronized")}));
  }

 private:
  /// The vectors [features] in `pass.memory`; at inference the first two.
  struct Memory {
    T *scale, *shift;    // what a pass multiplies by and adds
    T *mean, *variance;  // of the batch, for backward and `update_state`
    T* slope;            // in backward, behind shift

    Memory(const Pass& pass, Index features)
        : scale(reinterpret_cast<T*>(pass.memory)),
          shift(scale + features),
          mean(shift + 2 * features),
          variance(mean + features),
          slope(shift + features) {}
  };

  /// dx = gamma / std dy, where mean and std are constants.
  static void backward_frozen(const kernels::FeatureRuns<T>& matrix, const TensorRef<const T>& x,
                              const TensorRef<T>& dy, const TensorRef<T>& dx, const Pass& pass) {
    if (!pass.needs_dx) return;
    const Memory memory(pass, matrix.features);
    for (T* const unused : {memory.mean, memory.slope, memory.shift}) {
      std::fill_n(unused, matrix.features, T(0));
    }
    matrix.combine(x.data, dy.data, memory.mean, memory.scale, memory.slope, memory.shift, dx.data,
                   pass.dx_is_masked);
  }

  [[nodiscard]] Index features_of(const Shape& sample) const {
    return sample[sample_axis("BatchNormalization", options_.axis, sample)];
  }
  [[nodiscard]] kernels::MiddleAxis axis_of(const Shape& x) const {
    return along_axis(x, options_.axis);
  }
  /// x as a matrix, with `pass.memory` behind what `Memory` has there.
  [[nodiscard]] kernels::FeatureRuns<T> matrix_of(const Shape& x, const Pass& pass) const {
    const kernels::MiddleAxis axis = axis_of(x);
    T* const own = reinterpret_cast<T*>(pass.memory);
    const Index size_of_own = (pass.training ? 5 : 2) * axis.size;
    return {.rows = axis.outer,
            .features = axis.size,
            .run = axis.inner,
            .memory = axis.inner == 1 ? nullptr : own + size_of_own};
  }
  [[nodiscard]] static std::size_t size_of(Index count) { return static_cast<std::size_t>(count); }
  /// Whether statistics are those of several processes.
  [[nodiscard]] bool is_shared(const Pass& pass) const {
    return options_.synchronized && pass.peers != nullptr;
  }
  [[nodiscard]] T gamma(Index j) const { return options_.scale ? gamma_.value()(j) : T(1); }
  /// std = sqrt(variance + epsilon)
  [[nodiscard]] T std_of(T variance) const {
    using std::sqrt;
    return sqrt(variance + static_cast<T>(options_.epsilon));
  }
  static void add(T amount, T& gradient, const Pass& pass) {
    gradient = pass.accumulate ? gradient + amount : amount;
  }
  /// moving = moving momentum + batch (1 - momentum)
  void follow(const T* batch, TensorMap<T, 1> moving) const {
    const auto kept = static_cast<T>(options_.momentum);
    const auto taken = static_cast<T>(1 - options_.momentum);
    for (Index j = 0; j < moving.size(); ++j) moving(j) = moving(j) * kept + batch[j] * taken;
  }

  BatchNormalizationOptions options_;
  Parameter<T, 1> gamma_, beta_;               // [features]
  State<T, 1> moving_mean_, moving_variance_;  // [features]
};

}  // namespace nn
