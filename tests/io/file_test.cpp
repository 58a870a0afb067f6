// SPDX-License-Identifier: MIT
#include "nn/io/file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "tests/io/temporary_folder.hpp"

namespace {

using nn::IoError;
using nn::io::FileDescriptor;
using nn::io::InputFile;
using nn::testing::TemporaryFolder;
using nn::testing::write_text;

}  // namespace

TEST_SUITE("io/file") {
  TEST_CASE("InputFile: reads a file in pieces, then finds its end") {
    const TemporaryFolder folder;
    write_text(folder.path("a"), "one two");
    InputFile file(folder.path("a"));
    std::string first(4, ' ');
    std::string second(3, ' ');

    file.read(first.data(), first.size());
    file.read(second.data(), second.size());
    file.finish();

    CHECK(file.size() == 7);
    CHECK(first + second == "one two");
  }

  TEST_CASE("InputFile: a file that changes while it is read is refused") {
    const TemporaryFolder folder;
    const std::string path = folder.path("a");
    std::string bytes(7, ' ');

    write_text(path, "one two");
    InputFile shrinking(path);
    std::filesystem::resize_file(path, 5);
    CHECK_THROWS_WITH_AS(shrinking.read(bytes.data(), bytes.size()),
                         (path + ": expected 2 more bytes, got the end of the file; the file "
                                 "changed while it was read")
                             .c_str(),
                         IoError);

    write_text(path, "one two");
    InputFile growing(path);
    std::filesystem::resize_file(path, 8);
    growing.read(bytes.data(), bytes.size());
    CHECK_THROWS_WITH_AS(growing.finish(),
                         (path + ": expected the end of the file, got more bytes; the file "
                                 "changed while it was read")
                             .c_str(),
                         IoError);
  }

  TEST_CASE("FileDescriptor: moves its file, and closes it once") {
    const TemporaryFolder folder;
    FileDescriptor first{::open(folder.path().c_str(), O_RDONLY)};
    REQUIRE(first.is_open());
    FileDescriptor second = std::move(first);
    CHECK(second.is_open());
    CHECK(second.close());
    CHECK_FALSE(second.is_open());
  }
}
