// SPDX-License-Identifier: MIT
// Single batches, for loops of one's own: an update, or a test.
#pragma once

#include <utility>
#include <vector>

#include "nn/core/float_mode.hpp"
#include "nn/training/evaluate.hpp"
#include "nn/training/fit_data.hpp"
#include "nn/training/trainer.hpp"

namespace nn {

/// One update from all of x [N, ...] with targets y and perhaps weights, of samples and of classes
/// as in FitOptions. Returns the loss and metrics of this batch before the update, with dropout on.
/// Needs a compiled model, and builds one
/// that is not built. If it throws, the model is as it was, with two exceptions, both after the
/// first update: a layer of one's own throws in backward, or memory runs out there, in a thread or
/// for a batch size that is new. Then later layers may be updated already (`fit` restores them).
template <Real T>
NN_COLD Scores Model<T>::train_on_batch(const SampleList& x, const TargetList& y,
                                        const SampleWeights& sample_weight,
                                        const ClassWeights& class_weight) {
  return train_on_data({x, y, sample_weight}, class_weight);
}

template <Real T>
Scores Model<T>::train_on_data(const DataSet& data, const ClassWeights& class_weight) {
  constexpr const char* where = "Model::train_on_batch";
  require_compiled(where);
  network_.require_no_training(where);
  network_.require_float_weights(where);
  detail::require_types<T>(where, data.x);
  demand(data.count() > 0, where, "at least one sample", "none");
  if (!is_built()) {
    detail::require_targets(where, data, output_shapes(data.sample_shapes()), compiled_);
    Model built = *this;
    built.build_for(data.sample_shapes(), BuildOptions{});
    Scores results = built.train_on_data(data, class_weight);
    *this = std::move(built);
    return results;
  }
  require_samples(where, data.x);
  detail::require_targets(where, data, network_.outputs(), compiled_);
  std::vector<T> class_weights = detail::class_weights_of<T>(
      "Model::train_on_batch, class_weight", class_weight, compiled_, network_.outputs());
  const FlushDenormals flush;
  network_.ensure_gradients();
  detail::Trainer<T> trainer(network_, compiled_, std::move(class_weights));
  const detail::Batch<T> batch = trainer.forward(data, nullptr, 0, data.count());
  Scores results = trainer.results();
  // Only the first update allocates memory that later ones find in place.
  typename ParameterBlock<T>::Snapshot before;
  const bool is_first = network_.block().step() == 0;
  if (is_first) before = network_.block().snapshot();
  try {
    trainer.update(batch);
  } catch (...) {
    if (is_first) network_.block().restore(std::move(before));
    throw;
  }
  return results;
}

/// Loss and metrics of x [N, ...] with targets y and perhaps weights, as one batch, in inference
/// mode.
template <Real T>
NN_COLD Scores Model<T>::test_on_batch(const SampleList& x, const TargetList& y,
                                       const SampleWeights& sample_weight) const {
  constexpr const char* where = "Model::test_on_batch";
  const DataSet data{x, y, sample_weight};
  require_compiled(where);
  require_samples(where, data.x);
  detail::require_targets(where, data, network_.outputs(), compiled_);
  demand(data.count() > 0, where, "at least one sample", "none");
  detail::Progress silent(Verbose::silent, nullptr, 1);
  return detail::Evaluator<T>(network_, compiled_).run(where, data, data.count(), 0, silent);
}

}  // namespace nn
