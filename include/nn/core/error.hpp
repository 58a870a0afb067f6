// SPDX-License-Identifier: MIT
// The library's exceptions and the one grammar of their messages.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

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
  std::string where;
  std::string expected;
  std::string got;
  std::string context{};
  std::string remedy{};
};

/// `<where>: expected <rule>, got <value> (<context>); <remedy>`
/// Cold: the compiler then keeps what leads here small and out of the way.
[[nodiscard, gnu::cold, gnu::noinline]] inline std::string sentence(const Complaint& complaint) {
  std::string text = complaint.where;
  text += ": expected " + complaint.expected + ", got " + complaint.got;
  if (!complaint.context.empty()) text += " (" + complaint.context + ")";
  if (!complaint.remedy.empty()) text += "; " + complaint.remedy;
  return text;
}

/// Appends to "a, b, c", for messages that name what there is.
[[gnu::cold]] inline void append_listed(std::string& list, std::string_view item) {
  if (!list.empty()) list += ", ";
  list += item;
}

/// Throws `Error` with the sentence unless `condition` holds. For cheap conditions at a border;
/// where building the parts costs something, test first and throw `Error{sentence({...})}`.
template <class Error = std::invalid_argument>
void require(bool condition, const char* where, const char* expected, const std::string& got) {
  if (!condition) throw Error{sentence({where, expected, got})};
}

}  // namespace nn
