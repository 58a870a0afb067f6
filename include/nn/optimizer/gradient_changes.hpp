// SPDX-License-Identifier: MIT
// What is done to gradients when all of them are known.
#pragma once

#include <cmath>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "nn/core/parallel.hpp"
#include "nn/layer/parameter_block.hpp"

namespace nn::detail {

/// Calls use(i, offset, count) for each trained parameter, number i of the block: on all threads,
/// or one by one where `use` itself runs on all.
template <Real T, class Use>
void for_each_trained(ParameterBlock<T>& block, const Use& use, bool one_by_one = false) {
  const Index count = std::ssize(block.named()), at_once = one_by_one ? count : 1;
  parallel_for(one_by_one ? 1 : count, [&](Index piece) {
    for (Index i = piece; i < piece + at_once; ++i) {
      const NamedParameter<T>& parameter = block.named()[static_cast<std::size_t>(i)];
      if (!parameter.is_trained()) continue;
      const auto value = parameter.value();
      use(static_cast<std::size_t>(i), value.data() - block.values(), value.size());
    }
  });
}

/// Gradients of one of `num_batches` batches: added to those of the earlier ones, or, of the last
/// batch, replaced by the mean of all.
template <Real T>
NN_COLD void add_up_gradients(ParameterBlock<T>& block, Index num_batches, bool is_last) {
  T* const sums = block.moment(ParameterBlock<T>::gradient_sum_moment);
  T* const gradients = block.gradients();
  const T scale = T(1) / static_cast<T>(num_batches);
  for (Index i = 0; i < block.size(); ++i) {
    sums[i] += gradients[i];
    if (is_last) gradients[i] = std::exchange(sums[i], T(0)) * scale;
  }
}

/// Cuts each number of the gradients to -limit .. limit.
template <Real T>
NN_COLD void clip_values(ParameterBlock<T>& block, double limit) {
  const auto most = static_cast<T>(limit);
  T* const gradients = block.gradients();
  for (Index i = 0; i < block.size(); ++i) {
    gradients[i] = gradients[i] > most ? most : gradients[i] < -most ? -most : gradients[i];
  }
}

/// Scales the gradient of each parameter to the length `each` at most, or all gradients together
/// to `all`; 0: no limit. Squares are added up in one order for any number of threads.
template <Real T>
NN_COLD void clip_lengths(ParameterBlock<T>& block, double each, double all) {
  if (each == 0 && all == 0) return;
  T* const gradients = block.gradients();
  std::vector<double> squares(block.named().size());
  for_each_trained(block, [&](std::size_t number, Index begin, Index count) {
    for (Index i = begin; i < begin + count; ++i) {
      const auto g = static_cast<double>(gradients[i]);
      squares[number] += g * g;
    }
  });
  double total = 0;
  for (const double sum : squares) total += sum;
  for_each_trained(block, [&](std::size_t number, Index begin, Index count) {
    const double length = std::sqrt(each > 0 ? squares[number] : total);
    const double limit = each > 0 ? each : all;
    if (!(length > limit)) return;
    const auto scale = static_cast<T>(limit / length);
    for (Index i = begin; i < begin + count; ++i) gradients[i] *= scale;
  });
}

}  // namespace nn::detail
