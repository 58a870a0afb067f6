// SPDX-License-Identifier: MIT
// Objects whose memory can be kept and put back.
#pragma once

#include <concepts>
#include <vector>

#include "nn/core/cxx20.hpp"

namespace nn {

/// A class that gives all that it remembers as numbers, and takes them back: a metric, or a
/// callback.
template <class C>
concept HasState = requires(C& c, const C& same, const std::vector<double>& state) {
  { same.state() } -> std::same_as<std::vector<double>>;
  c.set_state(state);
};

}  // namespace nn
