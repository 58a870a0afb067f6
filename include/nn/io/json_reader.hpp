// SPDX-License-Identifier: MIT
// Reads JSON strictly, value by value, and keeps nothing.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "nn/core/error.hpp"
#include "nn/core/function_ref.hpp"
#include "nn/io/json_text.hpp"

namespace nn::io {

enum class JsonKind { null, boolean, number, string, array, object };

/// An integer if the text has no fraction and no exponent and 64 bits can hold it, else a double.
struct JsonNumber {
  bool is_integer = false;
  std::int64_t integer = 0;
  double real = 0;
};

/// Reads one text of RFC 8259, each value when it is asked for. No comments, no trailing commas, no
/// NaN, valid UTF-8 only, no lone surrogates, at most `max_depth` arrays and objects inside one
/// another. Keys may repeat; a caller that minds has to check. Neither `text` nor `where` is
/// copied: both must outlive the reader. Throws `IoError`, with the position, where the text breaks
/// a rule or is not what was asked for.
class JsonReader {
 public:
  static constexpr int max_depth = 64;

  JsonReader(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  /// Kind of the next value, which stays unread.
  [[nodiscard]] NN_COLD JsonKind peek() {
    skip_space();
    switch (current()) {
      case 'n':
        return JsonKind::null;
      case 't':
      case 'f':
        return JsonKind::boolean;
      case '"':
        return JsonKind::string;
      case '[':
        return JsonKind::array;
      case '{':
        return JsonKind::object;
      default:
        break;
    }
    if (current() != '-' && !is_digit()) fail("a value");
    return JsonKind::number;
  }

  void read_null() { read_word("null", "null"); }

  [[nodiscard]] bool read_boolean() {
    skip_space();
    const bool value = current() == 't';
    read_word(value ? "true" : "false", "true or false");
    return value;
  }

  [[nodiscard]] NN_COLD JsonNumber read_number() {
    skip_space();
    const std::size_t start = position_;
    if (current() == '-') ++position_;
    if (current() == '0') {
      ++position_;  // a digit after it is not part of the number
    } else {
      skip_digits("a number");
    }
    const std::size_t end_of_integer = position_;
    if (current() == '.') {
      ++position_;
      skip_digits("a digit after the decimal point");
    }
    if (current() == 'e' || current() == 'E') {
      ++position_;
      if (current() == '+' || current() == '-') ++position_;
      skip_digits("a digit in the exponent");
    }
    return convert(start, position_ == end_of_integer);
  }

  [[nodiscard]] NN_COLD std::int64_t read_integer() {
    skip_space();
    const std::size_t start = position_;
    const JsonNumber number = read_number();
    if (!number.is_integer) fail("a whole number of at most 63 bits", "another number", start);
    return number.integer;
  }

  [[nodiscard]] NN_COLD std::string read_string() {
    open('"', "a string");
    std::string value;
    for (std::size_t run = position_;; run = position_) {
      while (!is_at_end() && !is_special_in_string()) ++position_;
      value.append(text_.substr(run, position_ - run));
      if (is_at_end()) fail("a closing quote");
      if (current() == '"') break;
      if (current() == '\\') {
        read_escape(value);
        continue;
      }
      const std::size_t length = utf8_length(text_, position_);
      if (length < 2) fail(length == 1 ? "an escape for a control character" : "valid UTF-8");
      value.append(text_.substr(position_, length));
      position_ += length;
    }
    ++position_;
    return value;
  }

  /// Calls `read_item()` for each item of an array; it must read exactly one value.
  NN_COLD void read_array(FunctionRef<void()> read_item) {
    open('[', "an array");
    enter();
    if (!closes(']')) {
      do {
        read_item();
      } while (continues(']'));
    }
    --depth_;
  }

  /// Calls `read_member(key)` with each key of an object; it must read exactly one value.
  NN_COLD void read_object(FunctionRef<void(const std::string&)> read_member) {
    open('{', "an object");
    enter();
    if (!closes('}')) {
      do {
        read_member(read_key());
      } while (continues('}'));
    }
    --depth_;
  }

  /// Checks that only white space is left.
  void finish() {
    skip_space();
    if (!is_at_end()) fail("nothing after the value");
  }

  /// Position of the byte that is read next.
  [[nodiscard]] std::size_t position() const { return position_; }

  /// Throws `IoError` for the byte that is read next.
  [[noreturn]] NN_COLD void fail(const Text& expected) const {
    fail(expected, describe_current(), position_);
  }
  [[noreturn]] NN_COLD void fail(const Text& expected, const Text& got, std::size_t position,
                                 const Text& remedy = {}) const {
    refuse<IoError>({where_, expected, got, {"byte ", position}, remedy});
  }

 private:
  [[nodiscard]] bool is_at_end() const { return position_ == text_.size(); }
  [[nodiscard]] char current() const { return is_at_end() ? '\0' : text_[position_]; }
  [[nodiscard]] bool is_digit() const { return current() >= '0' && current() <= '9'; }
  [[nodiscard]] bool is_special_in_string() const {
    const auto byte = static_cast<unsigned char>(current());
    return byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
  }

  NN_COLD void skip_space() {
    while (current() == ' ' || current() == '\n' || current() == '\r' || current() == '\t') {
      ++position_;
    }
  }

  void skip_digits(const char* expected) {
    if (!is_digit()) fail(expected);
    while (is_digit()) ++position_;
  }

  void read_word(std::string_view word, const char* expected) {
    skip_space();
    if (text_.substr(position_, word.size()) != word) fail(expected);
    position_ += word.size();
  }

  NN_COLD void open(char bracket, const char* expected) {
    skip_space();
    if (current() != bracket) fail(expected);
    ++position_;
  }

  [[nodiscard]] NN_COLD std::string read_key() {
    skip_space();
    if (current() != '"') fail("a key in double quotes");
    std::string key = read_string();
    skip_space();
    if (current() != ':') fail("a colon after the key");
    ++position_;
    return key;
  }

  void enter() {
    if (++depth_ > max_depth) {
      fail({"at most ", max_depth, " arrays and objects inside one another"}, "more",
           position_ - 1);
    }
  }

  [[nodiscard]] NN_COLD bool closes(char bracket) {
    skip_space();
    if (current() != bracket) return false;
    ++position_;
    return true;
  }

  [[nodiscard]] NN_COLD bool continues(char bracket) {
    if (closes(bracket)) return false;
    if (current() != ',') fail({"a comma or ", bracket});
    ++position_;
    return true;
  }

  [[nodiscard]] NN_COLD JsonNumber convert(std::size_t start, bool is_integer) const {
    const char* const first = text_.data() + start;
    const char* const last = text_.data() + position_;
    if (is_integer) {
      std::int64_t value = 0;
      if (std::from_chars(first, last, value).ec == std::errc{}) return {true, value, 0};
    }
    double value = 0;
    if (std::from_chars(first, last, value).ec != std::errc{}) {
      fail("a number in the range of a double", abbreviate(text_.substr(start, position_ - start)),
           start);
    }
    return {false, 0, value};
  }

  NN_COLD void read_escape(std::string& value) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const std::size_t start = position_++;  // the backslash
    if (current() == 'u') {
      append_utf8(value, read_code_point(start));
      return;
    }
    const std::size_t letter = is_at_end() ? letters.npos : letters.find(current());
    if (letter == letters.npos) fail("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    value += meanings[letter];
    ++position_;
  }

  [[nodiscard]] NN_COLD std::uint32_t read_code_point(std::size_t start) {
    const std::uint32_t first = read_hex4();
    if (first < 0xD800 || first > 0xDFFF) return first;
    if (first < 0xDC00 && text_.substr(position_, 2) == "\\u") {
      ++position_;
      const std::uint32_t second = read_hex4();
      if (second >= 0xDC00 && second <= 0xDFFF) {
        return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
      }
    }
    fail("a high and a low surrogate together", "one alone", start);
  }

  [[nodiscard]] std::uint32_t read_hex4() {
    ++position_;  // the u
    std::uint32_t value = 0;
    for (int digit = 0; digit < 4; ++digit, ++position_) {
      const char c = current();
      const int nibble = c >= '0' && c <= '9'   ? c - '0'
                         : c >= 'a' && c <= 'f' ? c - 'a' + 10
                         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                : -1;
      if (nibble < 0) fail("four hexadecimal digits after \\u");
      value = value * 16 + static_cast<std::uint32_t>(nibble);
    }
    return value;
  }

  [[nodiscard]] NN_COLD std::string describe_current() const {
    if (is_at_end()) return "the end";
    const auto byte = static_cast<unsigned char>(current());
    if (byte >= 0x20 && byte < 0x7F) return concat({"'", current(), "'"});
    constexpr std::string_view digits = "0123456789ABCDEF";
    return concat({"byte value 0x", digits[byte >> 4], digits[byte & 15]});
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t position_ = 0;
  int depth_ = 0;
};

}  // namespace nn::io
