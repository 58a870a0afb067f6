// SPDX-License-Identifier: MIT
// What `fit` trains on and validates with.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/data/input_requirements.hpp"
#include "nn/model/compiled.hpp"
#include "nn/training/fit_options.hpp"
#include "nn/training/split.hpp"
#include "nn/training/target_requirements.hpp"

namespace nn::detail {

/// The weight of each class by the options; empty: all are 1.
template <Real T>
[[nodiscard]] NN_COLD std::vector<T> class_weights_of(const char* where,
                                                      const ClassWeights& weights,
                                                      const Compiled<T>& compiled,
                                                      const std::vector<Shape>& outputs) {
  if (weights.empty()) return {};
  if (outputs.size() > 1) {
    refuse({.where = where,
            .expected = "a model with one output",
            .got = outputs.size(),
            .remedy = "use sample_weight"});
  }
  const LossInterface<T>& loss = *compiled.objectives[0].loss;
  const Shape& output = outputs[0];
  require_loss_of_weights(where, loss);
  const Index classes = loss.num_classes(row_size(output));
  if (classes == 0) {
    refuse({.where = where,
            .expected = "a loss whose targets are classes",
            .got = loss.name(),
            .context = {row_size(output), " values in a row"},
            .remedy = "use sample_weight"});
  }
  std::vector<T> all(static_cast<std::size_t>(classes), T(1));
  for (const auto& [label, weight] : weights) {
    if (label < 0 || label >= classes) {
      refuse({where, {"classes from 0 to ", classes - 1}, label});
    }
    if (!(weight >= 0) || !is_finite(static_cast<T>(weight))) {
      refuse({where, "weights of 0 or more", weight, {"class ", label}});
    }
    all[static_cast<std::size_t>(label)] = static_cast<T>(weight);
  }
  return all;
}

/// The data of `fit` in two parts.
struct FitData {
  DataSet training;
  DataSet validation;  // may have no samples
};

/// Splits the data as the options say. Throws where they don't fit samples and results of these
/// shapes, or the loss.
template <Real T>
[[nodiscard]] NN_COLD FitData cut_data(const DataSet& data, const FitOptions& options,
                                       const std::vector<Shape>& inputs,
                                       const std::vector<Shape>& outputs,
                                       const Compiled<T>& compiled) {
  constexpr const char* where = "Model::fit";
  constexpr const char* part = "Model::fit, validation_data";
  const Index count = data.count();
  const Index cut = options.validation_data.is_given()
                        ? count
                        : num_training_samples(count, options.validation_split);
  require_targets(where, data, outputs, compiled);
  const DataSet training = data.slice(0, cut);
  DataSet validation = data.slice(cut, count - cut);
  if (options.validation_data.is_given()) {
    validation = static_cast<const DataSet&>(options.validation_data);
    require_inputs<T>(part, validation, inputs);
    require_targets(part, validation, outputs, compiled);
    demand(validation.count() > 0, part, "at least one sample", "none");
  }
  require_inputs<T>(where, data, inputs);
  demand(count > 0, where, "at least one sample to train on", "none");
  const bool validates = options.validation_split == 0 || validation.count() > 0;
  if (cut > 0 && validates) return {training, validation};
  refuse({where,
          cut == 0 ? "a validation_split that leaves samples to train on"
                   : "a validation_split of at least one sample",
          options.validation_split,
          {count, " samples"}});
}

}  // namespace nn::detail
