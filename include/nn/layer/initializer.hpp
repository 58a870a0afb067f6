// SPDX-License-Identifier: MIT
// Rules for the first values of parameters.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "nn/core/error.hpp"
#include "nn/core/random.hpp"
#include "nn/core/shape.hpp"

namespace nn {

/// Inputs and outputs that one unit of a parameter connects.
struct Fans {
  double in = 1;
  double out = 1;
};

/// Keras' rule: kernels are `[receptive field..., in, out]`, vectors count their length twice.
[[nodiscard]] inline Fans fans_of(const Shape& shape) {
  if (shape.empty()) return {1, 1};
  const auto last = static_cast<double>(shape.back());
  if (shape.rank() == 1) return {last, last};
  const auto in = static_cast<double>(shape[shape.rank() - 2]);
  double receptive_field = 1;
  for (Index axis = 0; axis + 2 < shape.rank(); ++axis) {
    receptive_field *= static_cast<double>(shape[axis]);
  }
  return {receptive_field * in, receptive_field * last};
}

/// U(-L, L) with L = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).
struct GlorotUniform {
  [[nodiscard]] double operator()(const Random& random, std::uint64_t index, Fans fans) const {
    const double limit = std::sqrt(6 / (fans.in + fans.out));
    return limit * (2 * random.uniform(index) - 1);
  }
};

/// Normal with variance 2 / fan_in, truncated at two sigma (He, Zhang, Ren and Sun 2015).
struct HeNormal {
  [[nodiscard]] double operator()(const Random& random, std::uint64_t index, Fans fans) const {
    // Standard deviation of a standard normal that is truncated to [-2, 2].
    constexpr double truncated_deviation = 0.87962566103423978;
    return std::sqrt(2 / fans.in) / truncated_deviation * random.truncated_normal(index);
  }
};

/// Every element the same.
struct Constant {
  double value = 0;
  [[nodiscard]] double operator()(const Random&, std::uint64_t, Fans) const { return value; }
};

struct Zeros : Constant {};

struct Ones : Constant {
  Ones() : Constant{1} {}
};

/// Any of the rules above, as an option of a layer: `.kernel_initializer = nn::HeNormal{}`.
class Initializer {
 public:
  // NOLINTBEGIN(google-explicit-constructor): an option's value
  Initializer(GlorotUniform) : rule_(Rule::glorot_uniform) {}
  Initializer(HeNormal) : rule_(Rule::he_normal) {}
  Initializer(Zeros) : rule_(Rule::zeros) {}
  Initializer(Ones ones) : rule_(Rule::ones), constant_(ones) {}
  Initializer(Constant constant) : rule_(Rule::constant), constant_(constant) {}
  // NOLINTEND(google-explicit-constructor)

  /// Value of element `index`: a pure function of the random stream, the index and the fans.
  [[nodiscard]] double operator()(const Random& random, std::uint64_t index, Fans fans) const {
    switch (rule_) {
      case Rule::glorot_uniform:
        return GlorotUniform{}(random, index, fans);
      case Rule::he_normal:
        return HeNormal{}(random, index, fans);
      case Rule::zeros:
      case Rule::ones:
      case Rule::constant:
        break;
    }
    return constant_(random, index, fans);
  }

  /// Keras' name: "glorot_uniform", "he_normal", "zeros", "ones", or "constant(0.5)".
  [[nodiscard]] std::string to_string() const;

  /// The rule of that name. Throws `std::invalid_argument` for any other.
  [[nodiscard]] static Initializer from_string(std::string_view name);

 private:
  enum class Rule { glorot_uniform, he_normal, zeros, ones, constant };

  Rule rule_;
  Constant constant_{};
};

NN_COLD inline std::string Initializer::to_string() const {
  if (rule_ == Rule::glorot_uniform) return "glorot_uniform";
  if (rule_ == Rule::he_normal) return "he_normal";
  if (rule_ == Rule::zeros) return "zeros";
  if (rule_ == Rule::ones) return "ones";
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, constant_.value).ptr;
  return concat(
      {"constant(", std::string_view(digits, static_cast<std::size_t>(end - digits)), ")"});
}

NN_COLD inline Initializer Initializer::from_string(std::string_view name) {
  if (name == "glorot_uniform") return GlorotUniform{};
  if (name == "he_normal") return HeNormal{};
  if (name == "zeros") return Zeros{};
  if (name == "ones") return Ones{};
  constexpr std::string_view prefix = "constant(";
  if (name.starts_with(prefix) && name.ends_with(')')) {
    const std::string_view digits = name.substr(prefix.size(), name.size() - prefix.size() - 1);
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc{} && end == digits.data() + digits.size()) return Constant{value};
  }
  refuse({"Initializer",
          "glorot_uniform, he_normal, zeros, ones or constant(number)",
          {"'", name, "'"}});
}

}  // namespace nn
