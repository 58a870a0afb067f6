// SPDX-License-Identifier: MIT
// What layers share that normalize each sample over its last axes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/core/memory.hpp"
#include "nn/kernels/normalization/rows.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/sample_axis.hpp"

namespace nn::detail {

/// y = (x - mean) / std gamma + beta over the last axes, of which mean is 0 unless it `centers`.
/// What has no gamma or no beta doesn't list it as a parameter.
template <Real T>
class RowNormalization {
 public:
  using Scalar = T;
  static constexpr int input_rank = any_rank;
  static constexpr int output_rank = any_rank;
  static constexpr Promises promises{
      .ignores_y = true, .keeps_mask = true, .assigns_gradients = true};

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    static_cast<void>(row_shape(input));
    return input;
  }

  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    return training ? bytes_of<T>(Index{2}, norm_of(x).rows) : 0;
  }

  void forward(TensorRef<const T> x, TensorRef<T> y, const Pass& pass) const {
    const kernels::RowNorm<T> norm = norm_of(x.shape);
    pass.require_memory(layer_, pass.training ? bytes_of<T>(Index{2}, norm.rows) : 0);
    if (pass.mask != nullptr && x.shape.rank() == std::ssize(axis_) + 1) {
      refuse({layer_, "sequences without a mask", "masked ones",
              "their padding would be in the statistics", "normalize each step by itself"});
    }
    // y = (x - mean) / std gamma + beta; training keeps mean and 1 / std
    T* const mean = pass.training ? mean_of(pass) : nullptr;
    T* const factor = pass.training ? mean + norm.rows : nullptr;
    kernels::normalize_rows(norm, x.data, y.data, mean, factor);
  }

  void backward(TensorRef<const T> x, TensorRef<const T>, TensorRef<T> dy, TensorRef<T> dx,
                const Pass& pass) const {
    const kernels::RowNorm<T> norm = norm_of(x.shape);
    const T* const mean = mean_of(pass);
    // dgamma += sum dy x^   dbeta += sum dy
    T* const dgamma = pass.is_frozen ? nullptr : gamma_.gradient().data;
    T* const dbeta = pass.is_frozen ? nullptr : beta_.gradient().data;
    // dx = (g - mean g - x^ mean(g x^)) / std
    kernels::normalize_rows_gradient<T>(norm, x.data, dy.data, mean, mean + norm.rows,
                                        pass.needs_dx ? dx.data : nullptr, dgamma, dbeta,
                                        pass.accumulate);
  }

 protected:
  NN_COLD RowNormalization(const char* layer, std::vector<Index> axis, double epsilon, bool centers)
      : layer_(layer), axis_(std::move(axis)), epsilon_(epsilon), centers_(centers) {
    demand(!axis_.empty(), layer, "at least one axis", "none");
    demand(epsilon > 0 && is_finite(epsilon), layer, "a positive epsilon", epsilon);
  }

  /// The sizes of the last axes, which gamma and beta have too.
  [[nodiscard]] NN_COLD Shape row_shape(const Shape& sample) const {
    const Index first = sample.rank() - std::ssize(axis_);
    Shape shape;
    for (const Index axis : axis_) {
      const Index place = sample_axis(layer_, axis, sample);
      if (place != first + shape.rank()) {
        refuse<ShapeError>({layer_,
                            "the last axes in their order",
                            {"axis ", axis},
                            {"samples ", sample.to_string()},
                            "nn::Permute moves an axis"});
      }
      shape.push_back(sample[place]);
    }
    demand<ShapeError>(sample.num_elements() > 0, layer_, "samples with elements",
                       sample.to_string());
    return shape;
  }

  /// Arguments with the axes as Keras writes them: one number, or a list.
  [[nodiscard]] NN_COLD Arguments arguments_of_rows() const {
    Arguments result{layer_};
    if (axis_.size() == 1) return result.set("axis", axis_[0]).set("epsilon", epsilon_);
    return result.set("axis", axis_).set("epsilon", epsilon_);
  }
  [[nodiscard]] NN_COLD static std::vector<Index> axis_from(const Arguments& a) {
    if (a.has_list("axis")) return a.get<std::vector<Index>>("axis");
    return {a.get<Index>("axis")};
  }

  Parameter<T, any_rank> gamma_, beta_;  // [last axes]

 private:
  [[nodiscard]] kernels::RowNorm<T> norm_of(const Shape& x) const {
    kernels::RowNorm<T> norm{.rows = 1, .width = 1, .epsilon = static_cast<T>(epsilon_)};
    const Index first = x.rank() - std::ssize(axis_);
    for (Index i = 0; i < x.rank(); ++i) (i < first ? norm.rows : norm.width) *= x[i];
    norm.centers = centers_;
    norm.gamma = gamma_.value().data;
    norm.beta = beta_.value().data;
    return norm;
  }
  /// The rows' means [rows] in `pass.memory`; behind them 1 / std [rows].
  [[nodiscard]] static T* mean_of(const Pass& pass) { return reinterpret_cast<T*>(pass.memory); }

  const char* layer_;
  std::vector<Index> axis_;
  double epsilon_;
  bool centers_;
};

}  // namespace nn::detail
