// SPDX-License-Identifier: MIT
// The exclusive or, which no straight line separates: the smallest task that needs a hidden layer.
#include <algorithm>
#include <cstdio>
#include <nn/sequential.hpp>
#include <string_view>

int main(int argc, char** argv) {
  if (argc > 1) {
    const std::string_view argument = argv[1];
    if (argument != "--help" && argument != "-h") {
      std::fprintf(stderr, "xor: expected no argument but --help, got '%s'\n", argv[1]);
      return 2;
    }
    std::printf(
        "Usage: xor\n\nTrains a small network on the exclusive or of two bits and prints what "
        "it has learned;\nthe exit status is 0 if all of that is right.\n");
    return std::fflush(stdout) == 0 ? 0 : 1;
  }
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
    std::printf("%d xor %d = %d (%s %%)\n", int(x(i, 0)), int(x(i, 1)), p(i, 1) > p(i, 0),
                nn::with_digits(100 * std::max(p(i, 0), p(i, 1)), 1).c_str());
  }
  if (std::fflush(stdout) != 0) return std::perror("xor"), 1;
  return model.evaluate(x, y)["accuracy"] == 1.0 ? 0 : 1;
}
