// SPDX-License-Identifier: MIT
// Rectified linear unit as a layer of its own.
#pragma once

#include <optional>
#include <string>

#include "nn/core/finite.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Options of ReLU, with Keras' names and defaults.
struct ReLUOptions {
  std::optional<double> max_value{};  ///< none: unbounded
  double negative_slope = 0;          ///< dy/dx below the threshold
  double threshold = 0;               ///< x up to it counts as negative
};

/// Rectified linear unit (Nair and Hinton 2010; Keras: ReLU).
///     y = min(x, max_value) for x > threshold,  else negative_slope * (x - threshold)
/// Behind a Dense or a Conv2D the plain form is applied by that layer as it writes its result.
/// Shapes    x [N, ...]   y like x
/// Backward  dx = dy where threshold < x < max_value, negative_slope * dy where x <= threshold,
///           else 0
/// Throws    std::invalid_argument for a negative max_value, and for a negative_slope or a
///           threshold that is negative or not finite, also after conversion to T
template <Real T = float>
class ReLU {
 public:
  using Scalar = T;

  explicit ReLU(const ReLUOptions& options = {}) : options_(options) {
    demand(options.max_value.value_or(0) >= 0, "ReLU", "a max_value of 0 or more",
           options.max_value.value_or(0));
    if (!is_finite(options.max_value.value_or(0))) options_.max_value.reset();
    demand(options.negative_slope >= 0 && is_finite(options.negative_slope), "ReLU",
           "a finite negative_slope of 0 or more", options.negative_slope);
    demand(options.threshold >= 0 && is_finite(options.threshold), "ReLU",
           "a finite threshold of 0 or more", options.threshold);
    // An infinite slope times 0 would be NaN.
    demand(is_finite(T(options.negative_slope)), "ReLU", "a negative_slope in the range of float",
           options.negative_slope);
    demand(is_finite(T(options.threshold)), "ReLU", "a threshold in the range of float",
           options.threshold);
  }

  [[nodiscard]] static std::string name() { return "ReLU"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }

  static constexpr Promises promises{.only_activates = true, .keeps_mask = true, .masks_dx = true};

  [[nodiscard]] Activation activation() const {
    if (is_plain()) return Activation::relu;
    const bool is_relu6 =
        options_.max_value == 6.0 && options_.negative_slope == 0 && options_.threshold == 0;
    return is_relu6 ? Activation::relu6 : Activation::linear;
  }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    // y = max(x, 0)
    if (is_plain()) return kernels::activate(Activation::relu, x.size(), x.data(), y.data());
    const auto threshold = static_cast<T>(options_.threshold);
    const auto slope = static_cast<T>(options_.negative_slope);
    for (Index i = 0; i < x.size(); ++i) {
      const T value = x.data()[i];
      T result = slope * (value - threshold);
      if (slope == T(0) && value <= threshold) result = T(0);  // even where value is infinite
      if (value > threshold) result = value > ceiling() ? ceiling() : value;
      y.data()[i] = result;
    }
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    if (is_plain()) {
      // dx = dy where y > 0, else 0; if a ReLU made x, its mask is the same
      return kernels::activation_gradient(Activation::relu, y.size(), x.data(), y.data(), dy.data(),
                                          dx.data());
    }
    const auto threshold = static_cast<T>(options_.threshold);
    const auto slope = static_cast<T>(options_.negative_slope);
    for (Index i = 0; i < x.size(); ++i) {
      const T value = x.data()[i];
      const T gradient = dy.data()[i];
      T result = value > threshold ? (value < ceiling() ? gradient : T(0)) : slope * gradient;
      if (pass.dx_is_masked && value <= T(0)) result = T(0);
      dx.data()[i] = result;
    }
  }

  [[nodiscard]] Arguments arguments() const {
    Arguments result{name()};
    if (options_.max_value) result.set("max_value", *options_.max_value);
    return result.set("negative_slope", options_.negative_slope)
        .set("threshold", options_.threshold);
  }
  [[nodiscard]] static ReLU from_arguments(const Arguments& a) {
    ReLUOptions options{.negative_slope = a.get<double>("negative_slope"),
                        .threshold = a.get<double>("threshold")};
    if (a.has("max_value")) options.max_value = a.get<double>("max_value");
    return ReLU(options);
  }

 private:
  [[nodiscard]] bool is_plain() const {
    return !options_.max_value && options_.negative_slope == 0 && options_.threshold == 0;
  }
  [[nodiscard]] T ceiling() const {
    return static_cast<T>(options_.max_value.value_or(infinity<double>));
  }

  ReLUOptions options_;
};

}  // namespace nn
