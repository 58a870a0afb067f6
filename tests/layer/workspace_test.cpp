// SPDX-License-Identifier: MIT
#include "nn/layer/workspace.hpp"

#include <doctest/doctest.h>

#include <cstdint>

TEST_SUITE("layer/workspace") {
  TEST_CASE("Workspace: grows when more is asked for and keeps what it has") {
    nn::Workspace workspace;
    CHECK(workspace.size() == 0);
    std::byte* const memory = workspace.reserve(1000);
    CHECK(reinterpret_cast<std::uintptr_t>(memory) % 64 == 0);
    CHECK(workspace.size() == 1000);
    CHECK(workspace.reserve(10) == memory);
    CHECK(workspace.reserve(1000) == memory);
    CHECK(workspace.size() == 1000);
    static_cast<void>(workspace.reserve(5000));
    CHECK(workspace.size() == 5000);
  }

  TEST_CASE("Workspace: a copy has memory of its own") {
    nn::Workspace workspace;
    std::byte* const memory = workspace.reserve(64);
    nn::Workspace copy = workspace;
    CHECK(copy.reserve(64) != memory);
  }
}
