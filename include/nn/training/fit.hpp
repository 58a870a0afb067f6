// SPDX-License-Identifier: MIT
// Training over epochs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/core/float_mode.hpp"
#include "nn/training/callback.hpp"
#include "nn/training/evaluate.hpp"
#include "nn/training/fit_data.hpp"
#include "nn/training/fit_options.hpp"
#include "nn/training/history.hpp"
#include "nn/training/split.hpp"
#include "nn/training/trainer.hpp"

namespace nn {

namespace detail {

/// One call of `fit`, on data that was checked.
template <Real T>
class FitLoop final : public FitContext {
 public:
  FitLoop(Network<T>& network, Compiled<T>& compiled, const FitOptions& options,
          const DataSet& training, const DataSet& validation)
      : network_(network),
        compiled_(compiled),
        options_(options),
        training_(training),
        validation_(validation),
        trainer_(network, compiled,
                 class_weights_of<T>(options.class_weight, *compiled.loss.get(), network.output())),
        kept_(options.callbacks.size()) {}
  FitLoop(const FitLoop&) = delete;
  FitLoop& operator=(const FitLoop&) = delete;

  [[gnu::noinline]] History run() {
    epochs = options_.epochs;
    num_batches = num_batches_;
    announce_names();
    call(&Callback::on_train_begin);
    for (Index i = options_.initial_epoch; i < options_.epochs && !stop_training; ++i) run_epoch(i);
    call(&Callback::on_train_end);
    history_.set_divergence(trainer_.divergence());
    return std::move(history_);
  }

  NN_COLD void keep_weights() override {
    const auto size = static_cast<std::size_t>(network_.block().num_values());
    AlignedArray<T>& kept = kept_[caller_];
    if (kept.empty()) kept = AlignedArray<T>(size);
    std::copy_n(network_.block().values(), size, kept.data());
  }
  NN_COLD void restore_weights() override {
    const AlignedArray<T>& kept = kept_[caller_];
    std::copy(kept.begin(), kept.end(), network_.block().values());
  }
  [[nodiscard]] NN_COLD std::optional<bool> more_is_better(std::string_view name) const override {
    if (name.starts_with("val_")) name.remove_prefix(4);
    if (name == "loss") return false;
    for (std::size_t i = 0; i < compiled_.metrics.size(); ++i) {
      if (compiled_.metric_names[i] == name) return compiled_.metrics[i].more_is_better();
    }
    return std::nullopt;
  }
  [[nodiscard]] double learning_rate() const override {
    return compiled_.optimizer->learning_rate(network_.block().step());
  }
  void set_learning_rate(double rate) override { compiled_.optimizer->set_learning_rate(rate); }

 private:
  void call(void (Callback::*hook)(FitContext&) const) {
    caller_ = 0;
    for (const Callback& callback : options_.callbacks) {
      (callback.*hook)(*this);
      demand(network_.is_built(), "Sequential::fit", "a model in its place", "one moved away");
      ++caller_;
    }
  }

  NN_COLD void announce_names() {
    for (const char* prefix : {"", "val_"}) {
      if (*prefix != '\0' && validation_.count() == 0) continue;
      for (const auto& [name, value] : trainer_.results()) {
        logs.set(concat({prefix, name}), not_a_number<double>);
      }
    }
  }

  // Uses its own counters: a callback may overwrite those of the context.
  void run_epoch(Index number) {
    logs = {};
    epoch = number;
    call(&Callback::on_epoch_begin);
    Progress progress(options_.verbose, options_.stream, num_batches_);
    progress.begin(concat({"Epoch ", number + 1, "/", options_.epochs}));
    const Index samples_done = train_epoch(progress);
    const double seconds = progress.seconds();
    logs = trainer_.results();
    const bool validates = (number + 1) % options_.validation_freq == 0;
    if (validation_.count() > 0 && validates) validate();
    progress.end(count_batches(samples_done, options_.batch_size), samples_done, seconds, logs,
                 trainer_.divergence() ? trainer_.divergence()->to_string() : "");
    call(&Callback::on_epoch_end);
    history_.add(number, seconds, logs);  // and what callbacks have set
  }

  /// Returns the number of samples that were trained on.
  [[gnu::noinline]] Index train_epoch(Progress& progress) {
    const Index count = training_.count();
    std::vector<Index> order;
    if (options_.shuffle) {
      // The step number makes each epoch differ, also in another call of fit.
      const auto step = static_cast<std::uint64_t>(network_.block().step());
      order = Random{network_.seed(), {RandomPurpose::shuffle, 0, step}}.permutation(count);
    }
    trainer_.reset();
    Index done = 0;
    for (Index i = 0; i < num_batches_; ++i) {
      batch = i;
      call(&Callback::on_batch_begin);
      const Index size = std::min(options_.batch_size, count - done);
      train_batch(options_.shuffle ? order.data() + done : nullptr, done, size);
      done += size;
      if (!options_.callbacks.empty()) {
        logs = trainer_.results();
        divergence = trainer_.divergence();
        call(&Callback::on_batch_end);
      }
      if (progress.is_due()) progress.show(i + 1, done, trainer_.results());
      if (stop_training) break;
    }
    return done;
  }

  /// rows: see BatchMaker::make. Without them (null), samples first .. first + size - 1.
  [[gnu::noinline]] void train_batch(const Index* rows, Index first, Index size) {
    // Adam's moments decay into denormals, which cost ten times a normal number. Callbacks run in
    // the caller's mode.
    const FlushDenormals flush;
    if (rows != nullptr) {
      trainer_.train(training_, rows, size);
    } else {
      trainer_.train(training_.slice(first, size), nullptr, size);
    }
  }

  [[gnu::noinline]] void validate() {
    Evaluator<T> evaluator(network_, compiled_);
    const Index size =
        options_.validation_batch_size > 0 ? options_.validation_batch_size : options_.batch_size;
    Progress silent(Verbose::silent, options_.stream, 1);
    const Scores results = evaluator.run(validation_, size, silent);
    for (const auto& [name, value] : results) logs.set(concat({"val_", name}), value);
  }

  Network<T>& network_;
  const TrainingMark<T> mark_{network_};
  Compiled<T>& compiled_;
  const FitOptions options_;  // a copy: a callback may change the caller's
  DataSet training_, validation_;
  const Index num_batches_ = count_batches(training_.count(), options_.batch_size);
  Trainer<T> trainer_;
  History history_;
  std::vector<AlignedArray<T>> kept_;  // weights kept by each callback
  std::size_t caller_ = 0;             // index of the callback that runs
};

}  // namespace detail

/// Trains in shuffled batches; the last one may be smaller. `validation_split` is cut off the end
/// before shuffling. Values of an epoch are means over its samples, as they were during training. A
/// training that diverges goes on, unless `TerminateOnNaN` is there; the lines that it prints say
/// so. Returns the values of each epoch. Throws `ShapeError` or `std::invalid_argument` for data or
/// options that don't fit, and whatever a callback throws; the model is then as it was before.
template <Real T>
template <class X, class Y>
History Sequential<T>::fit(const X& x, const Y& y, const FitOptions& options) {
  return fit_data({detail::samples_of(x), detail::targets_of(y), options.sample_weight}, options);
}

template <Real T>
NN_COLD History Sequential<T>::fit_data(const DataSet& data, const FitOptions& options) {
  constexpr const char* where = "Sequential::fit";
  detail::require_fit_options(where, options);
  require_compiled(where);
  network_.require_no_training(where);
  network_.require_float_weights(where);
  data.x.template check_type<T>(where);
  const Shape sample_shape = is_built() ? input_shape() : data.x.sample_shape();
  const Shape output = is_built() ? output_shape() : output_shape(sample_shape);
  const auto [training, validation] =
      detail::cut_data<T>(data, options, sample_shape, output, *compiled_.loss.get());
  Sequential before_build = is_built() ? Sequential{} : *this;
  const bool was_built = is_built();
  auto compiled = compiled_;
  typename ParameterBlock<T>::Snapshot before;
  try {
    if (!was_built) build(sample_shape);
    network_.ensure_gradients();
    before = network_.block().snapshot();
  } catch (...) {
    if (!was_built) *this = std::move(before_build);
    throw;
  }
  try {
    return detail::FitLoop<T>(network_, compiled_, options, training, validation).run();
  } catch (...) {
    compiled_ = std::move(compiled);
    if (is_built()) network_.block().restore(std::move(before));
    if (!was_built) *this = std::move(before_build);
    throw;
  }
}

template <Real T>
template <class X, class Y>
History Sequential<T>::fit(const X& x, const Y& y) {
  return fit(x, y, FitOptions{});
}

}  // namespace nn
