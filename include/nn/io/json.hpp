// SPDX-License-Identifier: MIT
// A small JSON value: parsed strictly, written so that it reads back equal.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/io/json_reader.hpp"
#include "nn/io/json_text.hpp"

namespace nn::io {

/// Null, boolean, integer (64 bits), double, string (UTF-8), array or object (in order of
/// insertion). Objects are searched from the front: meant for descriptions of models, not for large
/// tables.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  // Out of line, as they are long and wanted everywhere.
  [[gnu::noinline]] Json(const Json&) = default;
  [[gnu::noinline]] Json(Json&&) noexcept = default;
  [[gnu::noinline]] Json& operator=(const Json&) = default;
  [[gnu::noinline]] Json& operator=(Json&&) noexcept = default;
  [[gnu::noinline]] ~Json() = default;

  // Conversions are implicit, so that documents can be written as nested braces.
  Json() = default;
  Json(std::nullptr_t) {}
  template <std::same_as<bool> Boolean>
  Json(Boolean value) : value_(value) {}
  /// Throws `std::invalid_argument` for an unsigned number that 63 bits do not hold.
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) Json(Integer value)
      : value_(static_cast<std::int64_t>(value)) {
    require(std::in_range<std::int64_t>(value), "JSON", "an integer of at most 63 bits", value);
  }
  /// A float is kept as the short decimal that names it: 0.1f becomes 0.1, not 0.10000000149.
  template <std::floating_point Number>
  Json(Number value) : value_(shortest_double(value)) {}
  [[gnu::noinline]] Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string{value}) {}
  Json(const char* value) : value_(std::string{value}) {}
  Json(Array value) : value_(std::move(value)) {}

  [[nodiscard]] static Json array(Array items = {}) { return Json{std::move(items)}; }

  /// A key that comes again replaces the value.
  [[nodiscard, gnu::cold, gnu::noinline]] static Json object(
      std::initializer_list<Member> members = {}) {
    Json value;
    value.value_ = Object{};
    for (const Member& member : members) value.set(member.first, member.second);
    return value;
  }

  /// Parses a whole text (see `JsonReader` for its rules); a repeated key is an error too. Takes at
  /// most 60 bytes of memory for each byte of text. Throws `IoError`; `where` names the text in its
  /// message.
  [[nodiscard]] static Json parse(std::string_view text, const std::string& where = "JSON") {
    JsonReader reader(text, where);
    Json value = read(reader);
    reader.finish();
    return value;
  }

  /// Reads the next value.
  [[nodiscard]] static Json read(JsonReader& reader) {
    switch (reader.peek()) {
      case JsonKind::null:
        reader.read_null();
        return {};
      case JsonKind::boolean:
        return reader.read_boolean();
      case JsonKind::string:
        return reader.read_string();
      case JsonKind::array:
        return read_array(reader);
      case JsonKind::object:
        return read_object(reader);
      case JsonKind::number:
        break;
    }
    return std::visit([](auto number) { return Json{number}; }, reader.read_number());
  }

  /// The text, without spaces. Doubles keep all their bits, and a point or an exponent, so that
  /// they stay doubles. Throws `IoError` for what JSON cannot hold: NaN, infinity, strings that are
  /// not UTF-8, more than `JsonReader::max_depth` arrays and objects inside one another.
  [[nodiscard]] std::string dump() const {
    std::string text;
    append(text, 0);
    return text;
  }

  [[nodiscard]] JsonKind kind() const {
    constexpr JsonKind kinds[] = {JsonKind::null,   JsonKind::boolean, JsonKind::number,
                                  JsonKind::number, JsonKind::string,  JsonKind::array,
                                  JsonKind::object};
    return kinds[value_.index()];
  }
  [[nodiscard]] bool is_null() const { return kind() == JsonKind::null; }
  [[nodiscard]] bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }

  // Access to the value as one kind. Each throws `IoError` where it is of another; `where` names
  // the place in the message.
  [[nodiscard]] bool as_boolean(const std::string& where = "JSON") const {
    return as<bool>("true or false", where);
  }
  [[nodiscard]] std::int64_t as_integer(const std::string& where = "JSON") const {
    return as<std::int64_t>("an integer", where);
  }
  /// Integers count as numbers too.
  [[nodiscard]] double as_number(const std::string& where = "JSON") const {
    return is_integer() ? static_cast<double>(as_integer()) : as<double>("a number", where);
  }
  [[nodiscard]] const std::string& as_string(const std::string& where = "JSON") const {
    return as<std::string>("a string", where);
  }
  [[nodiscard]] const Array& as_array(const std::string& where = "JSON") const {
    return as<Array>("an array", where);
  }
  [[nodiscard]] const Object& as_object(const std::string& where = "JSON") const {
    return as<Object>("an object", where);
  }

  /// The member of that name; null where there is none or this is no object.
  [[nodiscard]] const Json* find(std::string_view key) const {
    const Object* const members = std::get_if<Object>(&value_);
    if (members == nullptr) return nullptr;
    const auto member = std::find_if(members->begin(), members->end(),
                                     [&](const Member& m) { return m.first == key; });
    return member == members->end() ? nullptr : &member->second;
  }

  /// The member of that name. Throws `IoError` where there is none.
  [[nodiscard, gnu::cold, gnu::noinline]] const Json& at(std::string_view key,
                                                         const std::string& where = "JSON") const {
    if (const Json* const value = find(key)) return *value;
    refuse<IoError>({where, {"an object with the key ", abbreviate(key)}, describe()});
  }

  /// Adds a member or replaces its value; null becomes an object first.
  [[gnu::cold, gnu::noinline]] void set(const std::string& key, Json value) {
    if (is_null()) value_ = Object{};
    (void)as_object();  // throws for every other kind
    Object& members = std::get<Object>(value_);
    const auto member = std::find_if(members.begin(), members.end(),
                                     [&](const Member& m) { return m.first == key; });
    if (member == members.end()) {
      members.push_back({key, std::move(value)});
    } else {
      member->second = std::move(value);
    }
  }

  /// Adds an item at the end; null becomes an array first.
  void push_back(Json item) {
    if (is_null()) value_ = Array{};
    (void)as_array();  // throws for every other kind
    std::get<Array>(value_).push_back(std::move(item));
  }

  /// Order of members counts; 1 and 1.0 differ.
  friend bool operator==(const Json& a, const Json& b) { return a.value_ == b.value_; }

 private:
  using Value =
      std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object>;

  [[nodiscard]] static Json read_array(JsonReader& reader) {
    Array items;
    reader.read_array([&] { items.push_back(read(reader)); });
    items.shrink_to_fit();
    return items;
  }

  [[nodiscard]] static Json read_object(JsonReader& reader) {
    const std::size_t start = reader.position();
    Object members;
    reader.read_object([&](std::string key) {
      Json value = read(reader);
      members.push_back({std::move(key), std::move(value)});
    });
    members.shrink_to_fit();
    refuse_repeated_keys(members, reader, start);
    Json object;
    object.value_ = std::move(members);
    return object;
  }

  [[gnu::cold, gnu::noinline]] static void refuse_repeated_keys(const Object& members,
                                                                const JsonReader& reader,
                                                                std::size_t start) {
    std::set<std::string_view> keys;
    for (const auto& [key, value] : members) {
      if (keys.insert(key).second) continue;
      reader.fail("every key of an object once", {abbreviate(key), " twice"}, start);
    }
  }

  template <class T>
  [[nodiscard]] const T& as(const char* expected, const std::string& where) const {
    if (const T* const value = std::get_if<T>(&value_)) return *value;
    refuse<IoError>({where, expected, describe()});
  }

  /// The value in a message: scalars as they are written, long ones cut.
  [[nodiscard, gnu::cold, gnu::noinline]] std::string describe() const {
    if (const auto* const items = std::get_if<Array>(&value_)) {
      return concat({"an array of ", items->size()});
    }
    if (const auto* const members = std::get_if<Object>(&value_)) {
      if (members->empty()) return "an object without keys";
      std::string text = "an object with";
      for (std::size_t i = 0; i < std::min(members->size(), std::size_t{8}); ++i) {
        nn::append(text, {i == 0 ? " " : ", ", abbreviate((*members)[i].first)});
      }
      nn::append(text, members->size() > 8 ? ", ..." : "");
      return text;
    }
    if (const auto* const text = std::get_if<std::string>(&value_)) return abbreviate(*text);
    if (const auto* const number = std::get_if<double>(&value_)) {
      if (!std::isfinite(*number)) return non_finite_name(*number);
    }
    return dump();
  }

  [[gnu::noinline]] void append(std::string& text, int depth) const {
    switch (value_.index()) {
      case 0:
        text += "null";
        return;
      case 1:
        text += std::get<bool>(value_) ? "true" : "false";
        return;
      case 2:
        nn::append(text, std::get<std::int64_t>(value_));
        return;
      case 3:
        append_number(text, std::get<double>(value_));
        return;
      case 4:
        append_quoted(text, std::get<std::string>(value_));
        return;
      default:
        break;
    }
    if (depth == JsonReader::max_depth) {
      refuse<IoError>(
          {"JSON",
           {"at most ", JsonReader::max_depth, " arrays and objects inside one another"},
           "more"});
    }
    char separator = kind() == JsonKind::array ? '[' : '{';
    const char close = kind() == JsonKind::array ? ']' : '}';
    if (kind() == JsonKind::array) {
      for (const Json& item : std::get<Array>(value_)) {
        text += std::exchange(separator, ',');
        item.append(text, depth + 1);
      }
    } else {
      for (const auto& [key, value] : std::get<Object>(value_)) {
        text += std::exchange(separator, ',');
        append_quoted(text, key);
        text += ':';
        value.append(text, depth + 1);
      }
    }
    if (separator != ',') text += separator;  // nothing has opened the brackets yet
    text += close;
  }

  Value value_;
};

}  // namespace nn::io
