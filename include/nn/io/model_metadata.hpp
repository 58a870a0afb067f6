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
  if (version == metadata.end() || version->second == model_format_version) return;
  if (version->second != training_format_version) {
    refuse<IoError>({.where = path,
                     .expected = {"format_version '", model_format_version, "' or '",
                                  training_format_version, "'"},
                     .got = abbreviate(version->second),
                     .remedy = "the file is of another version of the library"});
  }
  if (metadata.contains("training")) return;
  refuse<IoError>({path, "metadata 'training', as in files of version 2", "none"});
}

/// Whether the file has an optimizer's memory beside its weights. (In version 1, 'training' may be
/// a note.)
[[nodiscard]] NN_COLD inline bool has_training(const SafetensorsFile& file) {
  const auto version = file.metadata().find("format_version");
  return version != file.metadata().end() && version->second == training_format_version;
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
