// SPDX-License-Identifier: MIT
// int8 is a format of weights, for quantize: no products are computed in it.
// error: (could not convert|no viable conversion).*NumberFormat.*ProductPrecision
#include <nn/sequential.hpp>

int main() {
  nn::Sequential model{nn::Dense{3}};
  model.compile(nn::SGD{}, nn::SparseCategoricalCrossentropy{}, {nn::Precision{}},
                {.precision = nn::Precision::bfloat16});
  nn::CompileOptions options;
  options.precision = nn::Precision::float32;
#ifdef NN_BAD
  options.precision = nn::CompileOptions{.precision = nn::Precision::int8}.precision;
#endif
  return options.precision == nn::Precision::int8 ? 1 : 0;
}
