// SPDX-License-Identifier: MIT
// Regularizers and constraints, which the library does not have: their cases are counted.
#include <doctest/doctest.h>

#include "tests/golden/golden.hpp"
#include "tests/golden/tally.hpp"

namespace nn {

TEST_SUITE("golden/penalties") {
  TEST_CASE("Penalties: every case is counted, though none is run") {
    const testing::Golden golden("penalties");
    testing::Tally tally("penalties");
    for (const auto& c : golden.cases()) tally.add(c.at("class"), "no such penalty");
    tally.print();
    CHECK(tally.total() >= 8);
  }
}

}  // namespace nn
