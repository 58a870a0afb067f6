// SPDX-License-Identifier: MIT
// Trains a small network for 3 epochs of 2 batches; logs and a drawing go to the folder that is
// named. Prints the figures of the training as JSON.
#include <cstdio>
#include <fstream>
#include <string>

#include "nn/nn.hpp"
#include "nn/report/model_drawing.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "write_logs: expected a folder, got %d arguments\n", argc - 1);
    return 2;
  }
  const std::string folder = argv[1];
  nn::Tensor<float, 2> x(8, 2);
  nn::Labels y(8);
  for (nn::Index i = 0; i < 8; ++i) {
    x(i, 0) = static_cast<float>(i % 2);
    x(i, 1) = static_cast<float>(i) / 8;
    y(i) = static_cast<std::int32_t>(i % 2);
  }
  nn::Sequential model{nn::Dense{4, {.activation = nn::Activation::relu}},
                       nn::Dense{2, {.activation = nn::Activation::softmax}}};
  model.build({2}, {.seed = 7});
  model.compile(nn::SGD{{.learning_rate = 0.5}}, nn::SparseCategoricalCrossentropy{},
                {nn::Accuracy{}});
  const nn::History history =
      model.fit(x, y,
                {.batch_size = 4,
                 .epochs = 3,
                 .verbose = nn::Verbose::silent,
                 .callbacks = {nn::TensorBoard{folder + "/logs", {.update_freq = 1}},
                               nn::CSVLogger{folder + "/log.csv"},
                               nn::JsonLinesLogger{folder + "/log.jsonl"}},
                 .validation_data = {x, y}});
  std::ofstream(folder + "/model.svg") << nn::to_svg(model);
  std::ofstream(folder + "/model.dot") << nn::to_dot(model);
  std::string text = "{";
  for (const auto& [name, values] : history) {
    nn::io::append_key(text, name);
    text += '[';
    for (const double value : values) {
      nn::io::append_comma(text);
      nn::io::append_number(text, value);
    }
    text += ']';
  }
  std::printf("%s}\n", text.c_str());
}
