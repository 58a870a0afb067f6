// SPDX-License-Identifier: MIT
// Training by the processes that mpirun or srun has started. With NN_MPI, which the target nn::mpi
// defines, by MPI; without it the same program runs as one process.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/distributed/data_parallel.hpp"
#include "nn/distributed/launcher.hpp"

#if defined(NN_MPI)
#include "nn/distributed/mpi_session.hpp"
#endif

namespace nn::mpi {

#if !defined(NN_MPI)

/// See the class of that name in mpi_session.hpp.
struct SessionOptions {
  double timeout = 600;
};

/// The only process of a program without MPI. Throws `std::runtime_error` where a launcher has
/// started several: each would train for itself, and all would write the same files.
class Session final : public Communicator {
 public:
  NN_COLD explicit Session(int&, char**&, const SessionOptions& = {}) {
    detail::require_launched(1);
  }
  [[nodiscard]] Index rank() const override { return 0; }
  [[nodiscard]] Index size() const override { return 1; }
  [[nodiscard]] bool leads() const { return true; }
  void send(Index, Index, std::span<const std::byte>, Index) override {}
  void receive(Index, Index, std::span<std::byte>, Index) override {}
  [[nodiscard]] std::span<const Index> finished(bool) override { return {}; }
  void fail(std::string_view) noexcept override {}
};

#endif

}  // namespace nn::mpi
