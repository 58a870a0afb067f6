// SPDX-License-Identifier: MIT
// Constructor arguments by name: what files, and models over another scalar, read.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/core/shape.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/layer/initializer.hpp"
#include "nn/layer/sliding_window.hpp"

namespace nn {

/// Named values in Keras' words. A layer that has `Arguments arguments() const` and
/// `static L from_arguments(const Arguments&)` can be saved, loaded and moved to another scalar
/// type. Optimizers, schedules, losses and metrics name theirs in the same way.
class Arguments {
 public:
  /// Limit for one layer, as each look-up searches from the front.
  static constexpr std::size_t max_count = 100;
  enum class Kind { boolean, whole, number, text, list, numbers, object };

  /// One value; only the member that `kind` names counts. (`std::variant` takes long to compile.)
  struct Value {
    Kind kind = Kind::boolean;
    bool boolean = false;
    Index whole = 0;  ///< of an object: its place in `objects_`
    double number = 0;
    std::string text;
    std::vector<Index> list;
    std::vector<double> numbers;
    mutable bool is_read = false;  ///< `has` or `get` asked for it
  };

  Arguments() = default;
  // Not inlined into each function that has some.
  NN_COLD Arguments(const Arguments&) = default;
  NN_COLD Arguments(Arguments&&) noexcept = default;
  NN_COLD Arguments& operator=(const Arguments&) = default;
  NN_COLD Arguments& operator=(Arguments&&) noexcept = default;
  NN_COLD ~Arguments() = default;
  explicit Arguments(std::string owner) : owner_(std::move(owner)) {}

  NN_COLD Arguments& set(std::string_view name, bool value) {
    put(name, Kind::boolean).boolean = value;
    return *this;
  }
  NN_COLD Arguments& set(std::string_view name, std::integral auto value) {
    put(name, Kind::whole).whole = static_cast<Index>(value);
    return *this;
  }
  NN_COLD Arguments& set(std::string_view name, std::floating_point auto value) {
    put(name, Kind::number).number = static_cast<double>(value);
    return *this;
  }
  NN_COLD Arguments& set(std::string_view name, std::string_view value) {
    put(name, Kind::text).text = value;
    return *this;
  }
  NN_COLD Arguments& set(std::string_view name, std::vector<Index> value) {
    put(name, Kind::list).list = std::move(value);
    return *this;
  }
  NN_COLD Arguments& set(std::string_view name, std::vector<double> value) {
    put(name, Kind::numbers).numbers = std::move(value);
    return *this;
  }
  /// Something with a name and arguments of its own, such as a schedule.
  NN_COLD Arguments& set(std::string_view name, Arguments value) {
    put(name, Kind::object).whole = std::ssize(objects_);
    objects_.push_back(std::move(value));
    return *this;
  }
  Arguments& set(std::string_view name, const char* value) {  // else it would become a bool
    return set(name, std::string_view{value});
  }
  Arguments& set(std::string_view name, Size2D value) {
    return set(name, std::vector<Index>{value.height, value.width});
  }
  Arguments& set(std::string_view name, Size3D value) {
    return set(name, std::vector<Index>{value.depth, value.height, value.width});
  }
  Arguments& set(std::string_view name, Activation value) { return set(name, to_string(value)); }
  Arguments& set(std::string_view name, Padding value) { return set(name, to_string(value)); }
  Arguments& set(std::string_view name, const Initializer& value) {
    return set(name, value.to_string());
  }

  /// The regularizers and constraints among a layer's options, by Keras' names, where there are
  /// any: see weight_rules.hpp.
  template <class Options>
  Arguments& set_rules(const Options& options);
  /// The options with those among these arguments.
  template <class Options>
  [[nodiscard]] Options with_rules(Options options) const;

  /// The argument of that name as a V: bool, Index, double, std::string, std::vector<Index>,
  /// std::vector<double> (or one number), Size2D or Size3D (one number means all directions),
  /// Activation, Padding, Initializer or Arguments. Throws `std::invalid_argument` if it is missing
  /// or of another kind.
  template <class V>
  [[nodiscard]] V get(std::string_view name) const;

  /// The one of `choices`, values of an enumeration, that the argument names as `to_string` does.
  /// Throws as `get` does.
  template <class Enum, std::size_t N>
  [[nodiscard]] Enum one_of(std::string_view name, const Enum (&choices)[N]) const {
    return one_of(name, std::to_array(choices));
  }
  template <class Enum, std::size_t N>
  [[nodiscard]] Enum one_of(std::string_view name, const std::array<Enum, N>& choices) const {
    std::array<const char*, N> texts{};
    for (std::size_t i = 0; i < N; ++i) texts[i] = to_string(choices[i]);
    return choices[place_among(name, texts)];
  }

  /// The place among `texts` of the one that the argument names. Throws as `get` does.
  [[nodiscard]] NN_COLD std::size_t place_among(std::string_view name,
                                                std::span<const char* const> texts) const {
    const std::string& text = find(name, Kind::text).text;
    const std::size_t place = find_text(texts, text);
    if (place < texts.size()) return place;
    std::string known;
    for (const char* const each : texts) append_listed(known, each);
    fail(name, {"one of ", known}, {"'", text, "'"});
  }

  [[nodiscard]] bool has(std::string_view name) const { return find_value(name) != nullptr; }
  [[nodiscard]] bool has_object(std::string_view name) const { return has(name, Kind::object); }
  [[nodiscard]] bool has_list(std::string_view name) const { return has(name, Kind::list); }
  /// The arguments that neither `has` nor `get` was asked for: what is made from these ignores
  /// them.
  [[nodiscard]] NN_COLD std::vector<std::string> unread() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : values_) {
      if (!value.is_read) names.push_back(std::string(name));
    }
    return names;
  }
  /// The name of the layer, or of what else these are for.
  [[nodiscard]] const std::string& owner() const { return owner_; }
  void set_owner(const std::string& name) { owner_ = name; }
  [[nodiscard]] const std::vector<std::pair<std::string, Value>>& values() const { return values_; }

 private:
  [[nodiscard]] bool has(std::string_view name, Kind kind) const {
    const Value* const value = find_value(name);
    return value != nullptr && value->kind == kind;
  }
  NN_COLD Value& put(std::string_view name, Kind kind) {
    demand(values_.size() < max_count, "Arguments", "at most 100 of one layer", "more");
    for (const auto& [key, value] : values_) {
      if (key == name) fail(name, "one value", "another");
    }
    auto& [key, value] = values_.emplace_back();
    key = name;
    value.kind = kind;
    return value;
  }
  [[nodiscard]] NN_COLD const Value* find_value(std::string_view name) const {
    for (const auto& [key, value] : values_) {
      if (key != name) continue;
      value.is_read = true;
      return &value;
    }
    return nullptr;
  }
  [[nodiscard]] NN_COLD const Value& find(std::string_view name) const {
    if (const Value* const value = find_value(name)) return *value;
    fail(name, "an argument of that name", "none");
  }
  [[nodiscard]] NN_COLD const Value& find(std::string_view name, Kind kind) const {
    constexpr const char* kinds[] = {
        "true or false",           "a whole number",    "a number", "a string",
        "a list of whole numbers", "a list of numbers", "an object"};
    const Value& value = find(name);
    if (value.kind != kind) {
      fail(name, kinds[static_cast<std::size_t>(kind)], "another kind of value");
    }
    return value;
  }
  [[noreturn]] NN_COLD void fail(std::string_view name, const Text& expected,
                                 const Text& got) const {
    refuse({{owner_, ", argument '", name, "'"}, expected, got});
  }

  std::string owner_;
  std::vector<std::pair<std::string, Value>> values_;
  std::vector<Arguments> objects_;
};

template <class V>
NN_COLD V Arguments::get(std::string_view name) const {
  if constexpr (std::same_as<V, Size2D>) {
    const Value& value = find(name);
    if (value.kind == Kind::whole) return {value.whole};  // in both directions
    if (value.kind != Kind::list)
      fail(name, "a list of two whole numbers", "another kind of value");
    const std::vector<Index>& sizes = value.list;
    if (sizes.size() != 2) fail(name, "two numbers", sizes.size());
    return {sizes[0], sizes[1]};
  } else if constexpr (std::same_as<V, Size3D>) {
    const Value& value = find(name);
    if (value.kind == Kind::whole) return {value.whole};  // in all directions
    const std::vector<Index>& sizes = find(name, Kind::list).list;
    if (sizes.size() != 3) fail(name, "three numbers", sizes.size());
    return {sizes[0], sizes[1], sizes[2]};
  } else if constexpr (std::same_as<V, Activation>) {
    return one_of(name, all_activations());
  } else if constexpr (std::same_as<V, Padding>) {
    return one_of(name, {Padding::valid, Padding::same});
  } else if constexpr (std::same_as<V, Initializer>) {
    return Initializer::from_string(find(name, Kind::text).text);
  } else if constexpr (std::same_as<V, double>) {
    const Value& value = find(name);  // a whole number is a number too
    if (value.kind == Kind::whole) return static_cast<double>(value.whole);
    return find(name, Kind::number).number;
  } else if constexpr (std::same_as<V, Index>) {
    return find(name, Kind::whole).whole;
  } else if constexpr (std::same_as<V, bool>) {
    return find(name, Kind::boolean).boolean;
  } else if constexpr (std::same_as<V, std::string>) {
    return find(name, Kind::text).text;
  } else if constexpr (std::same_as<V, std::vector<double>>) {
    const Value& value = find(name);
    if (value.kind == Kind::list) return {value.list.begin(), value.list.end()};
    if (value.kind == Kind::numbers) return value.numbers;
    return {get<double>(name)};
  } else if constexpr (std::same_as<V, Arguments>) {
    return objects_[static_cast<std::size_t>(find(name, Kind::object).whole)];
  } else {
    return find(name, Kind::list).list;
  }
}

}  // namespace nn
