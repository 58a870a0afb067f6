// SPDX-License-Identifier: MIT
// A mark for functions that run rarely.
#pragma once

#include "nn/core/cxx20.hpp"

/// In front of functions that build messages, read files or check arguments: compiled for size and
/// never inlined. docs/decisions.md has what that saves.
#define NN_COLD [[gnu::cold, gnu::noinline]]
