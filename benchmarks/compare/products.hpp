// SPDX-License-Identifier: MIT
// The three products of the digit recogniser's first Dense, on row-major matrices.
#pragma once

#include "common.hpp"

namespace compare {

/// c [m, n] = a [m, k] b [k, n], where a may be stored as [k, m] and b as [n, k].
struct ProductShape {
  const char* name;
  Index m, k, n;
  bool a_transposed, b_transposed;
};

inline constexpr ProductShape product_shapes[] = {
    {"x W", batch_size, num_features, num_hidden, false, false},    // forward
    {"x^T dy", num_features, batch_size, num_hidden, true, false},  // gradient of W
    {"dy W^T", batch_size, num_hidden, num_features, false, true},  // gradient of x
};

/// c(0, 0) as the definition has it: what is timed has to be right as well.
[[nodiscard]] inline float first_element(const ProductShape& shape, const float* a,
                                         const float* b) {
  double sum = 0;
  for (Index i = 0; i < shape.k; ++i) {
    sum += double{a[shape.a_transposed ? i * shape.m : i]} *
           double{b[shape.b_transposed ? i : i * shape.n]};
  }
  return static_cast<float>(sum);
}

/// Times each shape: `make(shape, a, b, c)` gives the function that computes c.
template <class Make>
void compare_products(const Report& report, const Make& make) {
  for (const ProductShape& shape : product_shapes) {
    const auto a = random_values(shape.m * shape.k, 1), b = random_values(shape.k * shape.n, 2);
    auto c = random_values(shape.m * shape.n, 3);
    const auto product = make(shape, a.data(), b.data(), c.data());
    const double seconds = median_seconds(0.25, product);
    if (std::abs(c[0] - first_element(shape, a.data(), b.data())) > 1e-2f) {
      stop(std::string{"compare: the product "} + shape.name + " came out wrong");
    }
    const double operations = 2.0 * static_cast<double>(shape.m * shape.k * shape.n);
    report.print({{"gflops", operations / seconds * 1e-9}}, shape.name);
  }
}

}  // namespace compare
