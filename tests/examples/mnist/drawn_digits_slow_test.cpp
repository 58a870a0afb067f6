// SPDX-License-Identifier: MIT
// What the drawn digits are worth: a network that has seen nothing else reads real handwriting.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "mnist/drawn_digits.hpp"
#include "mnist/mnist.hpp"
#include "nn/sequential.hpp"

TEST_SUITE("examples/mnist/drawn_digits slow") {
  TEST_CASE("draw_digits: one epoch on drawn digits alone reads 85 % of MNIST's test images") {
    const char* folder = std::getenv("NN_MNIST_DIR");
    if (folder == nullptr || *folder == '\0') return;
    const mnist::DataSet real = mnist::load(folder);
    const auto [images, labels] = mnist::draw_digits(60000, 42, mnist::Split::train);
    nn::Sequential model{
        nn::Rescaling{1.0 / 255},
        nn::Conv2D{32, {3, 3}, {.activation = nn::Activation::relu}},
        nn::Flatten{},
        nn::Dense{128, {.activation = nn::Activation::relu}},
        nn::Dense{10, {.activation = nn::Activation::softmax}},
    };
    model.build({28, 28, 1}, {.seed = 42});
    model.compile(nn::Adam{{.learning_rate = 1e-3}}, nn::SparseCategoricalCrossentropy{},
                  {nn::Accuracy{}});
    (void)model.fit(images, labels,
                    {.batch_size = 128, .epochs = 1, .verbose = nn::Verbose::silent});
    const double accuracy = model.evaluate(real.test_images, real.test_labels)["accuracy"];
    CAPTURE(accuracy);
    CHECK(accuracy >= 0.85);
  }
}
