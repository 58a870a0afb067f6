// SPDX-License-Identifier: MIT
// What several trainings say together.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace mnist {

/// How far results of equal trainings lie apart, and how well their mean is known.
struct Spread {
  double mean = 0;
  double deviation = 0;  // standard deviation of one result
  double margin = 0;     // the 95 % interval of the mean is mean +- margin
};

namespace detail {

/// The probability that Student's t with so many degrees of freedom lies between 0 and `t`: the
/// integral of its density (Student 1908), by Simpson's rule over t = sqrt(n) tan(angle), where it
/// is the power n - 1 of a cosine.
[[nodiscard]] inline double student_probability(double t, double degrees) {
  constexpr int num_steps = 2000;  // even
  const double step = std::atan(t / std::sqrt(degrees)) / num_steps;
  double sum = 0;
  for (int i = 0; i <= num_steps; ++i) {
    const double weight = i == 0 || i == num_steps ? 1 : (i % 2 == 0 ? 2 : 4);
    sum += weight * std::pow(std::cos(step * i), degrees - 1);
  }
  const double factor = std::exp(std::lgamma((degrees + 1) / 2) - std::lgamma(degrees / 2));
  return factor / std::sqrt(std::numbers::pi) * sum * step / 3;
}

/// The t that 95 % of its values lie within, to either side of 0.
[[nodiscard]] inline double student_quantile(double degrees) {
  double low = 1.9, high = 13;  // those of a normal distribution, and of one degree
  while (high - low > 1e-9) {
    const double middle = (low + high) / 2;
    (student_probability(middle, degrees) < 0.475 ? low : high) = middle;
  }
  return low;
}

}  // namespace detail

/// Of two results or more.
[[nodiscard]] inline Spread spread_of(const std::vector<double>& results) {
  const auto count = static_cast<double>(results.size());
  Spread spread;
  for (const double result : results) spread.mean += result / count;
  for (const double result : results) {
    spread.deviation += (result - spread.mean) * (result - spread.mean) / (count - 1);
  }
  spread.deviation = std::sqrt(spread.deviation);
  spread.margin = detail::student_quantile(count - 1) * spread.deviation / std::sqrt(count);
  return spread;
}

}  // namespace mnist
