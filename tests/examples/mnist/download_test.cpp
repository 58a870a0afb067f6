// SPDX-License-Identifier: MIT
// The download's script, with folders for mirrors: what arrives is right, or nothing arrives.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "files.hpp"

using namespace mnist::testing;

namespace {

struct Outcome {
  bool is_success;
  std::string output;  // of both streams
};

[[nodiscard]] Outcome download(const std::filesystem::path& destination,
                               const std::string& mirrors) {
  const std::string command = "cmake '-DDESTINATION=" + destination.string() +
                              "' '-DMIRRORS=" + mirrors +
                              "' -P '" NN_SOURCE_DIR "/examples/mnist/download.cmake' 2>&1";
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output += static_cast<char>(c);
  return {pclose(pipe) == 0, output};
}

[[nodiscard]] std::string mirror_at(const TemporaryFolder& folder) {
  return "file://" + folder.path().string();
}

}  // namespace

TEST_SUITE("examples/mnist/download") {
  TEST_CASE("download: files with other content are refused and leave nothing behind") {
    const TemporaryFolder mirror;
    const TemporaryFolder destination;
    write_gzip(mirror / "train-images-idx3-ubyte.gz", idx(2051, {1, 1, 1}, {0}));
    const Outcome outcome = download(destination.path(), mirror_at(mirror));
    CAPTURE(outcome.output);
    CHECK_FALSE(outcome.is_success);
    CHECK(outcome.output.find("its SHA-256 differs") != std::string::npos);
    CHECK(std::filesystem::is_empty(destination.path()));
  }

  TEST_CASE("download: torn and absent files are refused, mirror by mirror") {
    const TemporaryFolder torn;
    const TemporaryFolder empty;
    const TemporaryFolder destination;
    write_file(torn / "train-images-idx3-ubyte.gz", {0x1F, 0x8B, 8});
    const Outcome outcome = download(destination.path(), mirror_at(torn) + ";" + mirror_at(empty));
    CAPTURE(outcome.output);
    CHECK_FALSE(outcome.is_success);
    CHECK(outcome.output.find("expected train-images-idx3-ubyte.gz from a mirror, got none") !=
          std::string::npos);
    CHECK(outcome.output.find(mirror_at(torn) + ": the file is not sound gzip") !=
          std::string::npos);
    CHECK(outcome.output.find(mirror_at(empty) + ": ") != std::string::npos);
    CHECK(std::filesystem::is_empty(destination.path()));
  }

  TEST_CASE("download: with real MNIST for a mirror it fills the folder once, past a dead mirror") {
    const char* real = std::getenv("NN_MNIST_DIR");
    if (real == nullptr ||
        !std::filesystem::exists(std::filesystem::path(real) / "train-images-idx3-ubyte.gz")) {
      return;
    }
    const TemporaryFolder empty;
    const TemporaryFolder destination;
    const std::string mirrors =
        mirror_at(empty) + ";file://" + std::filesystem::absolute(real).string();
    const Outcome first = download(destination.path(), mirrors);
    CAPTURE(first.output);
    CHECK(first.is_success);
    CHECK(first.output.find("4 files fetched and verified") != std::string::npos);
    write_file(destination / "t10k-labels-idx1-ubyte", {1, 2, 3});
    CHECK(download(destination.path(), mirrors).output.find(": 1 file fetched and verified") !=
          std::string::npos);
    CHECK(download(destination.path(), "").output.find("already") != std::string::npos);
  }
}
