// SPDX-License-Identifier: MIT
// Arguments by name as JSON, and back.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "nn/io/json_reader.hpp"
#include "nn/io/json_text.hpp"
#include "nn/layer/arguments.hpp"

namespace nn::io {

inline void append_described(std::string& text, const Arguments& arguments);

/// {"filters":32,"kernel_size":[3,3],"activation":"relu",...}
NN_COLD inline void append_arguments(std::string& text, const Arguments& arguments) {
  text += '{';
  for (const auto& [name, value] : arguments.values()) {
    append_key(text, name);
    switch (value.kind) {
      case Arguments::Kind::boolean:
        text += value.boolean ? "true" : "false";
        break;
      case Arguments::Kind::whole:
        append(text, value.whole);
        break;
      case Arguments::Kind::number:
        append_number(text, value.number, {arguments.owner(), ", argument '", name, "'"});
        break;
      case Arguments::Kind::text:
        append_quoted(text, value.text, {arguments.owner(), ", argument '", name, "'"});
        break;
      case Arguments::Kind::list:
        append_list(text, value.list);
        break;
      case Arguments::Kind::numbers:
        text += '[';
        for (const double number : value.numbers) {
          append_comma(text);
          append_number(text, number, {arguments.owner(), ", argument '", name, "'"});
        }
        text += ']';
        break;
      case Arguments::Kind::object:
        append_described(text, arguments.get<Arguments>(name));
        break;
    }
  }
  text += '}';
}

[[nodiscard]] NN_COLD inline std::string arguments_to_json(const Arguments& arguments) {
  std::string text;
  append_arguments(text, arguments);
  return text;
}

/// {"class_name":"OneCycle","config":{...}}: the owner of the arguments, and they.
inline void append_described(std::string& text, const Arguments& arguments) {
  text += '{';
  append_key(text, "class_name");
  append_quoted(text, arguments.owner());
  append_key(text, "config");
  append_arguments(text, arguments);
  text += '}';
}

[[nodiscard]] inline Arguments read_described(JsonReader& reader);

/// A list of whole numbers, or of numbers where one of them is not whole.
NN_COLD inline void read_list(JsonReader& reader, const std::string& name, Arguments& arguments) {
  std::vector<Index> whole;
  std::vector<double> numbers;
  reader.read_array([&] {
    const JsonNumber number = reader.read_number();
    if (number.is_integer) whole.push_back(number.integer);
    numbers.push_back(number.is_integer ? static_cast<double>(number.integer) : number.real);
  });
  if (whole.size() == numbers.size()) {
    arguments.set(name, std::move(whole));
  } else {
    arguments.set(name, std::move(numbers));
  }
}

/// The reverse of `append_arguments`. The name of the owner is not set.
[[nodiscard]] NN_COLD inline Arguments read_arguments(JsonReader& reader) {
  Arguments arguments;
  reader.read_object([&](const std::string& name) {
    const std::size_t start = reader.position();
    if (arguments.has(name))
      reader.fail("every argument once", {abbreviate(name), " twice"}, start);
    switch (reader.peek()) {
      case JsonKind::boolean:
        arguments.set(name, reader.read_boolean());
        break;
      case JsonKind::number: {
        const JsonNumber number = reader.read_number();
        if (number.is_integer) arguments.set(name, number.integer);
        if (!number.is_integer) arguments.set(name, number.real);
        break;
      }
      case JsonKind::string:
        arguments.set(name, reader.read_string());
        break;
      case JsonKind::array:
        read_list(reader, name, arguments);
        break;
      case JsonKind::object:
        arguments.set(name, read_described(reader));
        break;
      default:
        reader.fail("true, false, a number, a string or a list of numbers");
    }
  });
  return arguments;
}

/// The reverse of `append_described`.
[[nodiscard]] inline Arguments read_described(JsonReader& reader) {
  const std::size_t start = reader.position();
  Arguments arguments;
  std::string name;
  bool has_name = false;
  bool has_config = false;
  reader.read_object([&](const std::string& key) {
    if (key == "class_name" && !std::exchange(has_name, true)) {
      name = reader.read_string();
    } else if (key == "config" && !std::exchange(has_config, true)) {
      arguments = read_arguments(reader);
    } else {
      reader.fail("class_name and config, once each", abbreviate(key), reader.position());
    }
  });
  if (!has_name || !has_config) reader.fail("class_name and config", "not both", start);
  arguments.set_owner(name);
  return arguments;
}

}  // namespace nn::io
