// SPDX-License-Identifier: MIT
// What the digit recogniser reaches on the real images, where NN_MNIST_DIR says where they are.
#include <doctest/doctest.h>

#include <cstdlib>

#include "mnist/mnist.hpp"
#include "nn/sequential.hpp"

namespace {

nn::Sequential<float> digit_model() {
  nn::Sequential model{nn::Rescaling{1.0 / 255},
                       nn::Conv2D{32, {3, 3}, {.activation = nn::Activation::relu}}, nn::Flatten{},
                       nn::Dense{128, {.activation = nn::Activation::relu}},
                       nn::Dense{10, {.activation = nn::Activation::softmax}}};
  model.build({28, 28, 1}, {.seed = 42});
  model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{}, {nn::Accuracy{}});
  return model;
}

}  // namespace

TEST_SUITE("examples/mnist/accuracy") {
  TEST_CASE("MNIST: one epoch reads 97 % of the test images") {
    const char* folder = std::getenv("NN_MNIST_DIR");
    if (folder == nullptr) {
      MESSAGE("NN_MNIST_DIR is not set: nothing to test on");
      return;
    }
    const mnist::DataSet data = mnist::load(folder);
    auto model = digit_model();
    model.fit(data.train_images, data.train_labels,
              {.batch_size = 128, .epochs = 1, .verbose = nn::Verbose::silent});
    CHECK(model.evaluate(data.test_images, data.test_labels)["accuracy"] >= 0.97);
  }
}
