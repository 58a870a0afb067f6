// SPDX-License-Identifier: MIT
// Event files for TensorBoard.
#pragma once

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "nn/callbacks/event_record.hpp"
#include "nn/io/appended_file.hpp"
#include "nn/training/callback.hpp"

namespace nn {

struct TensorBoardOptions {
  Index update_freq = 0;  ///< values after every so many batches, too; 0: none
};

/// Writes losses and metrics for TensorBoard (Keras: TensorBoard): TensorBoard{"logs"}, and then
/// `tensorboard --logdir logs`. As with Keras, there are the folders "train" and "validation" with
/// "epoch_loss" and the like at each epoch, "epoch_learning_rate", and "batch_loss" at each step.
/// Every `fit` adds a file; what an epoch brought is in it as soon as the epoch has ended.
/// Throws   std::invalid_argument for a negative update_freq; `fit` throws IoError for folders and
///          files that can't be made
class TensorBoard {
 public:
  NN_COLD explicit TensorBoard(const std::string& log_dir = "logs",
                               const TensorBoardOptions& options = {})
      : log_dir_(io::checked_path(log_dir)), options_(options) {
    demand(options.update_freq >= 0, "TensorBoard", "an update_freq of 0 or more",
           options.update_freq);
  }

  NN_COLD void on_train_begin(FitContext& context) {
    files_.clear();
    files_.push_back(begin_file("train"));
    bool has_validation = false;
    for (const auto& [name, value] : context.logs) has_validation |= name.starts_with("val_");
    if (has_validation) files_.push_back(begin_file("validation"));
  }
  NN_COLD void on_batch_end(FitContext& context) {
    const Index every = options_.update_freq;
    if (every > 0 && (context.batch + 1) % every == 0) {
      const Index step = context.epoch * context.num_batches + context.batch;
      append(files_[0], step, values_of(context, "batch_", false));
    }
  }
  NN_COLD void on_epoch_end(FitContext& context) {
    append(files_[0], context.epoch, values_of(context, "epoch_", false));
    if (files_.size() > 1) append(files_[1], context.epoch, values_of(context, "epoch_", true));
  }

 private:
  /// A new file beside those of earlier runs, as TensorBoard wants it.
  [[nodiscard]] NN_COLD io::AppendedFile begin_file(const char* kind) const {
    const std::filesystem::path folder = std::filesystem::path(log_dir_) / kind;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
      io::throw_system_error(folder.string(), "a folder that can be made", error.value());
    }
    char host[256] = "localhost";
    static_cast<void>(::gethostname(host, sizeof host - 1));
    const auto seconds = static_cast<Index>(now());
    std::string path;
    for (int number = 0; path.empty() || std::filesystem::exists(path); ++number) {
      path = (folder / concat({"events.out.tfevents.", seconds, ".", host, ".", ::getpid(), ".",
                               number, ".v2"}))
                 .string();
    }
    io::AppendedFile file(path);
    file.append(event_record(event_at_now().add_bytes(3, "brain.Event:2")));
    return file;
  }

  /// The Summary of the values of the training or of the validation.
  [[nodiscard]] NN_COLD static detail::ProtobufMessage values_of(const FitContext& context,
                                                                 std::string_view prefix,
                                                                 bool of_validation) {
    constexpr std::string_view validation = "val_";
    detail::ProtobufMessage summary;
    const auto add = [&](std::string_view name, double value) {
      const detail::ProtobufMessage named = detail::ProtobufMessage()
                                                .add_bytes(1, concat({prefix, name}))
                                                .add_float(2, static_cast<float>(value));
      summary.add_bytes(1, named.bytes());
    };
    for (const auto& [name, value] : context.logs) {
      if (name.starts_with(validation) != of_validation || name == "learning_rate") continue;
      add(std::string_view(name).substr(of_validation ? validation.size() : 0), value);
    }
    if (!of_validation) add("learning_rate", context.learning_rate());
    return summary;
  }
  NN_COLD static void append(const io::AppendedFile& file, Index step,
                             const detail::ProtobufMessage& summary) {
    file.append(event_record(event_at_now().add_integer(2, step).add_bytes(5, summary.bytes())));
  }
  [[nodiscard]] static detail::ProtobufMessage event_at_now() {
    return detail::ProtobufMessage().add_double(1, now());
  }
  /// Seconds since 1970.
  [[nodiscard]] static double now() {
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(time).count();
  }

  std::string log_dir_;
  TensorBoardOptions options_;
  std::vector<io::AppendedFile> files_;  // of training, and of validation if there is one
};

}  // namespace nn
