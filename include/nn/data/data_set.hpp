// SPDX-License-Identifier: MIT
// Samples with what belongs to each of them.
#pragma once

#include <vector>

#include "nn/data/data_lists.hpp"
#include "nn/data/sample_source.hpp"
#include "nn/data/sample_weights.hpp"

namespace nn {

/// Samples for each input of a model, the targets of each of its outputs, and the samples' weights,
/// as views.
struct DataSet {
  std::vector<Samples> x{};
  std::vector<Targets> y{};
  SampleWeights weights{};
  detail::SourceView source{};  ///< where it is given, x and y are read from it

  DataSet() = default;
  NN_COLD DataSet(const SampleList& samples, const TargetList& targets,
                  const SampleWeights& sample_weight)
      : x(samples.list().begin(), samples.list().end()),
        y(targets.list().begin(), targets.list().end()),
        weights(sample_weight) {}
  NN_COLD explicit DataSet(const detail::SourceView& samples,
                           const SampleWeights& sample_weight = {})
      : weights(sample_weight), source(samples) {}

  [[nodiscard]] Index count() const {
    return source.is_given() ? source.count() : x.empty() ? 0 : x[0].count();
  }
  /// Of one sample of each input.
  [[nodiscard]] NN_COLD std::vector<Shape> sample_shapes() const {
    if (source.is_given()) return {source.sample_shape()};
    std::vector<Shape> shapes;
    for (const Samples& samples : x) shapes.push_back(samples.sample_shape());
    return shapes;
  }
  /// Samples first .. first + count - 1 with all that belongs to them.
  [[nodiscard]] NN_COLD DataSet slice(Index first, Index count) const {
    DataSet part = *this;
    for (Samples& samples : part.x) samples = samples.slice(first, count);
    for (Targets& targets : part.y) targets = targets.slice(first, count);
    part.weights = weights.slice(first, count);
    if (source.is_given()) part.source = source.slice(first, count);
    return part;
  }
};

}  // namespace nn
