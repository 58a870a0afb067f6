// SPDX-License-Identifier: MIT
#include "nn/layers/embedding.hpp"

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "nn/layers/pooling/global_average_pooling1d.hpp"
#include "nn/sequential.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Embedding;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/embedding") {
  TEST_CASE("Embedding: fills the form, of sequences and of single numbers") {
    const nn::testing::InputRange numbers{.lowest = 0, .highest = 6, .is_whole = true};
    const auto make = []<class T>() { return Embedding<T>{6, 3}; };
    CHECK(form(make, {4}, {.output = {4, 3}, .input = numbers}) == "");
    CHECK(form(make, {}, {.output = {3}, .input = numbers}) == "");
    CHECK(form(make, {2, 5}, {.output = {2, 5, 3}, .input = numbers}) == "");
  }

  TEST_CASE("Embedding: gives the numbers of a worked example") {
    WorkedExample example(Embedding<double>{3, 2}, {2}, {2, 0, 2, 2}, {{1, 2, 3, 4, 5, 6}});
    CHECK(example.forward() == "5 6 1 2 5 6 5 6");
    CHECK(example.backward({1, 2, 3, 4, 5, 6, 7, 8}) == "0 0 0 0");
    CHECK(example.gradient(0) == "3 4 0 0 13 16");
  }

  TEST_CASE("Embedding: begins with numbers from -0.05 to 0.05") {
    nn::Sequential model{Embedding{50, 4}};
    model.build({3});
    float largest = 0;
    for (const auto& parameter : model.parameters()) {
      for (nn::Index i = 0; i < parameter.shape.num_elements(); ++i) {
        largest = std::max(largest, std::abs(parameter.value().data()[i]));
      }
    }
    CHECK(largest > 0.04F);
    CHECK(largest <= 0.05F);
  }

  TEST_CASE("Embedding: refuses sizes, and what is none of its numbers") {
    CHECK_THROWS_WITH_AS((Embedding<float>{0, 2}),
                         "Embedding: expected a positive input_dim, got 0", std::invalid_argument);
    CHECK_THROWS_WITH_AS((Embedding<float>{2, 0}),
                         "Embedding: expected a positive output_dim, got 0", std::invalid_argument);
    const auto forward = [](double x) {
      return WorkedExample(Embedding<double>{2, 1}, {1}, {x}, {{7, 8}}).forward();
    };
    CHECK(forward(1) == "8");
    CHECK_THROWS_WITH_AS(forward(2), "Embedding: expected whole numbers from 0 to 1, got 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(forward(-1), "Embedding: expected whole numbers from 0 to 1, got -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(forward(0.5), "Embedding: expected whole numbers from 0 to 1, got 0.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(forward(1e300),
                         "Embedding: expected whole numbers from 0 to 1, got 1e+300",
                         std::invalid_argument);
  }

  TEST_CASE("Embedding: mask_zero is for sequences") {
    CHECK_THROWS_WITH_AS(
        static_cast<void>(Embedding<float>(2, 1, {.mask_zero = true}).output_shape({4, 5})),
        "Embedding: expected samples [steps] beside mask_zero, got [4, 5]", nn::ShapeError);
  }

  TEST_CASE("Embedding: learns from integers which words a sequence has") {
    nn::Tensor<std::int32_t, 2> x(64, 5);
    nn::Labels y(64);
    for (nn::Index n = 0; n < 64; ++n) {  // class 1: it has word 3
      for (nn::Index t = 0; t < 5; ++t) x(n, t) = static_cast<std::int32_t>((7 * n + 3 * t) % 3);
      y(n) = static_cast<std::int32_t>(n % 2);
      if (y(n) == 1) x(n, n % 5) = 3;
    }
    nn::Sequential model{Embedding{4, 8}, nn::GlobalAveragePooling1D{}, nn::Dense{2},
                         nn::Softmax{}};
    model.build({5}, {.seed = 1});
    model.compile(nn::Adam{{.learning_rate = 0.05}}, nn::SparseCategoricalCrossentropy{},
                  {nn::Accuracy{}});
    model.fit(x, y, {.batch_size = 16, .epochs = 20, .verbose = nn::Verbose::silent});
    CHECK(model.evaluate(x, y, {.verbose = nn::Verbose::silent})["accuracy"] == 1);
  }

  TEST_CASE("Embedding: names its arguments") {
    CHECK(arguments_text(Embedding<float>{5, 2}) ==
          R"({"input_dim":5,"output_dim":2,"embeddings_initializer":"random_uniform",)"
          R"("mask_zero":false})");
  }
}
