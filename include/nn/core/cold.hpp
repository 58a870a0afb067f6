// SPDX-License-Identifier: MIT
// A mark for functions that run rarely.
#pragma once

#include "nn/core/cxx20.hpp"

/// In front of functions that build messages, read files or check arguments: compiled for size. What
/// that saves is in docs/decisions.md.
#define NN_COLD [[gnu::cold]]
