// SPDX-License-Identifier: MIT
// One of several processes that MPI connects.
#pragma once

// Of MPI's header only what is C: the rest would have to be linked too.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "nn/core/communicator.hpp"
#include "nn/core/cores.hpp"
#include "nn/core/error.hpp"
#include "nn/core/num_threads.hpp"
#include "nn/core/parallel.hpp"
#include "nn/distributed/launcher.hpp"

namespace nn::mpi {

struct SessionOptions {
  /// Seconds that a process waits for the others without a message of any of them, before it takes
  /// them for dead. Longer than the longest callback of process 0.
  double timeout = 600;
};

/// The processes of a program from here to the end of the scope, as `.communicator` of `fit` and
/// `evaluate`:
///     nn::mpi::Session mpi(argc, argv);  // mpirun -n 4 ./program
///     model.fit(x, y, {.batch_size = 256, .communicator = mpi});
/// All processes run the whole program, on the same data; `leads()` says which one prints and
/// writes files. Where several run on the same cores, each computes with its share of them, unless
/// NN_NUM_THREADS says otherwise. Without mpirun or srun there is one process, and MPI is not
/// begun.
///
/// A process whose `fit` throws tells the others, whose `fit` then throws ProcessError. When such a
/// process ends, all are ended. One that is killed is noticed by the launcher, which ends the
/// others.
/// Throws    std::runtime_error for a second session, for processes that don't know each other and
///           for an MPI without threads; std::invalid_argument for a timeout that is not positive
class Session final : public Communicator {
 public:
  NN_COLD explicit Session(int& argc, char**& argv, const SessionOptions& options = {})
      : options_(options) {
    demand(options.timeout > 0, where, "a positive timeout", options.timeout);
    if (!detail::is_launched()) return;
    int is_initialized = 0;
    MPI_Initialized(&is_initialized);
    if (is_initialized != 0) {
      refuse<std::runtime_error>({where, "one session in a program", "a second one, or MPI_Init"});
    }
    int provided = MPI_THREAD_SINGLE;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    if (provided < MPI_THREAD_FUNNELED) {
      refuse<std::runtime_error>({where, "an MPI for programs with threads", "one without"});
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    detail::require_launched(size_);
    MPI_Comm_dup(MPI_COMM_WORLD, &messages_);
    MPI_Comm_dup(MPI_COMM_WORLD, &alarms_);
    MPI_Comm_set_errhandler(messages_, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(alarms_, MPI_ERRORS_RETURN);
    share_cores();
  }
  NN_COLD ~Session() override {
    if (messages_ == MPI_COMM_NULL) return;
    if (!has_failed() && std::uncaught_exceptions() == 0) {
      MPI_Comm_free(&messages_);
      MPI_Comm_free(&alarms_);
      MPI_Finalize();
      return;
    }
    // MPI_Finalize would wait for the others. The program may still say what has happened; its end
    // is the end of all.
    fail("an exception has ended the program");
    std::atexit(&abort);
  }

  [[nodiscard]] Index rank() const override { return rank_; }
  [[nodiscard]] Index size() const override { return size_; }
  /// Whether this is process 0, which alone has to print and to write files.
  [[nodiscard]] bool leads() const { return rank_ == 0; }

  void send(Index to, Index tag, std::span<const std::byte> bytes, Index request) override {
    require_no_failure();
    check(MPI_Isend(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, static_cast<int>(to),
                    static_cast<int>(tag), messages_, add(request)));
  }
  void receive(Index from, Index tag, std::span<std::byte> bytes, Index request) override {
    require_no_failure();
    check(MPI_Irecv(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, static_cast<int>(from),
                    static_cast<int>(tag), messages_, add(request)));
  }

  [[nodiscard]] std::span<const Index> finished(bool waits) override {
    require_no_failure();
    reported_.clear();
    test();
    if (reported_.empty() && waits) wait();
    if (++calls_ % calls_between_looks == 0) look_for_failure();
    return reported_;
  }

  NN_COLD void fail(std::string_view why) noexcept override {
    if (has_failed()) return;
    try {
      failure_ = concat({"process ", rank_, " of ", size_, " has failed: ", why});
      alarm_ = failure_.substr(0, longest_alarm);
    } catch (const std::exception&) {
      failure_ = alarm_ = "out of memory";  // short enough to be no allocation
    }
    std::vector<MPI_Request> sent;
    for (int to = 0; to < size_; ++to) {
      if (to == rank_) continue;
      MPI_Request request = MPI_REQUEST_NULL;
      MPI_Isend(alarm_.data(), static_cast<int>(alarm_.size()), MPI_BYTE, to, 0, alarms_, &request);
      if (request != MPI_REQUEST_NULL) MPI_Request_free(&request);
    }
    abandon();
  }

 private:
  static constexpr const char* where = "mpi::Session";
  static constexpr std::size_t longest_alarm = 500;
  static constexpr int calls_between_looks = 256;
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] bool has_failed() const { return !failure_.empty(); }
  void require_no_failure() const {
    if (has_failed()) throw ProcessError(failure_);
  }
  [[nodiscard]] MPI_Request* add(Index request) {
    numbers_.push_back(request);
    return &requests_.emplace_back(MPI_REQUEST_NULL);
  }
  NN_COLD void fail_by(const std::string& sentence) {
    failure_ = sentence;
    abandon();
    throw ProcessError(failure_);
  }
  void check(int code) {
    if (code == MPI_SUCCESS) return;
    std::array<char, MPI_MAX_ERROR_STRING> text{};
    int length = 0;
    MPI_Error_string(code, text.data(), &length);
    fail_by(concat({"process ", rank_, " of ", size_, " can't reach another one: ",
                    std::string_view(text.data(), static_cast<std::size_t>(length))}));
  }

  /// Moves requests that have ended to `reported_`.
  void test() {
    if (requests_.empty()) return;
    int count = 0;
    ended_.resize(requests_.size());
    check(MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &count, ended_.data(),
                       MPI_STATUSES_IGNORE));
    if (count == MPI_UNDEFINED || count == 0) return;
    std::sort(ended_.begin(), ended_.begin() + count);
    for (int i = count; i-- > 0;) {
      const auto at = static_cast<std::size_t>(ended_[static_cast<std::size_t>(i)]);
      reported_.push_back(numbers_[at]);
      requests_[at] = requests_.back();
      numbers_[at] = numbers_.back();
      requests_.pop_back();
      numbers_.pop_back();
    }
  }

  /// Waits for a request to end: at first as quick as can be, unless processes share cores; then
  /// with room for others on this core, and in the end asleep for most of the time.
  void wait() {
    const int spins = is_crowded_ ? 10 : 5000;
    constexpr auto awake = std::chrono::milliseconds(50);
    constexpr auto nap = std::chrono::microseconds(200);
    const Clock::time_point start = Clock::now();
    for (int i = 0; reported_.empty(); ++i) {
      test();
      if (i < spins || !reported_.empty()) continue;
      look_for_failure();
      const Clock::duration waited = Clock::now() - start;
      if (waited > std::chrono::duration<double>(options_.timeout)) {
        fail_by(concat({"process ", rank_, " of ", size_, " has waited ",
                        with_digits(options_.timeout, 0),
                        " seconds for the others in vain; if they are only slow, raise "
                        "SessionOptions::timeout"}));
      }
      if (waited < awake) {
        ::sched_yield();
      } else {
        std::this_thread::sleep_for(nap);
      }
    }
  }

  /// Throws where another process has told that it failed.
  void look_for_failure() {
    int is_there = 0;
    MPI_Status status{};
    check(MPI_Iprobe(MPI_ANY_SOURCE, 0, alarms_, &is_there, &status));
    if (is_there == 0) return;
    int size = 0;
    MPI_Get_count(&status, MPI_BYTE, &size);
    std::string sentence(static_cast<std::size_t>(size), '\0');
    MPI_Recv(sentence.data(), size, MPI_BYTE, status.MPI_SOURCE, 0, alarms_, MPI_STATUS_IGNORE);
    fail_by(sentence);
  }

  /// Ends all that is on its way, as far as it can: the memory belongs to its owner again.
  NN_COLD void abandon() noexcept {
    constexpr auto patience = std::chrono::milliseconds(500);
    for (MPI_Request& request : requests_) MPI_Cancel(&request);
    const Clock::time_point start = Clock::now();
    int are_done = 0;
    while (are_done == 0 && Clock::now() - start < patience) {
      MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &are_done,
                  MPI_STATUSES_IGNORE);
    }
    requests_.clear();
    numbers_.clear();
  }

  /// At the end of a program that has failed. The others may have a sentence of their own to say.
  static void abort() {
    constexpr auto patience = std::chrono::seconds(1);
    std::fflush(nullptr);
    std::this_thread::sleep_for(patience);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }

  /// Processes of one machine that may run on the same cores share them.
  NN_COLD void share_cores() {
    MPI_Comm machine = MPI_COMM_NULL;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    int neighbours = 1;
    MPI_Comm_size(machine, &neighbours);
    cpu_set_t mine;
    CPU_ZERO(&mine);
    ::sched_getaffinity(0, sizeof mine, &mine);
    std::vector<cpu_set_t> all(static_cast<std::size_t>(neighbours));
    MPI_Allgather(&mine, sizeof mine, MPI_BYTE, all.data(), sizeof mine, MPI_BYTE, machine);
    MPI_Comm_free(&machine);
    const auto same = std::count_if(all.begin(), all.end(), [&mine](const cpu_set_t& other) {
      return CPU_EQUAL(&mine, &other) != 0;
    });
    is_crowded_ = same > nn::detail::num_cores();
    if (same == 1 || std::getenv("NN_NUM_THREADS") != nullptr) return;
    set_num_threads(std::max(1, nn::detail::num_cores() / static_cast<int>(same)));
  }

  const SessionOptions options_;
  int rank_ = 0, size_ = 1;
  MPI_Comm messages_ = MPI_COMM_NULL, alarms_ = MPI_COMM_NULL;
  std::vector<MPI_Request> requests_;
  std::vector<Index> numbers_;  // of the requests
  std::vector<int> ended_;
  std::vector<Index> reported_;
  int calls_ = 0;
  bool is_crowded_ = false;  // there are more processes than cores
  std::string failure_;      // empty: none
  std::string alarm_;
};

}  // namespace nn::mpi
