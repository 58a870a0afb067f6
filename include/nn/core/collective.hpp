// SPDX-License-Identifier: MIT
// What all processes do together, made of messages between two.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/core/communicator.hpp"
#include "nn/core/error.hpp"

namespace nn::detail {

// The tags below this one are those of collective calls.
inline constexpr Index first_free_tag = 8;

/// Waits until so many requests have ended, of which there are no others.
NN_COLD inline void await(Communicator& communicator, Index count) {
  while (count > 0) count -= static_cast<Index>(communicator.finished(true).size());
}

/// Calls f(part) for parts that a message may have: below 2^31 bytes, as MPI counts them.
template <class Byte, class F>
void for_each_part(std::span<Byte> bytes, const F& f) {
  constexpr std::size_t most = std::size_t{1} << 28;
  for (std::size_t first = 0; first < bytes.size(); first += most) {
    f(bytes.subspan(first, std::min(most, bytes.size() - first)));
  }
}

NN_COLD inline void send_all(Communicator& communicator, Index to, Index tag,
                             std::span<const std::byte> bytes) {
  for_each_part(bytes, [&](std::span<const std::byte> part) {
    communicator.send(to, tag, part, 0);
    await(communicator, 1);
  });
}
NN_COLD inline void receive_all(Communicator& communicator, Index from, Index tag,
                                std::span<std::byte> bytes) {
  for_each_part(bytes, [&](std::span<std::byte> part) {
    communicator.receive(from, tag, part, 0);
    await(communicator, 1);
  });
}

/// Gives the bytes of process 0 to all, along a binomial tree.
NN_COLD inline void broadcast(Communicator& communicator, std::span<std::byte> bytes) {
  constexpr Index tag = 0;
  const Index rank = communicator.rank(), size = communicator.size();
  Index step = 1;  // in the end above all distances over which this process sends
  while (step < size && (rank & step) == 0) step *= 2;
  if (rank > 0) receive_all(communicator, rank - step, tag, bytes);
  while (step /= 2) {
    if (rank + step < size) send_all(communicator, rank + step, tag, bytes);
  }
}
template <class V>
requires std::is_trivially_copyable_v<V>
void broadcast(Communicator& communicator, V& value) {
  broadcast(communicator, std::as_writable_bytes(std::span(&value, 1)));
}
NN_COLD inline void broadcast(Communicator& communicator, std::string& text) {
  std::size_t size = text.size();
  broadcast(communicator, size);
  text.resize(size);
  broadcast(communicator, std::as_writable_bytes(std::span(text)));
}

/// On process 0 the texts of all processes, in their order; elsewhere nothing.
[[nodiscard]] NN_COLD inline std::vector<std::string> gather(Communicator& communicator,
                                                             const std::string& mine) {
  constexpr Index size_tag = 1, text_tag = 2;
  const std::uint64_t size = mine.size();
  if (communicator.rank() > 0) {
    send_all(communicator, 0, size_tag, std::as_bytes(std::span(&size, 1)));
    send_all(communicator, 0, text_tag, std::as_bytes(std::span(mine)));
    return {};
  }
  std::vector<std::string> all{mine};
  for (Index from = 1; from < communicator.size(); ++from) {
    std::uint64_t their_size = 0;
    receive_all(communicator, from, size_tag, std::as_writable_bytes(std::span(&their_size, 1)));
    std::string& text = all.emplace_back(their_size, '\0');
    receive_all(communicator, from, text_tag, std::as_writable_bytes(std::span(text)));
  }
  return all;
}

/// The texts of all processes, on all of them.
[[nodiscard]] NN_COLD inline std::vector<std::string> all_gather(Communicator& communicator,
                                                                 const std::string& mine) {
  std::vector<std::string> all = gather(communicator, mine);
  std::vector<std::size_t> sizes(static_cast<std::size_t>(communicator.size()));
  std::string joined;
  for (std::size_t i = 0; i < all.size(); ++i) {
    sizes[i] = all[i].size();
    joined += all[i];
  }
  broadcast(communicator, std::as_writable_bytes(std::span(sizes)));
  broadcast(communicator, joined);
  all.clear();
  std::size_t first = 0;
  for (const std::size_t size : sizes) {
    all.push_back(joined.substr(first, size));
    first += size;
  }
  return all;
}

/// Numbers as a text to be sent, and back.
[[nodiscard]] NN_COLD inline std::string to_bytes(std::span<const double> numbers) {
  std::string bytes(numbers.size() * sizeof(double), '\0');
  if (!numbers.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}
[[nodiscard]] NN_COLD inline std::vector<double> from_bytes(const std::string& bytes) {
  std::vector<double> numbers(bytes.size() / sizeof(double));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(double));
  return numbers;
}

/// The numbers of all processes, on all of them.
[[nodiscard]] NN_COLD inline std::vector<std::vector<double>> all_gather(
    Communicator& communicator, std::span<const double> mine) {
  std::vector<std::vector<double>> all;
  for (const std::string& bytes : all_gather(communicator, to_bytes(mine))) {
    all.push_back(from_bytes(bytes));
  }
  return all;
}

/// Names with texts, of which `where` is the call that has them.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;

NN_COLD inline void add_text(NamedTexts& texts, const char* name, const Text& text) {
  texts.emplace_back(name, concat(text));
}

/// Throws in all processes unless they are in the same call, with the same texts.
NN_COLD inline void require_same(Communicator& communicator, const char* where,
                                 const NamedTexts& texts) {
  std::string mine;
  const auto add_field = [&mine](const std::string& text) {
    append(mine, {text.size(), ':', text});
  };
  add_field("call");
  add_field(where);
  for (const auto& [name, text] : texts) {
    add_field(name);
    add_field(text);
  }
  const std::vector<std::string> all = all_gather(communicator, mine);
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i] == all[0]) continue;
    // The first field that differs, and the name in front of it.
    std::array<std::size_t, 2> at{};
    std::string name, value[2];
    const auto next = [&](std::size_t of) {
      const std::string& text = all[of == 0 ? 0 : i];
      const std::size_t colon = text.find(':', at[of]);
      if (colon == text.npos) return std::string("nothing");
      std::size_t size = 0;
      for (std::size_t j = at[of]; j < colon; ++j) {
        size = 10 * size + static_cast<std::size_t>(text[j] - '0');
      }
      at[of] = colon + 1 + size;
      return text.substr(colon + 1, size);
    };
    while (at[0] < all[0].size() || at[1] < all[i].size()) {
      name = next(0);
      if (name != next(1)) break;
      value[0] = next(0);
      value[1] = next(1);
      if (value[0] != value[1]) break;
    }
    constexpr std::size_t longest = 200;
    refuse({where,
            {"the same ", name, " in all processes"},
            {value[1].substr(0, longest), " in process ", i},
            {value[0].substr(0, longest), " in process 0"},
            "start the same program on the same data everywhere"});
  }
}

}  // namespace nn::detail
