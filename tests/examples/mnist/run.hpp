// SPDX-License-Identifier: MIT
// Running the example's programs as a user does.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "mnist/drawn_digits.hpp"
#include "tests/examples/mnist/files.hpp"

namespace mnist::testing {

struct Outcome {
  int status;  // exit status; -1 for a signal
  std::string output;
  std::string errors;
};

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Runs a program in `folder`; `arguments` as the shell takes them.
inline Outcome run(const TemporaryFolder& folder, const std::string& program,
                   const std::string& arguments) {
  const auto errors = folder.path() / "stderr", output = folder.path() / "stdout";
  const std::string command = "cd '" + folder.path().string() + "' && " + program + " " +
                              arguments + " >" + output.string() + " 2>" + errors.string();
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(output), text_of(errors)};
}

/// A data set of a few drawn digits in MNIST's four files.
inline void write_digits(const std::filesystem::path& folder, nn::Index count) {
  std::filesystem::create_directory(folder);
  for (const auto split : {Split::train, Split::test}) {
    const auto [images, labels] = draw_digits(count, 3, split);
    Bytes pixels(images.data(), images.data() + images.size()), classes;
    for (nn::Index i = 0; i < count; ++i) classes.push_back(static_cast<unsigned char>(labels(i)));
    const std::string name = split == Split::train ? "train" : "t10k";
    const auto n = static_cast<std::uint32_t>(count);
    write_file(folder / (name + "-images-idx3-ubyte"), idx(2051, {n, 28, 28}, pixels));
    write_file(folder / (name + "-labels-idx1-ubyte"), idx(2049, {n}, classes));
  }
}

inline std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

inline std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace mnist::testing
