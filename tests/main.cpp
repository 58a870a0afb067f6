// SPDX-License-Identifier: MIT
// The tests' main function; every other file only includes <doctest/doctest.h>.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
