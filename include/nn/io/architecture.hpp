// SPDX-License-Identifier: MIT
// The layers of a model as JSON, and back.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/io/json.hpp"
#include "nn/layers/layers.hpp"
#include "nn/model/sequential.hpp"

namespace nn::io {

/// {"filters": 32, "kernel_size": [3, 3], "activation": "relu", ...}
[[nodiscard, gnu::cold, gnu::noinline]] inline Json arguments_to_json(const Arguments& arguments) {
  Json config = Json::object();
  for (const auto& [name, value] : arguments.values()) {
    Json entry;
    switch (value.kind) {
      case Arguments::Kind::boolean:
        entry = value.boolean;
        break;
      case Arguments::Kind::whole:
        entry = value.whole;
        break;
      case Arguments::Kind::number:
        entry = value.number;
        break;
      case Arguments::Kind::text:
        entry = value.text;
        break;
      case Arguments::Kind::list:
        entry = Json::array();
        for (const Index number : value.list) entry.push_back(number);
        break;
    }
    config.set(name, std::move(entry));
  }
  return config;
}

[[nodiscard, gnu::cold, gnu::noinline]] inline Arguments arguments_from_json(
    const std::string& layer, const Json& config, const std::string& where) {
  Arguments arguments{layer};
  for (const auto& [name, value] : config.as_object(where)) {
    switch (value.kind()) {
      case JsonKind::boolean:
        arguments.set(name, value.as_boolean(where));
        break;
      case JsonKind::string:
        arguments.set(name, value.as_string(where));
        break;
      case JsonKind::array: {
        std::vector<Index> numbers;
        for (const Json& number : value.as_array(where))
          numbers.push_back(number.as_integer(where));
        arguments.set(name, std::move(numbers));
        break;
      }
      default:
        if (value.is_integer()) {
          arguments.set(name, value.as_integer(where));
        } else {
          arguments.set(name, value.as_number(where));
        }
    }
  }
  return arguments;
}

/// [{"class_name": "Conv2D", "config": {...}}, ...]; a nested model has "layers" in place of
/// "config". Throws `std::invalid_argument` for a layer that doesn't name its arguments.
template <Real T>
[[nodiscard, gnu::cold, gnu::noinline]] Json layers_to_json(const Sequential<T>& model) {
  Json list = Json::array();
  for (const AnyLayer<T>& layer : model.layers()) {
    Json entry = Json::object();
    entry.set("class_name", layer.name());
    if (const auto* nested = layer.template get_if<Sequential<T>>()) {
      entry.set("layers", layers_to_json(*nested));
    } else if (const auto arguments = layer.arguments()) {
      entry.set("config", arguments_to_json(*arguments));
    } else {
      refuse({"Sequential::save", "layers that name their arguments", layer.name(), "",
              "give it arguments(), from_arguments() and a static name()"});
    }
    list.push_back(std::move(entry));
  }
  return list;
}

/// Appends the layer of that name to the model if it is among the types; says whether it was.
template <Real T, class... Layers>
[[gnu::cold, gnu::noinline]] bool add_layer(Sequential<T>& model, const Arguments& arguments,
                                            LayerTypes<Layers...>) {
  const auto try_type = [&]<class L>() {
    if (L::name() != arguments.owner()) return false;
    model.add(L::from_arguments(arguments));
    return true;
  };
  return (try_type.template operator()<Layers>() || ...);
}

template <Real T, class... Layers>
[[nodiscard, gnu::cold, gnu::noinline]] std::string known_layers(LayerTypes<Layers...>) {
  std::string names;
  (append_listed(names, Layers::name()), ...);
  append_listed(names, "Sequential");
  return names;
}

/// The reverse of `layers_to_json`. Throws `IoError`, or `std::invalid_argument` from a layer's
/// constructor.
template <Real T, class Types>
[[nodiscard, gnu::cold, gnu::noinline]] Sequential<T> layers_from_json(const Json& list,
                                                                       const std::string& where,
                                                                       Types types) {
  Sequential<T> model;
  for (const Json& entry : list.as_array(where)) {
    const std::string& name = entry.at("class_name", where).as_string(where);
    if (name == "Sequential") {
      model.add(layers_from_json<T>(entry.at("layers", where), where, types));
      continue;
    }
    const Arguments arguments = arguments_from_json(name, entry.at("config", where), where);
    if (!add_layer(model, arguments, types)) {
      refuse<IoError>({where,
                       {"layers among ", known_layers<T>(types)},
                       {"'", name, "'"},
                       "",
                       "name types of your own: load<MyLayer<float>>(path)"});
    }
  }
  return model;
}

}  // namespace nn::io
