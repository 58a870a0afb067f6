// SPDX-License-Identifier: MIT
// A recurrent layer in both directions.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/layer/recurrent/both_directions.hpp"
#include "nn/model/network.hpp"

namespace nn {

/// Options of Bidirectional, with Keras' names and defaults.
struct BidirectionalOptions {
  MergeMode merge_mode = MergeMode::concat;  ///< how the results of both directions become one
};

/// Two recurrent layers, one of which reads sequences from their last step on (Schuster and Paliwal
/// 1997; Keras: Bidirectional). With return_sequences, y_t is of what both make of step t, and 0 at
/// a masked step. With return_state, the states of the first layer are results behind y, and those
/// of the second. A part of a model: `Sequential{Bidirectional{LSTM{32}}, …}`.
/// Shapes    x [N, steps, in]   y [N, units] or [N, steps, units]; 2 units where they lie side by
///           side
/// Throws    std::invalid_argument unless both layers are recurrent, one of them with go_backwards,
///           and with the same return_sequences and return_state; ShapeError, when the model is
///           built, where they have different units
template <Real T>
class Bidirectional {
 public:
  using Scalar = T;

  /// Of a layer, and one like it in the other direction, with weights of its own.
  template <class L>
  requires(!std::same_as<L, Bidirectional>) &&
      Layer<L>&& std::same_as<typename L::Scalar, T>&& requires(const L& layer) {
    layer.reversed();
  }
  explicit Bidirectional(L layer, const BidirectionalOptions& options = {})
      : Bidirectional(AnyLayer<T>(layer), AnyLayer<T>(layer.reversed()), options) {}
  /// Of two layers, which Keras calls layer and backward_layer.
  template <Layer L, Layer Backward>
  requires std::same_as<typename L::Scalar, T> && std::same_as<typename Backward::Scalar, T>
  Bidirectional(L layer, Backward backward_layer, const BidirectionalOptions& options = {})
      : Bidirectional(AnyLayer<T>(std::move(layer)), AnyLayer<T>(std::move(backward_layer)),
                      options) {}

  Bidirectional(const Bidirectional&) = default;
  Bidirectional(Bidirectional&&) noexcept = default;
  Bidirectional& operator=(const Bidirectional& other) { return *this = Bidirectional(other); }
  // NOLINTNEXTLINE(bugprone-exception-escape, performance-noexcept-move-constructor)
  Bidirectional& operator=(Bidirectional&& other) {
    options_ = other.options_;
    network_ = std::move(other.network_);
    return *this;
  }
  ~Bidirectional() = default;

  [[nodiscard]] static std::string name() { return "Bidirectional"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}.set("merge_mode", to_string(options_.merge_mode));
  }
  [[nodiscard]] NN_COLD static Bidirectional from_parts(const Arguments& a,
                                                        std::vector<AnyLayer<T>> layers) {
    demand(layers.size() == 2, "Bidirectional", "two layers", layers.size());
    return Bidirectional(std::move(layers[0]), std::move(layers[1]), options_from(a));
  }
  [[nodiscard]] NN_COLD static BidirectionalOptions options_from(const Arguments& a) {
    return {.merge_mode = a.one_of(
                "merge_mode", {MergeMode::concat, MergeMode::sum, MergeMode::mul, MergeMode::ave})};
  }
  /// Both layers.
  [[nodiscard]] std::span<const AnyLayer<T>> layers() const {
    return std::span(network_.layers()).first(2);
  }

 private:
  friend struct detail::ModelAccess;

  NN_COLD Bidirectional(AnyLayer<T> layer, AnyLayer<T> backward_layer,
                        const BidirectionalOptions& options)
      : options_(options) {
    const bool differ = flag(layer, "go_backwards") != flag(backward_layer, "go_backwards");
    demand(differ, "Bidirectional", "one layer with go_backwards and one without",
           "both in one direction");
    const bool agree = flag(layer, "return_sequences") == flag(backward_layer, "return_sequences");
    demand(agree, "Bidirectional", "the same return_sequences in both directions", "another");
    LayerGraph<T>& graph = network_.graph();
    const std::size_t count = graph.num_results(layer);
    demand(count == graph.num_results(backward_layer), "Bidirectional",
           "the same return_state in both directions", "another");
    graph.add(std::move(layer), {0});
    graph.add(std::move(backward_layer), {0});
    graph.add(AnyLayer<T>(detail::BothDirections<T>(options.merge_mode)), {1, 1 + count});
    std::vector<std::size_t> results{1 + 2 * count};
    for (std::size_t i = 1; i < count; ++i) results.push_back(1 + i);
    for (std::size_t i = 1; i < count; ++i) results.push_back(1 + count + i);
    graph.set_ends({}, std::move(results));
  }
  /// One of the arguments of a recurrent layer.
  [[nodiscard]] NN_COLD static bool flag(const AnyLayer<T>& layer, const char* name) {
    const auto arguments = layer.arguments();
    if (arguments && arguments->has(name)) return arguments->template get<bool>(name);
    refuse({"Bidirectional", "recurrent layers, with go_backwards and return_sequences",
            layer.name()});
  }

  BidirectionalOptions options_;
  Network<T> network_{"Bidirectional"};
};

template <class L>
Bidirectional(L, const BidirectionalOptions& = {}) -> Bidirectional<typename L::Scalar>;
template <class L, class Backward>
Bidirectional(L, Backward, const BidirectionalOptions& = {}) -> Bidirectional<typename L::Scalar>;

}  // namespace nn
