// SPDX-License-Identifier: MIT
// The arguments of a golden case as the library reads them, none of them lost on the way.
#pragma once

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "nn/io/architecture_reader.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/model/more_layers.hpp"

namespace nn::testing {

/// Keras' arguments of all classes, by family and class (keras_defaults.json).
[[nodiscard]] inline const nlohmann::json& keras_defaults() {
  static const auto table =
      nlohmann::json::parse(std::ifstream(NN_GOLDEN_DIR "/keras_defaults.json"));
  return table;
}

/// The arguments of one object of Keras: those that a case gives, and Keras' defaults for the
/// others. What the library does not read must be as it is by default, or the case can't be run.
class KerasArguments {
 public:
  /// Throws `std::logic_error` for an argument that Keras' class does not have.
  KerasArguments(const char* family, const std::string& name, const nlohmann::json& config)
      : config_(config), entry_(keras_defaults().at(family).at(name)) {
    const nlohmann::json& defaults = entry_.at("defaults");
    nlohmann::json plain = defaults, full = defaults;
    for (const auto& [key, value] : config.items()) {
      const nlohmann::json& required = entry_.at("required");
      const bool is_required = std::find(required.begin(), required.end(), key) != required.end();
      if (!is_required && !defaults.contains(key)) {
        throw std::logic_error("Keras' " + name + " has no argument '" + key + "'");
      }
      full[key] = value;
      if (is_required) plain[key] = value;
    }
    plain_ = read(name, plain);
    arguments_ = read(name, full);
  }

  /// What `from_arguments` of the library gets. Null is left out, as is what no argument of the
  /// library can hold; an activation of null is the linear one, an axis of null no axis.
  [[nodiscard]] const Arguments& arguments() const { return arguments_; }

  /// The first argument that nobody has read although it changes what Keras computes, as
  /// "argument 'groups'"; "" if there is none.
  [[nodiscard]] std::string left_out() const {
    const nlohmann::json& defaults = entry_.at("defaults");
    for (const auto& [key, value] : config_.items()) {
      if (defaults.contains(key) && defaults.at(key) == value) continue;
      const auto is_this = [&name = key](const auto& argument) { return argument.first == name; };
      const auto& values = arguments_.values();
      const auto argument = std::find_if(values.begin(), values.end(), is_this);
      if (argument == values.end() || !argument->second.is_read) return "argument '" + key + "'";
    }
    return "";
  }

  /// Calls use(object) with the library's object, from(arguments). Returns why there is none, and
  /// "" after the call. Throws what `from` throws where all is as it is by default.
  template <class From, class Use>
  [[nodiscard]] std::string use_object(const From& from, const Use& use) const {
    static_cast<void>(from(plain_));
    std::optional<decltype(from(arguments_))> object;
    try {
      object.emplace(from(arguments_));
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    std::string why_not = left_out();
    if (why_not.empty()) use(*object);
    return why_not;
  }

 private:
  /// In the way in which files are read.
  [[nodiscard]] static Arguments read(const std::string& name, const nlohmann::json& values) {
    nlohmann::json kept = nlohmann::json::object();
    for (const auto& [key, value] : values.items()) {
      const bool is_numbers =
          value.is_array() &&
          std::all_of(value.begin(), value.end(), [](auto& v) { return v.is_number(); });
      const bool is_described =
          value.is_object() && value.contains("class_name") && value.contains("config");
      const bool is_pairs =
          value.is_array() && !value.empty() &&
          std::all_of(value.begin(), value.end(), [](auto& v) { return v.is_array(); });
      if (is_pairs) {  // of sides, as in ((top, bottom), (left, right))
        for (const auto& pair : value) {
          for (const auto& number : pair) kept[key].push_back(number);
        }
      } else if (value.is_boolean() || value.is_number() || value.is_string() || is_numbers ||
                 is_described) {
        kept[key] = value;
        // PReLU names its initializer by Keras' class, Embedding by Keras' other name.
        if (value == "Zeros") kept[key] = "zeros";
        if (value == "uniform") kept[key] = "random_uniform";
      } else if (value.is_null() && key == "activation") {
        kept[key] = "linear";
      } else if (value.is_null() && key == "axis") {
        kept[key] = nlohmann::json::array();
      }
    }
    const std::string text = kept.dump();
    io::JsonReader reader(text, name);
    Arguments arguments = io::read_arguments(reader);
    arguments.set_owner(name);
    return arguments;
  }

  nlohmann::json config_;
  nlohmann::json entry_;  // of the table
  Arguments plain_;       // without what a case changes
  Arguments arguments_;
};

template <class... Layers>
[[nodiscard]] bool has_layer(const std::string& name, LayerTypes<Layers...>) {
  return ((Layers::name() == name) || ...);
}

/// The same for a Bidirectional; Keras' argument `layer` is an object.
template <Real T>
[[nodiscard]] std::string add_bidirectional(Sequential<T>& model, const nlohmann::json& config) {
  const KerasArguments keras("layers", "Bidirectional", config);
  const nlohmann::json& layer = config.at("layer");
  if (layer.at("class_name") != "LSTM") return "no such layer";
  const KerasArguments inner("layers", "LSTM", layer.at("config"));
  const auto from = [&](const Arguments& arguments) {
    static_cast<void>(arguments.has("layer"));
    return Bidirectional<T>(LSTM<T>::from_arguments(inner.arguments()),
                            Bidirectional<T>::options_from(arguments));
  };
  return keras.use_object(from, [&](const Bidirectional<T>& made) { model.add(made); });
}

/// Appends the layer that a file with these arguments would bring. Returns why it can't be, and ""
/// where it has.
template <Real T>
[[nodiscard]] std::string add_layer(Sequential<T>& model, const std::string& layer,
                                    const nlohmann::json& config) {
  if (layer == "Bidirectional") return add_bidirectional(model, config);
  constexpr FlatTypes<BuiltInLayers<T>, MoreLayers<T>> types;
  if (!has_layer(layer, types)) return "no such layer";
  const KerasArguments keras("layers", layer, config);
  const auto append = [&](Sequential<T>& to, const Arguments& arguments) {
    nn::detail::ModelAccess::network(to).add(*io::make_layer<T>(arguments, types));
  };
  const auto alone = [&](const Arguments& arguments) {
    Sequential<T> result;
    append(result, arguments);
    return result;
  };
  return keras.use_object(alone, [&](const auto&) { append(model, keras.arguments()); });
}

}  // namespace nn::testing
