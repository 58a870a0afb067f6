// SPDX-License-Identifier: MIT
// Files and standard output that results go to, checked before the work and after it.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "nn/core/error.hpp"
#include "nn/core/tensor.hpp"
#include "nn/io/atomic_file.hpp"
#include "nn/metrics/confusion_matrix.hpp"

namespace mnist {

namespace detail {

/// The file that `name` stands for, with links followed. It need not exist.
[[nodiscard]] inline std::filesystem::path place_of(const std::string& name) {
  std::error_code unreadable;  // to write there will fail with the reason
  std::filesystem::path path = std::filesystem::absolute(name, unreadable);
  for (int links = 0; links < 40 && std::filesystem::is_symlink(path, unreadable); ++links) {
    path = path.parent_path() / std::filesystem::read_symlink(path, unreadable);
  }
  const auto place = std::filesystem::weakly_canonical(path, unreadable);
  return place.empty() ? path : place;
}

}  // namespace detail

/// A file that results go to, and the option that names it.
struct Place {
  const char* option;
  std::optional<std::string> file;
};

/// Throws `std::invalid_argument` if two of the files are the same: the later one would replace the
/// other.
inline void require_own_places(std::span<const Place> places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t j = i + 1; j < places.size(); ++j) {
      const auto& [option, file] = places[i];
      const auto& [other_option, other] = places[j];
      if (!file || !other || detail::place_of(*file) != detail::place_of(*other)) continue;
      nn::refuse({"mnist_train",
                  {"different files for ", option, " and ", other_option},
                  {*file, " and ", *other},
                  "the same place"});
    }
  }
}

/// How a trained model did on the test images.
struct TestResult {
  double loss;
  nn::ConfusionMatrix confusion;
  nn::Tensor<float, 2> probabilities;  // [N, classes]
};

/// Checks early that a file can be written: after the training it would be too late. Throws
/// `IoError`. Changes no existing file and leaves nothing behind.
inline void require_writable(const std::string& path) { const nn::io::AtomicFile trial(path); }

/// Whether all probabilities are finite: none has come from a division by zero or an overflow.
[[nodiscard]] inline bool are_finite(const nn::Tensor<float, 2>& probabilities) {
  for (nn::Index i = 0; i < probabilities.size(); ++i) {
    if (!std::isfinite(probabilities.data()[i])) return false;
  }
  return true;
}

/// Prints the error that ended `program`, after all its other output. Returns the exit status 1.
[[nodiscard]] inline int fail(const char* program, const std::exception& error) {
  std::fflush(stdout);
  if (dynamic_cast<const std::bad_alloc*>(&error) == nullptr) {
    std::fprintf(stderr, "%s\n", error.what());
  } else {  // its own text says nothing
    std::fprintf(stderr, "%s: expected memory for images, model and batch, got none\n", program);
  }
  return 1;
}

/// The exit status of `program`, whose work is done. 1, with a message, if some of its output was
/// lost, as on a full disk.
[[nodiscard]] inline int finish_output(const char* program) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  const auto lost = nn::sentence({program, "a standard output that takes text", "an error"});
  std::fprintf(stderr, "%s\n", lost.c_str());
  return 1;
}

}  // namespace mnist
