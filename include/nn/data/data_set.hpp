// SPDX-License-Identifier: MIT
// Samples with what belongs to each of them.
#pragma once

#include "nn/data/sample_source.hpp"
#include "nn/data/sample_weights.hpp"
#include "nn/data/targets.hpp"

namespace nn {

/// Samples, their targets and their weights, as views.
struct DataSet {
  Samples x{};
  Targets y{};
  SampleWeights weights{};
  detail::SourceView source{};  ///< where it is given, x and y are read from it

  [[nodiscard]] Index count() const { return source.is_given() ? source.count() : x.count(); }
  [[nodiscard]] const Shape& sample_shape() const {
    return source.is_given() ? source.sample_shape() : x.sample_shape();
  }
  /// Samples first .. first + count - 1 with all that belongs to them.
  [[nodiscard]] DataSet slice(Index first, Index count) const {
    if (source.is_given()) {
      return {{}, {}, weights.slice(first, count), source.slice(first, count)};
    }
    return {x.slice(first, count), y.slice(first, count), weights.slice(first, count)};
  }

  /// Throw as those of Samples do.
  template <Real T>
  void check_type(const char* where) const {
    source.is_given() ? source.check_type<T>(where) : x.check_type<T>(where);
  }
  void check_shape(const char* where, const Shape& sample) const {
    source.is_given() ? source.check_shape(where, sample) : x.check_shape(where, sample);
  }
};

}  // namespace nn
