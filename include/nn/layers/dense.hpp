// SPDX-License-Identifier: MIT
// Fully connected layer.
#pragma once

#include <string>

#include "nn/kernels/product/gradients.hpp"
#include "nn/kernels/product/packed_weights.hpp"
#include "nn/kernels/quantized/product.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Options of Dense, with Keras' names and defaults.
struct DenseOptions {
  Activation activation = Activation::linear;            ///< act, applied to the results
  bool use_bias = true;                                  ///< add b
  Initializer kernel_initializer = GlorotUniform{};      ///< the first values of W
  Initializer bias_initializer = Zeros{};                ///< the first values of b
  Regularizer kernel_regularizer{}, bias_regularizer{};  ///< penalties on W and b in training
  Constraint kernel_constraint{}, bias_constraint{};     ///< where each update brings them back to
};

/// Fully connected layer: y = act(x W + b) for each sample (Keras: Dense). Inputs of a higher rank
/// are taken as rows of their last axis.
/// Shapes    x [N, in]   W [in, units]   b [units]   y [N, units]
/// Backward  dW += x^T dz   db += sum_n dz   dx = dz W^T, where dz = dy * act'(z)
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   b: zero
/// Throws    std::invalid_argument unless units is positive; ShapeError for samples without
/// features
template <Real T = float>
class Dense {
 public:
  using Scalar = T;

  explicit Dense(Index units, const DenseOptions& options = {}) : units_(units), options_(options) {
    demand(units > 0, "Dense", "a positive number of units", units);
  }

  [[nodiscard]] static std::string name() { return "Dense"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (input.empty() || input.back() == 0) {
      refuse<ShapeError>({"Dense", "samples with at least one feature", input.to_string()});
    }
    Shape output(input.begin(), input.end() - 1);
    output.push_back(units_);
    return output;
  }

  static constexpr Promises promises{.applies_activation = true,
                                     .applies_affine = true,
                                     .keeps_mask = true,
                                     .masks_dx = true,
                                     .assigns_gradients = true,
                                     .updates_parameters = kernels::has_simd<T>,
                                     .gives_dx_in_columns = kernels::has_simd<T>,
                                     .reads_bfloat16 = std::same_as<T, float>};

  [[nodiscard]] Activation activation() const { return options_.activation; }

  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    if (training) return 0;
    return packed_weights(x.num_elements() / x.back(), x.back()).num_bytes();
  }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    forward(x, y, {}, pass);
  }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const kernels::Affine<T>& affine,
               const Pass& pass) const {
    // y = x W + b, or act of it
    kernels::ProductOptions<T> options{.bias = options_.use_bias ? b_.value().data() : nullptr,
                                       .affine = affine,
                                       .activation = pass.activation,
                                       .precision = pass.precision};
    if constexpr (std::same_as<T, float>) {
      if (const kernels::QuantizedMatrix* W = W_.quantized()) {
        return kernels::quantized_product(matrix(x), *W, matrix(y), options);
      }
    }
    options.kept_b =
        packed_weights(x.dimension(0), x.dimension(1)).in(pass.memory, pass.batch_number);
    kernels::product(operand(x, pass), matrix(W_.value()), matrix(y), options);
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dz,
                TensorMap<T, 2> dx, const Pass& pass) const {
    // db += sum_n dz
    bias_gradient(dz, pass);
    // dW += x^T dz   dx = dz W^T
    product_gradients(x, dz, {.dx = pass.needs_dx ? matrix(dx) : kernels::Matrix<T>()}, pass);
  }

  /// As above, but dx goes to a reader column by column and is never stored; only with pass.update.
  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dz,
                kernels::ColumnReader<T>& dx, const Pass& pass) const {
    bias_gradient(dz, pass);
    product_gradients(x, dz, {.dx_reader = &dx}, pass);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add_quantizable(W_, "kernel", {input.back(), units_}, options_.kernel_initializer,
                         {options_.kernel_regularizer, options_.kernel_constraint});
    if (options_.use_bias) {
      list.add(b_, "bias", {units_}, options_.bias_initializer,
               {options_.bias_regularizer, options_.bias_constraint});
    }
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}
        .set("units", units_)
        .set("activation", options_.activation)
        .set("use_bias", options_.use_bias)
        .set("kernel_initializer", options_.kernel_initializer)
        .set("bias_initializer", options_.bias_initializer)
        .set_rules(options_);
  }
  [[nodiscard]] static Dense from_arguments(const Arguments& a) {
    return Dense(
        a.get<Index>("units"),
        a.with_rules(DenseOptions{.activation = a.get<Activation>("activation"),
                                  .use_bias = a.get<bool>("use_bias"),
                                  .kernel_initializer = a.get<Initializer>("kernel_initializer"),
                                  .bias_initializer = a.get<Initializer>("bias_initializer")}));
  }

 private:
  /// Of W, for the batches of one call at inference.
  [[nodiscard]] kernels::PackedWeights<T> packed_weights(Index rows, Index inputs) const {
    if (W_.quantized() != nullptr) return {};
    return {rows, inputs, units_};
  }

  /// db += sum_n dz, and with pass.update the step on b.
  void bias_gradient(const TensorMap<T, 2>& dz, const Pass& pass) const {
    if (!options_.use_bias || pass.is_frozen) return;
    kernels::column_sums(matrix(dz), b_.gradient().data(), pass.accumulate);
    if (pass.update != nullptr) b_.update(*pass.update);
  }
  /// dW += x^T dz, or with pass.update the step on W, each piece once its dW and dx are known; and
  /// dx = dz W^T.
  void product_gradients(const ConstTensorMap<T, 2>& x, const TensorMap<T, 2>& dz,
                         kernels::InputGradient<T> dx, const Pass& pass) const {
    dx.is_masked = pass.dx_is_masked;
    kernels::WeightGradient<T> to_W{.accumulate = pass.accumulate};
    if (!pass.is_frozen) to_W.dW = matrix(W_.gradient());
    kernels::product_gradients(operand(x, pass), matrix(W_.value()), matrix(dz), dx, to_W,
                               pass.precision, W_.step(pass.update));
  }

  /// x, which may be rounded already.
  [[nodiscard]] static kernels::Operand<T> operand(const ConstTensorMap<T, 2>& x,
                                                   const Pass& pass) {
    if (!pass.x_in_bfloat16) return matrix(x);
    return kernels::Operand<T>(kernels::Matrix<const Bfloat16>(
        reinterpret_cast<const Bfloat16*>(x.data()), x.dimension(0), x.dimension(1)));
  }

  Index units_;
  DenseOptions options_;
  Parameter<T, 2> W_;  // [in, units]
  Parameter<T, 1> b_;  // [units]
};

}  // namespace nn
