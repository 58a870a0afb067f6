// SPDX-License-Identifier: MIT
// The options of `fit`.
#pragma once

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/data/data_set.hpp"
#include "nn/training/callback.hpp"
#include "nn/training/communicator_ref.hpp"
#include "nn/training/progress.hpp"
#include "nn/training/requirements.hpp"

namespace nn {

/// Samples with targets and perhaps weights, as views of the caller's data, which have to live
/// longer; or a source of both. Temporary data do not compile.
struct ValidationData : DataSet {
  ValidationData() = default;
  template <class X, class Y>
  requires(!detail::AnySource<std::remove_cvref_t<X>>)
      ValidationData(X&& samples, Y&& targets, const SampleWeights& sample_weight = {})
      : DataSet{detail::samples_of(std::forward<X>(samples)),
                detail::targets_of(std::forward<Y>(targets)), sample_weight},
        is_given_(true) {}
  template <detail::AnySource S>
  ValidationData(
      const S& samples,  // NOLINT(google-explicit-constructor): a source is samples with targets
      const SampleWeights& sample_weight = {})
      : DataSet(detail::SourceView(samples), sample_weight), is_given_(true) {}
  template <detail::AnySource S>
  ValidationData(
      const S&&,  // NOLINT(google-explicit-constructor): a source is samples with targets
      const SampleWeights& = {}) {
    static_assert(!detail::AnySource<S>,
                  "nn: this source dies at the end of the line, and a view of it is kept; give it "
                  "a name that lives longer");
  }
  /// For models with several inputs or outputs: lists of them.
  ValidationData(std::initializer_list<Samples> samples, std::initializer_list<Targets> targets,
                 const SampleWeights& sample_weight = {})
      : DataSet{samples, targets, sample_weight}, is_given_(true) {}
  template <class X>
  ValidationData(X&& samples, std::initializer_list<Targets> targets,
                 const SampleWeights& sample_weight = {})
      : DataSet{detail::samples_of(std::forward<X>(samples)), targets, sample_weight},
        is_given_(true) {}
  template <class Y>
  ValidationData(std::initializer_list<Samples> samples, Y&& targets,
                 const SampleWeights& sample_weight = {})
      : DataSet{samples, detail::targets_of(std::forward<Y>(targets)), sample_weight},
        is_given_(true) {}

  [[nodiscard]] bool is_given() const { return is_given_; }

 private:
  bool is_given_ = false;
};

/// Options of `fit`, with Keras' names and defaults. If the compiler finds no matching fit for a
/// list of options, write nn::FitOptions before its brace: then it names the option that does not
/// exist.
struct FitOptions {
  Index batch_size = 32;
  Index epochs = 1;  ///< the number of the last epoch: with initial_epoch 3, epochs 5 runs two
  Verbose verbose = Verbose::automatic;
  std::vector<Callback> callbacks{};
  /// Weight of each sample [N], or of each of its positions [N, positions]: it multiplies their
  /// losses, those of the samples that validation_split holds back too, but no metrics. With
  /// class_weight, both multiply.
  SampleWeights sample_weight{};
  double validation_split = 0;  ///< share of samples, the last ones, to validate with instead
  /// {x, y}, {x, y, weights}, a source or {source, weights}; wins over validation_split.
  ValidationData validation_data{};
  bool shuffle = true;  ///< a new order each epoch
  /// Weight of each class, by its number: it multiplies the losses of that class's training
  /// samples. 1 for a class that is not listed. {{3, 2.0}} makes samples of class 3 count twice.
  /// The class of a one-hot row is that of its highest value; single values are rounded.
  ClassWeights class_weight{};
  Index initial_epoch = 0;
  Index validation_batch_size = 0;  ///< 0: batch_size
  Index validation_freq = 1;        ///< validate every so many epochs
  std::FILE* stream = stdout;       ///< where progress is shown; null: silent
  /// Batches of a source that are read ahead while the model trains, each by a thread of its own.
  /// They take memory for one batch more. 0: the thread that trains reads. Results do not depend on
  /// it. Data in memory are not read ahead.
  Index prefetch = 2;
  /// Other processes that call `fit` at the same time, with the same model and data, to train it
  /// together: see nn/distributed/. Each takes a share of every batch; `batch_size` is that of the
  /// whole batch. Process 0 alone runs callbacks and shows progress. It ends with all moments of
  /// the optimizer, the others without.
  CommunicatorRef communicator{};
  SharingOptions sharing{};
};

namespace detail {

/// Throws `std::invalid_argument` for numbers out of range.
NN_COLD inline void require_fit_options(const char* where, const FitOptions& options) {
  demand(options.batch_size > 0, where, "a positive batch_size", options.batch_size);
  demand(options.epochs >= 0, where, "0 or more epochs", options.epochs);
  demand(options.initial_epoch >= 0, where, "an initial_epoch of 0 or more", options.initial_epoch);
  demand(options.validation_batch_size >= 0, where, "a validation_batch_size of 0 or more",
         options.validation_batch_size);
  demand(options.validation_freq > 0, where, "a positive validation_freq", options.validation_freq);
  demand(options.validation_split >= 0 && options.validation_split < 1, where,
         "a validation_split in [0, 1)", options.validation_split);
  require_prefetch(where, options.prefetch);
}

}  // namespace detail
}  // namespace nn
