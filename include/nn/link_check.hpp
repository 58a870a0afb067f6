// SPDX-License-Identifier: MIT
// Symbols that let a program link only if its files agree: all with NN_COMPILED or none, and the
// compiled library is of their version.
#pragma once

#include "nn/core/config.hpp"

namespace nn::detail {

// A variable of each thread in one mode, of all threads in the other: no linker takes both.
#if defined(NN_COMPILED)
#define NN_PASTE_VERSION(major, minor, patch) nn_compiled_hpp_of_version_##major##_##minor##_##patch
#define NN_NAME_VERSION(major, minor, patch) NN_PASTE_VERSION(major, minor, patch)
/// Defined once, by nn/compiled.hpp.
#define NN_COMPILED_LIBRARY NN_NAME_VERSION(NN_VERSION_MAJOR, NN_VERSION_MINOR, NN_VERSION_PATCH)

extern const char NN_COMPILED_LIBRARY;
[[gnu::used, gnu::visibility("hidden")]] inline const char* const compiled_library =
    &NN_COMPILED_LIBRARY;
[[gnu::used,
  gnu::visibility(
      "hidden")]] inline thread_local char all_files_of_a_program_define_NN_COMPILED_or_none = 0;
#else
[[gnu::used,
  gnu::visibility("hidden")]] inline char all_files_of_a_program_define_NN_COMPILED_or_none = 0;
#endif

}  // namespace nn::detail
