// SPDX-License-Identifier: MIT
// A part of a model's parameters that one process updates.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "nn/layer/parameter_block.hpp"

namespace nn::detail {

/// Elements first .. end - 1 of a model's trained parameters as a block of their own. So an
/// optimizer works on them as on a model, and its moments are as large as the slice. `first` and
/// `end` lie on cache lines.
template <Real T>
class ParameterSlice {
 public:
  NN_COLD ParameterSlice(ParameterBlock<T>& whole, Index first, Index end)
      : whole_(whole), first_(first), end_(end) {
    ParameterList<T> list;
    for (const NamedParameter<T>& parameter : whole.named()) {
      if (!parameter.is_trained()) continue;
      const Index begin = parameter.value().data() - whole.values();
      const Index part_begin = std::max(begin, first);
      const Index part_end = std::min(begin + parameter.shape.num_elements(), end);
      if (part_begin >= part_end) continue;
      parts_.push_back(std::make_unique<Parameter<T, 1>>());
      list.add(*parts_.back(), parameter.name, Shape{part_end - part_begin}, Zeros{});
    }
    block_.allocate(list);
    refresh();
  }

  /// Takes the values of the whole anew.
  void refresh() { std::copy_n(whole_.values() + first_, block_.size(), block_.values()); }

  [[nodiscard]] ParameterBlock<T>& block() { return block_; }
  [[nodiscard]] Index first() const { return first_; }
  [[nodiscard]] Index end() const { return end_; }
  /// The value of element number i of the whole.
  [[nodiscard]] T* value(Index i) { return block_.values() + (i - first_); }

  /// Moments of the whole, or of nobody, as those of the slice.
  NN_COLD void take_moments(const typename ParameterBlock<T>::Moments& whole, std::int64_t step) {
    typename ParameterBlock<T>::Moments moments;
    for (std::size_t m = 0; m < moments.size(); ++m) {
      if (whole[m].empty() || block_.size() == 0) continue;
      moments[m] = AlignedArray<T>(static_cast<std::size_t>(block_.size()));
      std::copy_n(whole[m].data() + first_, block_.size(), moments[m].data());
    }
    block_.resume(std::move(moments), step);
  }

 private:
  ParameterBlock<T>& whole_;
  Index first_, end_;
  std::vector<std::unique_ptr<Parameter<T, 1>>> parts_;
  ParameterBlock<T> block_;
};

}  // namespace nn::detail
