// SPDX-License-Identifier: MIT
// The projections of an attention: to several heads, and back.
#pragma once

#include <string>
#include <utility>

#include "nn/core/ceil_div.hpp"
#include "nn/core/checked.hpp"
#include "nn/kernels/attention/attention.hpp"
#include "nn/kernels/product/product.hpp"
#include "nn/layer/parameter.hpp"
#include "nn/layer/pass.hpp"

namespace nn::detail {

/// z = x W + b for each step, with the axes of the heads taken as one.
/// Shapes  x [steps, in]   z [steps, out]   W [in, heads, features], b [heads, features], as rows
/// of
///         `in`; or W [heads, features, out], b [out]
template <Real T, int BiasRank>
class HeadProjection {
 public:
  /// kernel, bias: their shapes, that of a missing bias empty. options: of the layer.
  template <class Options>
  void parameters(const std::string& name, const Shape& kernel, const Shape& bias,
                  const Options& options, ParameterList<T>& list) {
    list.add(W_, name + "/kernel", kernel, options.kernel_initializer,
             {options.kernel_regularizer, options.kernel_constraint});
    has_bias_ = !bias.empty();
    if (!has_bias_) return;
    list.add(b_, name + "/bias", bias, options.bias_initializer,
             {options.bias_regularizer, options.bias_constraint});
  }

  void forward(kernels::Matrix<const T> x, kernels::Matrix<T> z, const Pass& pass) const {
    const T* const bias = has_bias_ ? b_.value().data() : nullptr;
    kernels::product<T>(x, weights(x.cols, z.cols), z, {.bias = bias, .precision = pass.precision});
  }

  /// dW += x^T dz   db += sum dz
  void gradients(kernels::Matrix<const T> x, kernels::Matrix<const T> dz, const Pass& pass) const {
    if (pass.is_frozen) return;
    kernels::product<T>(x.transposed(), dz,
                        kernels::Matrix<T>(W_.gradient().data(), x.cols, dz.cols),
                        {.accumulate = pass.accumulate, .precision = pass.precision});
    if (has_bias_) kernels::column_sums(dz, b_.gradient().data(), pass.accumulate);
  }
  /// dx = dz W^T, or dx += dz W^T
  void input_gradient(kernels::Matrix<const T> dz, kernels::Matrix<T> dx, bool accumulate,
                      const Pass& pass) const {
    kernels::product<T>(dz, weights(dx.cols, dz.cols).transposed(), dx,
                        {.accumulate = accumulate, .precision = pass.precision});
  }

 private:
  [[nodiscard]] kernels::Matrix<const T> weights(Index in, Index out) const {
    return {W_.value().data(), in, out};
  }

  Parameter<T, 3> W_;
  Parameter<T, BiasRank> b_;
  bool has_bias_ = false;
};

/// Where the tensors of an attention with projections lie in its memory, in elements.
struct ProjectionLayout {
  Index size = 0;
  Index q, k, v, o;
  Index dq = 0, dk = 0, dv = 0, d_o = 0;

  ProjectionLayout(const kernels::AttentionSize& sizes, bool training)
      : q(take(sizes.num_queries())),
        k(take(sizes.num_keys())),
        v(take(sizes.num_values())),
        o(take(sizes.num_results())) {
    if (!training) return;
    dq = take(sizes.num_queries());
    dk = take(sizes.num_keys());
    dv = take(sizes.num_values());
    d_o = take(sizes.num_results());
  }

 private:
  /// Tensors of floats begin on cache lines.
  Index take(Index count) { return std::exchange(size, checked_sum({size, round_up(count, 16)})); }
};

}  // namespace nn::detail
