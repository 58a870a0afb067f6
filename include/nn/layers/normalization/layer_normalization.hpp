// SPDX-License-Identifier: MIT
// Layer normalization.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/layer/normalization/row_normalization.hpp"

namespace nn {

/// Options of LayerNormalization, with Keras' names and defaults.
struct LayerNormalizationOptions {
  /// That are normalized together: the last one, or several last ones in their order, as {1, 2, 3}
  /// of images. They count that of the batch, which is 0; -1 is the last.
  std::vector<Index> axis{-1};
  double epsilon = 1e-3;  ///< added to variances, which may be 0; positive
  bool center = true;     ///< add beta
  bool scale = true;      ///< multiply by gamma
  Initializer beta_initializer = Zeros{};
  Initializer gamma_initializer = Ones{};
  Regularizer gamma_regularizer{}, beta_regularizer{};  ///< penalties in training
  Constraint gamma_constraint{}, beta_constraint{};     ///< where each update brings them back to
};

/// Gives each row of each sample mean 0 and deviation 1, before gamma and beta (Ba, Kiros and
/// Hinton 2016; Keras: LayerNormalization), in training and at inference alike:
///     y = (x - mean) / std * gamma + beta     std = sqrt(variance + epsilon)
/// where mean and variance are those of the row.
/// Shapes    x [rows, last axes]   y like x   gamma, beta [last axes]
/// Backward  dbeta += sum dy   dgamma += sum dy x^   with x^ = (x - mean) / std
///           dx = (g - mean g - x^ mean(g x^)) / std   with g = dy gamma
/// Init      gamma: one   beta: zero
/// Throws    std::invalid_argument for an epsilon that is not positive, and without an axis;
///           ShapeError for other axes than the last, and for samples without elements
template <Real T = float>
class LayerNormalization : public detail::RowNormalization<T> {
 public:
  NN_COLD explicit LayerNormalization(LayerNormalizationOptions options = {})
      : detail::RowNormalization<T>("LayerNormalization", options.axis, options.epsilon, true),
        options_(std::move(options)) {}

  [[nodiscard]] static std::string name() { return "LayerNormalization"; }

  void parameters(const Shape& input, ParameterList<T>& list) {
    const Shape shape = this->row_shape(input);
    if (options_.scale) {
      list.add(this->gamma_, "gamma", shape, options_.gamma_initializer,
               {options_.gamma_regularizer, options_.gamma_constraint});
    }
    if (options_.center) {
      list.add(this->beta_, "beta", shape, options_.beta_initializer,
               {options_.beta_regularizer, options_.beta_constraint});
    }
  }

  [[nodiscard]] NN_COLD Arguments arguments() const {
    return this->arguments_of_rows()
        .set("center", options_.center)
        .set("scale", options_.scale)
        .set("beta_initializer", options_.beta_initializer)
        .set("gamma_initializer", options_.gamma_initializer)
        .set_rules(options_);
  }
  [[nodiscard]] NN_COLD static LayerNormalization from_arguments(const Arguments& a) {
    return LayerNormalization(a.with_rules(
        LayerNormalizationOptions{.axis = LayerNormalization::axis_from(a),
                                  .epsilon = a.get<double>("epsilon"),
                                  .center = a.get<bool>("center"),
                                  .scale = a.get<bool>("scale"),
                                  .beta_initializer = a.get<Initializer>("beta_initializer"),
                                  .gamma_initializer = a.get<Initializer>("gamma_initializer")}));
  }

 private:
  LayerNormalizationOptions options_;
};

}  // namespace nn
