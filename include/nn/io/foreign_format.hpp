// SPDX-License-Identifier: MIT
// Recognises files of other programs by their first bytes.
#pragma once

#include <cstddef>
#include <string_view>

#include "nn/core/cold.hpp"

namespace nn::io {

/// The number of bytes from the front of a file that it takes to recognise it.
inline constexpr std::size_t telling_bytes = 128;

namespace detail {

/// The kind of a zip archive, by the name of its first file, which begins at byte 30.
[[nodiscard]] NN_COLD inline std::string_view kind_of_zip(std::string_view front) {
  const auto has = [name = front.substr(30 < front.size() ? 30 : front.size())](
                       std::string_view part) { return name.find(part) != name.npos; };
  if (has("data.pkl") || has(".format_version")) return "a PyTorch file (a zip archive)";
  if (has(".npy")) return "a NumPy .npz file (a zip archive)";
  if (has("metadata.json") || has("config.json") || has(".weights.h5")) {
    return "a .keras file (a zip archive)";
  }
  return "a zip archive, as .keras, .npz and PyTorch's files are";
}

}  // namespace detail

/// What kind of file begins with these bytes, in words; empty where that is not known.
[[nodiscard]] NN_COLD inline std::string_view foreign_format(std::string_view front) {
  using std::string_view_literals::operator""sv;
  struct Format {
    std::string_view mark, name;
  };
  constexpr Format formats[] = {
      {"\x89HDF\r\n\x1a\n"sv, "an HDF5 file, as Keras' .h5"},
      {"\x93NUMPY"sv, "a NumPy .npy file"},
      {"GGUF"sv, "a GGUF file"},
      {"\x1f\x8b"sv, "a gzip file"},
      {"\x80\x02"sv, "a Python pickle, as PyTorch wrote"},
      {"\x80\x03"sv, "a Python pickle"},
      {"\x80\x04"sv, "a Python pickle"},
      {"\x80\x05"sv, "a Python pickle"},
      {"{"sv, "a JSON file"},
  };
  for (const Format& format : formats) {
    if (front.starts_with(format.mark)) return format.name;
  }
  if (front.starts_with("PK\x03\x04"sv)) return detail::kind_of_zip(front);
  if (front.substr(front.size() < 4 ? front.size() : 4).starts_with("TFL3"sv)) {
    return "a TensorFlow Lite file";
  }
  // ONNX has no signature. It is a protobuf message that begins with its version (field 1) and the
  // name of its producer (field 2), or with the versions of operators (field 8), or with the graph
  // (field 7).
  const auto byte = [&](std::size_t i) { return i < front.size() ? front[i] : '\0'; };
  const bool has_version = byte(0) == '\x08' && byte(1) >= 1 && byte(1) <= 32;
  if (has_version && (byte(2) == '\x12' || byte(2) == '\x3a' || byte(2) == '\x42')) {
    return "an ONNX file";
  }
  return {};
}

}  // namespace nn::io
