// SPDX-License-Identifier: MIT
// The exclusive or, which no single line separates: the smallest network that needs a hidden layer.
#include <cstdio>
#include <nn/sequential.hpp>

int main() {
  nn::Tensor<float, 2> x(4, 2);  // all pairs of bits
  x.setValues({{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  nn::Labels y(4);
  y.setValues({0, 1, 1, 0});

  nn::Sequential model{nn::Dense{8, {.activation = nn::Activation::tanh}}, nn::Dense{2},
                       nn::Softmax{}};
  model.compile(nn::Adam{{.learning_rate = 0.05}}, nn::SparseCategoricalCrossentropy{},
                {nn::Accuracy{}});
  model.fit(x, y, {.batch_size = 4, .epochs = 200, .verbose = nn::Verbose::silent});

  const nn::Tensor<float, 2> p = model.predict(x);
  for (int i = 0; i < 4; ++i) {
    std::printf("%.0f xor %.0f = %d (%.1f %%)\n", x(i, 0), x(i, 1), p(i, 1) > p(i, 0),
                100 * p(i, 1) > 50 ? 100 * p(i, 1) : 100 * p(i, 0));
  }
  if (std::fflush(stdout) != 0) return std::perror("xor"), 1;
  return model.evaluate(x, y)["accuracy"] == 1.0 ? 0 : 1;
}
