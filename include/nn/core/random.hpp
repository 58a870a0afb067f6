// SPDX-License-Identifier: MIT
// Counter-based random numbers: a value is a pure function of (seed, stream, index).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

#include "nn/core/config.hpp"

namespace nn {

/// What random numbers are drawn for; streams of different purposes never share a value.
enum class RandomPurpose : std::uint16_t {
  initializer = 1,
  shuffle = 2,
  dropout = 3,
  user = 4,
  smoothing = 5,
  augmentation = 6
};

/// A sequence of random numbers: what for, for which user (a layer, a tensor), and when (an epoch,
/// a step).
struct RandomStream {
  RandomPurpose purpose = RandomPurpose::user;
  std::uint64_t user = 0;
  std::uint64_t time = 0;
};

/// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
/// 2011). Stateless: any thread may ask for any index in any order and gets the same value on every
/// platform.
class Random {
 public:
  using Block = std::array<std::uint32_t, 4>;
  using Key = std::array<std::uint32_t, 2>;

  // The generator's constants, for kernels that draw many blocks at once.
  static constexpr int num_rounds = 10;
  static constexpr Key multipliers{0xD2511F53u, 0xCD9E8D57u};
  /// The golden ratio; the square root of 3, less 1.
  static constexpr Key key_steps{0x9E3779B9u, 0xBB67AE85u};

  Random(std::uint64_t seed, RandomStream stream)
      : key_(halves(seed)),
        stream_{static_cast<std::uint32_t>(stream.purpose) << 16 |
                    static_cast<std::uint32_t>(stream.user & 0xFFFF),
                halves(stream.time)[0]} {
    // Beside the index, the counter of a block has room for 16 bits of the user and 32 of the time.
    // Their higher bits, where there are any, choose another key, drawn from a stream that no
    // purpose has.
    const std::uint64_t rest_of_user = stream.user >> 16;
    const std::uint32_t rest_of_time = halves(stream.time)[1];
    if (rest_of_user == 0 && rest_of_time == 0) return;
    const Block words = Random(key_, {0, rest_of_time}).block(rest_of_user);
    key_ = {words[0], words[1]};
  }

  /// Four independent 32-bit words for each index.
  [[nodiscard]] Block block(std::uint64_t index) const {
    Block x{halves(index)[0], halves(index)[1], stream_[0], stream_[1]};
    Key key = key_;
    for (int round = 0; round < num_rounds; ++round) {
      const std::uint64_t product0 = std::uint64_t{multipliers[0]} * x[0];
      const std::uint64_t product1 = std::uint64_t{multipliers[1]} * x[2];
      x = {static_cast<std::uint32_t>(product1 >> 32) ^ x[1] ^ key[0],
           static_cast<std::uint32_t>(product1),
           static_cast<std::uint32_t>(product0 >> 32) ^ x[3] ^ key[1],
           static_cast<std::uint32_t>(product0)};
      key[0] += key_steps[0];
      key[1] += key_steps[1];
    }
    return x;
  }

  [[nodiscard]] const Key& key() const { return key_; }
  /// The upper half of each block's counter.
  [[nodiscard]] const Key& stream() const { return stream_; }

  /// Uniform in [0, 1) with 53 random bits.
  [[nodiscard]] double uniform(std::uint64_t index) const {
    const Block words = block(index / 2);
    return index % 2 == 0 ? unit(words[0], words[1]) : unit(words[2], words[3]);
  }

  /// Standard normal (Box and Muller 1958).
  [[nodiscard]] double normal(std::uint64_t index) const {
    const Block words = block(index);
    const double radius = std::sqrt(-2 * std::log(1 - unit(words[0], words[1])));
    return radius * std::cos(2 * std::numbers::pi * unit(words[2], words[3]));
  }

  /// Standard normal, drawn again outside +-2 (Keras: TruncatedNormal).
  [[nodiscard]] double truncated_normal(std::uint64_t index) const {
    // Each further attempt takes an index 2^56 higher, which no other value uses.
    for (std::uint64_t attempt = 0;; ++attempt) {
      const double value = normal(index + (attempt << 56));
      if (std::abs(value) <= 2) return value;
    }
  }

  /// A permutation of 0 .. count - 1 (Fisher and Yates).
  [[nodiscard]] std::vector<Index> permutation(Index count) const {
    std::vector<Index> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), Index{0});
    for (Index last = count - 1; last > 0; --last) {
      const auto pick = static_cast<Index>(uniform(static_cast<std::uint64_t>(last)) *
                                           static_cast<double>(last + 1));
      std::swap(order[static_cast<std::size_t>(last)], order[static_cast<std::size_t>(pick)]);
    }
    return order;
  }

 private:
  Random(const Key& key, const Key& stream) : key_(key), stream_(stream) {}

  /// The lower and the upper half.
  [[nodiscard]] static Key halves(std::uint64_t number) {
    return {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32)};
  }

  [[nodiscard]] static double unit(std::uint32_t high, std::uint32_t low) {
    const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 11;
    return static_cast<double>(bits) * 0x1p-53;
  }

  Key key_;
  Key stream_;
};

}  // namespace nn
