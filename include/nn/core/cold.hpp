// SPDX-License-Identifier: MIT
// A mark for functions that run rarely.
#pragma once

#include "nn/core/cxx20.hpp"

/// Stands before functions that build messages, read files or check arguments, which are compiled
/// for size. What that saves is in docs/decisions.md.
#define NN_COLD [[gnu::cold, gnu::noinline]]
