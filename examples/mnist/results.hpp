// SPDX-License-Identifier: MIT
// Where results go: files and standard output, asked before the work and after it.
#pragma once

#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <optional>
#include <string>
#include <system_error>

#include "nn/core/error.hpp"
#include "nn/core/tensor.hpp"
#include "nn/io/atomic_file.hpp"

namespace mnist {

namespace detail {

/// The file that `name` stands for, through links, whether it is there yet or not.
[[nodiscard]] inline std::filesystem::path place_of(const std::string& name) {
  std::error_code unreadable;  // trying to write there will tell why
  std::filesystem::path path = std::filesystem::absolute(name, unreadable);
  for (int links = 0; links < 40 && std::filesystem::is_symlink(path, unreadable); ++links) {
    path = path.parent_path() / std::filesystem::read_symlink(path, unreadable);
  }
  const auto place = std::filesystem::weakly_canonical(path, unreadable);
  return place.empty() ? path : place;
}

}  // namespace detail

/// The later of two files in one place would replace the other. Throws `std::invalid_argument`.
inline void require_two_places(const std::string& model,
                               const std::optional<std::string>& metrics) {
  if (!metrics || detail::place_of(model) != detail::place_of(*metrics)) return;
  nn::refuse({"mnist_train",
              "different files for --model and --metrics",
              {model, " and ", *metrics},
              "the same place"});
}

/// A mistake in the place of a result file costs nothing now and all of the training later.
/// Throws `IoError`; leaves an existing file as it is, and nothing behind.
inline void require_writable(const std::string& path) { const nn::io::AtomicFile trial(path); }

/// Whether none of the probabilities is lost to a division by zero or an overflow.
[[nodiscard]] inline bool are_finite(const nn::Tensor<float, 2>& probabilities) {
  for (nn::Index i = 0; i < probabilities.size(); ++i) {
    if (!std::isfinite(probabilities.data()[i])) return false;
  }
  return true;
}

/// Prints what ended `program`, after all that it has said so far. The exit status: 1.
[[nodiscard]] inline int fail(const char* program, const std::exception& error) {
  std::fflush(stdout);
  if (dynamic_cast<const std::bad_alloc*>(&error) == nullptr) {
    std::fprintf(stderr, "%s\n", error.what());
  } else {  // whose text would name nothing
    std::fprintf(stderr, "%s: expected memory for images, model and batch, got none\n", program);
  }
  return 1;
}

/// The exit status of `program`, whose work is done: 1, with a sentence, where its text got lost,
/// as on a full disk.
[[nodiscard]] inline int finish_output(const char* program) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  const auto lost = nn::sentence({program, "a standard output that takes text", "an error"});
  std::fprintf(stderr, "%s\n", lost.c_str());
  return 1;
}

}  // namespace mnist
