// SPDX-License-Identifier: MIT
// What `compile` attaches to a model: losses, metrics and an optimizer.
#pragma once

#include <concepts>
#include <string>
#include <vector>

#include "nn/core/erased.hpp"
#include "nn/kernels/bfloat16/bfloat16.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/model/any_loss.hpp"
#include "nn/model/any_optimizer.hpp"
#include "nn/model/metric.hpp"

namespace nn {

/// Options of `compile`.
struct CompileOptions {
  /// Of a model with several outputs: what the loss of each is multiplied by in their sum, which is
  /// trained; empty: all 1.
  std::vector<double> loss_weights{};
  /// How Dense layers multiply in `fit` and `train_on_batch`: in float32, or in bfloat16, whose
  /// products are summed in float; weights and the optimizer's memory stay floats (Micikevicius et
  /// al. 2018; Kalamkar et al. 2019). Evaluation and prediction multiply in float32.
  ProductPrecision precision{};
};

/// Throws unless a model of T can multiply in this precision.
template <Real T>
NN_COLD void require_precision(const char* where, const ProductPrecision& precision) {
  if (std::same_as<T, float> || precision == NumberFormat::float32) return;
  refuse({.where = where,
          .expected = "precision float32 in a model of doubles",
          .got = to_string(precision),
          .remedy = "make a model of floats"});
}

namespace detail {

/// The names that metrics have in scores: their own, with a number where an earlier one has it
/// ("precision", "precision_1"). Throws `std::invalid_argument` for a name that would hide the loss
/// or a value of the validation.
[[nodiscard]] NN_COLD inline std::vector<std::string> names_of(const std::vector<Metric>& metrics) {
  std::vector<std::string> names;
  const auto is_taken = [&names](const std::string& name) {
    for (const std::string& other : names) {
      if (other == name) return true;
    }
    return false;
  };
  for (const Metric& metric : metrics) {
    const std::string name = metric.name();
    if (name == "loss" || name.starts_with("val_")) {
      refuse({"Model::compile",
              "a metric not named loss or val_*",
              {"'", name, "'"},
              "",
              "give it another name"});
    }
    std::string unique = name;
    for (Index number = 1; is_taken(unique); ++number) unique = concat({name, "_", number});
    names.push_back(std::move(unique));
  }
  return names;
}

}  // namespace detail

/// What is asked of one output of a model.
template <Real T>
struct Objective {
  AnyLoss<T> loss;
  std::vector<Metric> metrics{};
  double weight = 1;   // of the loss, in the sum that is trained
  std::string name{};  // of the output; empty: it is the only one
  std::vector<std::string> metric_names = detail::names_of(metrics);  // in scores

  /// How names in scores begin.
  [[nodiscard]] std::string prefix() const { return name.empty() ? "" : name + "_"; }
};

/// The optimizer of a model, and a loss and metrics for each output.
template <Real T>
struct Compiled {
  detail::Erased<detail::OptimizerInterface<T>> optimizer;
  std::vector<Objective<T>> objectives;
  CompileOptions options{};

  /// The closing activations that losses apply themselves.
  [[nodiscard]] NN_COLD std::vector<Activation> taken_over() const {
    std::vector<Activation> activations;
    for (const Objective<T>& objective : objectives) {
      activations.push_back(objective.loss->takes_over());
    }
    return activations;
  }
};

}  // namespace nn
