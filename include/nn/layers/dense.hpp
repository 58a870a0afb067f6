// SPDX-License-Identifier: MIT
// Fully connected layer.
#pragma once

#include <new>
#include <string>

#include "nn/kernels/product/gradients.hpp"
#include "nn/kernels/quantized/product.hpp"
#include "nn/layer/closing_activation.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

struct DenseOptions {
  Activation activation = Activation::linear;
  bool use_bias = true;                              ///< add b
  Initializer kernel_initializer = GlorotUniform{};  ///< the first values of W
  Initializer bias_initializer = Zeros{};            ///< the first values of b
};

/// Fully connected layer: y = act(x W + b) for each sample (Keras: Dense). Inputs of a higher rank
/// are taken as rows of their last axis.
/// Shapes    x [N, in]   W [in, units]   b [units]   y [N, units]
/// Backward  dz = dy * act'(z)   dW += x^T dz   db += sum_n dz   dx = dz W^T
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   b: zero
/// Throws    std::invalid_argument unless units is positive; ShapeError for samples without
/// features
template <Real T = float>
class Dense {
 public:
  using Scalar = T;
  static constexpr Promises promises{.applies_activation = true,
                                     .masks_dx = true,
                                     .assigns_gradients = true,
                                     .updates_parameters = kernels::has_simd<T>,
                                     .gives_dx_in_columns = kernels::has_simd<T>,
                                     .reads_bfloat16 = std::same_as<T, float>};

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

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    // y = act(x W + b)
    const Activation activation = pass.activation_of(options_.activation);
    multiply(operand(x, pass), y,
             {.bias = b(),
              .activation = elementwise_part(activation),
              .precision = pass.precision,
              .kept_b = kept_weights(x, pass)});
    apply_rowwise_part(activation, y);
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    const kernels::Matrix<T> dz = gradient_before(y, dy, pass);
    if constexpr (kernels::has_simd<T>) {
      if (pass.update != nullptr) {
        return update(x, dz, pass.needs_dx ? matrix(dx) : kernels::Matrix<T>(), nullptr, pass);
      }
    }
    // dW += x^T dz
    const kernels::Operand<T> given = operand(x, pass);
    kernels::product(given.transposed(), dz, matrix(W_.gradient()),
                     {.accumulate = pass.accumulate, .precision = pass.precision});
    // dx = dz W^T
    if (pass.needs_dx) {
      const kernels::Matrix<const T> mask =
          pass.dx_is_masked && !given.is_short() ? given.elements() : kernels::Matrix<const T>();
      kernels::product(dz, matrix(W_.value()).transposed(), matrix(dx),
                       {.mask = mask, .precision = pass.precision});
      if constexpr (promises.reads_bfloat16) {
        if (pass.dx_is_masked && given.is_short()) {
          kernels::mask(given.shorts(), pass.precision, matrix(dx));
        }
      }
    }
  }

  /// The same with pass.update for a reader of dx, which is never written.
  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                kernels::ColumnReader<T>& dx, const Pass& pass) const
      requires(kernels::has_simd<T>) {
    update(x, gradient_before(y, dy, pass), {}, &dx, pass);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add_quantizable(W_, "kernel", {input.back(), units_}, options_.kernel_initializer);
    if (options_.use_bias) list.add(b_, "bias", {units_}, options_.bias_initializer);
  }

  /// At inference in batches: the weights as the product packs them.
  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    if (training || !keeps_weights(x.num_elements() / x.back(), x.back())) return 0;
    return kept_header + kernels::kept_operand_bytes<T>(x.back(), units_);
  }

  [[nodiscard]] Activation activation() const { return options_.activation; }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}
        .set("units", units_)
        .set("activation", options_.activation)
        .set("use_bias", options_.use_bias)
        .set("kernel_initializer", options_.kernel_initializer)
        .set("bias_initializer", options_.bias_initializer);
  }
  [[nodiscard]] static Dense from_arguments(const Arguments& a) {
    return Dense(a.get<Index>("units"),
                 {.activation = a.get<Activation>("activation"),
                  .use_bias = a.get<bool>("use_bias"),
                  .kernel_initializer = a.get<Initializer>("kernel_initializer"),
                  .bias_initializer = a.get<Initializer>("bias_initializer")});
  }

 private:
  static constexpr Index kept_header = cache_line;  // of the memory, which keeps a KeptOperand

  /// x, which may be rounded already.
  [[nodiscard]] static kernels::Operand<T> operand(const ConstTensorMap<T, 2>& x,
                                                   const Pass& pass) {
    if (!pass.x_in_bfloat16) return matrix(x);
    return kernels::Operand<T>(kernels::Matrix<const Bfloat16>(
        reinterpret_cast<const Bfloat16*>(x.data()), x.dimension(0), x.dimension(1)));
  }

  /// y = act(x W + b), W in floats or in a short format
  void multiply(const kernels::Operand<T>& x, TensorMap<T, 2> y,
                const kernels::ProductOptions<T>& options) const {
    if constexpr (std::same_as<T, float>) {
      if (const auto* quantized = W_.quantized()) {
        // Weights have a format, or products a precision.
        return kernels::quantized_product(x.elements(), *quantized, matrix(y), options);
      }
    }
    kernels::product(x, matrix(W_.value()), matrix(y), options);
  }

  /// dz [N, units] in the memory of dy; adds it to db.
  kernels::Matrix<T> gradient_before(const ConstTensorMap<T, 2>& y, TensorMap<T, 2>& dy,
                                     const Pass& pass) const {
    // dz = dy * act'(z)
    to_gradient_before(pass.activation_of(options_.activation), pass, y, dy);
    // db += sum_n dz
    if (options_.use_bias) {
      kernels::column_sums(matrix(dy), b_.gradient().data(), pass.accumulate);
    }
    return matrix(dy);
  }

  /// The rest of backward, and the optimizer's step on each piece of W once its dx and dW are
  /// known.
  void update(const ConstTensorMap<T, 2>& x, kernels::Matrix<const T> dz, kernels::Matrix<T> dx,
              kernels::ColumnReader<T>* dx_reader, const Pass& pass) const {
    if (options_.use_bias) b_.update(*pass.update);
    kernels::product_gradients(
        operand(x, pass), matrix(W_.value()), dz, dx,
        {.masks_dx = pass.dx_is_masked, .precision = pass.precision},
        pass.update->moments_of<T>(W_.value().data()),
        [&](Index first, const T* dW, Index count) { W_.update(*pass.update, first, dW, count); },
        dx_reader);
  }

  /// Few weights are packed in no time, and one row is multiplied by W as it lies there.
  [[nodiscard]] bool keeps_weights(Index rows, Index inputs) const {
    constexpr Index many = 1 << 16;
    return rows > 1 && inputs * units_ >= many && W_.quantized() == nullptr;
  }
  /// W as the product packed it for the batches before.
  [[nodiscard]] kernels::KeptOperand* kept_weights(const ConstTensorMap<T, 2>& x,
                                                   const Pass& pass) const {
    if (pass.batch_number < 0 || !keeps_weights(x.dimension(0), x.dimension(1))) return nullptr;
    if (pass.batch_number == 0) ::new (pass.memory) kernels::KeptOperand{pass.memory + kept_header};
    return std::launder(reinterpret_cast<kernels::KeptOperand*>(pass.memory));
  }

  [[nodiscard]] const T* b() const { return options_.use_bias ? b_.value().data() : nullptr; }

  Index units_;
  DenseOptions options_;
  Parameter<T, 2> W_;  // [in, units]
  Parameter<T, 1> b_;  // [units]
};

}  // namespace nn
