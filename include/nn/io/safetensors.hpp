// SPDX-License-Identifier: MIT
// Tensors by name in one file, of the safetensors format: checked when read, written atomically.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <new>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "nn/core/error.hpp"
#include "nn/core/memory.hpp"
#include "nn/core/shape.hpp"
#include "nn/io/atomic_file.hpp"
#include "nn/io/dtype.hpp"
#include "nn/io/file.hpp"
#include "nn/io/foreign_format.hpp"
#include "nn/io/json_text.hpp"
#include "nn/io/safetensors_header.hpp"

namespace nn::io {

/// A safetensors file in memory (format: github.com/huggingface/safetensors). The whole header is
/// checked before memory for the data is allocated. A file that breaks any rule of the format is
/// refused.
class SafetensorsFile {
 public:
  SafetensorsFile(SafetensorsFile&&) = default;  // not copied: `by_name_` points into `tensors_`
  SafetensorsFile& operator=(SafetensorsFile&&) = default;

  /// Throws `IoError` where the file cannot be read or is not valid.
  [[nodiscard]] NN_COLD static SafetensorsFile read(const std::string& path) {
    InputFile input(path);
    SafetensorsFile file = read_header(input, path);
    file.read_data(input);
    return file;
  }

  /// Reads the header alone, from the front of `input`: a caller that expects certain tensors can
  /// refuse others before their data cost memory and time. `data` and `copy_to` need `read_data`
  /// first. Throws as `read` does; `path` names the file in its message.
  [[nodiscard]] NN_COLD static SafetensorsFile read_header(InputFile& input,
                                                           const std::string& path) {
    std::string text(read_header_size(input, path), '\0');
    input.read(text.data(), text.size());
    if (!text.starts_with('{')) refuse_foreign(text.size(), text, path);
    const std::uint64_t data_size = input.size() - size_bytes - text.size();
    SafetensorsHeader header = parse_safetensors_header(text, data_size, path);
    SafetensorsFile file;
    file.path_ = path;
    file.metadata_ = std::move(header.metadata);
    file.tensors_ = std::move(header.tensors);
    file.index();
    return file;
  }

  /// Reads the data, the rest of the `input` that `read_header` began.
  NN_COLD void read_data(InputFile& input) {
    // The header has been checked against the size of the file: the last tensor ends where the file
    // does.
    data_ = allocate(tensors_.empty() ? 0 : tensors_.back().end, path_);
    input.read(data_.data(), data_.size());
    input.finish();
  }

  /// Strings that the writer stored beside the tensors.
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// All tensors, in the order of their data.
  [[nodiscard]] const std::list<TensorEntry>& tensors() const { return tensors_; }

  /// The bytes of a tensor: row-major, little-endian, not necessarily aligned.
  [[nodiscard]] std::span<const std::byte> data(const TensorEntry& entry) const {
    NN_ASSERT(entry.end <= data_.size());
    return {data_.data() + entry.begin, checked_size(entry.end - entry.begin)};
  }

  /// The tensor of that name, or null.
  [[nodiscard]] NN_COLD const TensorEntry* find(std::string_view name) const {
    const auto entry = by_name_.find(name);
    return entry == by_name_.end() ? nullptr : entry->second;
  }

  /// The tensor of that name. Throws `IoError` where there is none.
  [[nodiscard]] NN_COLD const TensorEntry& at(std::string_view name) const {
    if (const TensorEntry* const entry = find(name)) return *entry;
    refuse<IoError>(
        {path_, {"a tensor ", abbreviate(name)}, {tensors_.size(), " tensors of other names"}});
  }

  /// Writes `entry.shape.num_elements()` numbers to `out`. Integers convert to every `T` that holds
  /// their value, rounded if `T` is a floating-point type. F16, BF16, F32 and F64 convert to
  /// `float` and `double`, rounded. Throws `IoError` where the type does not convert or a value
  /// does not fit.
  template <TensorNumber T>
  NN_COLD void copy_to(const TensorEntry& entry, T* out) const {
    const std::string_view wanted = dtype_of<T>().name;
    if (!is_convertible<T>(entry.dtype.name)) {
      fail(entry, {"a dtype that converts to ", wanted}, entry.dtype.name, "");
    }
    const Index count = entry.shape.num_elements();
    const Index done = convert_tensor(entry.dtype.name, data(entry).data(), count, out);
    if (done < count) {
      fail(entry, {"values in the range of ", wanted}, "one outside",
           {"element ", done, " of ", entry.dtype.name, ' ', entry.shape.to_string()});
    }
  }

 private:
  static constexpr std::uint64_t size_bytes = 8;  // of the header's size, which stands before it

  SafetensorsFile() = default;

  [[nodiscard]] NN_COLD static std::size_t read_header_size(InputFile& input,
                                                            const std::string& path) {
    if (input.size() < size_bytes) {
      refuse<IoError>({.where = path,
                       .expected = "at least 8 bytes for the header's size",
                       .got = input.size(),
                       .remedy = detail::torn_file});
    }
    std::uint64_t header_size = 0;
    input.read(&header_size, size_bytes);
    const std::uint64_t most = std::min(input.size() - size_bytes, SafetensorsHeader::max_size);
    if (header_size > most) {
      std::string rest(checked_size(std::min<std::uint64_t>(most, telling_bytes)), '\0');
      input.read(rest.data(), rest.size());
      refuse_foreign(header_size, rest, path);
      refuse<IoError>({path,
                       {"a header of at most ", most, " bytes"},
                       header_size,
                       "bytes 0-7",
                       detail::torn_file});
    }
    return checked_size(header_size);
  }

  /// Refuses a file of another format that is known. `first`: its first 8 bytes, read as a number;
  /// `next`: those that follow.
  NN_COLD static void refuse_foreign(std::uint64_t first, std::string_view next,
                                     const std::string& path) {
    std::string front(reinterpret_cast<const char*>(&first), size_bytes);
    const std::string_view format = foreign_format(front.append(next.substr(0, telling_bytes)));
    if (format.empty()) return;
    refuse<IoError>({.where = path,
                     .expected = "a safetensors file",
                     .got = format,
                     .remedy = "write its weights anew, in Python by safetensors.numpy.save_file"});
  }

  [[nodiscard]] NN_COLD static AlignedMemory allocate(std::uint64_t size, const std::string& path) {
    try {
      return AlignedMemory(checked_size(size));
    } catch (const std::bad_alloc&) {
      refuse<IoError>({path, {"memory for ", size, " bytes of data"}, "none"});
    }
  }

  NN_COLD void index() {
    for (const TensorEntry& tensor : tensors_) {
      const bool is_new = by_name_.emplace(tensor.name, &tensor).second;
      if (!is_new) fail(tensor, "a name of its own", "one that another tensor has", "");
    }
  }

  [[noreturn]] NN_COLD void fail(const TensorEntry& entry, const Text& expected, const Text& got,
                                 const Text& context) const {
    refuse<IoError>({{path_, ", tensor ", abbreviate(entry.name)}, expected, got, context});
  }

  std::string path_;
  std::map<std::string, std::string> metadata_;
  AlignedMemory data_;
  std::list<TensorEntry> tensors_;
  std::map<std::string_view, const TensorEntry*> by_name_;  // into tensors_, names too
};

/// Collects tensors and writes them as one safetensors file. Data given by a pointer are not
/// copied: they must stay where they are until `write` has returned.
class SafetensorsWriter {
 public:
  /// Sets a string beside the tensors. The same key again replaces its value.
  NN_COLD void set_metadata(const std::string& key, std::string value) {
    metadata_.emplace(std::string(key), std::string()).first->second = std::move(value);
  }

  /// Adds `shape.num_elements()` numbers, row-major. Throws `std::invalid_argument` for a name that
  /// is taken, `IoError` where the number of bytes overflows.
  template <TensorNumber T>
  void add(const std::string& name, const Shape& shape, const T* data) {
    add(name, shape, dtype_of<T>(), data);
  }
  /// Adds elements that are no C++ numbers, such as "BF16", as their bytes, little-endian.
  NN_COLD void add(const std::string& name, const Shape& shape, const Dtype& dtype,
                   std::string bytes) {
    add(name, shape, dtype, nullptr);
    NN_ASSERT(bytes.size() == tensors_.back().size);
    tensors_.back().bytes = std::move(bytes);
  }

  /// Replaces the file at `path` (see `AtomicFile`). Throws `IoError` where it cannot be written,
  /// or a name or the metadata is not UTF-8.
  NN_COLD void write(const std::string& path) const {
    const std::string header = make_header();
    const std::uint64_t header_size = header.size();
    if (header_size > SafetensorsHeader::max_size) {
      refuse<IoError>({.where = path,
                       .expected = {"a header of at most ", SafetensorsHeader::max_size, " bytes"},
                       .got = header_size,
                       .remedy = "use fewer tensors or shorter metadata"});
    }
    write_atomically(path, [&](AtomicFile& file) {
      file.write(&header_size, sizeof header_size);
      file.write(header);
      for_each_in_order([&](const Tensor& tensor) {
        file.write(tensor.data == nullptr ? tensor.bytes.data() : tensor.data, tensor.size);
      });
    });
  }

 private:
  struct Tensor {
    std::string name;
    Dtype dtype;
    Shape shape;
    const void* data = nullptr;  // null: `bytes`
    std::size_t size = 0;        // bytes
    std::string bytes;
  };

  NN_COLD void add(const std::string& name, const Shape& shape, const Dtype& dtype,
                   const void* data) {
    const std::size_t size =
        checked_size(detail::byte_count({name, dtype, shape}, "SafetensorsWriter"));
    const bool is_new = name != SafetensorsHeader::metadata_name && names_.insert(name).second;
    demand(is_new, "SafetensorsWriter", "a name that no other tensor has", abbreviate(name));
    tensors_.push_back({name, dtype, shape, data, size, {}});
  }

  /// Visits the tensors with the largest elements first, so that each one is aligned to its
  /// elements; tensors with equal elements in the order in which they were added.
  template <class F>
  void for_each_in_order(const F& f) const {
    for (const std::uint64_t size : {8u, 4u, 2u, 1u}) {
      for (const Tensor& tensor : tensors_) {
        if (tensor.dtype.size == size) f(tensor);
      }
    }
  }

  [[nodiscard]] NN_COLD std::string make_header() const {
    std::string text = "{";
    if (!metadata_.empty()) {
      append_key(text, SafetensorsHeader::metadata_name);
      text += '{';
      for (const auto& [key, value] : metadata_) {
        append_key(text, key);
        append_quoted(text, value, {"metadata '", key, "'"});
      }
      text += '}';
    }
    std::size_t begin = 0;
    for_each_in_order([&](const Tensor& tensor) {
      append_key(text, tensor.name);
      append(text, {"{\"dtype\":\"", tensor.dtype.name, "\",\"shape\":"});
      append_list(text, tensor.shape);
      const std::size_t end = begin + tensor.size;
      append(text, {",\"data_offsets\":[", begin, ",", end, "]}"});
      begin = end;
    });
    text += '}';
    // Spaces make the data begin at a multiple of 8. The 8 bytes before the header keep it one.
    text.append((8 - text.size() % 8) % 8, ' ');
    return text;
  }

  std::map<std::string, std::string> metadata_;
  std::list<Tensor> tensors_;
  std::set<std::string> names_;  // of the tensors
};

}  // namespace nn::io
