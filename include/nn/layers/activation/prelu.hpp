// SPDX-License-Identifier: MIT
// Rectified linear unit whose slope is learned.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/memory.hpp"
#include "nn/kernels/elementwise/prelu.hpp"
#include "nn/kernels/rows/broadcast.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/sample_axis.hpp"

namespace nn {

/// Options of PReLU, with Keras' names and defaults.
struct PReLUOptions {
  Initializer alpha_initializer = Zeros{};  ///< the first values of alpha
  /// Axes along which all elements have one alpha, as {1, 2} for one in each channel of images.
  std::vector<Index> shared_axes{};
  Regularizer alpha_regularizer{};  ///< a penalty on alpha in training
  Constraint alpha_constraint{};    ///< where each update brings it back to
};

/// Leaky rectified linear unit with learned slopes (He, Zhang, Ren and Sun 2015; Keras: PReLU).
///     y = x for x > 0,  else alpha * x
/// Shapes    x [N, ...]   y like x   alpha like a sample, with size 1 along shared_axes
/// Backward  dx = dy for x > 0, else alpha dy   dalpha += sum of dy x where x <= 0
/// Init      alpha: zero
/// Throws    ShapeError for shared_axes that samples don't have
template <Real T = float>
class PReLU {
 public:
  using Scalar = T;
  static constexpr int input_rank = any_rank;
  static constexpr int output_rank = any_rank;

  NN_COLD explicit PReLU(PReLUOptions options = {}) : options_(std::move(options)) {}

  [[nodiscard]] static std::string name() { return "PReLU"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    static_cast<void>(alpha_shape(input));
    return input;
  }

  static constexpr Promises promises{.ignores_y = true, .keeps_mask = true};

  [[nodiscard]] Index workspace_bytes(const Shape& x, bool) const {
    return bytes_of<T>(Index{2}, Shape(x.begin() + 1, x.end()).num_elements());
  }

  void forward(TensorRef<const T> x, TensorRef<T> y, const Pass& pass) const {
    // y = x > 0 ? x : alpha x
    const Index batch = x.shape[0], count = count_of(x);
    kernels::prelu(batch, count, x.data, repeated_alpha(x, pass), y.data);
  }

  void backward(TensorRef<const T> x, TensorRef<const T>, TensorRef<T> dy, TensorRef<T> dx,
                const Pass& pass) const {
    const Index batch = x.shape[0], count = count_of(x);
    const T* const alpha = repeated_alpha(x, pass);               // [sample]
    T* const slopes = reinterpret_cast<T*>(pass.memory) + count;  // [sample]
    // dx = x > 0 ? dy : alpha dy,  slopes = sum_n dy x where x <= 0
    kernels::prelu_gradient<T>(batch, count, x.data, alpha, dy.data,
                               pass.needs_dx ? dx.data : nullptr, slopes);
    if (pass.is_frozen) return;
    // dalpha += the sum of slopes along the shared axes
    const TensorRef<T> dalpha = alpha_.gradient();
    T* const sums = reinterpret_cast<T*>(pass.memory);  // in place of the repeated alpha
    broadcast(x).sum(slopes, sums);
    for (Index i = 0; i < dalpha.size(); ++i) dalpha.data[i] += sums[i];
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add(alpha_, "alpha", alpha_shape(input), options_.alpha_initializer,
             {options_.alpha_regularizer, options_.alpha_constraint});
  }

  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("alpha_initializer", options_.alpha_initializer)
        .set("shared_axes", options_.shared_axes)
        .set_rules(options_);
  }
  [[nodiscard]] NN_COLD static PReLU from_arguments(const Arguments& a) {
    PReLUOptions options{.alpha_initializer = a.get<Initializer>("alpha_initializer")};
    if (a.has_list("shared_axes")) options.shared_axes = a.get<std::vector<Index>>("shared_axes");
    return PReLU(a.with_rules(std::move(options)));
  }

 private:
  [[nodiscard]] NN_COLD Shape alpha_shape(const Shape& sample) const {
    std::vector<Index> sizes(sample.begin(), sample.end());
    for (const Index axis : options_.shared_axes) {
      sizes[static_cast<std::size_t>(sample_axis("PReLU", axis, sample))] = 1;
    }
    return Shape(sizes.begin(), sizes.end());
  }
  [[nodiscard]] static Index count_of(const TensorRef<const T>& x) {  // elements of a sample
    return x.shape[0] == 0 ? 0 : x.size() / x.shape[0];
  }
  [[nodiscard]] kernels::Broadcast broadcast(const TensorRef<const T>& x) const {
    return {alpha_.shape(), Shape(x.shape.begin() + 1, x.shape.end())};
  }
  /// alpha for each element of a sample, in the first half of `pass.memory`.
  [[nodiscard]] const T* repeated_alpha(const TensorRef<const T>& x, const Pass& pass) const {
    pass.require_memory("PReLU", bytes_of<T>(Index{2}, count_of(x)));
    T* const alpha = reinterpret_cast<T*>(pass.memory);
    broadcast(x).repeat(alpha_.value().data, alpha);
    return alpha;
  }

  PReLUOptions options_;
  Parameter<T, any_rank> alpha_;  // [sample]
};

}  // namespace nn
