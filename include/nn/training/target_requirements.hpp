// SPDX-License-Identifier: MIT
// Checks of targets and weights against the model and its loss.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/data/data_set.hpp"
#include "nn/model/compiled.hpp"

namespace nn::detail {

/// Numbers that the model gives for one row of targets: those of its last axis.
[[nodiscard]] inline Index row_size(const Shape& output) {
  return output.empty() ? 1 : output.back();
}
/// Rows of a sample: its positions.
[[nodiscard]] inline Index rows_per_sample(const Shape& output) {
  return output.empty() ? 1 : output.num_elements() / std::max<Index>(row_size(output), 1);
}
/// The shape of a batch's rows: the output's without its last axis.
[[nodiscard]] inline Shape rows_of(const Shape& output, Index count) {
  return Shape(output.begin(), output.end() - (output.empty() ? 0 : 1)).with_batch(count);
}
/// Whether a shape is the other one, or that with an axis of 1 behind it.
[[nodiscard]] inline bool is_or_ends_with_one(const Shape& shape, Shape other) {
  if (shape == other) return true;
  if (other.rank() == Shape::max_rank) return false;
  other.push_back(1);
  return shape == other;
}

/// Throws unless the targets are of the kind that the loss takes.
NN_COLD inline void require_kind(const std::string& where, const Targets& y,
                                 const TargetRule& rule) {
  if (y.kind() == rule.kind) return;
  if (rule.kind == TargetKind::classes) {
    const bool are_rows = y.shape().rank() > 1 && y.shape().back() > 1;
    refuse({where,
            {"class numbers for ", rule.loss},
            {"values of shape ", y.shape().to_string()},
            "",
            are_rows ? "use nn::CategoricalCrossentropy for one-hot rows"
                     : "give class numbers as std::int32_t"});
  }
  refuse({where,
          {"values for ", rule.loss},
          {"class numbers of shape ", y.shape().to_string()},
          "",
          "give values as float, or use nn::SparseCategoricalCrossentropy for class numbers"});
}

/// Throws unless the targets have the shape that belongs to the model's output.
NN_COLD inline void require_target_shape(const std::string& where, const Targets& y,
                                         const Shape& output, const TargetRule& rule) {
  const bool are_classes = rule.kind == TargetKind::classes;
  const Shape rows = rows_of(output, y.count());
  const Shape whole = output.with_batch(y.count());
  const bool fits = are_classes ? is_or_ends_with_one(y.shape(), rows)
                                : y.shape() == whole || is_or_ends_with_one(whole, y.shape());
  if (fits) return;
  const bool one_each = are_classes && is_or_ends_with_one(y.shape(), {y.count()});
  refuse<ShapeError>(
      {where,
       {are_classes ? "class numbers of shape " : "values of shape ",
        (are_classes ? rows : whole).to_string(), " for ", rule.loss},
       y.shape().to_string(),
       {"the model gives ", whole.to_string()},
       one_each ? "for one of each sample, add nn::Flatten before the last nn::Dense" : ""});
}

/// Throws unless a label is a class that the model has a score for, or one that the loss ignores.
inline void require_class(const Text& where, std::int32_t label, Index sample, Index classes,
                          const TargetRule& rule) {
  if ((label >= 0 && label < classes) || label == rule.ignore_class) return;
  refuse({where,
          {"labels from 0 to ", classes - 1},
          label,
          {"label of sample ", sample},
          "the last layer needs a unit for each class"});
}

/// Throws unless all labels are such.
NN_COLD inline void require_classes(const std::string& where, const Targets& y, const Shape& output,
                                    const TargetRule& rule) {
  const Index classes = row_size(output);
  const Index labels_per_sample = y.numbers_per_sample();
  for (Index sample = 0; sample < y.count(); ++sample) {
    for (Index i = 0; i < labels_per_sample; ++i) {
      require_class(where, y.class_of(sample, i), sample, classes, rule);
    }
  }
}

/// Throws unless the loss multiplies rows by weights.
template <Real T>
NN_COLD void require_loss_of_weights(const std::string& where, const LossInterface<T>& loss) {
  if (loss.takes_weights()) return;
  refuse({.where = where,
          .expected = "a loss that takes weights",
          .got = loss.name(),
          .remedy = "give the loss static constexpr bool takes_weights = true"});
}

/// Throws unless there are finite weights for all samples, or for all of their positions.
template <Real T>
NN_COLD void require_weights(const std::string& where, const SampleWeights& weights,
                             const Shape& output, Index count) {
  const Shape samples{count}, rows = rows_of(output, count);
  const Shape shape = weights.shape();
  if (!is_or_ends_with_one(shape, samples) && !is_or_ends_with_one(shape, rows)) {
    std::string wanted = samples.to_string();
    if (rows != samples) append(wanted, {" or ", rows.to_string()});
    refuse<ShapeError>({where, {"weights of shape ", wanted}, shape.to_string()});
  }
  std::vector<T> copy(static_cast<std::size_t>(count * weights.numbers_per_sample()));
  const T* numbers = weights.gather(nullptr, count, copy.data());
  const auto size = static_cast<Index>(copy.size());
  const Index bad = first_non_finite(numbers, size);
  if (bad == size) return;
  refuse({where,
          "finite weights",
          static_cast<double>(numbers[bad]),
          {"weight of sample ", bad / weights.numbers_per_sample()}});
}

/// Throws unless targets and weights fit samples, losses and outputs. Those of a source are checked
/// when they are read.
template <Real T>
NN_COLD void require_targets(const char* where, const DataSet& data,
                             const std::vector<Shape>& outputs, const Compiled<T>& compiled) {
  const bool is_read = data.source.is_given();
  const std::size_t count = is_read ? 1 : data.y.size();
  if (count != outputs.size()) {
    refuse({where,
            {"targets for ", outputs.size(), outputs.size() == 1 ? " output" : " outputs"},
            {"those for ", count},
            is_read ? "from a source" : ""});
  }
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const Objective<T>& objective = compiled.objectives[o];
    const TargetRule rule = objective.loss->targets();
    const std::string place =
        objective.name.empty() ? where : concat({where, ", output ", objective.name});
    if (!is_read) {
      const Targets& y = data.y[o];
      require_kind(place, y, rule);
      if (data.count() != y.count()) {
        refuse<ShapeError>({place,
                            "as many targets as samples",
                            {y.count(), " targets"},
                            {data.count(), " samples"}});
      }
      require_target_shape(place, y, outputs[o], rule);
      if (rule.kind == TargetKind::classes) require_classes(place, y, outputs[o], rule);
    }
    if (!data.weights.is_given()) continue;
    const std::string weights = concat({place, ", sample_weight"});
    require_loss_of_weights(weights, *objective.loss);
    require_weights<T>(weights, data.weights, outputs[o], data.count());
  }
}

}  // namespace nn::detail
