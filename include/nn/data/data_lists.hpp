// SPDX-License-Identifier: MIT
// What a call takes as samples and targets: those of one input or output, or a list for several.
#pragma once

#include <concepts>
#include <initializer_list>
#include <span>
#include <vector>

#include "nn/data/targets.hpp"

namespace nn {

/// The samples of each input of a model, for the time of a call: a tensor, a matrix or nn::Samples
/// for one input, `{images, metadata}` for several. Copies nothing.
class SampleList {
 public:
  template <class X>
  SampleList(const X& x)  // NOLINT(google-explicit-constructor): a tensor is a list of one
      : one_(detail::samples_of(x)) {}
  SampleList(std::initializer_list<Samples> list) : several_(list.begin(), list.size()) {}
  SampleList(  // NOLINT(google-explicit-constructor): it is a list
      const std::vector<Samples>& list)
      : several_(list) {}

  [[nodiscard]] std::span<const Samples> list() const {
    return several_.data() == nullptr ? std::span(&one_, 1) : several_;
  }

 private:
  Samples one_;
  std::span<const Samples> several_;
};

/// The targets of each output of a model, for the time of a call: what `Targets` takes for one
/// output, `{labels, prices}` for several. Copies nothing.
class TargetList {
 public:
  template <class Y>
  TargetList(const Y& y)  // NOLINT(google-explicit-constructor): a tensor is a list of one
      : one_(detail::targets_of(y)) {}
  TargetList(std::initializer_list<Targets> list) : several_(list.begin(), list.size()) {}
  TargetList(  // NOLINT(google-explicit-constructor): it is a list
      const std::vector<Targets>& list)
      : several_(list) {}

  [[nodiscard]] std::span<const Targets> list() const {
    return several_.data() == nullptr ? std::span(&one_, 1) : several_;
  }

 private:
  Targets one_;
  std::span<const Targets> several_;
};

}  // namespace nn
