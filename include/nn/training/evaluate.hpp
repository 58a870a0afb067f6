// SPDX-License-Identifier: MIT
// Loss and metrics of a model on data.
#pragma once

#include <algorithm>
#include <cstdio>

#include "nn/core/float_mode.hpp"
#include "nn/training/batch_runner.hpp"
#include "nn/training/progress.hpp"

namespace nn {

struct EvaluateOptions {
  /// Memory against speed. But for rounding, only a loss with Reduction::sum depends on it: that is
  /// a mean over batches of their sums, weighted by their sizes.
  Index batch_size = 128;
  Verbose verbose = Verbose::silent;
  std::FILE* stream = stdout;  ///< where progress is shown; null: silent
};

namespace detail {

/// Runs all samples through the runner, in order, as training computes: without denormals. A
/// batch_size may be more than there are.
template <Real T>
void run_in_order(BatchRunner<T>& runner, const Samples& x, const LabelView& y, Index batch_size,
                  Progress& progress) {
  const FlushDenormals flush;
  runner.reset();
  batch_size = std::min(batch_size, x.count());  // so that sums with it can't overflow
  Index batches_done = 0;
  for (Index first = 0; first < x.count(); first += batch_size) {
    const Index count = std::min(batch_size, x.count() - first);
    runner.test(x.slice(first, count), y.slice(first, count), count,
                shared_batch_number(first, count, batch_size, x.count()));
    ++batches_done;
    if (progress.is_due()) progress.update(batches_done, first + count, runner.scores());
  }
}

}  // namespace detail

/// Inference mode; means over all samples. Throws `ShapeError` or `std::invalid_argument` for
/// samples or labels that don't fit, for no samples, and for a model that isn't built and compiled.
template <Real T>
template <class X, class Y>
Scores Sequential<T>::evaluate(const X& x, const Y& y, const EvaluateOptions& options) const {
  return evaluate_samples(detail::samples_of(x), detail::labels_of(y), options);
}

template <Real T>
NN_COLD Scores Sequential<T>::evaluate_samples(const Samples& samples, const LabelView& y,
                                               const EvaluateOptions& options) const {
  constexpr const char* where = "Sequential::evaluate";
  const Compiled<T>& compiled = detail::ModelAccess::compiled(*this, where);
  require_samples(where, samples);
  detail::require_labels<T>(where, samples, y, output_shape());
  demand(samples.count() > 0, where, "at least one sample", "none");
  demand(options.batch_size > 0, where, "a positive batch_size", options.batch_size);
  detail::BatchRunner<T> runner(network_, compiled);
  const Index num_batches = detail::count_batches(samples.count(), options.batch_size);
  detail::Progress progress(options.verbose, options.stream, num_batches);
  progress.begin("");
  detail::run_in_order(runner, samples, y, options.batch_size, progress);
  progress.end(num_batches, samples.count(), progress.seconds(), runner.scores());
  return runner.scores();
}

template <Real T>
template <class X, class Y>
Scores Sequential<T>::evaluate(const X& x, const Y& y) const {
  return evaluate(x, y, EvaluateOptions{});
}

}  // namespace nn
