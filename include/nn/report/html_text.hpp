// SPDX-License-Identifier: MIT
// Text and numbers as a page shows them.
#pragma once

#include <string>
#include <string_view>

#include "nn/core/text.hpp"
#include "nn/io/json_text.hpp"

namespace nn::report {

/// The text in UTF-8, with U+FFFD for each byte that is not, and for each character that XML
/// forbids.
[[nodiscard]] NN_COLD inline std::string clean(std::string_view text) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  std::string valid;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = io::utf8_length(text, i);
    const std::string_view letter = text.substr(i, length == 0 ? 1 : length);
    const bool is_control = static_cast<unsigned char>(text[i]) < 0x20 && text[i] != '\t' &&
                            text[i] != '\n' && text[i] != '\r';
    const bool is_no_character = letter == "\xEF\xBF\xBE" || letter == "\xEF\xBF\xBF";
    valid += length == 0 || is_control || is_no_character ? replacement : letter;
    i += letter.size();
  }
  return valid;
}

/// Any text, for the place between two tags or for an attribute in double quotes.
[[nodiscard]] NN_COLD inline std::string escape(std::string_view text) {
  std::string escaped;
  for (const char letter : clean(text)) {
    switch (letter) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

/// JSON for a script element, which `</script>` in a string must not end.
[[nodiscard]] NN_COLD inline std::string escape_script(std::string_view json) {
  std::string escaped;
  for (const char letter : json) {  // all three stand in strings only
    if (letter == '<') {
      escaped += "\\u003c";
    } else if (letter == '>') {
      escaped += "\\u003e";
    } else if (letter == '&') {
      escaped += "\\u0026";
    } else {
      escaped += letter;
    }
  }
  return escaped;
}

/// 0.9844 -> "98.4 %", without a line break.
[[nodiscard]] inline std::string percent(double share, int digits = 1) {
  return with_digits(100 * share, digits) + "\xC2\xA0%";
}

/// Four significant digits: 0.0532, 1234, 1.5e-07.
[[nodiscard]] inline std::string short_number(double number) {
  return with_digits(number, 4, std::chars_format::general);
}

/// "1 sample", "1,234 samples"
[[nodiscard]] NN_COLD inline std::string count_of(std::int64_t count, const char* noun,
                                                  const char* plural) {
  return concat({with_separators(count), " ", count == 1 ? noun : plural});
}

}  // namespace nn::report
