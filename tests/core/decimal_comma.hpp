// SPDX-License-Identifier: MIT
// A locale whose numbers have a decimal comma.
#pragma once

#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/io/temporary_folder.hpp"

namespace nn::testing {

/// Sets it for the program for the time of a test. A system may have no locale but C, so this one
/// is made here, in the format of glibc.
class DecimalComma {
 public:
  DecimalComma() {
#if defined(__GLIBC__)
    // The category's mark, its 6 items, where each begins; then point, separator, groups of 3,
    // point and separator as wide characters, and the character set.
    static constexpr std::string_view numbers(
        "\x14\x11\x03\x20\x06\0\0\0\x20\0\0\0\x22\0\0\0\x24\0\0\0\x28\0\0\0\x2c\0\0\0"
        "\x30\0\0\0,\0.\0\x03\x03\0\0,\0\0\0.\0\0\0UTF-8",
        54);
    std::filesystem::create_directory(folder_.path("comma"));
    write_text(folder_.path("comma/LC_NUMERIC"), std::string(numbers));
    ::setenv("LOCPATH", folder_.path().c_str(), 1);
    std::setlocale(LC_NUMERIC, "comma");
    ::unsetenv("LOCPATH");
#endif
    is_here = std::string_view(std::localeconv()->decimal_point) == ",";
  }
  ~DecimalComma() { std::setlocale(LC_NUMERIC, "C"); }
  DecimalComma(const DecimalComma&) = delete;
  DecimalComma& operator=(const DecimalComma&) = delete;

  bool is_here = false;  // else the system is not one of those

 private:
  TemporaryFolder folder_;
};

}  // namespace nn::testing
