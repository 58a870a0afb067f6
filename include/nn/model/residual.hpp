// SPDX-License-Identifier: MIT
// A chain of layers beside a shortcut.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/merging/add.hpp"
#include "nn/model/network.hpp"

namespace nn {

namespace detail {

/// The sum of x and f(x), which f must not need to be repeated for.
template <Real T>
struct ResidualSum : Add<T> {
  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    return equal_shape("Add", inputs);
  }
};

}  // namespace detail

/// y = x + f(x), where f is a chain of layers whose result has the shape of its input (He, Zhang,
/// Ren and Sun 2015). A part of a model: `Sequential{Conv2D{…}, Residual{Conv2D{…}, ReLU{}}, …}`.
/// Backward  dx = dy + df/dx dy
/// Throws    std::invalid_argument without layers; ShapeError, when the model is built, for an f
///           that changes the shape
template <Real T = float>
class Residual {
 public:
  using Scalar = T;

  /// Of layers or models over one scalar type.
  template <class First, class... Rest>
  requires(sizeof...(Rest) > 0 || !std::same_as<First, Residual>) &&
      std::constructible_from<AnyLayer<T>, First> explicit Residual(First first, Rest... rest) {
    network_.add(AnyLayer<T>(std::move(first)));
    (network_.add(AnyLayer<T>(std::move(rest))), ...);
    close();
  }
  NN_COLD explicit Residual(std::vector<AnyLayer<T>> layers) {
    demand(!layers.empty(), "Residual", "at least one layer", "none");
    for (AnyLayer<T>& layer : layers) network_.add(std::move(layer));
    close();
  }

  Residual(const Residual&) = default;
  Residual(Residual&&) noexcept = default;
  Residual& operator=(const Residual& other) { return *this = Residual(other); }
  // NOLINTNEXTLINE(bugprone-exception-escape, performance-noexcept-move-constructor)
  Residual& operator=(Residual&& other) {
    network_ = std::move(other.network_);
    return *this;
  }
  ~Residual() = default;

  [[nodiscard]] static std::string name() { return "Residual"; }
  /// The layers of f.
  [[nodiscard]] std::span<const AnyLayer<T>> layers() const {
    return std::span(network_.layers()).first(network_.layers().size() - 1);
  }

 private:
  friend struct detail::ModelAccess;

  /// The sum of what f makes and of the input.
  NN_COLD void close() {
    network_.graph().add(AnyLayer<T>(detail::ResidualSum<T>{}), {network_.layers().size(), 0});
  }

  Network<T> network_{"Residual"};
};

template <class First, class... Rest>
Residual(First, Rest...) -> Residual<typename First::Scalar>;

}  // namespace nn
