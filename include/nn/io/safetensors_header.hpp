// SPDX-License-Identifier: MIT
// The header of a safetensors file, checked against every rule of the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "nn/core/shape.hpp"
#include "nn/io/dtype.hpp"
#include "nn/io/json_reader.hpp"

namespace nn::io {

/// What the header says of one tensor.
struct TensorEntry {
  std::string name;
  Dtype dtype;
  Shape shape;
  std::uint64_t begin = 0;  // first byte, counted from the end of the header
  std::uint64_t end = 0;    // byte after the last one
};

struct SafetensorsHeader {
  /// Most bytes of a header that is read or written: the limit of the format itself.
  static constexpr std::uint64_t max_size = 100'000'000;
  /// Key of the metadata; no tensor may have this name.
  static constexpr const char* metadata_name = "__metadata__";

  std::map<std::string, std::string> metadata;
  std::list<TensorEntry> tensors;  // in the order of their data
};

namespace detail {

inline constexpr const char* torn_file = "the file is torn or not safetensors";

[[nodiscard]] NN_COLD inline std::uint64_t read_whole_number(JsonReader& reader) {
  if (reader.peek() != JsonKind::number) reader.fail("a whole number of 0 or more");
  const std::size_t start = reader.position();
  const std::int64_t number = reader.read_integer();
  if (number < 0) reader.fail("a whole number of 0 or more", number, start);
  return static_cast<std::uint64_t>(number);
}

[[nodiscard]] NN_COLD inline Dtype read_dtype(JsonReader& reader) {
  if (reader.peek() != JsonKind::string) reader.fail("a dtype in double quotes");
  const std::size_t start = reader.position();
  const std::string name = reader.read_string();
  if (const Dtype* const dtype = find_dtype(name)) return *dtype;
  std::string known = "one of the dtypes";
  for (const Dtype& dtype : dtypes) append(known, {" ", dtype.name});
  reader.fail(known, abbreviate(name), start);
}

[[nodiscard]] NN_COLD inline Shape read_shape(JsonReader& reader) {
  Shape shape;
  reader.read_array([&] {
    if (shape.rank() == Shape::max_rank) reader.fail("at most 8 axes", "more", reader.position());
    shape.push_back(static_cast<Index>(read_whole_number(reader)));
  });
  return shape;
}

NN_COLD inline void read_offsets(JsonReader& reader, TensorEntry& tensor) {
  int count = 0;
  reader.read_array([&] {
    if (count == 2) reader.fail("two data_offsets", "more", reader.position());
    (count++ == 0 ? tensor.begin : tensor.end) = read_whole_number(reader);
  });
  if (count < 2) reader.fail("two data_offsets", count, reader.position() - 1);
}

[[nodiscard]] NN_COLD inline TensorEntry read_tensor_info(JsonReader& reader, std::string name) {
  TensorEntry tensor;
  tensor.name = std::move(name);
  bool has_dtype = false;
  bool has_shape = false;
  bool has_offsets = false;
  reader.read_object([&](const std::string& key) {
    if (key == "dtype" && !std::exchange(has_dtype, true)) {
      tensor.dtype = read_dtype(reader);
    } else if (key == "shape" && !std::exchange(has_shape, true)) {
      tensor.shape = read_shape(reader);
    } else if (key == "data_offsets" && !std::exchange(has_offsets, true)) {
      read_offsets(reader, tensor);
    } else {
      reader.fail("dtype, shape and data_offsets, once each", abbreviate(key), reader.position());
    }
  });
  if (!has_dtype || !has_shape || !has_offsets) {
    reader.fail({"dtype, shape and data_offsets of tensor ", abbreviate(tensor.name)},
                "not all three", reader.position() - 1);
  }
  return tensor;
}

NN_COLD inline void read_metadata(JsonReader& reader,
                                  std::map<std::string, std::string>& metadata) {
  reader.read_object([&](std::string key) {
    const std::size_t start = reader.position();
    std::string value = reader.read_string();
    const auto [entry, is_new] = metadata.emplace(std::move(key), std::move(value));
    if (!is_new)
      reader.fail("every key of the metadata once", {abbreviate(entry->first), " twice"}, start);
  });
}

/// Number of bytes of a tensor, by its shape and type.
[[nodiscard]] NN_COLD inline std::uint64_t byte_count(const TensorEntry& tensor,
                                                      const std::string& path) {
  std::uint64_t bytes = tensor.dtype.size;
  for (const Index signed_size : tensor.shape) {
    const auto size = static_cast<std::uint64_t>(signed_size);
    if (size != 0 && bytes > std::uint64_t{std::numeric_limits<std::int64_t>::max()} / size) {
      refuse<IoError>({{path, ", tensor ", abbreviate(tensor.name)},
                       "a number of bytes that fits 63 bits",
                       {tensor.dtype.name, ' ', tensor.shape.to_string()}});
    }
    bytes *= size;
  }
  return bytes;
}

/// Sorts by first byte; empty tensors stand before one that begins at the same byte.
NN_COLD inline void sort_by_data(std::list<TensorEntry>& tensors) {
  tensors.sort([](const TensorEntry& a, const TensorEntry& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    return a.end != b.end ? a.end < b.end : a.name < b.name;
  });
}

/// Checks that the tensors, sorted by their first byte, fill the data without holes or overlaps.
NN_COLD inline void check_layout(const std::list<TensorEntry>& tensors, std::uint64_t data_size,
                                 const std::string& path) {
  std::uint64_t filled = 0;
  for (const TensorEntry& tensor : tensors) {
    const auto fail = [&](const Text& expected, const Text& got) {
      refuse<IoError>({{path, ", tensor ", abbreviate(tensor.name)},
                       expected,
                       got,
                       {"data_offsets [", tensor.begin, ", ", tensor.end, "]"},
                       torn_file});
    };
    if (tensor.begin > tensor.end) fail("offsets in order", "the end before the begin");
    if (tensor.end > data_size) {
      fail({"an end within the ", data_size, " bytes of data"}, tensor.end);
    }
    const std::uint64_t bytes = byte_count(tensor, path);
    if (tensor.end - tensor.begin != bytes) {
      fail({bytes, " bytes for ", tensor.dtype.name, ' ', tensor.shape.to_string()},
           tensor.end - tensor.begin);
    }
    if (tensor.begin != filled) {
      fail({"to begin at byte ", filled, ", where the tensor before it ends"}, tensor.begin);
    }
    filled = tensor.end;
  }
  if (filled != data_size) {
    refuse<IoError>({.where = path,
                     .expected = {"tensors that fill the ", data_size, " bytes of data"},
                     .got = {filled, " bytes"},
                     .remedy = torn_file});
  }
}

}  // namespace detail

/// Parses the header `text` of a file with `data_size` bytes of data after it. Takes a small
/// multiple of the size of `text` in memory. Throws `IoError`; `path` names the file in its
/// message.
[[nodiscard]] NN_COLD inline SafetensorsHeader parse_safetensors_header(std::string_view text,
                                                                        std::uint64_t data_size,
                                                                        const std::string& path) {
  const std::string where = concat({path, ", header"});
  JsonReader reader(text, where);
  if (!text.starts_with('{')) reader.fail("a header that starts with {");
  SafetensorsHeader header;
  bool has_metadata = false;
  reader.read_object([&](std::string name) {
    if (name != SafetensorsHeader::metadata_name) {
      header.tensors.push_back(detail::read_tensor_info(reader, std::move(name)));
    } else if (!std::exchange(has_metadata, true)) {
      detail::read_metadata(reader, header.metadata);
    } else {
      reader.fail("one __metadata__", "two", reader.position());
    }
  });
  reader.finish();
  detail::sort_by_data(header.tensors);
  detail::check_layout(header.tensors, data_size, path);
  return header;
}

}  // namespace nn::io
