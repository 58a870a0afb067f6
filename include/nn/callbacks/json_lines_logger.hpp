// SPDX-License-Identifier: MIT
// The course of a training run as JSON lines.
#pragma once

#include <string>
#include <string_view>

#include "nn/core/finite.hpp"
#include "nn/io/appended_file.hpp"
#include "nn/io/json_text.hpp"
#include "nn/training/callback.hpp"

namespace nn {

struct JsonLinesLoggerOptions {
  bool append = false;    ///< behind the lines of an earlier run
  Index update_freq = 0;  ///< a line after every so many batches, too; 0: none
};

/// Writes one JSON object for each epoch, in a line of its own: JsonLinesLogger{"log.jsonl"}.
///     {"epoch":0,"learning_rate":0.001,"loss":0.21,"accuracy":0.94,"val_loss":0.09}
/// Epochs and batches are counted from 0. Lines of batches have "batch" behind "epoch", and the
/// values of the epoch so far. A value that is not finite is null, as JSON has none. Each line is
/// in the file at once. Throws   std::invalid_argument for a negative update_freq; `fit` throws
/// IoError for a file that
///          can't be written
class JsonLinesLogger {
 public:
  NN_COLD explicit JsonLinesLogger(const std::string& path,
                                   const JsonLinesLoggerOptions& options = {})
      : file_(path), options_(options) {
    demand(options.update_freq >= 0, "JsonLinesLogger", "an update_freq of 0 or more",
           options.update_freq);
  }

  NN_COLD void on_train_begin(FitContext&) {
    if (!options_.append) file_.clear();
    if (options_.append) file_.append("");  // what can't be written is to be known before training
  }
  NN_COLD void on_batch_end(FitContext& context) {
    const Index every = options_.update_freq;
    if (every > 0 && (context.batch + 1) % every == 0) write(context, true);
  }
  NN_COLD void on_epoch_end(FitContext& context) { write(context, false); }

 private:
  NN_COLD void write(const FitContext& context, bool is_of_batch) const {
    std::string line = "{";
    io::append_key(line, "epoch");
    append(line, context.epoch);
    if (is_of_batch) {
      io::append_key(line, "batch");
      append(line, context.batch);
    }
    append_value(line, "learning_rate", context.learning_rate());
    for (const auto& [name, value] : context.logs) {
      if (name != "learning_rate") append_value(line, name, value);
    }
    file_.append(line + "}\n");
  }
  NN_COLD static void append_value(std::string& line, std::string_view name, double value) {
    io::append_key(line, name);
    if (is_finite(value)) io::append_number(line, value);
    if (!is_finite(value)) line += "null";
  }

  io::AppendedFile file_;
  JsonLinesLoggerOptions options_;
};

}  // namespace nn
