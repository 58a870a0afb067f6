// SPDX-License-Identifier: MIT
// A layer for each step of a sequence.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/model/network.hpp"

namespace nn {

/// One layer or model, applied to each step of a sequence (Keras: TimeDistributed): y_t = f(x_t).
/// A part of a model: `Sequential{TimeDistributed{Conv2D{…}}, …}`. The steps of all samples are
/// samples of f, and f's own layers are run among the model's. So a batch normalization in f takes
/// the statistics of all steps together, and a mask of the steps stays.
/// Shapes    x [N, steps, ...]   y [N, steps, ...], of what f makes of one sample [...]
/// Backward  dx_t = df/dx_t dy_t
/// Throws    ShapeError, when the model is built, for samples without steps
template <Real T>
class TimeDistributed {
 public:
  using Scalar = T;

  /// Of a layer or model over the scalar type.
  template <class L>
  requires(!std::same_as<L, TimeDistributed>) &&
      std::constructible_from<AnyLayer<T>, L> explicit TimeDistributed(L layer)
      : TimeDistributed(AnyLayer<T>(std::move(layer))) {}
  NN_COLD explicit TimeDistributed(AnyLayer<T> layer) {
    LayerGraph<T>& graph = network_.graph();
    std::vector<std::size_t> results;
    for (std::size_t i = 0; i < graph.num_results(layer); ++i) results.push_back(1 + i);
    graph.set_outer_axes(1);
    graph.add(std::move(layer), {0});
    graph.set_ends({}, std::move(results));
  }

  TimeDistributed(const TimeDistributed&) = default;
  TimeDistributed(TimeDistributed&&) noexcept = default;
  TimeDistributed& operator=(const TimeDistributed& other) {
    return *this = TimeDistributed(other);
  }
  // NOLINTNEXTLINE(bugprone-exception-escape, performance-noexcept-move-constructor)
  TimeDistributed& operator=(TimeDistributed&& other) {
    network_ = std::move(other.network_);
    return *this;
  }
  ~TimeDistributed() = default;

  [[nodiscard]] static std::string name() { return "TimeDistributed"; }
  [[nodiscard]] static Arguments arguments() { return Arguments{name()}; }
  [[nodiscard]] static TimeDistributed from_parts(const Arguments&,
                                                  std::vector<AnyLayer<T>> layers) {
    demand(layers.size() == 1, "TimeDistributed", "one layer", layers.size());
    return TimeDistributed(std::move(layers[0]));
  }
  /// f, as a list of one.
  [[nodiscard]] std::span<const AnyLayer<T>> layers() const { return network_.layers(); }

 private:
  friend struct detail::ModelAccess;

  Network<T> network_{"TimeDistributed"};
};

template <class L>
TimeDistributed(L) -> TimeDistributed<typename L::Scalar>;

}  // namespace nn
