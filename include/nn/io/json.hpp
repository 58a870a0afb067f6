// SPDX-License-Identifier: MIT
// A small JSON value: parsed strictly, written so that it reads back equal.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
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
  struct NewMember;

  // Moved, not copied: a document has one owner.
  Json(Json&& other) noexcept = default;
  Json& operator=(Json&&) noexcept = default;
  [[gnu::cold, gnu::noinline]] ~Json() = default;

  // Conversions are implicit, so that values can be written as they are.
  Json() = default;
  Json(std::nullptr_t) {}
  template <std::same_as<bool> Boolean>
  Json(Boolean value) : kind_(JsonKind::boolean), bits_(value ? 1 : 0) {}
  /// Throws `std::invalid_argument` for an unsigned number that 63 bits do not hold.
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) Json(Integer value)
      : kind_(JsonKind::number), is_integer_(true), bits_(static_cast<std::uint64_t>(value)) {
    require(std::in_range<std::int64_t>(value), "JSON", "an integer of at most 63 bits", value);
  }
  /// A float is kept as the short decimal that names it: 0.1f becomes 0.1, not 0.10000000149.
  template <std::floating_point Number>
  Json(Number value)
      : kind_(JsonKind::number), bits_(std::bit_cast<std::uint64_t>(shortest_double(value))) {}
  [[gnu::cold, gnu::noinline]] Json(std::string value) : kind_(JsonKind::string) {
    if (!value.empty()) content().text = std::move(value);
  }
  Json(std::string_view value) : Json(std::string{value}) {}
  Json(const char* value) : Json(std::string{value}) {}
  [[gnu::cold, gnu::noinline]] Json(Array value) : kind_(JsonKind::array) {
    if (!value.empty()) content().items = std::move(value);
  }

  template <class... Items>
  [[nodiscard]] static Json array(Items&&... items) {
    Json value{Array{}};
    (value.push_back(std::forward<Items>(items)), ...);
    return value;
  }

  /// A key that comes again replaces the value.
  [[nodiscard]] static Json object(std::initializer_list<NewMember> members = {});

  /// Parses a whole text (see `JsonReader` for its rules); a repeated key is an error too. Takes at
  /// most 70 bytes of memory for each byte of text. Throws `IoError`; `where` names the text in its
  /// message.
  [[nodiscard]] static Json parse(std::string_view text, const std::string& where = "JSON") {
    JsonReader reader(text, where);
    Json value = read(reader);
    reader.finish();
    return value;
  }

  /// Reads the next value.
  [[nodiscard, gnu::cold, gnu::noinline]] static Json read(JsonReader& reader) {
    const JsonKind kind = reader.peek();
    if (kind == JsonKind::boolean) return reader.read_boolean();
    if (kind == JsonKind::string) return reader.read_string();
    if (kind == JsonKind::array) return read_array(reader);
    if (kind == JsonKind::object) return read_object(reader);
    if (kind == JsonKind::null) {
      reader.read_null();
      return {};
    }
    const JsonNumber number = reader.read_number();
    return number.is_integer ? Json{number.integer} : Json{number.real};
  }

  /// The text, without spaces. Doubles keep all their bits, and a point or an exponent, so that
  /// they stay doubles. Throws `IoError` for what JSON cannot hold: NaN, infinity, strings that are
  /// not UTF-8, more than `JsonReader::max_depth` arrays and objects inside one another.
  [[nodiscard]] std::string dump() const {
    std::string text;
    append(text, 0);
    return text;
  }

  [[nodiscard]] JsonKind kind() const { return kind_; }
  [[nodiscard]] bool is_null() const { return kind_ == JsonKind::null; }
  [[nodiscard]] bool is_integer() const { return is_integer_; }

  // Access to the value as one kind. Each throws `IoError` where it is of another; `where` names
  // the place in the message.
  [[nodiscard]] bool as_boolean(const std::string& where = "JSON") const {
    expect(kind_ == JsonKind::boolean, "true or false", where);
    return bits_ != 0;
  }
  [[nodiscard]] std::int64_t as_integer(const std::string& where = "JSON") const {
    expect(is_integer_, "an integer", where);
    return static_cast<std::int64_t>(bits_);
  }
  /// Integers count as numbers too.
  [[nodiscard]] double as_number(const std::string& where = "JSON") const {
    expect(kind_ == JsonKind::number, "a number", where);
    return is_integer_ ? static_cast<double>(as_integer()) : std::bit_cast<double>(bits_);
  }
  [[nodiscard]] const std::string& as_string(const std::string& where = "JSON") const {
    expect(kind_ == JsonKind::string, "a string", where);
    return content().text;
  }
  [[nodiscard]] const Array& as_array(const std::string& where = "JSON") const {
    expect(kind_ == JsonKind::array, "an array", where);
    return content().items;
  }
  [[nodiscard]] const Object& as_object(const std::string& where = "JSON") const {
    expect(kind_ == JsonKind::object, "an object", where);
    return content().members;
  }

  /// The member of that name; null where there is none or this is no object.
  [[nodiscard, gnu::cold, gnu::noinline]] const Json* find(std::string_view key) const {
    for (const auto& [name, value] : content().members) {
      if (name == key) return &value;
    }
    return nullptr;
  }

  /// The member of that name. Throws `IoError` where there is none.
  [[nodiscard, gnu::cold, gnu::noinline]] const Json& at(std::string_view key,
                                                         const std::string& where = "JSON") const {
    if (const Json* const value = find(key)) return *value;
    refuse<IoError>({where, {"an object with the key ", abbreviate(key)}, describe()});
  }

  /// Adds a member or replaces its value; null becomes an object first.
  [[gnu::cold, gnu::noinline]] void set(const std::string& key, Json value) {
    if (is_null()) kind_ = JsonKind::object;
    (void)as_object();  // throws for every other kind
    for (auto& [name, old] : content().members) {
      if (name == key) return static_cast<void>(old = std::move(value));
    }
    content().members.push_back({key, std::move(value)});
  }

  /// Adds an item at the end; null becomes an array first.
  [[gnu::cold, gnu::noinline]] void push_back(Json item) {
    if (is_null()) kind_ = JsonKind::array;
    (void)as_array();  // throws for every other kind
    content().items.push_back(std::move(item));
  }

  /// Order of members counts; 1 and 1.0 differ.
  friend bool operator==(const Json& a, const Json& b) {
    if (a.kind_ != b.kind_ || a.is_integer_ != b.is_integer_) return false;
    if (a.kind_ == JsonKind::number && !a.is_integer_) return a.as_number() == b.as_number();
    const Content &x = a.content(), &y = b.content();
    return a.bits_ == b.bits_ && x.text == y.text && x.items == y.items && x.members == y.members;
  }

 private:
  struct Content {  // of these, the one that the kind names; the others are empty
    std::string text;
    Array items;
    Object members;
  };

  [[nodiscard, gnu::cold, gnu::noinline]] Content& content() {
    if (content_ == nullptr) content_ = std::make_unique<Content>();
    return *content_;
  }
  [[nodiscard, gnu::cold, gnu::noinline]] const Content& content() const {
    static const Content none;
    return content_ == nullptr ? none : *content_;
  }

  [[nodiscard, gnu::cold, gnu::noinline]] static Json read_array(JsonReader& reader) {
    Array items;
    reader.read_array([&] { items.push_back(read(reader)); });
    items.shrink_to_fit();
    return items;
  }

  [[nodiscard, gnu::cold, gnu::noinline]] static Json read_object(JsonReader& reader) {
    const std::size_t start = reader.position();
    Object members;
    reader.read_object([&](std::string key) {
      Json value = read(reader);
      members.push_back({std::move(key), std::move(value)});
    });
    members.shrink_to_fit();
    // The type of tree that `SafetensorsFile` has too, so that one is compiled.
    std::map<std::string_view, std::size_t> keys;
    for (const auto& [key, value] : members) {
      if (keys.emplace(key, keys.size()).second) continue;
      reader.fail("every key of an object once", {abbreviate(key), " twice"}, start);
    }
    Json object = Json::object();
    if (!members.empty()) object.content().members = std::move(members);
    return object;
  }

  void expect(bool condition, const char* expected, const std::string& where) const {
    if (!condition) refuse<IoError>({where, expected, describe()});
  }

  /// The value in a message: scalars as they are written, long ones cut.
  [[nodiscard, gnu::cold, gnu::noinline]] std::string describe() const {
    if (kind_ == JsonKind::array) return concat({"an array of ", content().items.size()});
    if (kind_ == JsonKind::object) {
      const Object& members = content().members;
      if (members.empty()) return "an object without keys";
      std::string text = "an object with";
      for (std::size_t i = 0; i < std::min(members.size(), std::size_t{8}); ++i) {
        nn::append(text, {i == 0 ? " " : ", ", abbreviate(members[i].first)});
      }
      nn::append(text, members.size() > 8 ? ", ..." : "");
      return text;
    }
    if (kind_ == JsonKind::string) return abbreviate(content().text);
    if (kind_ == JsonKind::number && !std::isfinite(as_number())) {
      return non_finite_name(as_number());
    }
    return dump();
  }

  [[gnu::cold, gnu::noinline]] void append(std::string& text, int depth) const {
    if (kind_ == JsonKind::null) text += "null";
    if (kind_ == JsonKind::boolean) text += as_boolean() ? "true" : "false";
    if (is_integer_) nn::append(text, as_integer());
    if (kind_ == JsonKind::number && !is_integer_) append_number(text, as_number());
    if (kind_ == JsonKind::string) append_quoted(text, content().text);
    if (kind_ == JsonKind::array || kind_ == JsonKind::object) append_items(text, depth);
  }

  [[gnu::cold, gnu::noinline]] void append_items(std::string& text, int depth) const {
    if (depth == JsonReader::max_depth) {
      refuse<IoError>(
          {"JSON",
           {"at most ", JsonReader::max_depth, " arrays and objects inside one another"},
           "more"});
    }
    char separator = kind_ == JsonKind::array ? '[' : '{';
    const char close = kind_ == JsonKind::array ? ']' : '}';
    for (const Json& item : content().items) {
      text += std::exchange(separator, ',');
      item.append(text, depth + 1);
    }
    for (const auto& [key, value] : content().members) {
      text += std::exchange(separator, ',');
      append_quoted(text, key);
      text += ':';
      value.append(text, depth + 1);
    }
    if (separator != ',') text += separator;  // nothing has opened the brackets yet
    text += close;
  }

  JsonKind kind_ = JsonKind::null;
  bool is_integer_ = false;           // of numbers
  std::uint64_t bits_ = 0;            // of the boolean or number
  std::unique_ptr<Content> content_;  // none where it would be empty
};

/// What `Json::object` is given. The value moves on, though lists in braces are constant.
struct Json::NewMember {
  std::string key;
  mutable Json value;
};

[[gnu::cold, gnu::noinline]] inline Json Json::object(std::initializer_list<NewMember> members) {
  Json value;
  value.kind_ = JsonKind::object;
  for (const NewMember& member : members) value.set(member.key, std::move(member.value));
  return value;
}

}  // namespace nn::io
