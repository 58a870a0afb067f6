// SPDX-License-Identifier: MIT
#include "nn/layers/augmentation/random_flip.hpp"

#include <set>
#include <string>
#include <vector>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::FlipMode;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

/// What the images (1 2 / 3 4) of a batch become.
std::set<std::string> flipped(FlipMode mode) {
  std::vector<double> x;
  for (int n = 0; n < 64; ++n) x.insert(x.end(), {1, 2, 3, 4});
  WorkedExample example(nn::RandomFlip<double>{mode}, {2, 2, 1}, x);
  static_cast<void>(example.forward());
  std::set<std::string> results;
  for (nn::Index n = 0; n < 64; ++n) {
    results.insert(nn::testing::numbers(example.batch.y.data() + 4 * n, 4));
  }
  return results;
}

}  // namespace

TEST_SUITE("layers/augmentation/random_flip") {
  TEST_CASE("RandomFlip: fills the form") {
    CHECK(form([]<class T>() { return nn::RandomFlip<T>{}; }, {5, 6, 2},
               {.output = {5, 6, 2},
                .refusals = {{{4, 6},
                              "RandomFlip: expected samples [height, width, channels], got [4, 6]; "
                              "use images [N, height, width, channels]"}},
                .is_random = true}) == "");
  }

  TEST_CASE("RandomFlip: images are flipped in the ways that the mode allows, or not") {
    CHECK(flipped(FlipMode::horizontal) == std::set<std::string>{"1 2 3 4", "2 1 4 3"});
    CHECK(flipped(FlipMode::vertical) == std::set<std::string>{"1 2 3 4", "3 4 1 2"});
    CHECK(flipped(FlipMode::horizontal_and_vertical) ==
          std::set<std::string>{"1 2 3 4", "2 1 4 3", "3 4 1 2", "4 3 2 1"});
  }

  TEST_CASE("RandomFlip: gradients are flipped back") {
    const std::vector<double> x{1, 2, 3};
    WorkedExample example(nn::RandomFlip<double>{FlipMode::horizontal, 1}, {1, 3, 1}, x);
    std::set<std::string> pairs;
    for (std::uint64_t step = 0; step < 16; ++step) {
      example.pass.step = step;
      const std::string y = example.forward();
      pairs.insert(y + ", " + example.backward({10, 20, 30}));
    }
    CHECK(pairs == std::set<std::string>{"1 2 3, 10 20 30", "3 2 1, 30 20 10"});
  }

  TEST_CASE("RandomFlip: names its arguments in Keras' words") {
    const nn::RandomFlip<float> layer{FlipMode::vertical, 3};
    CHECK(arguments_text(layer) == R"({"mode":"vertical","seed":3})");
    CHECK(arguments_text(nn::RandomFlip<float>::from_arguments(layer.arguments())) ==
          R"({"mode":"vertical","seed":3})");
    CHECK_THROWS_WITH_AS((nn::RandomFlip<float>{FlipMode::vertical, -1}),
                         "RandomFlip: expected a seed of 0 or more, got -1", std::invalid_argument);
  }
}
