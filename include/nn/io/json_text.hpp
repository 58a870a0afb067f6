// SPDX-License-Identifier: MIT
// Strings and numbers as JSON writes them, and checks of UTF-8.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "nn/core/config.hpp"
#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/core/shape.hpp"

namespace nn::io {

/// Bytes of the UTF-8 sequence that starts at `start` (RFC 3629: shortest form, no surrogates,
/// nothing beyond U+10FFFF); 0 where none does.
[[nodiscard]] NN_COLD inline std::size_t utf8_length(std::string_view text, std::size_t start) {
  const auto byte = [&](std::size_t offset) {
    return start + offset < text.size() ? static_cast<unsigned char>(text[start + offset]) : 0u;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte shows overlong forms, surrogates and code points that are too large.
  const unsigned lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < lowest || byte(1) > highest) return 0;
  for (std::size_t offset = 2; offset < length; ++offset) {
    if ((byte(offset) & 0xC0) != 0x80) return 0;
  }
  return length;
}

/// Appends a code point, which must be valid and no surrogate.
NN_COLD inline void append_utf8(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int tails = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const std::uint32_t lead_mark = tails == 1 ? 0xC0 : tails == 2 ? 0xE0 : 0xF0;
  text += static_cast<char>(lead_mark | (code >> (6 * tails)));
  for (int tail = tails - 1; tail >= 0; --tail) {
    text += static_cast<char>(0x80 | ((code >> (6 * tail)) & 0x3F));
  }
}

/// Appends `text` as a JSON string: between quotes, with escapes for quotes, backslashes and
/// control characters. Throws `IoError` that names `where` if it is not UTF-8.
NN_COLD inline void append_quoted(std::string& quoted, std::string_view text,
                                  const Text& where = "JSON") {
  constexpr std::string_view characters = "\"\\\b\f\n\r\t";
  constexpr std::string_view letters = "\"\\bfnrt";
  constexpr std::string_view digits = "0123456789abcdef";
  quoted += '"';
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    if (length == 0) {
      refuse<IoError>({where, "a string in UTF-8", "other bytes", {"byte ", i, " of the string"}});
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    if (const auto escape = characters.find(text[i]); escape != characters.npos) {
      quoted += '\\';
      quoted += letters[escape];
    } else if (byte < 0x20) {
      quoted += "\\u00";
      quoted += digits[byte >> 4];
      quoted += digits[byte & 15];
    } else {
      quoted.append(text.substr(i, length));
    }
    i += length;
  }
  quoted += '"';
}

/// `NaN`, `infinity` or `-infinity`, for messages.
[[nodiscard]] inline std::string non_finite_name(double value) {
  return is_nan(value) ? "NaN" : value > 0 ? "infinity" : "-infinity";
}

/// Appends the shortest decimal that reads back as the same double, with a point or an exponent, so
/// that it stays a double. Throws `IoError` that names `where` for NaN and infinity.
NN_COLD inline void append_number(std::string& text, double value, const Text& where = "JSON") {
  if (!is_finite(value)) refuse<IoError>({where, "a finite number", non_finite_name(value)});
  char digits[32];
  const char* const last = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  const std::string_view decimal(digits, static_cast<std::size_t>(last - digits));
  text += decimal;
  if (decimal.find_first_of(".e") == decimal.npos) text += ".0";
}

/// Appends the comma that separates the next member or item from the one before it, if there is
/// one.
inline void append_comma(std::string& text) {
  if (text.back() != '{' && text.back() != '[') text += ',';
}

/// Appends the key of the next member of an object.
NN_COLD inline void append_key(std::string& text, std::string_view key) {
  append_comma(text);
  append_quoted(text, key);
  text += ':';
}

/// Appends a list of whole numbers: `[28,28,1]`.
NN_COLD inline void append_list(std::string& text, std::span<const Index> numbers) {
  text += '[';
  for (const Index number : numbers) {
    append_comma(text);
    append(text, number);
  }
  text += ']';
}

NN_COLD inline void append_list(std::string& text, const Shape& shape) {
  append_list(text, std::span<const Index>{shape.begin(), shape.end()});
}

/// Foreign text made fit for a message: quoted, cut to some 60 bytes, with question marks for what
/// is not UTF-8.
[[nodiscard]] NN_COLD inline std::string abbreviate(std::string_view text) {
  constexpr std::size_t most = 60;
  std::string valid;
  std::size_t i = 0;
  while (i < text.size() && i < most) {
    const std::size_t length = utf8_length(text, i);
    valid.append(length == 0 ? std::string_view{"?"} : text.substr(i, length));
    i += length == 0 ? 1 : length;
  }
  std::string quoted;
  append_quoted(quoted, valid);
  if (i < text.size()) quoted += "...";
  return quoted;
}

}  // namespace nn::io
