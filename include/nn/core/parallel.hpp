// SPDX-License-Identifier: MIT
// Threads: a loop over independent pieces, shared among the cores.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/core/config.hpp"
#include "nn/core/cores.hpp"
#include "nn/core/float_mode.hpp"
#include "nn/core/memory.hpp"
#include "nn/core/num_threads.hpp"

namespace nn {
namespace detail {

/// Tells the processor that this loop waits for another one.
inline void spin_pause() {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// True while this thread runs a piece: loops inside a piece run inline.
[[nodiscard]] inline bool& inside_piece() {
  thread_local bool inside = false;
  return inside;
}

/// The threads that help callers of `parallel_for`. One caller at a time: it invites helpers, takes
/// pieces itself until none is left, withdraws the invitations that nobody has taken up, and waits
/// for the helpers that are still at work. So a helper that wakes up late delays nobody.
class ThreadPool {
 public:
  using Piece = void (*)(void* body, Index piece);

  /// Never destroyed: when the program ends, other threads and destructors of statics may still
  /// have loops to run. A forked process makes a pool of its own: in its copy of the old one, locks
  /// and helpers belong to threads that the fork did not copy.
  [[nodiscard]] static ThreadPool& instance() {
    ThreadPool* const pool = current.load(std::memory_order_acquire);
    return pool != nullptr && !pool->is_copy_ ? *pool : begin(pool);
  }

  explicit ThreadPool(ThreadPool* old) : copied(old) {}
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// The pool of the process that this one was forked from. Unused; the pointer keeps its memory
  /// from being reported as a leak.
  ThreadPool* const copied;

  /// Runs all pieces, with the help of up to `num_helpers` threads. If another caller is using the
  /// pool, does nothing and returns false.
  bool run(int num_helpers, Index pieces, Piece piece, void* body) {
    const std::unique_lock<std::mutex> only_caller(busy_, std::try_to_lock);
    if (!only_caller.owns_lock()) return false;
    num_helpers = hire(num_helpers);
    piece_ = piece;
    body_ = body;
    float_mode_ = float_mode();
    failed_.store(false, std::memory_order_relaxed);
    share_out(pieces, num_helpers);
    for (int i = 0; i < num_helpers; ++i) invite(helper(i), State::invited);
    inside_piece() = true;
    take_pieces(num_helpers);
    inside_piece() = false;
    for (int i = 0; i < num_helpers; ++i) dismiss(helper(i));
    if (failed_.load(std::memory_order_relaxed)) {
      std::rethrow_exception(std::exchange(failure_, nullptr));
    }
    return true;
  }

 private:
  enum class State { idle, invited, working, leaving };

  /// Makes a pool. Before any helper runs, it registers what a fork and the end of the program have
  /// to do. Two threads may come here at once: then both register, which does no harm, and one pool
  /// stays.
  NN_COLD static ThreadPool& begin(ThreadPool* old) {
    static constinit std::atomic<bool> is_prepared{false};
    if (!is_prepared.load()) {
      if (::pthread_atfork(nullptr, nullptr, &begin_child) != 0) throw std::bad_alloc{};
      if (std::atexit(&close) != 0) throw std::bad_alloc{};
      is_prepared.store(true);
    }
    auto pool = std::make_unique<ThreadPool>(old);
    if (current.compare_exchange_strong(old, pool.get())) return *pool.release();
    return *old;  // another thread's, which was here first
  }

  /// Runs first in a forked process, on the thread that forked, which may have been inside a piece.
  static void begin_child() {
    if (ThreadPool* const pool = current.load()) pool->is_copy_ = true;
    inside_piece() = false;
  }

  /// Ends the helpers and keeps `busy_` locked, so that later loops run inline.
  static void close() {
    ThreadPool* const pool = current.load();
    if (pool == nullptr || pool->is_copy_) return;
    if (!pool->busy_.try_lock()) return;  // a loop of another thread still has them
    for (const auto& helper : pool->helpers_) invite(*helper, State::leaving);
    for (const auto& helper : pool->helpers_) helper->thread.join();
  }

  /// Neighbouring pieces; `next` is the first that nobody has taken.
  struct alignas(cache_line) Share {
    std::atomic<Index> next{0};
    Index end = 0;
  };

  struct alignas(cache_line) Helper {
    Share share;
    int number = 0;
    std::atomic<State> state{State::idle};
    std::atomic<bool> is_asleep{false};      // the helper waits on `changed`
    std::atomic<bool> is_waited_for{false};  // the caller waits on `changed`
    std::mutex mutex;
    std::condition_variable changed;
    std::thread thread;
  };

  [[nodiscard]] Helper& helper(int i) { return *helpers_[static_cast<std::size_t>(i)]; }

  /// Starts threads until there are `wanted`; returns how many there are to use.
  NN_COLD int hire(int wanted) {
    helpers_.reserve(static_cast<std::size_t>(wanted));  // so that push_back doesn't throw
    for (int number = static_cast<int>(helpers_.size()); number < wanted; ++number) {
      auto helper = std::make_unique<Helper>();
      helper->number = number;
      try {
        helper->thread = std::thread(&ThreadPool::help, this, std::ref(*helper));
      } catch (const std::system_error&) {
        return number;  // the system gives no more; fewer do the same work
      }
      helpers_.push_back(std::move(helper));
    }
    return wanted;
  }

  // A thread that goes to sleep and one that wakes it each write one flag and then read the
  // other's, so that at least one of them sees what the other wrote. They write by exchange:
  // emulators of ARM on x86 let a load pass a store, even where both are sequentially consistent.
  // On x86 itself both kinds of write are the same instruction.
  static void invite(Helper& helper, State state) {
    helper.state.exchange(state);
    if (!helper.is_asleep.load()) return;
    const std::lock_guard<std::mutex> lock(helper.mutex);
    helper.changed.notify_all();
  }

  static void dismiss(Helper& helper) {
    State expected = State::invited;
    if (helper.state.compare_exchange_strong(expected, State::idle)) return;
    for (int i = 0; i < patience(); ++i) {
      if (helper.state.load(std::memory_order_acquire) == State::idle) return;
      spin_pause();
    }
    std::unique_lock<std::mutex> lock(helper.mutex);
    helper.is_waited_for.exchange(true);
    helper.changed.wait(lock, [&] { return helper.state.load() == State::idle; });
    helper.is_waited_for.store(false);
  }

  void help(Helper& self) {
    inside_piece() = true;
    while (await_invitation(self)) {
      set_float_mode(float_mode_);
      take_pieces(self.number);
      self.state.exchange(State::idle);
      if (self.is_waited_for.load()) {
        const std::lock_guard<std::mutex> lock(self.mutex);
        self.changed.notify_all();
      }
    }
  }

  /// Returns with state `working`, or false when it is time to leave.
  [[nodiscard]] static bool await_invitation(Helper& self) {
    for (int i = 0;; ++i) {
      State state = self.state.load(std::memory_order_relaxed);
      if (state == State::leaving) return false;
      if (state == State::invited && self.state.compare_exchange_strong(state, State::working)) {
        return true;
      }
      if (i < patience()) {
        spin_pause();
        continue;
      }
      std::unique_lock<std::mutex> lock(self.mutex);
      self.is_asleep.exchange(true);
      if (self.state.load() == State::idle) self.changed.wait(lock);
      self.is_asleep.store(false);
      i = 0;  // perhaps too late for this loop, but awake for the next
    }
  }

  /// How many pauses to spin before sleeping: 50 to 100 microseconds in all, longer than the serial
  /// code between two loops of a training step. None where threads compete for cores.
  [[nodiscard]] static int patience() { return num_threads() <= num_cores() ? 2000 : 0; }

  [[nodiscard]] Share& share_of(int i) {
    return i < num_helpers_ ? helper(i).share : callers_share_;
  }

  void share_out(Index pieces, int num_helpers) {
    num_helpers_ = num_helpers;
    for (int i = 0; i <= num_helpers; ++i) {
      // The caller, the last one, begins with the first pieces.
      const int place = (i + 1) % (num_helpers + 1);
      share_of(i).end = pieces * (place + 1) / (num_helpers + 1);
      share_of(i).next.store(pieces * place / (num_helpers + 1), std::memory_order_relaxed);
    }
  }

  /// A thread takes its own share first: loop after loop, that is the same part of the data, which
  /// its cache still has. Then it takes what is left of the others' shares.
  void take_pieces(int self) {
    try {
      for (int i = 0; i <= num_helpers_; ++i) {
        Share& share = share_of((self + i) % (num_helpers_ + 1));
        for (;;) {
          const Index piece = share.next.fetch_add(1, std::memory_order_relaxed);
          if (piece >= share.end) break;
          piece_(body_, piece);
        }
      }
    } catch (...) {
      if (!failed_.exchange(true)) failure_ = std::current_exception();
      for (int i = 0; i <= num_helpers_; ++i) {  // the others need not begin new pieces
        share_of(i).next.store(share_of(i).end, std::memory_order_relaxed);
      }
    }
  }

  static constinit inline std::atomic<ThreadPool*> current{nullptr};

  bool is_copy_ = false;  // made by fork: the helpers are not in this process
  std::mutex busy_;
  std::vector<std::unique_ptr<Helper>> helpers_;
  Piece piece_ = nullptr;
  void* body_ = nullptr;
  int num_helpers_ = 0;  // of the loop that runs
  FloatMode float_mode_ = 0;
  std::exception_ptr failure_;
  std::atomic<bool> failed_{false};
  Share callers_share_;
};

/// `parallel_for` without the type of its body, so that it is compiled once.
[[gnu::noinline]] inline void run_pieces(Index pieces, ThreadPool::Piece piece, void* body) {
  const int threads = num_threads();
  if (pieces > 1 && threads > 1 && !inside_piece()) {
    const auto num_helpers = static_cast<int>(std::min<Index>(threads, pieces)) - 1;
    if (ThreadPool::instance().run(num_helpers, pieces, piece, body)) return;
  }
  for (Index i = 0; i < pieces; ++i) piece(body, i);
}

}  // namespace detail

/// Calls `body(piece)` once for each piece 0 .. pieces - 1, on all threads, in no particular order,
/// and returns when all are done. The caller cuts its work by shapes only, never by the number of
/// threads: then the result is the same for any number. Inside a piece, or while another thread's
/// loop uses the helpers, it runs inline. The first exception of a body reaches the caller, and
/// pieces not yet begun are left out. Helpers take over the caller's floating-point mode. Allocates
/// nothing once the threads run. A forked process has helpers of its own. If it was forked inside a
/// piece, it must not return from that piece, whose loop waits for threads that only its parent
/// has.
template <class Body>
void parallel_for(Index pieces, Body&& body) {
  using Function = std::remove_reference_t<Body>;
  const auto call = [](void* function, Index piece) { (*static_cast<Function*>(function))(piece); };
  detail::run_pieces(pieces, call,
                     const_cast<void*>(static_cast<const void*>(std::addressof(body))));
}

}  // namespace nn
