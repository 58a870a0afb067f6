// SPDX-License-Identifier: MIT
// How much each sample counts, in the caller's memory.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <type_traits>

#include "nn/data/samples.hpp"

namespace nn {

namespace detail {

/// What SampleWeights can be made of.
template <class W>
concept WeightData = (TensorLike<W> || MatrixLike<W> ||
                      ListLike<W>)&&(std::same_as<ScalarOf<W>, float> ||
                                     std::same_as<ScalarOf<W>, double>);

}  // namespace detail

/// Weights of samples [N] (or [N, 1]), or of each of their positions [N, positions], of float or
/// double in the caller's memory, which has to outlive the view: a tensor, an Eigen vector or
/// matrix, or a list of numbers. Without any, all are 1.
class SampleWeights {
 public:
  SampleWeights() = default;

  template <detail::WeightData W>
  SampleWeights(
      const W& weights)  // NOLINT(google-explicit-constructor): a vector is a set of weights
      : is_given_(true) {
    if constexpr (ListLike<W>) {
      values_ = Samples(weights, {static_cast<Index>(weights.size())});
    } else {
      values_ = Samples(weights);
    }
  }
  template <detail::WeightData W>
  requires(!detail::is_view<W>) SampleWeights(
      const W&&) {  // NOLINT(google-explicit-constructor): a vector is a set of weights
    static_assert(!detail::WeightData<W>,
                  "nn: these weights die at the end of the line, and a view of them is kept; give "
                  "them a name that lives longer");
  }

  [[nodiscard]] bool is_given() const { return is_given_; }
  [[nodiscard]] Shape shape() const { return values_.shape(); }
  [[nodiscard]] Index count() const { return values_.count(); }
  /// Weights of one sample: 1, or the number of its positions.
  [[nodiscard]] Index numbers_per_sample() const { return values_.sample_shape().num_elements(); }

  [[nodiscard]] SampleWeights slice(Index first, Index count) const {
    SampleWeights part = *this;
    if (is_given_) part.values_ = values_.slice(first, count);
    return part;
  }
  /// Those of the samples rows[0 .. count - 1] as T; see Samples::gather.
  template <Real T>
  [[nodiscard]] const T* gather(const Index* rows, Index count, T* buffer) const {
    return values_.gather(rows, count, buffer);
  }

 private:
  Samples values_;
  bool is_given_ = false;
};

/// Weights of classes, by their numbers; 1 for those that are not listed.
using ClassWeights = std::map<std::int32_t, double>;

}  // namespace nn
