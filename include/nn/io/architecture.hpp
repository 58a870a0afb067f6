// SPDX-License-Identifier: MIT
// The layers of a model as JSON, and back.
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/io/arguments_text.hpp"
#include "nn/io/json_reader.hpp"
#include "nn/io/json_text.hpp"
#include "nn/io/names.hpp"
#include "nn/layers/layers.hpp"
#include "nn/model/model_access.hpp"
#include "nn/model/residual.hpp"
#include "nn/model/sequential.hpp"

namespace nn::io {

/// The deepest nesting of models that is written. The reader counts two levels for each, and some
/// for the layer inside.
inline constexpr int max_nested_models = JsonReader::max_depth / 2 - 2;

/// [{"class_name":"Conv2D","config":{...}},...]; a nested model has "layers" in place of "config".
/// `tells_frozen`: a frozen layer has "trainable":false too.
/// Throws `std::invalid_argument` for a layer that doesn't name its arguments.
template <Real T>
NN_COLD void append_layers(std::string& text, std::span<const AnyLayer<T>> layers,
                           bool tells_frozen = false, int depth = 1) {
  if (depth > max_nested_models) {
    refuse({"Model::save", {"at most ", max_nested_models, " models inside one another"}, "more"});
  }
  text += '[';
  for (const AnyLayer<T>& layer : layers) {
    append_comma(text);
    text += '{';
    append_key(text, "class_name");
    append_quoted(text, layer.name());
    if (const auto* nested = layer.template get_if<Sequential<T>>()) {
      append_key(text, "layers");
      append_layers<T>(text, nested->layers(), tells_frozen, depth + 1);
    } else if (const auto* residual = layer.template get_if<Residual<T>>()) {
      append_key(text, "layers");
      append_layers<T>(text, residual->layers(), tells_frozen, depth + 1);
    } else if (const auto arguments = layer.arguments()) {
      append_key(text, "config");
      append_arguments(text, *arguments);
      if (tells_frozen && layer.is_frozen()) {
        append_key(text, "trainable");
        text += "false";
      }
    } else {
      refuse({.where = "Model::save",
              .expected = "layers that name their arguments",
              .got = layer.name(),
              .remedy = "give it arguments(), from_arguments() and a static name()"});
    }
    text += '}';
  }
  text += ']';
}

/// Functions of one type, for tables: null for what is no layer, such as an optimizer of the user's
/// own.
template <Real T, class L>
struct LayerType {
  [[nodiscard]] static constexpr NameOf name() {
    if constexpr (Layer<L>) return [] { return std::string(L::name()); };
    return nullptr;
  }
  [[nodiscard]] NN_COLD static AnyLayer<T> make(const Arguments& arguments) {
    return AnyLayer<T>(L::from_arguments(arguments));
  }
  [[nodiscard]] static constexpr auto maker() -> AnyLayer<T> (*)(const Arguments&) {
    if constexpr (Layer<L>) return &make;
    return nullptr;
  }
};

/// Appends the layer that `arguments` name to the model. False, having done nothing, if it is none
/// of the types. What the layer has no use for is left in `arguments.unread()`.
template <Real T, class... Layers>
NN_COLD bool add_layer(Sequential<T>& model, const Arguments& arguments, LayerTypes<Layers...>) {
  static constexpr NameOf names[] = {LayerType<T, Layers>::name()...};
  static constexpr AnyLayer<T> (*makers[])(const Arguments&) = {LayerType<T, Layers>::maker()...};
  const std::size_t i = find_name(arguments.owner(), names);
  if (i == std::size(names)) return false;
  nn::detail::ModelAccess::network(model).add(makers[i](arguments));
  return true;
}

template <Real T, class... Layers>
[[nodiscard]] NN_COLD std::string known_layers(LayerTypes<Layers...>) {
  static constexpr NameOf names[] = {LayerType<T, Layers>::name()..., &Residual<T>::name,
                                     &Sequential<T>::name};
  return list_names(names);
}

/// Throws `std::invalid_argument` where one of `Own` has the name of another type among `Layers`: a
/// file could mean either of them.
template <class... Layers, class... Own>
void require_own_names(LayerTypes<Layers...>, LayerTypes<Own...>) {
  [[maybe_unused]] const auto require_own = []<class L>() {
    if (((!std::same_as<L, Layers> && L::name() == Layers::name()) || ...)) {
      refuse({"Model::load", "types whose names are not those of the library's layers", L::name()});
    }
  };
  (require_own.template operator()<Own>(), ...);
}

template <Real T, class Types>
void read_layers(JsonReader& reader, Sequential<T>& model, Types types);

/// Reads one layer, or a nested model, and appends it to `model`.
template <Real T, class Types>
NN_COLD void read_layer(JsonReader& reader, Sequential<T>& model, Types types) {
  const std::size_t start = reader.position();
  Arguments arguments;
  Sequential<T> nested;
  std::string name;
  bool has_name = false;
  bool has_config = false;
  bool has_layers = false;
  bool has_trainable = false;
  bool is_frozen = false;
  reader.read_object([&](const std::string& key) {
    if (key == "class_name" && !std::exchange(has_name, true)) {
      name = reader.read_string();
    } else if (key == "config" && !std::exchange(has_config, true)) {
      arguments = read_arguments(reader);
    } else if (key == "layers" && !std::exchange(has_layers, true)) {
      read_layers(reader, nested, types);
    } else if (key == "trainable" && !std::exchange(has_trainable, true)) {
      is_frozen = !reader.read_boolean();
    } else {
      reader.fail("class_name and config or layers, once each", abbreviate(key), reader.position());
    }
  });
  const bool is_residual = name == Residual<T>::name();
  if (!has_name || has_config == has_layers ||
      has_layers != (is_residual || name == "Sequential") || (has_layers && has_trainable)) {
    reader.fail("class_name and config, or for Sequential and Residual layers", "other keys",
                start);
  }
  if (is_residual) return model.add(Residual<T>(nested.layers()));
  if (has_layers) return model.add(std::move(nested));
  arguments.set_owner(name);
  if (!add_layer(model, arguments, types)) {
    reader.fail({"layers among ", known_layers<T>(types)}, abbreviate(name), start,
                "name types of your own: load<MyLayer<float>>(path)");
  }
  if (const auto unread = arguments.unread(); !unread.empty()) {
    reader.fail({"arguments that ", name, " has"}, abbreviate(unread.front()), start,
                "the file may be of a later version of the library");
  }
  if (!is_frozen) return;
  nn::detail::ModelAccess::network(model).graph().set_frozen(model.layers().size() - 1, true);
}

/// The reverse of `append_layers`. Throws `IoError`, or `std::invalid_argument` from a layer's
/// constructor.
template <Real T, class Types>
NN_COLD void read_layers(JsonReader& reader, Sequential<T>& model, Types types) {
  reader.read_array([&] { read_layer(reader, model, types); });
}

}  // namespace nn::io
