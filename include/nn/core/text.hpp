// SPDX-License-Identifier: MIT
// Text put together from pieces, out of line: a chain of + on strings would be inlined at each use,
// and take longer to compile than the code around it.
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "nn/core/cold.hpp"

namespace nn {

/// Characters, a number, or a list of such pieces, for arguments of functions. A view: it must not
/// outlive what it was made from. Conversions are implicit, so that a list in braces is a text:
/// `refuse({where, {"at least ", count, " samples"}, "none"})`.
class Text {
 public:
  constexpr Text() = default;
  constexpr Text(const char* text) : at_(text), tag_(tag(Kind::literal)) {}
  constexpr Text(std::string_view text)
      : at_(text.data()), tag_(tag(Kind::characters, text.size())) {}
  Text(const std::string& text) : Text(std::string_view{text}) {}
  constexpr Text(char letter)
      : bits_(static_cast<unsigned char>(letter)), tag_(tag(Kind::letter)) {}
  constexpr Text(std::signed_integral auto number)
      : bits_(static_cast<std::uint64_t>(std::int64_t{number})), tag_(tag(Kind::integer)) {}
  constexpr Text(std::unsigned_integral auto number) : bits_(number), tag_(tag(Kind::natural)) {}
  /// The shortest decimal that reads back as the same double: 0.5, 2, 1e-09.
  constexpr Text(std::floating_point auto number)
      : bits_(std::bit_cast<std::uint64_t>(double{number})), tag_(tag(Kind::real)) {}
  constexpr Text(std::initializer_list<Text> pieces)
      : at_(std::data(pieces)), tag_(tag(Kind::list, pieces.size())) {}

  [[nodiscard]] NN_COLD bool empty() const { return to_string().empty(); }

  [[nodiscard]] NN_COLD std::string to_string() const {
    std::string text;
    append_to(text);
    return text;
  }

  NN_COLD void append_to(std::string& text) const {
    const std::size_t size = tag_ >> kind_bits;
    switch (static_cast<Kind>(tag_ % (1u << kind_bits))) {
      case Kind::literal:
        text.append(static_cast<const char*>(at_));
        return;
      case Kind::characters:
        text.append(static_cast<const char*>(at_), size);
        return;
      case Kind::letter:
        text.push_back(static_cast<char>(bits_));
        return;
      case Kind::integer:
        text.append(std::to_string(static_cast<std::int64_t>(bits_)));
        return;
      case Kind::natural:
        text.append(std::to_string(bits_));
        return;
      case Kind::real: {
        const auto number = std::bit_cast<double>(bits_);
        char digits[32];  // the longest has 24: -2.2250738585072014e-308
        char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
        text += number != number ? "nan" : std::string(digits, end);  // NaN has no sign
        return;
      }
      case Kind::list:
        for (std::size_t i = 0; i < size; ++i) static_cast<const Text*>(at_)[i].append_to(text);
        return;
    }
  }

 private:
  enum class Kind { characters, literal, letter, integer, natural, real, list };

  static constexpr int kind_bits = 3;
  static constexpr std::size_t tag(Kind kind, std::size_t size = 0) {
    return (size << kind_bits) | static_cast<std::size_t>(kind);
  }

  // Two words, because every message that may be thrown stores its pieces first.
  union {
    const void* at_ = nullptr;  // the characters or the pieces
    std::uint64_t bits_;        // of a letter or number
  };
  std::size_t tag_ = 0;  // the kind, and above its bits the number of characters or pieces
};

/// Appends to `text`: `append(text, {", ", size})`.
inline void append(std::string& text, const Text& more) { more.append_to(text); }

/// A number with so many digits behind the point: "0.50" (fixed, 2), "5.0e-01" (scientific, 1); or,
/// general, with so many in all, without zeros at the end. As C's printf writes it, but in
/// no locale: that must not change files, tables or lines that a script reads.
[[nodiscard]] NN_COLD inline std::string with_digits(
    double number, int digits, std::chars_format format = std::chars_format::fixed) {
  if (number != number) return "nan";  // NaN has no sign
  char text[400];                      // the longest has 309 digits before the point
  digits = std::clamp(digits, 0, 80);
  return {text, std::to_chars(text, text + sizeof text, number, format, digits).ptr};
}

/// The pieces one after the other: `concat({"layer ", i})`.
[[nodiscard]] inline std::string concat(const Text& pieces) { return pieces.to_string(); }

/// The place of `text` among `texts`; their number if it is none of them.
[[nodiscard]] NN_COLD inline std::size_t find_text(std::span<const char* const> texts,
                                                   std::string_view text) {
  std::size_t i = 0;
  while (i < texts.size() && text != texts[i]) ++i;
  return i;
}

/// 1234567 -> "1,234,567"
[[nodiscard]] NN_COLD inline std::string with_separators(std::int64_t number) {
  const std::string digits = concat(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

/// "Conv2D" -> "conv2d", whatever the locale.
[[nodiscard]] NN_COLD inline std::string lower_case(std::string text) {
  for (char& letter : text) {
    if ('A' <= letter && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return text;
}

}  // namespace nn
