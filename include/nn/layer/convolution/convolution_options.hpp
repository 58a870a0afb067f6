// SPDX-License-Identifier: MIT
// What all convolution layers can be told: how files name it, and which of it is refused.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>

#include "nn/layer/arguments.hpp"
#include "nn/layer/sliding_window.hpp"
#include "nn/layer/weight_rules.hpp"

namespace nn::detail {

/// Calls use(name, option) for each option of a convolution layer, in Keras' order. Regularizers
/// and constraints have `for_each_rule`.
template <class Options, class Use>
void for_each_option(Options& o, const Use& use) {
  constexpr bool is_separable = requires { o.pointwise_initializer; };
#define NN_OPTION(name) \
  if constexpr (requires { o.name; }) use(#name, o.name);
  NN_OPTION(strides)
  NN_OPTION(padding)
  NN_OPTION(output_padding)
  if constexpr (!is_separable) NN_OPTION(depth_multiplier)
  NN_OPTION(dilation_rate)
  if constexpr (is_separable) NN_OPTION(depth_multiplier)
  NN_OPTION(groups)
  NN_OPTION(activation)
  NN_OPTION(use_bias)
  NN_OPTION(kernel_initializer)
  NN_OPTION(depthwise_initializer)
  NN_OPTION(pointwise_initializer)
  NN_OPTION(bias_initializer)
#undef NN_OPTION
}

/// Adds an option to the arguments, if it has a value.
struct OptionWriter {
  Arguments& arguments;

  template <class V>
  void operator()(const char* name, const V& option) const {
    arguments.set(name, option);
  }
  template <class V>
  void operator()(const char* name, const std::optional<V>& option) const {
    if (option) arguments.set(name, *option);
  }
};

/// Reads an option from the arguments. Paddings are valid and same, and of some layers causal.
template <bool takes_causal>
struct OptionReader {
  const Arguments& arguments;

  template <class V>
  void operator()(const char* name, V& option) const {
    // Older files don't have it.
    if (std::string_view(name) == "groups" && !arguments.has(name)) return;
    option = arguments.get<V>(name);
  }
  template <class V>
  void operator()(const char* name, std::optional<V>& option) const {
    if (arguments.has(name)) option = arguments.get<V>(name);
  }
  void operator()(const char* name, Padding& option) const {
    if constexpr (takes_causal) {
      option = arguments.one_of(name, {Padding::valid, Padding::same, Padding::causal});
    } else {
      option = arguments.get<Padding>(name);
    }
  }
};

/// The arguments, with those that name a layer's options.
template <class Options>
[[nodiscard]] NN_COLD Arguments with_options(Arguments a, const Options& options) {
  for_each_option(options, OptionWriter{a});
  return a.set_rules(options);
}
/// The options that arguments name.
template <class Options>
[[nodiscard]] NN_COLD Options options_from(const Arguments& a) {
  constexpr bool is_transposed = requires(Options o) { o.output_padding; };
  constexpr bool is_in_time = std::same_as<decltype(Options::strides), Index>;
  Options options;
  for_each_option(options, OptionReader < is_in_time && !is_transposed > {a});
  return a.with_rules(options);
}

/// Throws `std::invalid_argument` for sizes outside 1 .. 2^20 and, as Keras does where the channels
/// meet, for strides and a dilation at once.
template <class Size, class Options>
NN_COLD void require_sizes(const char* where, Size kernel_size, const Options& o) {
  const auto require = [=](const char* what, Size numbers) {
    if constexpr (std::same_as<Size, Index>) {
      require_window_number(where, what, numbers);
    } else {
      require_window_numbers(where, what, numbers);
    }
  };
  require("a kernel_size", kernel_size);
  require("strides", o.strides);
  require("a dilation_rate", o.dilation_rate);
  if constexpr (requires { o.depth_multiplier; }) {
    require_window_number(where, "a depth_multiplier", o.depth_multiplier);
  } else {
    demand(o.strides == Size(1) || o.dilation_rate == Size(1), where,
           "strides or a dilation_rate above 1", "both");
  }
}

/// The numbers of a size, axis by axis.
[[nodiscard]] constexpr std::array<Index, 1> per_axis(Index size) { return {size}; }
[[nodiscard]] constexpr std::array<Index, 2> per_axis(Size2D s) { return {s.height, s.width}; }
[[nodiscard]] constexpr std::array<Index, 3> per_axis(Size3D s) {
  return {s.depth, s.height, s.width};
}

/// The windows of a layer on each axis.
template <class Size, class Options>
[[nodiscard]] auto windows_of(Size kernel_size, const Options& options) {
  const auto sizes = per_axis(kernel_size), strides = per_axis(options.strides),
             dilations = per_axis(options.dilation_rate);
  std::array<Window, sizes.size()> windows{};
  for (std::size_t i = 0; i < windows.size(); ++i) {
    windows[i] = {sizes[i], strides[i], dilations[i]};
  }
  return windows;
}

}  // namespace nn::detail
