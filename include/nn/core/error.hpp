// SPDX-License-Identifier: MIT
// The library's exceptions and the one grammar of their messages.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "nn/core/text.hpp"

namespace nn {

/// A tensor or a shape that does not fit where it was passed.
struct ShapeError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// A file that cannot be read, written or understood.
struct IoError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The parts of a message. `context` and `remedy` may stay empty.
struct Complaint {
  Text where;
  Text expected;
  Text got;
  Text context{};
  Text remedy{};
};

/// `<where>: expected <rule>, got <value> (<context>); <remedy>`
/// Cold: the compiler then keeps the code that leads here small, and out of the hot path.
[[nodiscard]] NN_COLD inline std::string sentence(const Complaint& complaint) {
  const auto& [where, expected, got, context, remedy] = complaint;
  std::string text = concat({where, ": expected ", expected, ", got ", got});
  if (!context.empty()) append(text, {" (", context, ")"});
  if (!remedy.empty()) append(text, {"; ", remedy});
  return text;
}

/// Throws `Error` with the sentence.
template <class Error = std::invalid_argument>
[[noreturn]] NN_COLD void refuse(const Complaint& complaint) {
  throw Error{sentence(complaint)};
}

/// The same without context and remedy: less code in each caller of `demand`.
template <class Error>
[[noreturn]] NN_COLD void refuse(const char* where, const char* expected, const Text& got) {
  throw Error{sentence({where, expected, got})};
}

/// Appends to a list "a, b, c", for messages that name all choices.
NN_COLD inline void append_listed(std::string& list, std::string_view item) {
  if (!list.empty()) list += ", ";
  list += item;
}

/// Throws `Error` with the sentence unless `condition` holds. Where a part of the sentence is
/// costly to make, test first and call `refuse`.
template <class Error = std::invalid_argument>
void demand(bool condition, const char* where, const char* expected, const Text& got) {
  if (!condition) refuse<Error>(where, expected, got);
}

}  // namespace nn
