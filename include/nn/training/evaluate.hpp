// SPDX-License-Identifier: MIT
// Loss and metrics of a model on data.
#pragma once

#include <algorithm>
#include <cstdio>

#include "nn/core/float_mode.hpp"
#include "nn/training/batch.hpp"
#include "nn/training/batch_feed.hpp"
#include "nn/training/progress.hpp"
#include "nn/training/requirements.hpp"
#include "nn/training/split.hpp"
#include "nn/training/tally.hpp"

namespace nn {

struct EvaluateOptions {
  /// Samples that run through the model together: memory against speed. Results do not depend on it
  /// but for rounding, and for a loss with Reduction::sum: of that, the mean over batches is taken,
  /// weighted by their sizes.
  Index batch_size = 128;
  /// Weight of each sample [N], or of each of its positions [N, positions]: it multiplies their
  /// losses, but no metrics.
  SampleWeights sample_weight{};
  Verbose verbose = Verbose::silent;
  std::FILE* stream = stdout;  ///< where progress is shown; null: silent
  Index prefetch = 2;          ///< batches of a source that are read ahead: see FitOptions
};

namespace detail {

/// Runs samples through a model in order, without denormals, as training does.
template <Real T>
class Evaluator {
 public:
  NN_COLD Evaluator(const Network<T>& network, const Compiled<T>& compiled)
      : network_(network),
        compiled_(compiled),
        batches_(network, compiled, BatchMaker<T>::Use::inference),
        tally_(compiled) {}

  /// Loss and metrics. A batch_size may be more than there are samples. where: the call, for what a
  /// source gives.
  [[nodiscard]] Scores run(const char* where, const DataSet& data, Index batch_size, Index prefetch,
                           Progress& progress) {
    tally_.reset();
    const Index total = data.count();
    batch_size = std::min(batch_size, total);  // so that sums with it can't overflow
    BatchFeed<T> feed(data, wanted_targets(where, network_, compiled_), batch_size, prefetch);
    feed.begin({}, 0);
    Index batches_done = 0;
    for (Index first = 0; first < total; first += batch_size) {
      const auto part = feed.next();
      const Index count = part.count;
      const FlushDenormals flush;
      Batch<T> batch = batches_.make(*part.data, part.rows, part.first, count);
      batch.pass.batch_number = shared_batch_number(first, count, batch_size, total);
      network_.forward(batch.x, batch.pass, *batch.layout, batch.scores);
      for (std::size_t o = 0; o < batch.outputs.size(); ++o) {
        batch.outputs[o].targets.scores = batch.scores[o];
        tally_.add(o, batch.outputs[o].targets, batch.outputs[o].row_losses, nullptr);
      }
      ++batches_done;
      if (progress.is_due()) progress.show(batches_done, first + count, tally_.results());
    }
    return tally_.results();
  }

 private:
  const Network<T>& network_;
  const Compiled<T>& compiled_;
  BatchMaker<T> batches_;
  Tally<T> tally_;
};

}  // namespace detail

/// In inference mode; means over all samples. Throws `ShapeError` or `std::invalid_argument` for
/// samples or targets that don't fit, for no samples, and for a model that isn't built and
/// compiled.
template <Real T>
Scores Model<T>::evaluate(const SampleList& x, const TargetList& y,
                          const EvaluateOptions& options) const {
  return evaluate_data({x, y, options.sample_weight}, options);
}

template <Real T>
NN_COLD Scores Model<T>::evaluate_data(const DataSet& data, const EvaluateOptions& options) const {
  constexpr const char* where = "Model::evaluate";
  require_compiled(where);
  require_built(where);
  detail::require_inputs<T>(where, data, input_shapes());
  detail::require_targets(where, data, network_.outputs(), compiled_);
  demand(data.count() > 0, where, "at least one sample", "none");
  demand(options.batch_size > 0, where, "a positive batch_size", options.batch_size);
  detail::require_prefetch(where, options.prefetch);
  detail::Evaluator<T> evaluator(network_, compiled_);
  const Index num_batches = detail::count_batches(data.count(), options.batch_size);
  detail::Progress progress(options.verbose, options.stream, num_batches);
  progress.begin("");
  Scores results = evaluator.run(where, data, options.batch_size, options.prefetch, progress);
  progress.end(num_batches, data.count(), progress.seconds(), results);
  return results;
}

template <Real T>
Scores Model<T>::evaluate(const SampleList& x, const TargetList& y) const {
  return evaluate(x, y, EvaluateOptions{});
}

/// The same of samples that are read when they are needed.
template <Real T>
template <class S>
Scores Model<T>::evaluate(const S& source, const EvaluateOptions& options) const {
  return evaluate_data(DataSet(detail::source_of<T>(source), options.sample_weight), options);
}

template <Real T>
template <class S>
Scores Model<T>::evaluate(const S& source) const {
  return evaluate(source, EvaluateOptions{});
}

}  // namespace nn
