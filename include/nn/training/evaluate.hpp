// SPDX-License-Identifier: MIT
// Loss and metrics of a model on data.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "nn/core/collective.hpp"
#include "nn/core/float_mode.hpp"
#include "nn/layer/penalties.hpp"
#include "nn/training/batch.hpp"
#include "nn/training/batch_feed.hpp"
#include "nn/training/communicator_ref.hpp"
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
  /// Other processes that evaluate the same model on the same data at the same time: each takes a
  /// part of the batches. All get the results, and process 0 shows progress.
  CommunicatorRef communicator{};
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
  /// source gives. communicator: of processes that take a part of the batches each; or null.
  [[nodiscard]] Scores run(const char* where, const DataSet& data, Index batch_size, Index prefetch,
                           Progress& progress, Communicator* communicator = nullptr) {
    tally_.reset();
    losses_.clear();
    const double penalty = penalty_of(network_.block());
    tally_.set_fixed_penalty(penalty);
    batch_size = std::min(batch_size, data.count());  // so that sums with it can't overflow
    const auto [begin, end] = own_samples(data.count(), batch_size, communicator);
    BatchFeed<T> feed(data, wanted_targets(where, network_, compiled_), batch_size, prefetch);
    feed.begin({}, begin, end);
    Index batches_done = 0;
    for (Index first = begin; first < end; first += batch_size) {
      const auto part = feed.next();
      const Index count = part.count;
      const FlushDenormals flush;
      Batch<T> batch = batches_.make(*part.data, part.rows, part.first, count);
      batch.pass.batch_number = shared_batch_number(first - begin, count, batch_size, end - begin);
      ActivityPenalty activity{.samples = count};
      batch.pass.penalty = &activity;
      network_.forward(batch.x, batch.pass, *batch.layout, batch.scores);
      if (activity.is_used) tally_.add_penalty(activity.sum * static_cast<double>(count), count);
      for (std::size_t o = 0; o < batch.outputs.size(); ++o) {
        batch.outputs[o].targets.scores = batch.scores[o];
        tally_.add(o, batch.outputs[o].targets, batch.outputs[o].row_losses, nullptr);
      }
      ++batches_done;
      if (progress.is_due()) {
        progress.show(batches_done, first - begin + count, tally_.results());
      }
      if (communicator != nullptr) take_losses();
    }
    if (communicator != nullptr) {
      merge(*communicator);
      tally_.set_fixed_penalty(penalty);
    }
    return tally_.results();
  }

 private:
  struct Range {
    Index begin, end;
  };
  /// Whole batches, but for the last one of all.
  [[nodiscard]] static Range own_samples(Index total, Index batch_size,
                                         const Communicator* communicator) {
    if (communicator == nullptr) return {0, total};
    const BatchShare all{.pieces = communicator->size()};
    const auto start = [&](Index rank) {
      return std::min(all.start_of(rank, count_batches(total, batch_size)) * batch_size, total);
    };
    return {start(communicator->rank()), start(communicator->rank() + 1)};
  }

  /// The losses of each batch are kept, so that all can be added in the order of the batches: to
  /// the bits that one process has.
  NN_COLD void take_losses() {
    for (std::size_t o = 0; o < network_.num_outputs(); ++o) {
      losses_.push_back(tally_.take_loss(o));
    }
    losses_.push_back(tally_.take_penalty());
  }
  NN_COLD void merge(Communicator& communicator) {
    const auto all_losses = all_gather(communicator, losses_);
    const auto all_tallies = all_gather(communicator, tally_.packed());
    tally_.reset();
    for (const std::vector<double>& packed : all_tallies) {
      const double* next = packed.data();
      tally_.merge(next);
    }
    const std::size_t outputs = network_.num_outputs();
    for (const std::vector<double>& losses : all_losses) {
      for (std::size_t i = 0; i < losses.size(); ++i) {
        const std::size_t o = i % (outputs + 1);
        o < outputs ? tally_.add_loss(o, losses[i]) : tally_.add_penalty(losses[i], 0);
      }
    }
  }

  const Network<T>& network_;
  const Compiled<T>& compiled_;
  BatchMaker<T> batches_;
  Tally<T> tally_;
  // Of each output, and penalties, of each batch, where there are other processes
  std::vector<double> losses_;
};

/// Throws `std::invalid_argument` for metrics that several processes can't add up.
template <Real T>
NN_COLD void require_merging_metrics(const char* where, const Compiled<T>& compiled) {
  for (const Objective<T>& objective : compiled.objectives) {
    for (const Metric& metric : objective.metrics) {
      if (metric.merges()) continue;
      refuse({.where = where,
              .expected = "metrics that several processes can add up",
              .got = metric.name(),
              .remedy = "give it state(), set_state() and merge()"});
    }
  }
}

/// A number that differs where values do.
template <Real T>
[[nodiscard]] NN_COLD std::uint64_t digest(const T* values, Index count) {
  std::uint64_t sum = 0xCBF29CE484222325u;  // FNV-1a, a value at a time
  for (Index i = 0; i < count; ++i) {
    sum = (sum ^ std::bit_cast<std::uint64_t>(static_cast<double>(values[i]))) * 0x100000001B3u;
    sum ^= sum >> 32;
  }
  return sum;
}

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
  Communicator* const communicator = options.communicator.others();
  if (communicator != nullptr) {
    detail::require_merging_metrics(where, compiled_);
    const ParameterBlock<T>& block = network_.block();
    detail::require_same(
        *communicator, where,
        {{"samples", concat({data.count()})},
         {"batch_size", concat({options.batch_size})},
         {"number of weights", concat({block.num_values()})},
         {"weights", concat({detail::digest(block.values(), block.num_values())})}});
  }
  const bool is_shown = communicator == nullptr || communicator->rank() == 0;
  detail::Evaluator<T> evaluator(network_, compiled_);
  const Index num_batches = detail::count_batches(data.count(), options.batch_size);
  detail::Progress progress(options.verbose, is_shown ? options.stream : nullptr, num_batches);
  progress.begin("");
  Scores results =
      evaluator.run(where, data, options.batch_size, options.prefetch, progress, communicator);
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
