// SPDX-License-Identifier: MIT
// Layers of the tests' own, for tests of models that mean no layer of the library.
#pragma once

#include <cstdint>
#include <string>

#include "nn/layer/layer.hpp"

namespace nn::testing {

/// y = factor * x. Makes no promise.
template <Real T = float>
class Scale {
 public:
  using Scalar = T;
  explicit Scale(double factor) : factor_(factor) {}

  [[nodiscard]] static std::string name() { return "Scale"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }
  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    y = x * static_cast<T>(factor_);
  }
  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2> dy, TensorMap<T, 2> dx,
                const Pass&) const {
    dx = dy * static_cast<T>(factor_);
  }
  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("factor", factor_); }
  [[nodiscard]] static Scale from_arguments(const Arguments& a) {
    return Scale(a.get<double>("factor"));
  }

 private:
  double factor_;
};

/// In training each number becomes 0 with probability `rate`, else x / (1 - rate). Which ones is
/// drawn anew in each pass.
template <Real T = float>
class RandomMask {
 public:
  using Scalar = T;
  explicit RandomMask(double rate) : rate_(rate) {}

  [[nodiscard]] static std::string name() { return "RandomMask"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }
  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    mask(x.size(), x.data(), y.data(), pass);
  }
  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    mask(y.size(), dy.data(), dx.data(), pass);
  }
  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("rate", rate_); }
  [[nodiscard]] static RandomMask from_arguments(const Arguments& a) {
    return RandomMask(a.get<double>("rate"));
  }

 private:
  void mask(Index count, const T* from, T* to, const Pass& pass) const {
    const Random random = pass.random(RandomPurpose::user);
    for (Index i = 0; i < count; ++i) {
      const bool is_dropped =
          pass.is_random() && random.uniform(static_cast<std::uint64_t>(i)) < rate_;
      const T kept = pass.is_random() ? from[i] / static_cast<T>(1 - rate_) : from[i];
      to[i] = is_dropped ? T(0) : kept;
    }
  }

  double rate_;
};

}  // namespace nn::testing
