// SPDX-License-Identifier: MIT
// One step of an optimizer as a rule that the backward pass applies where a gradient is finished.
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <type_traits>

#include "nn/kernels/machine/blocks.hpp"

namespace nn {

/// What one step does to parameters whose gradients are known: `rule(w, g, count)` updates `count`
/// neighbours w, in place in the model's block, by their gradients g. Each parameter takes part
/// once in a step; different ones in any order, from any thread. A value: the rule is kept inside.
class ParameterUpdate {
 public:
  /// `moments` are what the rule reads beside each parameter of the block, so that whoever applies
  /// it may fetch them ahead; null where there is none.
  template <Real T, class Rule>
  [[nodiscard]] static ParameterUpdate of(const Rule& rule, const T* block = nullptr,
                                          const std::array<const T*, 2>& moments = {}) {
    static_assert(std::is_trivially_copyable_v<Rule> && sizeof(Rule) <= sizeof(Storage));
    ParameterUpdate update;
    update.block_ = block;
    update.moments_ = {moments[0], moments[1]};
    ::new (static_cast<void*>(update.storage_.data())) Rule(rule);
    update.apply_ = [](const std::byte* storage, void* w, const void* g, Index count) {
      (*std::launder(reinterpret_cast<const Rule*>(storage)))(static_cast<T*>(w),
                                                              static_cast<const T*>(g), count);
    };
    return update;
  }

  /// In the calling thread.
  template <Real T>
  void apply(T* w, const T* g, Index count) const {
    apply_(storage_.data(), w, g, count);
  }
  /// Where the moments of the parameter w and its neighbours lie.
  template <Real T>
  [[nodiscard]] std::array<const T*, 2> moments_of(const T* w) const {
    std::array<const T*, 2> moments{};
    for (std::size_t i = 0; i < moments.size(); ++i) {
      if (moments_[i] == nullptr) continue;
      moments[i] = static_cast<const T*>(moments_[i]) + (w - static_cast<const T*>(block_));
    }
    return moments;
  }
  /// On all threads.
  template <Real T>
  void apply_to_all(T* w, const T* g, Index count) const {
    kernels::for_each_block(count,
                            [&](Index first, Index size) { apply(w + first, g + first, size); });
  }

 private:
  using Storage = std::array<std::byte, 192>;  // for an optimizer's rule; Adam's has 168 bytes

  ParameterUpdate() = default;

  const void* block_ = nullptr;
  std::array<const void*, 2> moments_{};
  alignas(std::max_align_t) Storage storage_{};
  void (*apply_)(const std::byte* storage, void* w, const void* g, Index count) = nullptr;
};

/// One step of an optimizer on one parameter, whose gradient is finished piece by piece.
template <Real T>
class ParameterStep {
 public:
  ParameterStep(const ParameterUpdate* update, T* value) : update_(update), value_(value) {}

  /// Whether there is a step.
  [[nodiscard]] explicit operator bool() const { return update_ != nullptr; }
  /// What it reads beside the parameter.
  [[nodiscard]] std::array<const T*, 2> moments() const { return update_->moments_of(value_); }
  /// Updates `count` elements from number `first` on by their gradients g, in the calling thread.
  void operator()(Index first, const T* g, Index count) const {
    update_->apply(value_ + first, g, count);
  }

 private:
  const ParameterUpdate* update_;
  T* value_;
};

}  // namespace nn
