// SPDX-License-Identifier: MIT
// Makes of the digit reader that mnist_train saved (recipe fast) the model of the page: one that
// also gives what its stages see, with weights of 8 bits.
#include <cstdio>
#include <exception>
#include <string>

#include "nn/io/safetensors.hpp"
#include "nn/sequential.hpp"

namespace {

/// The same layers as a graph with four outputs.
nn::Model<float> with_stages(const nn::Sequential<float>& reader) {
  const nn::Input<float> image{{28, 28, 1}, "image"};
  const auto first = image | reader.layer<nn::Rescaling<float>>(0) |
                     reader.layer<nn::Conv2D<float>>(1) | reader.layer<nn::MaxPooling2D<float>>(2) |
                     reader.layer<nn::ReLU<float>>(3);  // [12, 12, 16]
  const auto second = first | reader.layer<nn::Conv2D<float>>(4) |
                      reader.layer<nn::MaxPooling2D<float>>(5) |
                      reader.layer<nn::ReLU<float>>(6);  // [5, 5, 32]
  const auto hidden =
      second | reader.layer<nn::Flatten<float>>(7) | reader.layer<nn::Dense<float>>(8);  // [256]
  const auto digit = hidden | reader.layer<nn::Dense<float>>(9);                         // [10]
  return nn::Model<float>(image, {first, second, hidden, digit});
}

void run(const std::string& from, const std::string& to) {
  nn::Model<float> model = with_stages(nn::Sequential<float>::load(from));
  model.quantize(nn::Precision::int8);
  nn::SaveOptions options;
  const auto metadata = nn::io::SafetensorsFile::read(from).metadata();
  if (const auto origin = metadata.find("trained_on"); origin != metadata.end()) {
    options.notes["trained_on"] = origin->second;
  }
  model.save(to, options);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: page_model MODEL-OF-MNIST_TRAIN MODEL-OF-THE-PAGE\n");
    return 2;
  }
  try {
    run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "page_model: %s; train one with mnist_train --recipe fast\n",
                 error.what());
    return 1;
  }
}
