// SPDX-License-Identifier: MIT
// Messages between the processes of one program.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string_view>

#include "nn/core/config.hpp"

namespace nn {

/// A process that this one works with has failed, or is no longer there.
struct ProcessError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One of several processes that work together, and its way to the others: nn/distributed/mpi.hpp
/// has one. It moves bytes and adds up nothing, so the order of sums is its user's. All functions
/// are called by one thread.
class Communicator {
 public:
  Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  virtual ~Communicator() = default;

  /// The number of this process, from 0 to size() - 1. Process 0 leads: it alone runs callbacks.
  [[nodiscard]] virtual Index rank() const = 0;
  [[nodiscard]] virtual Index size() const = 0;

  /// Begins to send. The bytes have to stay as they are until `finished` tells of the request.
  /// Messages of one sender to one receiver with the same tag (0 to 32767) keep their order.
  virtual void send(Index to, Index tag, std::span<const std::byte> bytes, Index request) = 0;
  /// Begins to receive a message of just so many bytes, which nobody may touch until `finished`
  /// tells of the request.
  virtual void receive(Index from, Index tag, std::span<std::byte> bytes, Index request) = 0;
  /// The requests that have ended since the last call, in any order, by the numbers that they were
  /// given. `waits`: there is at least one. Throws `ProcessError` where another process has failed;
  /// nothing can be sent or received from then on.
  [[nodiscard]] virtual std::span<const Index> finished(bool waits) = 0;

  /// Tells all others that this process can't go on, and why.
  virtual void fail(std::string_view why) noexcept = 0;
};

}  // namespace nn
