// SPDX-License-Identifier: MIT
// Stochastic gradient descent.
#pragma once

#include <cmath>
#include <string>

#include "nn/kernels/update.hpp"
#include "nn/layer/parameter.hpp"

namespace nn {

struct SGDOptions {
  double learning_rate = 0.01;
  double momentum = 0;
  bool nesterov = false;
};

/// Stochastic gradient descent (Robbins and Monro 1951; momentum: Polyak 1964, Nesterov 1983;
/// Sutskever et al. 2013), as Keras has it:
///     plain      w -= learning_rate g
///     momentum   m = momentum m - learning_rate g     w += m
///     nesterov   m likewise                           w += momentum m - learning_rate g
/// Throws std::invalid_argument for a rate that is not positive and for a momentum outside [0, 1]
class SGD {
 public:
  explicit SGD(const SGDOptions& options = {}) : options_(options) {
    set_learning_rate(options.learning_rate);
    require(options.momentum >= 0 && options.momentum <= 1, "SGD", "a momentum from 0 to 1",
            options.momentum);
  }

  [[nodiscard]] std::string name() const { return "sgd"; }
  [[nodiscard]] double learning_rate() const { return options_.learning_rate; }
  void set_learning_rate(double rate) {
    require(rate > 0 && std::isfinite(rate), "SGD", "a positive learning_rate", rate);
    options_.learning_rate = rate;
  }

  /// Updates all values from the gradients; one pass over memory.
  template <Real T>
  void step(ParameterBlock<T>& block) const {
    begin_step(block).apply_to_all(block.values(), block.gradients(), block.size());
  }

  /// Counts a step and returns what it does to each parameter.
  template <Real T>
  [[nodiscard]] ParameterUpdate begin_step(ParameterBlock<T>& block) const {
    block.advance_step();
    const T rate = static_cast<T>(options_.learning_rate);
    if (options_.momentum == 0) {
      return ParameterUpdate::of<T>(
          [rate](T* w, const T* g, Index count) { kernels::sgd_update(count, w, g, rate); });
    }
    return ParameterUpdate::of<T>([rate, m = block.moment(0), first = block.values(),
                                   momentum = static_cast<T>(options_.momentum),
                                   nesterov = options_.nesterov](T* w, const T* g, Index count) {
      kernels::momentum_update(count, w, g, m + (w - first), rate, momentum, nesterov);
    });
  }

 private:
  SGDOptions options_;
};

}  // namespace nn
