// SPDX-License-Identifier: MIT
// The epochs and batches of one training run.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/core/float_mode.hpp"
#include "nn/training/batch_feed.hpp"
#include "nn/training/callback.hpp"
#include "nn/training/evaluate.hpp"
#include "nn/training/fit_data.hpp"
#include "nn/training/fit_options.hpp"
#include "nn/training/history.hpp"
#include "nn/training/run_state.hpp"
#include "nn/training/shared_run.hpp"
#include "nn/training/split.hpp"
#include "nn/training/trainer.hpp"

namespace nn {

namespace detail {

/// One call of `fit`, on data that was checked.
template <Real T>
class FitLoop final : public FitContext {
 public:
  NN_COLD FitLoop(Network<T>& network, Compiled<T>& compiled, const FitOptions& options,
                  const DataSet& training, const DataSet& validation)
      : network_(network),
        compiled_(compiled),
        options_(options),
        training_(training),
        validation_(validation),
        class_weights_(class_weights_of<T>("Model::fit, class_weight", options.class_weight,
                                           compiled, network.outputs())),
        shared_(options.communicator.run(network, compiled, class_weights_, options.sharing)),
        feed_(training, wanted_targets("Model::fit", network, compiled), options.batch_size,
              options.prefetch, shared_ ? shared_->share() : BatchShare{}),
        trainer_(network, compiled, class_weights_),
        place_{.epoch = options.initial_epoch},
        first_step_(network.block().step()),
        kept_(options.callbacks.size()) {}
  FitLoop(const FitLoop&) = delete;
  FitLoop& operator=(const FitLoop&) = delete;

  [[gnu::noinline]] History run() {
    if (!shared_) return run_epochs();
    begin_shared();  // what it throws, it throws in all processes
    try {
      return run_epochs();
    } catch (const std::exception& error) {
      shared_->fail(error.what());
      throw;
    } catch (...) {
      shared_->fail("an exception of its own");
      throw;
    }
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
    has_other_weights_ = true;
  }
  [[nodiscard]] NN_COLD std::optional<bool> more_is_better(std::string_view name) const override {
    if (name.starts_with("val_")) name.remove_prefix(4);
    if (name == "loss") return false;
    for (const Objective<T>& objective : compiled_.objectives) {
      const std::string prefix = objective.prefix();
      if (name == prefix + "loss") return false;
      for (std::size_t i = 0; i < objective.metrics.size(); ++i) {
        if (name == prefix + objective.metric_names[i]) {
          return objective.metrics[i].more_is_better();
        }
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] double learning_rate() const override {
    return compiled_.optimizer->learning_rate(network_.block().step());
  }
  void set_learning_rate(double rate) override { compiled_.optimizer->set_learning_rate(rate); }

  [[nodiscard]] NN_COLD RunState run_state() override {
    if (shared_) shared_->gather(trainer_);
    auto& block = network_.block();
    RunState run;
    run.identity = identity();
    run.epoch = place_.epoch;
    run.batch = place_.batch;
    run.step = block.step();
    run.epoch_step = place_.epoch_step;
    run.learning_rate = learning_rate();
    trainer_.describe(run);
    for (const Callback& callback : options_.callbacks) {
      run.callbacks.push_back(callback.state().value_or(std::vector<double>{}));
    }
    const auto add = [&run](const std::string& name, const T* values, std::size_t count) {
      if (count > 0) run.arrays.push_back(array_of(name, values, count));
    };
    add("weights", block.values(), static_cast<std::size_t>(block.num_values()));
    for (std::size_t i = 0; i < block.max_moments; ++i) {
      add(concat({"moment_", i}), block.moments()[i].data(), block.moments()[i].size());
    }
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      add(concat({"kept_", i}), kept_[i].data(), kept_[i].size());
    }
    run.history = History(history_);
    return run;
  }

  NN_COLD void resume(const RunState& run) override {
    constexpr const char* where = "RunState";
    demand(!has_begun_, where, "a run that has not begun", "one that has");
    demand(run.epoch >= options_.initial_epoch, where, "an epoch of this run", run.epoch);
    demand(run.batch >= 0 && run.batch <= num_batches_, where, "a batch of an epoch", run.batch);
    demand(run.callbacks.size() == kept_.size(), where, "a state of each callback",
           run.callbacks.size());
    auto& block = network_.block();
    const auto num_values = static_cast<std::size_t>(block.num_values());
    AlignedArray<T> weights;
    take(run, "weights", num_values, weights);
    demand(num_values == 0 || !weights.empty(), where, "weights", "none");
    typename ParameterBlock<T>::Moments moments;
    for (std::size_t i = 0; i < moments.size(); ++i) {
      take(run, concat({"moment_", i}), static_cast<std::size_t>(block.size()), moments[i]);
    }
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      take(run, concat({"kept_", i}), num_values, kept_[i]);
      const Callback& callback = options_.callbacks[i];
      if (callback.state()) callback.set_state(run.callbacks[i]);
    }
    std::copy(weights.begin(), weights.end(), block.values());
    block.resume(std::move(moments), run.step);
    if (learning_rate() != run.learning_rate) set_learning_rate(run.learning_rate);
    trainer_.resume(run);
    divergence = run.divergence;
    history_ = History(run.history);
    place_ = {.epoch = run.epoch, .batch = run.batch, .epoch_step = run.epoch_step};
    is_resumed_ = true;
  }

 private:
  [[nodiscard]] History run_epochs() {
    epochs = options_.epochs;
    num_batches = num_batches_;
    announce_names();
    call(&Callback::on_train_begin);
    call(&Callback::on_checkpoint);
    has_begun_ = true;
    agree();
    for (Index i = place_.epoch; i < options_.epochs && !stop_training; ++i) run_epoch(i);
    if (shared_) {
      shared_->finish();
    } else {
      compiled_.optimizer->finalize_variable_values(network_.block());
    }
    call(&Callback::on_train_end);
    agree();
    history_.set_divergence(trainer_.divergence());
    if (shared_) shared_->share_history(history_);
    return std::move(history_);
  }

  NN_COLD void begin_shared() {
    NamedTexts texts = identity();
    texts.pop_back();  // the number of callbacks, which only process 0 has to have
    add_text(texts, "epochs", options_.epochs);
    add_text(texts, "validation_freq", options_.validation_freq);
    add_text(texts, "validation_batch_size", options_.validation_batch_size);
    shared_->begin(texts, !options_.callbacks.empty());
  }

  /// Between several processes: what callbacks have decided on process 0 holds for all.
  void agree() {
    if (shared_ && shared_->has_callbacks()) agree_with_others();
  }
  NN_COLD void agree_with_others() {
    const RunAgreement all = shared_->agree({.stop_training = stop_training,
                                             .has_other_weights = has_other_weights_,
                                             .is_resumed = is_resumed_,
                                             .learning_rate = learning_rate(),
                                             .epoch = place_.epoch,
                                             .batch = place_.batch,
                                             .epoch_step = place_.epoch_step,
                                             .step = network_.block().step()},
                                            trainer_);
    stop_training = all.stop_training;
    if (learning_rate() != all.learning_rate) set_learning_rate(all.learning_rate);
    if (all.is_resumed) place_ = {all.epoch, all.batch, all.epoch_step};
    has_other_weights_ = is_resumed_ = false;
  }

  /// Whether callbacks and the caller's stream are this process's affair.
  [[nodiscard]] bool leads() const { return !shared_ || shared_->leads(); }

  /// Where the run is: what is done next, and how many updates were made before its epoch.
  struct Place {
    Index epoch = 0;
    Index batch = 0;
    std::int64_t epoch_step = 0;
  };

  /// What a run that goes on from this one's state has to agree with.
  [[nodiscard]] NN_COLD NamedTexts identity() const {
    std::string parameters, losses, metrics;
    for (const auto& parameter : network_.block()) {
      append_listed(parameters, concat({parameter.name, parameter.is_trained() ? " " : " frozen ",
                                        parameter.shape.to_string()}));
    }
    for (const Objective<T>& objective : compiled_.objectives) {
      append_listed(losses, objective.loss->name());
      if (objective.weight != 1) append(losses, {" times ", objective.weight});
      for (const std::string& name : objective.metric_names) {
        append_listed(metrics, objective.prefix() + name);
      }
    }
    NamedTexts texts;
    const auto add = [&texts](const char* name, const Text& text) { add_text(texts, name, text); };
    add("scalar", sizeof(T) == sizeof(double) ? "double" : "float");
    add("parameters", parameters);
    add("seed", network_.seed());
    add("optimizer", compiled_.optimizer->name());
    add("loss", losses);
    add("metrics", metrics);
    add("samples", training_.count());
    add("validation samples", validation_.count());
    add("batch_size", options_.batch_size);
    add("shuffle", options_.shuffle ? "true" : "false");
    add("initial_epoch", options_.initial_epoch);
    add("step at its start", first_step_);
    add("callbacks", options_.callbacks.size());
    return texts;
  }

  /// Copies the array of that name, if there is one.
  NN_COLD static void take(const RunState& run, const std::string& name, std::size_t count,
                           AlignedArray<T>& to) {
    const RunState::Array* const array = run.find(name);
    if (array == nullptr) return;
    require_size<T>(*array, count);
    if (to.size() != count) to = AlignedArray<T>(count);
    if (count > 0) std::memcpy(to.data(), array->bytes.data(), array->bytes.size());
  }

  void call(void (Callback::*hook)(FitContext&) const) {
    if (!leads()) return;
    caller_ = 0;
    for (const Callback& callback : options_.callbacks) {
      (callback.*hook)(*this);
      demand(network_.is_built(), "Model::fit", "a model in its place", "one moved away");
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
  NN_COLD void run_epoch(Index number) {
    epoch = number;
    if (place_.batch == 0) {
      logs = {};
      call(&Callback::on_epoch_begin);
      agree();
      place_.epoch_step = network_.block().step();
      trainer_.reset();
      if (shared_) shared_->reset();
    } else {
      logs = trainer_.results();  // an epoch that another process began
    }
    Progress progress(options_.verbose, leads() ? options_.stream : nullptr, num_batches_);
    progress.begin(concat({"Epoch ", number + 1, "/", options_.epochs}));
    const Index samples_done = train_epoch(progress);
    const double seconds = progress.seconds();
    if (shared_) shared_->collect(trainer_);
    logs = trainer_.results();
    const bool validates = (number + 1) % options_.validation_freq == 0;
    if (validation_.count() > 0 && validates) validate();
    progress.end(count_batches(samples_done, options_.batch_size), samples_done, seconds, logs,
                 trainer_.divergence() ? trainer_.divergence()->to_string() : "");
    call(&Callback::on_epoch_end);
    history_.add(number, seconds, logs);  // and what callbacks have set
    place_ = {.epoch = number + 1};
    call(&Callback::on_checkpoint);
    agree();
  }

  /// Returns the number of samples that were trained on.
  [[gnu::noinline]] Index train_epoch(Progress& progress) {
    const Index count = training_.count();
    std::vector<Index> order;
    if (options_.shuffle) {
      // The step number makes each epoch differ, also in another call of fit.
      const auto step = static_cast<std::uint64_t>(place_.epoch_step);
      order = Random{network_.seed(), {RandomPurpose::shuffle, 0, step}}.permutation(count);
    }
    Index done = std::min(place_.batch * options_.batch_size, count);
    feed_.begin(std::move(order), done);
    for (Index i = place_.batch; i < num_batches_; ++i) {
      batch = i;
      call(&Callback::on_batch_begin);
      agree();
      done += train_batch();
      place_.batch = i + 1;
      if (has_callbacks()) {
        if (shared_) shared_->collect(trainer_);
        logs = trainer_.results();
        divergence = trainer_.divergence();
        call(&Callback::on_batch_end);
        call(&Callback::on_checkpoint);
        agree();
      }
      if (progress.is_due()) {
        if (shared_ && !has_callbacks()) shared_->collect_own(trainer_);
        progress.show(i + 1, done, trainer_.results());
      }
      if (stop_training) break;
    }
    return done;
  }
  [[nodiscard]] bool has_callbacks() const {
    return shared_ ? shared_->has_callbacks() : !options_.callbacks.empty();
  }

  /// Returns the number of its samples.
  [[gnu::noinline]] Index train_batch() {
    const auto part = feed_.next();
    // Adam's moments decay into denormals, which cost ten times a normal number. Callbacks and
    // sources run in the caller's mode.
    const FlushDenormals flush;
    if (shared_) {
      shared_->train(part);
    } else {
      trainer_.train(*part.data, part.rows, part.first, part.count);
    }
    return part.batch_count;
  }

  [[gnu::noinline]] void validate() {
    Evaluator<T> evaluator(network_, compiled_);
    const Index size =
        options_.validation_batch_size > 0 ? options_.validation_batch_size : options_.batch_size;
    Progress silent(Verbose::silent, options_.stream, 1);
    const char* const where =
        options_.validation_data.is_given() ? "Model::fit, validation_data" : "Model::fit";
    const Scores results = evaluator.run(where, validation_, size, options_.prefetch, silent,
                                         options_.communicator.others());
    for (const auto& [name, value] : results) logs.set(concat({"val_", name}), value);
  }

  Network<T>& network_;
  const TrainingMark<T> mark_{network_};
  Compiled<T>& compiled_;
  const FitOptions options_;  // a copy: a callback may change the caller's
  DataSet training_, validation_;
  const std::vector<T> class_weights_;
  const std::unique_ptr<SharedRun<T>> shared_;  // null where this process trains alone
  BatchFeed<T> feed_;
  const Index num_batches_ = count_batches(training_.count(), options_.batch_size);
  Trainer<T> trainer_;
  History history_;
  Place place_;
  const std::int64_t first_step_;
  bool has_begun_ = false;
  bool has_other_weights_ = false;  // since the last `agree`
  bool is_resumed_ = false;
  std::vector<AlignedArray<T>> kept_;  // weights kept by each callback
  std::size_t caller_ = 0;             // index of the callback that runs
};

}  // namespace detail

}  // namespace nn
