// SPDX-License-Identifier: MIT
// What the file of a model says beside tensors and architecture.
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <string>
#include <system_error>

#include "nn/core/error.hpp"
#include "nn/io/safetensors.hpp"

namespace nn::io {

inline constexpr const char* model_format = "nn.sequential";
inline constexpr const char* model_format_version = "1";
/// Files with an optimizer's memory, which earlier readers of version 1 don't know.
inline constexpr const char* training_format_version = "2";
/// Graphs, which readers of versions 1 and 2 don't know, and the same with an optimizer's memory.
inline constexpr const char* graph_format_version = "3";
inline constexpr const char* graph_training_format_version = "4";

[[nodiscard]] inline const char* format_version(bool is_graph, bool has_training) {
  if (is_graph) return has_training ? graph_training_format_version : graph_format_version;
  return has_training ? training_format_version : model_format_version;
}
/// The keys that `save` itself writes. Notes may not have them.
inline constexpr const char* own_metadata[] = {"format",  "format_version", "architecture",
                                               "layout",  "weight_format",  "build_seed",
                                               "training"};

/// Throws `std::invalid_argument` for a note under a key of the model's own metadata.
NN_COLD inline void require_free_names(const char* where,
                                       const std::map<std::string, std::string>& notes) {
  for (const char* name : own_metadata) {
    if (!notes.contains(name)) continue;
    std::string names;
    for (const char* own : own_metadata) append_listed(names, own);
    refuse({where,
            {"notes of other names than ", names},
            {"'", name, "'"},
            "the model's own metadata",
            "choose another name"});
  }
}

/// Whether the file has an optimizer's memory beside its weights. (In other versions, 'training'
/// may be a note.)
[[nodiscard]] NN_COLD inline bool has_training(const SafetensorsFile& file) {
  const auto version = file.metadata().find("format_version");
  return version != file.metadata().end() && (version->second == training_format_version ||
                                              version->second == graph_training_format_version);
}

/// Throws `IoError` unless the file is that of a model, of a version that this library reads. A
/// file without a version counts as one of version 1.
NN_COLD inline void require_format(const SafetensorsFile& file, const std::string& path) {
  const auto& metadata = file.metadata();
  if (!metadata.contains("architecture")) {
    refuse<IoError>({.where = path,
                     .expected = "metadata 'architecture'",
                     .got = "none",
                     .remedy = "build the model yourself and use load_weights"});
  }
  const auto format = metadata.find("format");
  if (format == metadata.end() || format->second != model_format) {
    refuse<IoError>({path,
                     {"format '", model_format, "'"},
                     format == metadata.end() ? "none" : concat({"'", format->second, "'"})});
  }
  const auto version = metadata.find("format_version");
  const std::string number = version == metadata.end() ? model_format_version : version->second;
  if (number != model_format_version && number != training_format_version &&
      number != graph_format_version && number != graph_training_format_version) {
    refuse<IoError>({.where = path,
                     .expected = "a format_version from '1' to '4'",
                     .got = abbreviate(number),
                     .remedy = "the file is of another version of the library"});
  }
  if (!has_training(file) || metadata.contains("training")) return;
  refuse<IoError>({path, {"metadata 'training', as in files of version ", number}, "none"});
}

/// The seed that the model was built with. So the loaded model draws the same dropout and shuffles
/// alike from its first step on. 0 for older files, which lack it. Throws `IoError`.
[[nodiscard]] NN_COLD inline std::uint64_t build_seed_of(const SafetensorsFile& file,
                                                         const std::string& path) {
  const auto found = file.metadata().find("build_seed");
  if (found == file.metadata().end()) return 0;
  const std::string& text = found->second;
  const char* const last = text.data() + text.size();
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), last, seed);
  if (error != std::errc{} || end != last) {
    refuse<IoError>({{path, ", build_seed"}, "a whole number of 64 bits", abbreviate(text)});
  }
  return seed;
}

}  // namespace nn::io
