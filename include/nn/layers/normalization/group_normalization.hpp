// SPDX-License-Identifier: MIT
// Group normalization.
#pragma once

#include <string>

#include "nn/core/finite.hpp"
#include "nn/core/memory.hpp"
#include "nn/kernels/normalization/groups.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/sample_axis.hpp"

namespace nn {

/// Options of GroupNormalization, with Keras' names and defaults.
struct GroupNormalizationOptions {
  Index groups = 32;      ///< of neighbouring channels; -1: one for each channel
  Index axis = -1;        ///< of the channels; it counts that of the batch, which is 0
  double epsilon = 1e-3;  ///< added to variances, which may be 0; positive
  bool center = true;     ///< add beta
  bool scale = true;      ///< multiply by gamma
  Initializer beta_initializer = Zeros{};
  Initializer gamma_initializer = Ones{};
  Regularizer gamma_regularizer{}, beta_regularizer{};  ///< penalties in training
  Constraint gamma_constraint{}, beta_constraint{};     ///< where each update brings them back to
};

/// Gives each group of channels of each sample mean 0 and deviation 1, before gamma and beta (Wu
/// and He 2018; Keras: GroupNormalization), in training and at inference alike:
///     y = (x - mean) / std * gamma + beta     std = sqrt(variance + epsilon)
/// where mean and variance are those of a group, over all axes of a sample. With a group for each
/// channel it is instance normalization (Ulyanov, Vedaldi and Lempitsky 2016).
/// Shapes    x [N, ..., channels] or another order   y like x   gamma, beta [channels]
/// Backward  dbeta += sum dy   dgamma += sum dy x^   with x^ = (x - mean) / std
///           dx = (g - mean g - x^ mean(g x^)) / std   with g = dy gamma and means of the group
/// Init      gamma: one   beta: zero
/// Throws    std::invalid_argument for groups that are neither -1 nor positive, axis 0, and an
///           epsilon that is not positive; ShapeError for samples without the axis or without
///           elements, and where the channels don't make so many groups
template <Real T = float>
class GroupNormalization {
 public:
  using Scalar = T;
  static constexpr int input_rank = any_rank;
  static constexpr int output_rank = any_rank;

  NN_COLD explicit GroupNormalization(const GroupNormalizationOptions& options = {})
      : options_(options) {
    demand(options_.groups > 0 || options_.groups == -1, "GroupNormalization",
           "a positive number of groups, or -1", options_.groups);
    demand(options_.axis != 0, "GroupNormalization", "an axis of samples",
           "0, the axis of the batch");
    demand(options_.epsilon > 0 && is_finite(options_.epsilon), "GroupNormalization",
           "a positive epsilon", options_.epsilon);
  }

  [[nodiscard]] static std::string name() { return "GroupNormalization"; }

  [[nodiscard]] NN_COLD Shape output_shape(const Shape& input) const {
    const Index channels = channels_of(input);
    demand<ShapeError>(input.num_elements() > 0, "GroupNormalization", "samples with elements",
                       input.to_string());
    if (options_.groups != -1 && channels % options_.groups != 0) {
      refuse<ShapeError>({"GroupNormalization",
                          {"channels that make ", options_.groups, " groups of one size"},
                          channels,
                          {"samples ", input.to_string()}});
    }
    return input;
  }

  static constexpr Promises promises{.ignores_y = true, .assigns_gradients = true};

  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    const kernels::GroupNorm<T> norm = norm_of(x);
    return training ? bytes_of<T>(Index{2}, norm.batch, norm.groups + norm.channels) : 0;
  }

  void forward(TensorRef<const T> x, TensorRef<T> y, const Pass& pass) const {
    pass.require_memory("GroupNormalization", workspace_bytes(x.shape, pass.training));
    const kernels::GroupNorm<T> norm = norm_of(x.shape);
    const Memory memory(norm, pass);
    // y = (x - mean) / std gamma + beta; training keeps mean and 1 / std
    kernels::normalize_groups(norm, x.data, y.data, pass.training ? memory.mean : nullptr,
                              memory.factor);
  }

  void backward(TensorRef<const T> x, TensorRef<const T>, TensorRef<T> dy, TensorRef<T> dx,
                const Pass& pass) const {
    const kernels::GroupNorm<T> norm = norm_of(x.shape);
    const Memory memory(norm, pass);
    // dx = (g - mean g - x^ mean(g x^)) / std
    kernels::normalize_groups_gradient<T>(norm, x.data, dy.data, memory.mean, memory.factor,
                                          pass.needs_dx ? dx.data : nullptr, memory.gammas,
                                          memory.betas);
    if (pass.is_frozen) return;
    // dgamma += sum dy x^   dbeta += sum dy
    if (options_.scale) add_samples(norm.batch, memory.gammas, gamma_.gradient(), pass);
    if (options_.center) add_samples(norm.batch, memory.betas, beta_.gradient(), pass);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    const Shape shape{channels_of(input)};
    if (options_.scale) {
      list.add(gamma_, "gamma", shape, options_.gamma_initializer,
               {options_.gamma_regularizer, options_.gamma_constraint});
    }
    if (options_.center) {
      list.add(beta_, "beta", shape, options_.beta_initializer,
               {options_.beta_regularizer, options_.beta_constraint});
    }
  }

  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("groups", options_.groups)
        .set("axis", options_.axis)
        .set("epsilon", options_.epsilon)
        .set("center", options_.center)
        .set("scale", options_.scale)
        .set("beta_initializer", options_.beta_initializer)
        .set("gamma_initializer", options_.gamma_initializer)
        .set_rules(options_);
  }
  [[nodiscard]] NN_COLD static GroupNormalization from_arguments(const Arguments& a) {
    return GroupNormalization(a.with_rules(
        GroupNormalizationOptions{.groups = a.get<Index>("groups"),
                                  .axis = a.get<Index>("axis"),
                                  .epsilon = a.get<double>("epsilon"),
                                  .center = a.get<bool>("center"),
                                  .scale = a.get<bool>("scale"),
                                  .beta_initializer = a.get<Initializer>("beta_initializer"),
                                  .gamma_initializer = a.get<Initializer>("gamma_initializer")}));
  }

 private:
  /// What training keeps in `pass.memory`, for each sample.
  struct Memory {
    T *mean, *factor;   // [N, groups]: means and 1 / std
    T *gammas, *betas;  // [N, channels]: gradients, in backward

    Memory(const kernels::GroupNorm<T>& norm, const Pass& pass)
        : mean(reinterpret_cast<T*>(pass.memory)),
          factor(mean == nullptr ? nullptr : mean + norm.batch * norm.groups),
          gammas(mean == nullptr ? nullptr : factor + norm.batch * norm.groups),
          betas(mean == nullptr ? nullptr : gammas + norm.batch * norm.channels) {}
  };

  [[nodiscard]] Index channels_of(const Shape& sample) const {
    return sample[sample_axis("GroupNormalization", options_.axis, sample)];
  }
  [[nodiscard]] kernels::GroupNorm<T> norm_of(const Shape& x) const {
    const kernels::MiddleAxis axis = along_axis(x, options_.axis);
    return {.batch = x[0],
            .rows = axis.outer / std::max<Index>(x[0], 1),
            .channels = axis.size,
            .inner = axis.inner,
            .groups = options_.groups == -1 ? axis.size : options_.groups,
            .epsilon = static_cast<T>(options_.epsilon),
            .gamma = options_.scale ? gamma_.value().data() : nullptr,
            .beta = options_.center ? beta_.value().data() : nullptr};
  }
  /// gradient += the sum of the samples' [N, channels]
  static void add_samples(Index batch, const T* of_samples, TensorMap<T, 1> gradient,
                          const Pass& pass) {
    if (!pass.accumulate) gradient.setZero();
    for (Index i = 0; i < batch * gradient.size(); ++i) {
      gradient(i % gradient.size()) += of_samples[i];
    }
  }

  GroupNormalizationOptions options_;
  Parameter<T, 1> gamma_, beta_;  // [channels]
};

}  // namespace nn
