// SPDX-License-Identifier: MIT
// A layer's constructor arguments by name: how a layer is described without knowing who asks.
#pragma once

#include <algorithm>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/core/shape.hpp"
#include "nn/kernels/activation.hpp"
#include "nn/layer/initializer.hpp"

namespace nn {

/// Border rule of windows: `valid` takes only full windows, `same` pads so that stride 1 keeps the
/// size.
enum class Padding { valid, same };

[[nodiscard]] constexpr const char* to_string(Padding padding) {
  return padding == Padding::same ? "same" : "valid";
}

/// Named values in Keras' words. A layer that has `Arguments arguments() const` and
/// `static L from_arguments(const Arguments&)` can be saved, loaded and moved to another scalar
/// type.
class Arguments {
 public:
  using Value = std::variant<bool, Index, double, std::string, std::vector<Index>>;

  explicit Arguments(std::string owner) : owner_(std::move(owner)) {}

  Arguments& set(std::string_view name, bool value) { return put(name, value); }
  Arguments& set(std::string_view name, std::integral auto value) {
    return put(name, static_cast<Index>(value));
  }
  Arguments& set(std::string_view name, std::floating_point auto value) {
    return put(name, static_cast<double>(value));
  }
  Arguments& set(std::string_view name, std::string_view value) {
    return put(name, std::string(value));
  }
  Arguments& set(std::string_view name, std::vector<Index> value) {
    return put(name, std::move(value));
  }
  Arguments& set(std::string_view name, Size2D value) {
    return put(name, std::vector<Index>{value.height, value.width});
  }
  Arguments& set(std::string_view name, Activation value) {
    return set(name, std::string_view{to_string(value)});
  }
  Arguments& set(std::string_view name, Padding value) {
    return set(name, std::string_view{to_string(value)});
  }
  Arguments& set(std::string_view name, const Initializer& value) {
    return set(name, value.to_string());
  }

  /// The argument of that name as a V: bool, Index, double, std::string, std::vector<Index>,
  /// Size2D, Activation, Padding or Initializer. Throws `std::invalid_argument` if it is missing or
  /// of another kind.
  template <class V>
  [[nodiscard]] V get(std::string_view name) const;

  [[nodiscard]] bool has(std::string_view name) const {
    return std::any_of(values_.begin(), values_.end(),
                       [&](const auto& entry) { return entry.first == name; });
  }
  [[nodiscard]] const std::string& owner() const { return owner_; }
  [[nodiscard]] const std::vector<std::pair<std::string, Value>>& values() const { return values_; }

 private:
  template <class V>
  [[gnu::cold, gnu::noinline]] Arguments& put(std::string_view name, V value) {
    auto& [key, kept] = values_.emplace_back();
    key = name;
    kept = std::move(value);
    return *this;
  }
  [[nodiscard]] const Value& find(std::string_view name) const {
    for (const auto& [key, value] : values_) {
      if (key == name) return value;
    }
    fail(name, "an argument of that name", "none");
  }
  template <class V>
  [[nodiscard]] const V& as(std::string_view name, const char* kind) const {
    const Value& value = find(name);
    if (!std::holds_alternative<V>(value)) fail(name, kind, "another kind of value");
    return std::get<V>(value);
  }
  template <class Enum>
  [[nodiscard]] Enum one_of(std::string_view name, std::initializer_list<Enum> choices) const {
    const std::string& text = as<std::string>(name, "a string");
    std::string known;
    for (const Enum choice : choices) {
      if (text == to_string(choice)) return choice;
      append_listed(known, to_string(choice));
    }
    fail(name, {"one of ", known}, {"'", text, "'"});
  }
  [[noreturn]] void fail(std::string_view name, const Text& expected, const Text& got) const {
    refuse({{owner_, ", argument '", name, "'"}, expected, got});
  }

  std::string owner_;
  std::vector<std::pair<std::string, Value>> values_;
};

template <class V>
V Arguments::get(std::string_view name) const {
  if constexpr (std::same_as<V, Size2D>) {
    const auto& sizes = as<std::vector<Index>>(name, "a list of two whole numbers");
    if (sizes.size() != 2) fail(name, "two numbers", sizes.size());
    return {sizes[0], sizes[1]};
  } else if constexpr (std::same_as<V, Activation>) {
    return one_of(name, {Activation::linear, Activation::relu, Activation::sigmoid,
                         Activation::tanh, Activation::softmax});
  } else if constexpr (std::same_as<V, Padding>) {
    return one_of(name, {Padding::valid, Padding::same});
  } else if constexpr (std::same_as<V, Initializer>) {
    return Initializer::from_string(as<std::string>(name, "a string"));
  } else if constexpr (std::same_as<V, double>) {
    const Value& value = find(name);  // a whole number is a number too
    if (const Index* whole = std::get_if<Index>(&value)) return static_cast<double>(*whole);
    return as<double>(name, "a number");
  } else if constexpr (std::same_as<V, Index>) {
    return as<Index>(name, "a whole number");
  } else if constexpr (std::same_as<V, bool>) {
    return as<bool>(name, "true or false");
  } else if constexpr (std::same_as<V, std::string>) {
    return as<std::string>(name, "a string");
  } else {
    return as<V>(name, "a list of whole numbers");
  }
}

}  // namespace nn
