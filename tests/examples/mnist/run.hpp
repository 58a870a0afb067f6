// SPDX-License-Identifier: MIT
// Running the example's programs as a user does.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

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

inline std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

inline std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace mnist::testing
