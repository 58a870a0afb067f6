// SPDX-License-Identifier: MIT
// How dark a pixel has to be to count as ink.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "mnist/centre.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

/// Which pixels belong to something, 0 or 1. Shape [H, W]
using Mask = nn::Tensor<std::uint8_t, 2>;

/// How many pixels have which ink, -1 to 1.
class Histogram {
 public:
  void add(float ink) {
    const float place = (std::clamp(ink, -1.0f, 1.0f) + 1) * half;
    ++counts_[static_cast<std::size_t>(place)];
    ++total_;
  }
  [[nodiscard]] nn::Index total() const { return total_; }

  /// The ink that this share of the pixels has at most.
  [[nodiscard]] float quantile(double share) const {
    const auto wanted = static_cast<nn::Index>(share * static_cast<double>(total_ - 1));
    nn::Index below = 0;
    std::size_t grade = 0;
    while (grade + 1 < counts_.size() && (below += counts_[grade]) <= wanted) ++grade;
    return (static_cast<float>(grade) + 0.5f) / half - 1;
  }

 private:
  static constexpr float half = 512;
  std::array<nn::Index, 1025> counts_{};
  nn::Index total_ = 0;
};

/// What stands out from the noise of the paper. Ink is on one side of it only, so the other side
/// shows how wide the noise is.
[[nodiscard]] inline float faintest_ink(const Ink& ink) {
  constexpr float least = 0.06f;  // what can be seen
  constexpr float deviations = 4;
  Histogram histogram;
  for (nn::Index i = 0; i < ink.size(); ++i) histogram.add(ink.data()[i]);
  const float middle = histogram.quantile(0.5);
  const float deviation = middle - histogram.quantile(0.16);
  return middle + std::max(least, deviations * deviation);
}

/// The ink of a stroke's middle: that of the darkest tenth of the pixels above `faintest`; 0 if
/// there are none.
[[nodiscard]] inline float full_ink(const Ink& ink, float faintest) {
  Histogram histogram;
  for (nn::Index i = 0; i < ink.size(); ++i) {
    if (ink.data()[i] > faintest) histogram.add(ink.data()[i]);
  }
  return histogram.total() == 0 ? 0 : histogram.quantile(0.9);
}

/// The pixels with more ink than `least`.
[[nodiscard]] inline Mask above(const Ink& ink, float least) {
  Mask mask(ink.dimension(0), ink.dimension(1));
  for (nn::Index i = 0; i < ink.size(); ++i) mask.data()[i] = ink.data()[i] > least ? 1 : 0;
  return mask;
}

}  // namespace mnist::detail
