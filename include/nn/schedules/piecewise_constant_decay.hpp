// SPDX-License-Identifier: MIT
// A learning rate that changes at given steps.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/layer/arguments.hpp"

namespace nn {

/// Given rates between given steps (Keras: PiecewiseConstantDecay):
///     PiecewiseConstantDecay{{1000, 5000}, {0.1, 0.01, 0.001}}
/// is 0.1 up to step 1000, 0.01 up to step 5000, and then 0.001; steps are counted from 0.
/// Throws    std::invalid_argument for boundaries that do not rise, another number of values than
///           one more than boundaries, and values that are negative or not finite
class PiecewiseConstantDecay {
 public:
  NN_COLD PiecewiseConstantDecay(std::vector<std::int64_t> boundaries, std::vector<double> values)
      : boundaries_(std::move(boundaries)), values_(std::move(values)) {
    constexpr const char* where = "PiecewiseConstantDecay";
    demand(values_.size() == boundaries_.size() + 1, where, "one value more than boundaries",
           {values_.size(), " values, ", boundaries_.size(), " boundaries"});
    for (std::size_t i = 1; i < boundaries_.size(); ++i) {
      demand(boundaries_[i - 1] < boundaries_[i], where, "boundaries that rise",
             {boundaries_[i], " after ", boundaries_[i - 1]});
    }
    for (const double value : values_) {
      demand(value >= 0 && is_finite(value), where, "finite values of 0 or more", value);
    }
  }

  [[nodiscard]] static std::string name() { return "PiecewiseConstantDecay"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("boundaries", std::vector<Index>(boundaries_.begin(), boundaries_.end()))
        .set("values", values_);
  }
  [[nodiscard]] NN_COLD static PiecewiseConstantDecay from_arguments(const Arguments& arguments) {
    const auto boundaries = arguments.get<std::vector<Index>>("boundaries");
    return {{boundaries.begin(), boundaries.end()}, arguments.get<std::vector<double>>("values")};
  }

  /// The rate of the update after `step` updates.
  [[nodiscard]] double operator()(std::int64_t step) const {
    const auto next = std::lower_bound(boundaries_.begin(), boundaries_.end(), step);
    return values_[static_cast<std::size_t>(next - boundaries_.begin())];
  }

 private:
  std::vector<std::int64_t> boundaries_;
  std::vector<double> values_;
};

}  // namespace nn
