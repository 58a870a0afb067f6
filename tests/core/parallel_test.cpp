// SPDX-License-Identifier: MIT
#include "nn/core/parallel.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

/// Sets the number of threads for the life of a test.
class Threads {
 public:
  explicit Threads(int n) : before_(nn::num_threads()) { nn::set_num_threads(n); }
  ~Threads() { nn::set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/// Half of the smallest normal number: 0 where denormals are flushed.
float half_of_smallest() {
  volatile float smallest = std::numeric_limits<float>::min();
  return smallest / 2;
}

/// A piece that ends when two are at work, each in a thread of its own.
void meet(std::atomic<int>& arrived) {
  ++arrived;
  while (arrived < 2) std::this_thread::yield();
}

/// A loop that ends only if a helper takes part.
void meet() {
  std::atomic<int> arrived = 0;
  nn::parallel_for(2, [&](nn::Index) { meet(arrived); });
}

#if !defined(NN_SANITIZER)
/// The status with which a process forked here ends, 7 if all is well; -1 if it hangs.
int status_of_child(void (*compute)() = [] { meet(); }) {
  std::cout.flush();  // or the child would say it again
  const pid_t child = ::fork();
  if (child == 0) {
    compute();
    std::exit(7);  // runs the destructors of statics
  }
  int status = 0;
  for (int ms = 0; ::waitpid(child, &status, WNOHANG) == 0; ++ms) {
    if (ms == 10'000) ::kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Whether threads can start in a forked process: qemu-user, which runs programs of other
/// processors, crashes then.
bool children_have_threads() {
  static const bool they_have = status_of_child([] { std::thread([] {}).join(); }) == 7;
  return they_have;
}
#endif

TEST_SUITE("core/parallel") {
  TEST_CASE("parallel_for: every piece runs once, for any number of threads") {
    for (const int threads : {1, 2, 3, 8}) {
      const Threads scope(threads);
      for (const nn::Index pieces : {0, 1, 2, 3, 7, 64, 1000}) {
        CAPTURE(threads);
        CAPTURE(pieces);
        std::vector<std::atomic<int>> runs(static_cast<std::size_t>(pieces));
        nn::parallel_for(pieces, [&](nn::Index piece) { ++runs[static_cast<std::size_t>(piece)]; });
        for (const std::atomic<int>& count : runs) CHECK(count == 1);
      }
    }
  }

  TEST_CASE("parallel_for: what pieces write is seen after the loop, loop after loop") {
    const Threads scope(3);
    std::array<nn::Index, 5> values{};
    for (nn::Index round = 1; round <= 2000; ++round) {
      nn::parallel_for(
          5, [&](nn::Index piece) { values[static_cast<std::size_t>(piece)] += piece + 1; });
      REQUIRE(values ==
              std::array<nn::Index, 5>{round, 2 * round, 3 * round, 4 * round, 5 * round});
    }
  }

  TEST_CASE("parallel_for: a loop inside of a piece runs inline") {
    const Threads scope(4);
    std::atomic<int> runs = 0;
    std::atomic<bool> stayed = true;
    nn::parallel_for(8, [&](nn::Index) {
      const std::thread::id outside = std::this_thread::get_id();
      nn::parallel_for(8, [&](nn::Index) {
        if (std::this_thread::get_id() != outside) stayed = false;
        ++runs;
      });
    });
    CHECK(runs == 64);
    CHECK(stayed);
  }

  TEST_CASE("parallel_for: four user threads at once each get all their pieces") {
    const Threads scope(3);
    std::array<std::atomic<int>, 4> runs{};
    std::vector<std::thread> users;
    for (std::size_t user = 0; user < 4; ++user) {
      users.emplace_back([&, user] {
        for (int round = 0; round < 200; ++round) {
          nn::parallel_for(9, [&](nn::Index) { ++runs[user]; });
        }
      });
    }
    for (std::thread& user : users) user.join();
    for (const std::atomic<int>& count : runs) CHECK(count == 9 * 200);
  }

  TEST_CASE("parallel_for: an exception of any piece reaches the caller, and the next loop works") {
    for (const int threads : {1, 2, 4}) {
      const Threads scope(threads);
      for (nn::Index bad = 0; bad < 6; ++bad) {
        CAPTURE(threads);
        CAPTURE(bad);
        CHECK_THROWS_WITH_AS(nn::parallel_for(6,
                                              [&](nn::Index piece) {
                                                if (piece == bad) throw std::runtime_error{"piece"};
                                              }),
                             "piece", std::runtime_error);
        std::atomic<int> runs = 0;
        nn::parallel_for(6, [&](nn::Index) { ++runs; });
        CHECK(runs == 6);
      }
    }
  }

  TEST_CASE("parallel_for: several exceptions at once leave one") {
    const Threads scope(4);
    for (int round = 0; round < 100; ++round) {
      CHECK_THROWS_AS(nn::parallel_for(4, [](nn::Index) { throw std::runtime_error{"each"}; }),
                      std::runtime_error);
    }
  }

  // The thread sanitizer has no threads behind a fork, and the address sanitizer reports what only
  // the threads of the parent knew as leaks.
#if !defined(NN_SANITIZER)
  TEST_CASE("regression: a process made by fork computes with a helper of its own, and ends") {
    if (!children_have_threads()) return;
    const Threads scope(2);
    meet();
    CHECK(status_of_child() == 7);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // now the helper sleeps
    CHECK(status_of_child() == 7);
  }

  TEST_CASE(
      "regression: a process made by fork inside of a piece computes with a helper of its own") {
    if (!children_have_threads()) return;
    const Threads scope(2);
    std::array<int, 2> statuses{};
    std::atomic<int> arrived = 0;
    nn::parallel_for(2, [&](nn::Index piece) {
      meet(arrived);  // the caller forks, and its helper
      statuses[static_cast<std::size_t>(piece)] = status_of_child();
    });
    CHECK(statuses == std::array<int, 2>{7, 7});
  }

  TEST_CASE("regression: a process made by fork while another thread's loop runs hires a helper") {
    if (!children_have_threads()) return;
    const Threads scope(2);
    std::atomic<int> arrived = 0;
    std::atomic<bool> is_over = false;
    std::thread other([&] {
      nn::parallel_for(2, [&](nn::Index) {
        ++arrived;
        while (!is_over) std::this_thread::yield();
      });
    });
    while (arrived < 2) std::this_thread::yield();
    const int status = status_of_child();
    is_over = true;
    other.join();
    CHECK(status == 7);
  }

  TEST_CASE("parallel_for: a process made by a process made by fork hires a helper") {
    if (!children_have_threads()) return;
    const Threads scope(2);
    CHECK(status_of_child([] { ::_exit(status_of_child()); }) == 7);
  }
#endif

  TEST_CASE("parallel_for: a sleeping helper wakes up") {
    const Threads scope(2);
    for (int round = 0; round < 3; ++round) {
      meet();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // long enough to fall asleep
    }
  }

  TEST_CASE("set_num_threads: takes effect from the next loop on") {
    const Threads scope(1);
    const std::thread::id caller = std::this_thread::get_id();
    nn::parallel_for(20, [&](nn::Index) { CHECK(std::this_thread::get_id() == caller); });
    nn::set_num_threads(5);
    CHECK(nn::num_threads() == 5);
    std::atomic<int> runs = 0;
    nn::parallel_for(20, [&](nn::Index) { ++runs; });
    CHECK(runs == 20);
    nn::set_num_threads(2);
    nn::parallel_for(20, [&](nn::Index) { ++runs; });
    CHECK(runs == 40);
  }

  TEST_CASE("set_num_threads: less than one thread is refused") {
    const int before = nn::num_threads();
    CHECK_THROWS_WITH_AS(nn::set_num_threads(0),
                         "set_num_threads: expected 1 thread or more, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::set_num_threads(-3),
                         "set_num_threads: expected 1 thread or more, got -3",
                         std::invalid_argument);
    CHECK(nn::num_threads() == before);
  }

  TEST_CASE("FlushDenormals: denormals are zero while one lives") {
    REQUIRE(half_of_smallest() > 0);
    {
      const nn::FlushDenormals outer;
      if (nn::detail::flush_denormals_bits == 0) return;  // not known on this processor
      CHECK(half_of_smallest() == 0);
      { const nn::FlushDenormals inner; }
      CHECK(half_of_smallest() == 0);
    }
    CHECK(half_of_smallest() > 0);
  }

  TEST_CASE("FlushDenormals: helpers take over the caller's mode, call by call") {
    if (nn::detail::flush_denormals_bits == 0) return;  // not known on this processor
    const Threads scope(2);
    for (int round = 0; round < 10; ++round) {
      CAPTURE(round);
      const bool is_flushing = round % 2 == 0;
      std::array<float, 2> halves{-1, -1};
      std::atomic<int> arrived = 0;
      const auto measure = [&](nn::Index piece) {
        halves[static_cast<std::size_t>(piece)] = half_of_smallest();
        meet(arrived);  // one piece for each thread
      };
      if (is_flushing) {
        const nn::FlushDenormals flush;
        nn::parallel_for(2, measure);
      } else {
        nn::parallel_for(2, measure);
      }
      CHECK((halves[0] == 0) == is_flushing);
      CHECK((halves[1] == 0) == is_flushing);
    }
  }
}

}  // namespace
