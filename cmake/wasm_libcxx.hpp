// SPDX-License-Identifier: MIT
// What the standard library of Emscripten 3.1.6 (Debian 12) lacks of C++20. Included in front of
// every file by wasm.cmake; empty with newer ones.
#pragma once

#include <bit>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace std {

#if !defined(__cpp_lib_bit_cast)
template <class To, class From>
[[nodiscard]] constexpr To bit_cast(const From& from) noexcept {
  return __builtin_bit_cast(To, from);
}
#endif

// Emscripten has no locale but C's, so printf and strtod write and read what these functions do.
#if _LIBCPP_VERSION < 14000
inline to_chars_result to_chars(char* first, char* last, double number, chars_format format,
                                int digits) {
  const char* const pattern = format == chars_format::fixed        ? "%.*f"
                              : format == chars_format::scientific ? "%.*e"
                                                                   : "%.*g";
  const auto room = static_cast<size_t>(last - first);
  const int size = snprintf(first, room, pattern, digits, number);
  if (size < 0 || static_cast<size_t>(size) >= room) return {last, errc::value_too_large};
  return {first + size, errc{}};
}

/// The shortest text that reads back as the same number.
inline to_chars_result to_chars(char* first, char* last, double number) {
  constexpr int most_digits = 17;
  to_chars_result result{};
  for (int digits = 1; digits <= most_digits; ++digits) {
    result = to_chars(first, last, number, chars_format::general, digits);
    if (result.ec != errc{} || strtod(first, nullptr) == number) break;
  }
  return result;
}
#endif

#if _LIBCPP_VERSION < 200000
inline from_chars_result from_chars(const char* first, const char* last, double& number) {
  const string text(first, last);
  char* end = nullptr;
  const double found = strtod(text.c_str(), &end);
  if (end == text.c_str()) return {first, errc::invalid_argument};
  number = found;
  return {first + (end - text.c_str()), errc{}};
}
#endif

}  // namespace std
