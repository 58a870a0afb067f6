// SPDX-License-Identifier: MIT
// Losses, optimizers and metrics that files can name, and what they are held as.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>

#include "nn/core/cold.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/schedule/hyperparameter.hpp"

namespace nn {

/// A loss, optimizer or metric that names its constructor's arguments, and so can be saved with its
/// model: a static `name()`, `Arguments arguments() const`, and `static V
/// from_arguments(arguments)` or, where a number may be a schedule, `from_arguments(arguments,
/// make_schedule)`.
template <class V>
concept Described = requires(const V& value) {
  { V::name() } -> std::convertible_to<std::string>;
  { value.arguments() } -> std::same_as<Arguments>;
}
&&(
    requires(const Arguments& arguments) {
      { V::from_arguments(arguments) } -> std::same_as<V>;
    } ||
    requires(const Arguments& arguments, MakeSchedule make_schedule) {
      { V::from_arguments(arguments, make_schedule) } -> std::same_as<V>;
    });

namespace detail {

/// The arguments of something that names them.
template <class V>
[[nodiscard]] NN_COLD std::optional<Arguments> arguments_of(const V& value) {
  if constexpr (Described<V> || requires { requires V::is_held_described; }) {
    return value.arguments();
  }
  return std::nullopt;
}

/// V, or the class that it says it is held as: a base that can do all that V can. A class that
/// derives from such a V is held as itself.
template <class V>
struct Held {
  using Type = V;
};
template <class V>
requires std::same_as<typename V::HeldFor, V> && std::derived_from<V, typename V::HeldAs>
struct Held<V> {
  using Type = typename V::HeldAs;
};
template <class V>
using HeldType = typename Held<V>::Type;

}  // namespace detail

}  // namespace nn
