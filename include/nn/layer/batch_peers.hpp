// SPDX-License-Identifier: MIT
// The processes that each have a part of the batch at hand, and statistics of the whole batch.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "nn/core/cold.hpp"
#include "nn/core/config.hpp"
#include "nn/core/real.hpp"

namespace nn {

/// The processes that each have samples of the same batch, as `Pass::peers` names them to layers.
class BatchPeers {
 public:
  BatchPeers() = default;
  BatchPeers(const BatchPeers&) = delete;
  BatchPeers& operator=(const BatchPeers&) = delete;
  virtual ~BatchPeers() = default;

  /// The numbers that each of them brings, as many as this one, behind each other in the order of
  /// the processes. Valid until the next call. All make the same calls in the same order.
  [[nodiscard]] virtual std::span<const double> all_gather(std::span<const double> mine) = 0;
};

namespace detail {

/// Of columns of `rows` rows: makes each mean, and each mean squared deviation from it, that of all
/// processes' rows, in the order of the processes (Chan, Golub and LeVeque 1983).
template <Real T>
NN_COLD void share_moments(BatchPeers& peers, Index rows, std::span<T> mean,
                           std::span<T> variance) {
  const std::size_t features = mean.size(), length = 2 * features + 1;
  std::vector<double> mine{static_cast<double>(rows)};
  for (const T& mean_j : mean) mine.push_back(static_cast<double>(mean_j));
  for (const T& variance_j : variance) mine.push_back(static_cast<double>(variance_j));
  const std::span<const double> all = peers.all_gather(mine);
  for (std::size_t j = 0; j < features; ++j) {
    double count = 0, mean_j = 0, squares_j = 0;
    for (std::size_t part = 0; part < all.size(); part += length) {
      const double rows_of_part = all[part];
      const double distance = all[part + 1 + j] - mean_j;
      const double share = rows_of_part / (count + rows_of_part);
      squares_j +=
          rows_of_part * all[part + 1 + features + j] + distance * distance * count * share;
      mean_j += distance * share;
      count += rows_of_part;
    }
    mean[j] = static_cast<T>(mean_j);
    variance[j] = static_cast<T>(squares_j / count);
  }
}

/// Adds to these sums over `rows` rows those of all processes. Returns how many rows all have.
template <Real T>
[[nodiscard]] NN_COLD Index share_sums(BatchPeers& peers, Index rows, std::span<T> sums) {
  const std::size_t length = sums.size() + 1;
  std::vector<double> mine{static_cast<double>(rows)};
  for (const T& sum : sums) mine.push_back(static_cast<double>(sum));
  const std::span<const double> all = peers.all_gather(mine);
  double all_rows = 0;
  for (std::size_t part = 0; part < all.size(); part += length) all_rows += all[part];
  for (std::size_t j = 0; j < sums.size(); ++j) {
    double sum = 0;
    for (std::size_t part = 0; part < all.size(); part += length) sum += all[part + 1 + j];
    sums[j] = static_cast<T>(sum);
  }
  return static_cast<Index>(all_rows);
}

}  // namespace detail
}  // namespace nn
