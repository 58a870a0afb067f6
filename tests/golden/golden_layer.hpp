// SPDX-License-Identifier: MIT
// Layers of the library from Keras' class names and keyword arguments.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "nn/layers/layers.hpp"
#include "nn/model/sequential.hpp"

namespace nn::testing {

[[nodiscard]] inline Size2D size_from(const nlohmann::json& config, const char* name,
                                      Size2D otherwise) {
  if (!config.contains(name)) return otherwise;
  const nlohmann::json& value = config.at(name);
  if (value.is_number()) return {value.get<Index>()};
  return {value.at(0).get<Index>(), value.at(1).get<Index>()};
}

/// True if the library has the activation of this config; it is then put into `activation`.
[[nodiscard]] inline bool read_activation(const nlohmann::json& config, Activation& activation) {
  const std::string name = config.value("activation", "linear");
  for (const Activation known : {Activation::linear, Activation::relu, Activation::sigmoid,
                                 Activation::tanh, Activation::softmax}) {
    if (name == to_string(known)) {
      activation = known;
      return true;
    }
  }
  return false;
}

template <Real T>
[[nodiscard]] Conv2D<T> conv2d_from(const nlohmann::json& config, Activation activation) {
  return Conv2D<T>{
      config.at("filters").get<Index>(),
      size_from(config, "kernel_size", 1),
      {.strides = size_from(config, "strides", 1),
       .padding = config.value("padding", "valid") == "same" ? Padding::same : Padding::valid,
       .dilation_rate = size_from(config, "dilation_rate", 1),
       .activation = activation,
       .use_bias = config.value("use_bias", true)}};
}

template <Real T>
[[nodiscard]] MaxPooling2D<T> max_pooling2d_from(const nlohmann::json& config) {
  MaxPooling2DOptions options;
  if (config.contains("strides")) options.strides = size_from(config, "strides", 1);
  if (config.value("padding", "valid") == "same") options.padding = Padding::same;
  return MaxPooling2D<T>{size_from(config, "pool_size", 2), options};
}

template <Real T>
[[nodiscard]] ReLU<T> relu_from(const nlohmann::json& config) {
  ReLUOptions options{.negative_slope = config.value("negative_slope", 0.0),
                      .threshold = config.value("threshold", 0.0)};
  if (config.contains("max_value")) options.max_value = config.at("max_value").get<double>();
  return ReLU<T>{options};
}

/// Appends the layer; false where the library doesn't have it or not with these arguments.
template <Real T>
[[nodiscard]] bool add_layer(Sequential<T>& model, const std::string& layer,
                             const nlohmann::json& config) {
  Activation activation{};
  const bool has_activation = read_activation(config, activation);
  if (layer == "Conv2D" && has_activation && !config.contains("groups")) {
    model.add(conv2d_from<T>(config, activation));
  } else if (layer == "Dense" && has_activation) {
    model.add(Dense<T>{config.at("units").get<Index>(),
                       {.activation = activation, .use_bias = config.value("use_bias", true)}});
  } else if (layer == "MaxPooling2D") {
    model.add(max_pooling2d_from<T>(config));
  } else if (layer == "Flatten") {
    model.add(Flatten<T>{});
  } else if (layer == "ReLU") {
    model.add(relu_from<T>(config));
  } else if (layer == "Softmax" && config.empty()) {
    model.add(Softmax<T>{});
  } else if (layer == "Dropout") {
    model.add(Dropout<T>{config.at("rate").get<double>()});
  } else if (layer == "Rescaling") {
    model.add(Rescaling<T>{config.at("scale").get<double>(), config.value("offset", 0.0)});
  } else if (layer == "Activation" && config.size() == 1 && activation == Activation::relu) {
    model.add(ReLU<T>{});
  } else if (layer == "Activation" && config.size() == 1 && activation == Activation::softmax) {
    model.add(Softmax<T>{});
  } else {
    return false;
  }
  return true;
}

}  // namespace nn::testing
