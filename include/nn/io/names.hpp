// SPDX-License-Identifier: MIT
// Tables of the types that a file may name.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "nn/core/error.hpp"

namespace nn::io {

/// Names a type in such a table; null for one that can't be meant.
using NameOf = std::string (*)();

/// The name of a type: one function for each, which also tells types of the same name apart.
template <class V>
[[nodiscard]] NN_COLD std::string name_of() {
  return std::string(V::name());
}

/// The place of that name; without it `names.size()`.
[[nodiscard]] NN_COLD inline std::size_t find_name(const std::string& name,
                                                   std::span<const NameOf> names) {
  std::size_t i = 0;
  while (i < names.size() && (names[i] == nullptr || names[i]() != name)) ++i;
  return i;
}

/// "a, b, c"
[[nodiscard]] NN_COLD inline std::string list_names(std::span<const NameOf> names) {
  std::string list;
  for (const NameOf name : names) {
    if (name != nullptr) append_listed(list, name());
  }
  return list;
}

/// Throws `std::invalid_argument` where one of `own` has the name of another type among `types`: a
/// file could mean either of them.
NN_COLD inline void require_own_names(std::span<const NameOf> own, std::span<const NameOf> types) {
  for (const NameOf name : own) {
    for (const NameOf other : types) {
      if (name == other || name() != other()) continue;
      refuse({"Model::load", "types whose names are not those of the library's layers", name()});
    }
  }
}

}  // namespace nn::io
