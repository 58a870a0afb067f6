// SPDX-License-Identifier: MIT
// Ctrl-C and `kill` during a training: the first is a request to stop, the second ends the program.
#pragma once

#include <atomic>
#include <csignal>

#include "nn/training/callback.hpp"

namespace mnist {

namespace detail {

inline std::atomic<int> requesting_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);  // else a handler could wait forever

extern "C" inline void request_stop(int signal) {
  if (requesting_signal.exchange(signal) == 0) return;
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace detail

/// From here on the first SIGINT or SIGTERM is a request to stop; another one ends the program at
/// once. A signal that is ignored so far, as SIGINT is in the background, stays ignored.
inline void take_stop_requests() {
  for (const int signal : {SIGINT, SIGTERM}) {
    if (std::signal(signal, detail::request_stop) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

/// The signal that requested to stop; 0 for none.
[[nodiscard]] inline int stop_request() { return detail::requesting_signal; }

/// Ends a training after the batch during which that was requested.
struct StopOnRequest {
  void on_batch_end(nn::FitContext& context) const { stop(context); }
  void on_epoch_end(nn::FitContext& context) const { stop(context); }  // requested in validation

 private:
  static void stop(nn::FitContext& context) {
    if (stop_request() != 0) context.stop_training = true;
  }
};

}  // namespace mnist
