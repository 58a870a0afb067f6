// SPDX-License-Identifier: MIT
// What a launcher of several processes tells each of them.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "nn/core/error.hpp"

extern "C" char** environ;

namespace nn::mpi::detail {

/// Whether a launcher has started this process: it then finds the others by PMI or PMIx, for which
/// the launcher sets variables of such names.
[[nodiscard]] NN_COLD inline bool is_launched() {
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view name = *variable;
    if (name.starts_with("PMI_") || name.starts_with("PMIX_")) return true;
  }
  return false;
}

/// Throws `std::runtime_error` where the launcher has started several processes and this one knows
/// of itself alone: it was built without MPI, or with another one.
NN_COLD inline void require_launched(int size) {
  if (size > 1) return;
  for (const char* const name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    const char* const started = std::getenv(name);
    if (started == nullptr || std::string_view(started) == "1") continue;
    refuse<std::runtime_error>({"mpi::Session",
                                {started, " processes that know each other (", name, ")"},
                                "one",
                                "",
                                "build the program with the MPI whose launcher starts it (in "
                                "CMake, link nn::mpi)"});
  }
}

}  // namespace nn::mpi::detail
