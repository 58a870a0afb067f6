// SPDX-License-Identifier: MIT
// The part of a test form that is compiled for each layer, so it is small.
#pragma once

#include <cstdlib>

#include "nn/testing/check_gradients.hpp"
#include "nn/testing/dual.hpp"

namespace nn::testing::detail {

/// Makes one layer over each scalar type; not over Dual where it has no such form.
struct LayerSource {
  virtual ~LayerSource() = default;
  virtual AnyLayer<double> of_double() const = 0;
  virtual AnyLayer<float> of_float() const = 0;
  virtual AnyLayer<Dual> of_dual() const = 0;
  virtual bool has_dual() const = 0;
};

template <class Make>
struct SourceBy final : LayerSource {
  static constexpr bool makes_dual = requires(const Make& make) {
    make.template operator()<Dual>();
  };

  explicit SourceBy(const Make& function) : make(function) {}
  AnyLayer<double> of_double() const override {
    return AnyLayer<double>(make.template operator()<double>());
  }
  AnyLayer<float> of_float() const override {
    return AnyLayer<float>(make.template operator()<float>());
  }
  AnyLayer<Dual> of_dual() const override {
    if constexpr (makes_dual) return AnyLayer<Dual>(make.template operator()<Dual>());
    std::abort();  // nobody asks for it
  }
  bool has_dual() const override { return makes_dual; }

  const Make& make;
};

[[nodiscard]] inline LayerMaker maker_of(const LayerSource& source) {
  LayerMaker maker;
  maker.of_double = [&source] { return source.of_double(); };
  maker.of_float = [&source] { return source.of_float(); };
  if (source.has_dual()) maker.of_dual = [&source] { return source.of_dual(); };
  return maker;
}

}  // namespace nn::testing::detail
