// SPDX-License-Identifier: MIT
// A layer of integers: weights are real numbers.
// error: Real
#include <nn/sequential.hpp>

#ifdef NN_BAD
using Scalar = int;
#else
using Scalar = double;
#endif

int main() {
  nn::Dense<Scalar> layer{10};
  return layer.name().empty() ? 1 : 0;
}
