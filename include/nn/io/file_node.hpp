// SPDX-License-Identifier: MIT
// What a file says of a layer or a model, before it is made.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <list>
#include <string>
#include <vector>

#include "nn/core/shape.hpp"
#include "nn/io/arguments_text.hpp"
#include "nn/io/json_reader.hpp"
#include "nn/io/safetensors_header.hpp"
#include "nn/layer/arguments.hpp"

namespace nn::io {

/// A key of an object that describes a layer, a model, or the use of one in a graph.
enum class FileKey : unsigned {
  class_name,
  config,
  layers,
  nodes,
  trainable,
  input_shape,
  input_shapes,
  input_names,
  inputs,
  outputs,
  layer,
  name
};
inline constexpr const char* names_of_file_keys[] = {
    "class_name",   "config",      "layers", "nodes",   "trainable", "input_shape",
    "input_shapes", "input_names", "inputs", "outputs", "layer",     "name"};

/// A set of them.
class FileKeys {
 public:
  constexpr FileKeys() = default;
  constexpr FileKeys(std::initializer_list<FileKey> keys) {
    for (const FileKey key : keys) insert(key);
  }
  [[nodiscard]] constexpr bool contains(FileKey key) const { return (bits_ & bit(key)) != 0; }
  constexpr void insert(FileKey key) { bits_ |= bit(key); }
  constexpr void erase(FileKey key) { bits_ &= ~bit(key); }
  friend constexpr bool operator==(const FileKeys&, const FileKeys&) = default;

 private:
  static constexpr unsigned bit(FileKey key) { return 1U << static_cast<unsigned>(key); }
  unsigned bits_ = 0;
};

/// An object of a file that describes a layer, a model, or the use of one in a graph.
struct FileNode {
  FileKeys keys{};
  std::size_t start = 0;  // where it stands in the text
  std::string class_name{}, name{};
  Arguments config{};
  std::list<FileNode> nodes{};  // or layers
  std::vector<Shape> input_shapes{};
  std::vector<std::string> input_names{};
  std::vector<Index> inputs{}, outputs{};
  Index layer = 0;
  bool is_trainable = true;

  [[nodiscard]] bool has(FileKey key) const { return keys.contains(key); }

  /// `is_whole`: it is a whole model. Throws `IoError` for keys that it cannot have.
  NN_COLD void read(JsonReader& reader, bool is_whole) {
    start = reader.position();
    reader.read_object([&](const std::string& key_name) {
      const std::size_t number = find_text(names_of_file_keys, key_name);
      const auto key = static_cast<FileKey>(number);
      const bool is_known = number < std::size(names_of_file_keys) &&
                            (key != FileKey::input_shape || is_whole) && !has(key);
      if (!is_known) {
        reader.fail("class_name and config, layers or nodes, once each", abbreviate(key_name),
                    reader.position());
      }
      keys.insert(key);
      read_value(reader, key);
    });
  }

 private:
  NN_COLD void read_value(JsonReader& reader, FileKey key) {
    switch (key) {
      case FileKey::class_name:
        class_name = reader.read_string();
        return;
      case FileKey::config:
        config = read_arguments(reader);
        return;
      case FileKey::layers:
      case FileKey::nodes:
        return reader.read_array([&] { nodes.emplace_back().read(reader, false); });
      case FileKey::trainable:
        is_trainable = reader.read_boolean();
        return;
      case FileKey::input_shape:
        input_shapes.push_back(detail::read_shape(reader));
        return;
      case FileKey::input_shapes:
        return reader.read_array([&] { input_shapes.push_back(detail::read_shape(reader)); });
      case FileKey::input_names:
        return reader.read_array([&] { input_names.push_back(reader.read_string()); });
      case FileKey::inputs:
        return reader.read_array([&] { inputs.push_back(reader.read_integer()); });
      case FileKey::outputs:
        return reader.read_array([&] { outputs.push_back(reader.read_integer()); });
      case FileKey::layer:
        layer = reader.read_integer();
        return;
      case FileKey::name:
        name = reader.read_string();
        return;
    }
  }
};

}  // namespace nn::io
