// SPDX-License-Identifier: MIT
// Vectors for whole numbers, as those of words.
#pragma once

#include <string>

#include "nn/kernels/rows/lookup.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Options of Embedding, with Keras' names and defaults.
struct EmbeddingOptions {
  Initializer embeddings_initializer = RandomUniform{};  ///< the first values of E
  Regularizer embeddings_regularizer{};                  ///< a penalty on E in training
  Constraint embeddings_constraint{};                    ///< where each update brings E back to
  bool mask_zero = false;  ///< steps with number 0 are padding: see Masking
};

/// A trained vector for each of the numbers 0 to input_dim - 1, such as those of words (Bengio et
/// al. 2003; Keras: Embedding): y[n,...] = E[x[n,...]]
/// Shapes    x [N, ...], whole numbers   E [input_dim, output_dim]   y [N, ..., output_dim]
/// Backward  dE[x[n,...]] += dy[n,...]   dx = 0
/// Init      E: uniform from -0.05 to 0.05
/// Throws    std::invalid_argument unless both sizes are positive, and in a pass for an x that is
///           none of the numbers; ShapeError with mask_zero for samples that are not [steps]
template <Real T = float>
class Embedding {
 public:
  using Scalar = T;

  Embedding(Index input_dim, Index output_dim, const EmbeddingOptions& options = {})
      : input_dim_(input_dim), output_dim_(output_dim), options_(options) {
    demand(input_dim > 0, "Embedding", "a positive input_dim", input_dim);
    demand(output_dim > 0, "Embedding", "a positive output_dim", output_dim);
  }

  [[nodiscard]] static std::string name() { return "Embedding"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (options_.mask_zero && input.rank() != 1) {
      refuse<ShapeError>({"Embedding", "samples [steps] beside mask_zero", input.to_string()});
    }
    Shape output = input;
    output.push_back(output_dim_);
    return output;
  }

  static constexpr Promises promises{.ignores_y = true, .assigns_gradients = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    for (Index i = 0; i < x.size(); ++i) require_number(static_cast<double>(x.data()[i]));
    kernels::look_up_rows(E_.value().data(), output_dim_, x.data(), x.size(), y.data());
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    if (pass.needs_dx) dx.setZero();
    if (pass.is_frozen) return;
    T* const dE = E_.gradient().data();
    if (!pass.accumulate) kernels::set_zero(input_dim_ * output_dim_, dE);
    kernels::add_to_rows(dy.data(), output_dim_, x.data(), x.size(), dE);
  }

  [[nodiscard]] bool makes_mask() const { return options_.mask_zero; }
  void make_mask(ConstTensorMap<T, 2> x, bool* mask) const {
    for (Index i = 0; i < x.size(); ++i) mask[i] = x.data()[i] != T(0);
  }

  void parameters(const Shape&, ParameterList<T>& list) {
    list.add(E_, "embeddings", {input_dim_, output_dim_}, options_.embeddings_initializer,
             {options_.embeddings_regularizer, options_.embeddings_constraint});
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}
        .set("input_dim", input_dim_)
        .set("output_dim", output_dim_)
        .set("embeddings_initializer", options_.embeddings_initializer)
        .set("mask_zero", options_.mask_zero)
        .set_rules(options_);
  }
  [[nodiscard]] static Embedding from_arguments(const Arguments& a) {
    return Embedding(a.get<Index>("input_dim"), a.get<Index>("output_dim"),
                     a.with_rules(EmbeddingOptions{
                         .embeddings_initializer = a.get<Initializer>("embeddings_initializer"),
                         .mask_zero = a.get<bool>("mask_zero")}));
  }

 private:
  void require_number(double x) const {
    const bool is_in_range = x >= 0 && x < static_cast<double>(input_dim_);
    if (is_in_range && static_cast<double>(static_cast<Index>(x)) == x) return;
    refuse({"Embedding", {"whole numbers from 0 to ", input_dim_ - 1}, x});
  }

  Index input_dim_, output_dim_;
  EmbeddingOptions options_;
  Parameter<T, 2> E_;  // [input_dim, output_dim]
};

}  // namespace nn
