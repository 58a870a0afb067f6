// SPDX-License-Identifier: MIT
// Threads that work together as processes do.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "nn/core/communicator.hpp"
#include "nn/core/random.hpp"
#include "nn/core/text.hpp"
#include "nn/distributed/data_parallel.hpp"

namespace nn::testing {

/// The messages between some threads.
class Mailbox {
 public:
  using Address = std::tuple<Index, Index, Index>;  // from, to, tag

  std::mutex mutex;
  std::condition_variable changed;
  std::map<Address, std::deque<std::vector<std::byte>>> messages;
  std::string failure;
  Index num_bytes = 0;  // that were sent
};

/// `seed` other than 0: each message comes late, by up to a quarter of a millisecond.
class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(Mailbox& mailbox, Index rank, Index size, std::uint64_t seed = 0)
      : mailbox_(mailbox), rank_(rank), size_(size), seed_(seed) {}

  [[nodiscard]] Index rank() const override { return rank_; }
  [[nodiscard]] Index size() const override { return size_; }
  void send(Index to, Index tag, std::span<const std::byte> bytes, Index request) override {
    if (seed_ != 0) {
      const Random random{seed_, {RandomPurpose::user, static_cast<std::uint64_t>(rank_), 0}};
      std::this_thread::sleep_for(
          std::chrono::microseconds(static_cast<int>(250 * random.uniform(num_sent_++))));
    }
    const std::lock_guard<std::mutex> lock(mailbox_.mutex);
    mailbox_.messages[{rank_, to, tag}].emplace_back(bytes.begin(), bytes.end());
    mailbox_.num_bytes += static_cast<Index>(bytes.size());
    mailbox_.changed.notify_all();
    done_.push_back(request);
  }
  void receive(Index from, Index tag, std::span<std::byte> bytes, Index request) override {
    waiting_.push_back({{from, rank_, tag}, bytes, request});
  }
  [[nodiscard]] std::span<const Index> finished(bool waits) override {
    std::unique_lock<std::mutex> lock(mailbox_.mutex);
    for (;;) {
      if (!mailbox_.failure.empty()) throw ProcessError(mailbox_.failure);
      for (std::size_t i = 0; i < waiting_.size();) {
        auto& messages = mailbox_.messages[waiting_[i].address];
        if (messages.empty()) {
          ++i;
          continue;
        }
        if (messages.front().size() != waiting_[i].bytes.size()) {
          throw std::logic_error("a message of another size than expected");
        }
        std::copy(messages.front().begin(), messages.front().end(), waiting_[i].bytes.begin());
        messages.pop_front();
        done_.push_back(waiting_[i].request);
        waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
      }
      reported_ = std::exchange(done_, {});
      if (!waits || !reported_.empty()) return reported_;
      mailbox_.changed.wait(lock);
    }
  }
  void fail(std::string_view why) noexcept override {
    const std::lock_guard<std::mutex> lock(mailbox_.mutex);
    if (mailbox_.failure.empty()) {
      mailbox_.failure = concat({"process ", rank_, " of ", size_, " has failed: ", why});
    }
    mailbox_.changed.notify_all();
  }

 private:
  struct Receive {
    Mailbox::Address address;
    std::span<std::byte> bytes;
    Index request;
  };

  Mailbox& mailbox_;
  const Index rank_, size_;
  const std::uint64_t seed_;
  std::uint64_t num_sent_ = 0;
  std::vector<Receive> waiting_;
  std::vector<Index> done_, reported_;
};

/// Runs `body(communicator)` in so many threads. Returns the sentences of what they have thrown.
template <class Body>
std::vector<std::string> run_processes(Index size, const Body& body, std::uint64_t seed = 0) {
  Mailbox mailbox;
  std::vector<std::string> errors(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (Index rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadCommunicator communicator(mailbox, rank, size, seed);
      try {
        body(communicator);
      } catch (const std::exception& error) {
        errors[static_cast<std::size_t>(rank)] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return errors;
}

}  // namespace nn::testing
