// SPDX-License-Identifier: MIT
// A training run that survives the end of its process.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "nn/training/callback.hpp"
#include "nn/training/run_file.hpp"
#include "nn/training/run_state.hpp"

namespace nn {

struct BackupAndRestoreOptions {
  std::string path{};             ///< of the backup; a file that is there is gone on from
  Index save_freq = 0;            ///< batches between two backups; 0: one after each epoch
  bool delete_checkpoint = true;  ///< remove the file at the end of a run that was not cut off
};

/// Makes backups while `fit` runs, and lets a run that was cut off, by a crash or SIGKILL, go on
/// from the last one when the program is started again (Keras: BackupAndRestore):
///     model.fit(x, y, {.epochs = 50, .callbacks = {nn::BackupAndRestore{"run.ckpt"}}});
/// The run ends with the same bits as one that nothing has disturbed. So a backup has the weights
/// and what layers keep as state, the optimizer's moments, step and learning rate, the place in the
/// epoch with the sums of loss and metrics so far, the History, the weights that callbacks keep,
/// and the state of callbacks that give it (see Callback). It is replaced as a whole: whenever the
/// process ends, the last backup is there.
///
/// The program has to build and compile the model, and to call `fit`, as it did before; epochs may
/// differ. What callbacks do outside, such as lines in a log, they do again for the batches since
/// the last backup. An epoch that was cut off has no second on_epoch_begin, and its seconds in
/// History count from there. Two runs at a time need two files.
/// Throws    std::invalid_argument for an empty path and a negative save_freq. `fit` throws
///           std::invalid_argument for a metric of one's own without state where backups are made
///           within epochs; IoError for a file that can't be read or written, is torn or hostile,
///           or belongs to another run: another model, seed, optimizer, loss or metrics, number of
///           samples, batch size or start
class BackupAndRestore {
 public:
  NN_COLD explicit BackupAndRestore(BackupAndRestoreOptions options)
      : options_(std::move(options)) {
    demand(!options_.path.empty(), where, "a path", "an empty one");
    demand(options_.save_freq >= 0, where, "a save_freq of 0 or more", options_.save_freq);
  }
  explicit BackupAndRestore(std::string_view path)
      : BackupAndRestore(BackupAndRestoreOptions{.path = std::string(path)}) {}
  explicit BackupAndRestore(const char* path) : BackupAndRestore(std::string_view(path)) {}

  NN_COLD void on_train_begin(FitContext& context) {
    const std::string metric = context.run_state().metric_without_state;
    if (options_.save_freq > 0 && !metric.empty()) {
      refuse({.where = where,
              .expected = "metrics that give their state, for backups within an epoch",
              .got = metric,
              .remedy = "give it state() and set_state(), or leave out save_freq"});
    }
    has_begun_ = false;
    is_due_ = false;
    batches_ = 0;
  }
  void on_batch_end(FitContext&) {
    ++batches_;
    if (options_.save_freq > 0 && batches_ >= options_.save_freq) is_due_ = true;
  }
  void on_epoch_end(FitContext&) {
    if (options_.save_freq == 0) is_due_ = true;
  }
  /// When all other callbacks have begun, it may put their state back; when all have seen a batch
  /// or an epoch, all are in the state of that moment.
  NN_COLD void on_checkpoint(FitContext& context) {
    if (!has_begun_) {
      detail::read_run(options_.path, context);
      has_begun_ = true;
    } else if (is_due_ && !context.stop_training) {
      detail::write_run(options_.path, context.run_state());
      is_due_ = false;
      batches_ = 0;
    }
  }
  NN_COLD void on_train_end(FitContext&) const {
    if (!options_.delete_checkpoint || ::unlink(options_.path.c_str()) == 0 || errno == ENOENT) {
      return;
    }
    io::throw_system_error(options_.path, "a file that can be removed", errno);
  }

 private:
  static constexpr const char* where = "BackupAndRestore";

  BackupAndRestoreOptions options_;
  bool has_begun_ = false;
  bool is_due_ = false;
  Index batches_ = 0;  // since the last backup
};

}  // namespace nn
