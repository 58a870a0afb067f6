// SPDX-License-Identifier: MIT
// Stops a training run that no longer improves.
#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "nn/core/finite.hpp"
#include "nn/training/callback.hpp"

namespace nn {

/// Which way a monitored value improves. `automatic`: a loss downwards, accuracy, precision, recall
/// and F1 upwards.
enum class Mode { automatic, min, max };

struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  double min_delta = 0;  ///< smaller changes don't count as improvement
  Index patience = 0;    ///< epochs without improvement before the end
  Mode mode = Mode::automatic;
  std::optional<double> baseline{};   ///< waiting starts anew only where this is beaten too
  bool restore_best_weights = false;  ///< at the end, also after the last epoch
  Index start_from_epoch = 0;         ///< epochs before it are not looked at
};

/// Ends the training once the monitored value has not improved for `patience` epochs (Keras:
/// EarlyStopping): EarlyStopping{{.patience = 2}}. Throws `std::invalid_argument` for a negative
/// patience, for a monitor whose direction isn't known under Mode::automatic, and in `fit` for a
/// monitor that its epochs don't have: before the first one, and under another mode after it, as an
/// earlier callback may add the value.
class EarlyStopping {
 public:
  NN_COLD explicit EarlyStopping(const EarlyStoppingOptions& options = {})
      : options_(options), mode_(direction(options)) {
    demand(options.patience >= 0, "EarlyStopping", "a patience of 0 or more", options.patience);
  }

  NN_COLD void on_train_begin(FitContext& context) {
    is_known_ = context.logs.find(options_.monitor) != nullptr;
    if (!is_known_ && options_.mode == Mode::automatic) reject_monitor(context.logs);
    wait_ = 0;
    has_best_ = false;
    best_ = mode_ == Mode::min ? infinity<double> : -infinity<double>;
  }

  NN_COLD void on_epoch_end(FitContext& context) {
    const double* monitored = context.logs.find(options_.monitor);
    if (monitored == nullptr && !is_known_) reject_monitor(context.logs);
    is_known_ = true;
    if (context.epoch < options_.start_from_epoch) return;
    if (monitored == nullptr) return;  // an epoch without validation
    const double value = *monitored;
    if (options_.restore_best_weights && !has_best_) keep(context);
    ++wait_;
    if (improves(value, best_)) {
      best_ = value;
      if (options_.restore_best_weights) keep(context);
      if (!options_.baseline || improves(value, *options_.baseline)) wait_ = 0;
      return;
    }
    // As in Keras, never after the first epoch.
    if (wait_ >= options_.patience && context.epoch > 0) context.stop_training = true;
  }

  void on_train_end(FitContext& context) const {
    if (options_.restore_best_weights) context.restore_weights();
  }

 private:
  NN_COLD static Mode direction(const EarlyStoppingOptions& options) {
    if (options.mode != Mode::automatic) return options.mode;
    std::string name = options.monitor;
    if (name.starts_with("val_")) name.erase(0, 4);
    const auto number = name.rfind('_');  // "recall_1" is the second metric of its name
    if (number < name.size() && name.find_first_not_of("0123456789", number + 1) == name.npos) {
      name.erase(number);
    }
    if (name == "loss") return Mode::min;
    for (const char* known : {"accuracy", "precision", "recall", "f1_score"}) {
      if (name == known) return Mode::max;
    }
    refuse({.where = "EarlyStopping",
            .expected = "a monitor whose direction is known",
            .got = {"'", options.monitor, "'"},
            .remedy = "set mode to nn::Mode::min or nn::Mode::max"});
  }
  [[noreturn]] NN_COLD void reject_monitor(const Scores& logs) const {
    std::string known;
    for (const auto& [name, value] : logs) append_listed(known, name);
    const bool wants_validation = options_.monitor.starts_with("val_");
    refuse(
        {.where = "EarlyStopping",
         .expected = {"a monitor among ", known},
         .got = {"'", options_.monitor, "'"},
         .remedy = {
             wants_validation ? "set validation_split or validation_data"
                              : "add it to compile's metrics",
             options_.mode == Mode::automatic ? "" : ", or set it in a callback before this one"}});
  }
  [[nodiscard]] bool improves(double value, double than) const {
    const double delta = std::abs(options_.min_delta);
    return mode_ == Mode::min ? value < than - delta : value > than + delta;
  }
  void keep(FitContext& context) {
    context.keep_weights();
    has_best_ = true;
  }

  EarlyStoppingOptions options_;
  Mode mode_;              // min or max
  bool is_known_ = false;  // epochs have the monitor
  Index wait_ = 0;
  double best_ = 0;
  bool has_best_ = false;
};

}  // namespace nn
