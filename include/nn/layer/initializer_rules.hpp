// SPDX-License-Identifier: MIT
// Keras' rules for the first values of parameters.
#pragma once

#include <cmath>
#include <cstdint>

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

/// Which connections of a parameter its variance is divided by.
enum class FanMode { fan_in, fan_out, fan_avg };
enum class InitialDistribution { truncated_normal, untruncated_normal, uniform };

/// Numbers with mean 0 and variance scale / n, with n the inputs of a unit, its outputs, or the
/// mean of both; a normal distribution is truncated at two sigma before that (Keras:
/// VarianceScaling).
struct VarianceScaling {
  double scale = 1;
  FanMode mode = FanMode::fan_in;
  InitialDistribution distribution = InitialDistribution::truncated_normal;

  [[nodiscard]] double operator()(const Random& random, std::uint64_t index, Fans fans) const {
    // Standard deviation of a standard normal that is truncated to [-2, 2].
    constexpr double truncated_deviation = 0.87962566103423978;
    const double n = mode == FanMode::fan_in    ? fans.in
                     : mode == FanMode::fan_out ? fans.out
                                                : (fans.in + fans.out) / 2;
    switch (distribution) {
      case InitialDistribution::uniform:
        return std::sqrt(3 * scale / n) * (2 * random.uniform(index) - 1);
      case InitialDistribution::untruncated_normal:
        return std::sqrt(scale / n) * random.normal(index);
      case InitialDistribution::truncated_normal:
        break;
    }
    return std::sqrt(scale / n) / truncated_deviation * random.truncated_normal(index);
  }
};

/// U(-L, L) with L = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).
struct GlorotUniform : VarianceScaling {
  GlorotUniform() : VarianceScaling{1, FanMode::fan_avg, InitialDistribution::uniform} {}
};
/// Normal with variance 2 / (fan_in + fan_out), truncated at two sigma (Glorot and Bengio 2010).
struct GlorotNormal : VarianceScaling {
  GlorotNormal() : VarianceScaling{1, FanMode::fan_avg} {}
};
/// U(-L, L) with L = sqrt(6 / fan_in) (He, Zhang, Ren and Sun 2015).
struct HeUniform : VarianceScaling {
  HeUniform() : VarianceScaling{2, FanMode::fan_in, InitialDistribution::uniform} {}
};
/// Normal with variance 2 / fan_in, truncated at two sigma (He, Zhang, Ren and Sun 2015).
struct HeNormal : VarianceScaling {
  HeNormal() : VarianceScaling{2} {}
};
/// U(-L, L) with L = sqrt(3 / fan_in) (LeCun, Bottou, Orr and Mueller 1998).
struct LecunUniform : VarianceScaling {
  LecunUniform() : VarianceScaling{1, FanMode::fan_in, InitialDistribution::uniform} {}
};
/// Normal with variance 1 / fan_in, truncated at two sigma (LeCun, Bottou, Orr and Mueller 1998).
struct LecunNormal : VarianceScaling {};

struct RandomUniform {
  double minval = -0.05, maxval = 0.05;
  [[nodiscard]] double operator()(const Random& random, std::uint64_t index, Fans) const {
    return minval + (maxval - minval) * random.uniform(index);
  }
};
struct RandomNormal {
  double mean = 0, stddev = 0.05;
  [[nodiscard]] double operator()(const Random& random, std::uint64_t index, Fans) const {
    return mean + stddev * random.normal(index);
  }
};
/// The same, drawn again outside of two stddev.
struct TruncatedNormal {
  double mean = 0, stddev = 0.05;
  [[nodiscard]] double operator()(const Random& random, std::uint64_t index, Fans) const {
    return mean + stddev * random.truncated_normal(index);
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

/// The parameter as a matrix, all axes but the last one flattened: its rows, or columns where these
/// are fewer, are at right angles, and `gain` long; all such matrices are equally likely (Saxe,
/// McClelland and Ganguli 2014).
struct Orthogonal {
  double gain = 1;
};
/// `gain` on the diagonal of a matrix, 0 elsewhere.
struct Identity {
  double gain = 1;
};

}  // namespace nn
