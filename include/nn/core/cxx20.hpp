// SPDX-License-Identifier: MIT
// What every header includes first: a check that the compiler is set to C++20.
#pragma once

#if __cplusplus < 202002L
#error "nn: expected a compiler set to C++20, got an older standard; compile with -std=c++20"
// Thousands of errors would follow. A missing file ends the compilation at once.
#include <-std=c++20>
#endif
