// SPDX-License-Identifier: MIT
// The state of a training run in a safetensors file.
#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/whole_number.hpp"
#include "nn/io/json_text.hpp"
#include "nn/io/safetensors.hpp"
#include "nn/training/callback.hpp"
#include "nn/training/run_state.hpp"

namespace nn::detail {

inline constexpr const char* run_format = "nn.backup";
inline constexpr const char* run_format_version = "2";

/// Numbers of a run's file that are counts: epoch, batch, step, epoch_step, and the step of a
/// divergence. All are whole, and far below 2^53.
inline constexpr std::size_t num_counts = 5;

/// Adds a copy of the list as a tensor F64.
NN_COLD inline void add_list(io::SafetensorsWriter& writer, const std::string& name,
                             const std::vector<double>& list) {
  std::string bytes(list.size() * sizeof(double), '\0');
  if (!list.empty()) std::memcpy(bytes.data(), list.data(), bytes.size());
  writer.add(name, {std::ssize(list)}, io::dtype_of<double>(), std::move(bytes));
}

/// The list of that name; empty if there is none. Throws `IoError` for a tensor that is no list of
/// doubles.
[[nodiscard]] NN_COLD inline std::vector<double> list_of(const io::SafetensorsFile& file,
                                                         const std::string& name,
                                                         const std::string& path) {
  const io::TensorEntry* const entry = file.find(name);
  if (entry == nullptr) return {};
  if (entry->dtype.name != "F64" || entry->shape.rank() != 1) {
    refuse<IoError>(
        {path, {"'", name, "' as a list F64"}, {entry->dtype.name, ' ', entry->shape.to_string()}});
  }
  std::vector<double> list(static_cast<std::size_t>(entry->shape.num_elements()));
  file.copy_to(*entry, list.data());
  return list;
}

NN_COLD inline void add_history(io::SafetensorsWriter& writer, const History& history) {
  add_list(writer, "history.epochs",
           std::vector<double>(history.epochs().begin(), history.epochs().end()));
  add_list(writer, "history.seconds", history.seconds());
  Index i = 0;
  for (const auto& [name, values] : history) {
    writer.set_metadata(concat({"history.", i}), name);
    add_list(writer, concat({"history.", i}), values);
    ++i;
  }
}

[[nodiscard]] NN_COLD inline History history_of(const io::SafetensorsFile& file,
                                                const std::string& path) {
  std::vector<Index> epochs;
  for (const double number : list_of(file, "history.epochs", path)) {
    epochs.push_back(whole_number(number, "RunState"));
  }
  std::vector<double> seconds = list_of(file, "history.seconds", path);
  if (seconds.size() != epochs.size()) {
    refuse<IoError>({path, {epochs.size(), " numbers in 'history.seconds'"}, seconds.size()});
  }
  std::vector<std::pair<std::string, std::vector<double>>> values;
  for (Index i = 0;; ++i) {
    const std::string key = concat({"history.", i});
    const auto name = file.metadata().find(key);
    if (name == file.metadata().end()) break;
    values.emplace_back(name->second, list_of(file, key, path));
  }
  return {std::move(epochs), std::move(seconds), std::move(values)};
}

NN_COLD inline void write_run(const std::string& path, const RunState& run) {
  io::SafetensorsWriter writer;
  writer.set_metadata("format", run_format);
  writer.set_metadata("format_version", run_format_version);
  for (const auto& [name, text] : run.identity) writer.set_metadata("run." + name, text);
  std::vector<double> counts;
  const std::int64_t diverged = run.divergence ? run.divergence->step : 0;
  for (const std::int64_t count : {run.epoch, run.batch, run.step, run.epoch_step, diverged}) {
    counts.push_back(static_cast<double>(count));
  }
  add_list(writer, "counts", counts);
  add_list(writer, "learning_rate", {run.learning_rate});
  add_list(writer, "loss_sums", run.loss_sums);
  add_list(writer, "num_rows", std::vector<double>(run.num_rows.begin(), run.num_rows.end()));
  if (run.divergence) writer.set_metadata("divergence", run.divergence->tensor);
  for (std::size_t i = 0; i < run.metrics.size(); ++i) {
    add_list(writer, concat({"metric.", i}), run.metrics[i]);
  }
  for (std::size_t i = 0; i < run.callbacks.size(); ++i) {
    add_list(writer, concat({"callback.", i}), run.callbacks[i]);
  }
  for (const RunState::Array& array : run.arrays) {
    const auto size = static_cast<Index>(array.bytes.size());
    if (array.is_double) {
      writer.add(array.name, {size / Index{sizeof(double)}},
                 reinterpret_cast<const double*>(array.bytes.data()));
    } else {
      writer.add(array.name, {size / Index{sizeof(float)}},
                 reinterpret_cast<const float*>(array.bytes.data()));
    }
  }
  add_history(writer, run.history);
  writer.write(path);
}

/// The part of a list that differs from another one: from the first difference on.
[[nodiscard]] NN_COLD inline std::string_view different_part(std::string_view list,
                                                             std::string_view other) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < list.size() && i < other.size() && list[i] == other[i]; ++i) {
    if (list[i] == ' ') start = i + 1;
  }
  return list.substr(start);
}

/// Throws `IoError` unless the file is a backup of this run.
NN_COLD inline void require_same_run(const io::SafetensorsFile& file, const RunState& run,
                                     const std::string& path) {
  const auto text_of = [&file](const std::string& name) {
    const auto found = file.metadata().find(name);
    return found == file.metadata().end() ? std::string() : found->second;
  };
  if (text_of("format") != run_format) {
    refuse<IoError>({path, "a backup of a training run", "another safetensors file"});
  }
  if (text_of("format_version") != run_format_version) {
    refuse<IoError>({.where = path,
                     .expected = {"format_version '", run_format_version, "'"},
                     .got = io::abbreviate(text_of("format_version")),
                     .remedy = "the backup is of another version of the library"});
  }
  for (const auto& [name, text] : run.identity) {
    const std::string theirs = text_of("run." + name);
    if (theirs == text) continue;
    refuse<IoError>(
        {path,
         {"a backup of this run, with ", name, ' ', io::abbreviate(different_part(text, theirs))},
         io::abbreviate(different_part(theirs, text)),
         "",
         "remove the file to begin anew"});
  }
}

/// The run of a file whose data were read. `mine`: a run to go on with it.
[[nodiscard]] NN_COLD inline RunState run_of(const io::SafetensorsFile& file, const RunState& mine,
                                             const std::string& path) {
  RunState run;
  const std::vector<double> counts = list_of(file, "counts", path);
  const std::vector<double> rate = list_of(file, "learning_rate", path);
  if (counts.size() != num_counts || rate.size() != 1) {
    refuse<IoError>({path,
                     {num_counts, " 'counts' and one 'learning_rate'"},
                     {counts.size(), " and ", rate.size()}});
  }
  run.epoch = whole_number(counts[0], "RunState");
  run.batch = whole_number(counts[1], "RunState");
  run.step = whole_number(counts[2], "RunState");
  run.epoch_step = whole_number(counts[3], "RunState");
  run.learning_rate = rate[0];
  run.loss_sums = list_of(file, "loss_sums", path);
  for (const double number : list_of(file, "num_rows", path)) {
    run.num_rows.push_back(whole_number(number, "RunState"));
  }
  const auto tensor = file.metadata().find("divergence");
  if (tensor != file.metadata().end()) {
    run.divergence = Divergence{whole_number(counts[4], "RunState"), tensor->second};
  }
  for (std::size_t i = 0; i < mine.metrics.size(); ++i) {
    run.metrics.push_back(list_of(file, concat({"metric.", i}), path));
  }
  for (std::size_t i = 0; i < mine.callbacks.size(); ++i) {
    run.callbacks.push_back(list_of(file, concat({"callback.", i}), path));
  }
  for (const io::TensorEntry& entry : file.tensors()) {
    const bool is_array = entry.name == "weights" || entry.name.starts_with("moment_") ||
                          entry.name.starts_with("kept_");
    if (!is_array) continue;
    const bool is_double = entry.dtype.name == "F64";
    if (!is_double && entry.dtype.name != "F32") {
      refuse<IoError>({path, {"'", entry.name, "' as F32 or F64"}, entry.dtype.name});
    }
    run.arrays.push_back({entry.name, file.data(entry), is_double});
  }
  run.history = history_of(file, path);
  return run;
}

/// Lets a run go on where the file says, if there is one.
NN_COLD inline void read_run(const std::string& path, FitContext& context) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 && errno == ENOENT) return;
  io::InputFile input(path);
  io::SafetensorsFile file = io::SafetensorsFile::read_header(input, path);
  const RunState mine = context.run_state();
  require_same_run(file, mine, path);
  file.read_data(input);
  try {  // what the numbers of a hostile file are refused by
    context.resume(run_of(file, mine, path));
  } catch (const std::invalid_argument& error) {
    throw IoError{concat({path, ": ", error.what()})};
  }
}

}  // namespace nn::detail
