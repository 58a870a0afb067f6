// SPDX-License-Identifier: MIT
// A stream whose text a test reads.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <string>

namespace nn::testing {

/// A stream that is no terminal, and what was written to it.
class Paper {
 public:
  Paper() : stream(std::tmpfile()) { REQUIRE(stream != nullptr); }
  Paper(const Paper&) = delete;
  Paper& operator=(const Paper&) = delete;
  ~Paper() { std::fclose(stream); }

  [[nodiscard]] std::string text() const {
    std::string all;
    std::rewind(stream);
    for (int c = std::fgetc(stream); c != EOF; c = std::fgetc(stream)) {
      all += static_cast<char>(c);
    }
    return all;
  }

  std::FILE* stream;
};

}  // namespace nn::testing
