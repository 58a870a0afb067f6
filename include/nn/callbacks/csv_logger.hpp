// SPDX-License-Identifier: MIT
// A table of all epochs as a CSV file.
#pragma once

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "nn/io/appended_file.hpp"
#include "nn/training/callback.hpp"

namespace nn {

struct CSVLoggerOptions {
  char separator = ',';
  bool append = false;  ///< behind the lines of an earlier run with the same columns
};

/// Writes a line for each epoch (Keras: CSVLogger): CSVLogger{"log.csv"}. The columns are "epoch",
/// from 0, and the names of losses and metrics in the order of the alphabet, those of the
/// validation too, as the first epoch has them. NA stands for a value that an epoch lacks. Each
/// line is in the file as soon as its epoch has ended.
/// Throws   std::invalid_argument for a separator that is a quote or ends a line. `fit` throws
///          IoError for a file that can't be written and, with `append`, for one whose columns are
///          others.
class CSVLogger {
 public:
  NN_COLD explicit CSVLogger(const std::string& path, const CSVLoggerOptions& options = {})
      : file_(path), options_(options) {
    const char mark = options.separator;
    demand(mark != '"' && mark != '\n' && mark != '\r', "CSVLogger", "a separator",
           "a quote or the end of a line");
  }

  NN_COLD void on_train_begin(FitContext& context) {
    names_.clear();
    if (!options_.append) file_.clear();
    if (options_.append) file_.append("");  // what can't be written is to be known before training
    for (const auto& [name, value] : context.logs) names_.push_back(name);
    std::sort(names_.begin(), names_.end());
    is_begun_ = false;
  }

  NN_COLD void on_epoch_end(FitContext& context) {
    if (!is_begun_) begin(context);
    std::string line = concat({context.epoch});
    for (const std::string& name : names_) {
      line += options_.separator;
      const double* const value = context.logs.find(name);
      if (value == nullptr) {
        line += "NA";
        continue;
      }
      char digits[32];  // the shortest that reads back as the same double
      line.append(digits, std::to_chars(std::begin(digits), std::end(digits), *value).ptr);
    }
    file_.append(line + '\n');
  }

 private:
  /// The first epoch may have values that callbacks have added.
  NN_COLD void begin(const FitContext& context) {
    for (const auto& [name, value] : context.logs) {
      if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
    }
    std::sort(names_.begin(), names_.end());
    std::string line = "epoch";
    for (const std::string& name : names_) line += options_.separator + quoted(name);
    line += '\n';
    const std::string found = options_.append ? first_line() : "";
    if (!found.empty() && found != line) {
      line.pop_back();
      refuse<IoError>({file_.path(),
                       {"the columns ", line},
                       found.substr(0, found.find('\n')),
                       "CSVLogger with append"});
    }
    if (found.empty()) file_.append(line);
    is_begun_ = true;
  }

  [[nodiscard]] NN_COLD std::string first_line() const {
    io::InputFile file(file_.path());
    std::string line;
    for (std::uint64_t i = 0; i < file.size() && (line.empty() || line.back() != '\n'); ++i) {
      char letter = 0;
      file.read(&letter, 1);
      line += letter;
    }
    return line;
  }

  /// In quotes where it would not be one cell without (RFC 4180).
  [[nodiscard]] NN_COLD std::string quoted(const std::string& name) const {
    const char special[] = {options_.separator, '"', '\n', '\r', '\0'};
    if (name.find_first_of(special) == name.npos) return name;
    std::string text = "\"";
    for (const char letter : name) text.append(letter == '"' ? 2 : 1, letter);
    return text + '"';
  }

  io::AppendedFile file_;
  CSVLoggerOptions options_;
  std::vector<std::string> names_;  // of the columns behind "epoch"
  bool is_begun_ = false;           // the first line has been written
};

}  // namespace nn
