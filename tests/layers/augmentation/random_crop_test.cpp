// SPDX-License-Identifier: MIT
#include "nn/layers/augmentation/random_crop.hpp"

#include <set>
#include <string>
#include <vector>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/augmentation/random_crop") {
  TEST_CASE("RandomCrop: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::RandomCrop<T>{3, 4};
              },
              {5, 6, 2},
              {.output = {3, 4, 2},
               .refusals = {{{4, 6},
                             "RandomCrop: expected samples [height, width, channels], got [4, 6]; "
                             "use images [N, height, width, channels]"},
                            {{0, 6, 1}, "RandomCrop: expected images with pixels, got [0, 6, 1]"}},
               .is_random = true}) == "");
    CHECK(form(
              []<class T>() {
                return nn::RandomCrop<T>{4, 3};
              },
              {3, 5, 2}, {.output = {4, 3, 2}}) == "");  // resized, in training too
  }

  TEST_CASE("RandomCrop: every window of the size is taken, the same of all images") {
    std::set<std::string> windows;
    WorkedExample example(nn::RandomCrop<double>{1, 2}, {2, 3, 1},
                          {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16});
    for (std::uint64_t step = 0; step < 64; ++step) {
      example.pass.step = step;
      windows.insert(example.forward());
    }
    CHECK(windows == std::set<std::string>{"1 2 11 12", "2 3 12 13", "4 5 14 15", "5 6 15 16"});
    const std::string y = example.forward();
    const std::string dx = example.backward({1, 2, 3, 4});
    CHECK(y == "5 6 15 16");
    CHECK(dx == "0 0 0 0 1 2 0 0 0 0 3 4");
  }

  TEST_CASE("RandomCrop: at inference it resizes the largest window of that aspect ratio") {
    WorkedExample middle(nn::RandomCrop<double>{2, 2}, {2, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8});
    middle.pass.training = false;
    CHECK(middle.forward() == "2 3 6 7");
    // Rows 0 and 1 of 4 lie at -0.25 and 0.25 of 2: the first row, and 3 : 1
    WorkedExample larger(nn::RandomCrop<double>{4, 2}, {2, 1, 1}, {1, 2});
    larger.pass.training = false;
    CHECK(larger.forward() == "1 1 1.25 1.25 1.75 1.75 2 2");
    WorkedExample smaller(nn::RandomCrop<double>{1, 1}, {2, 2, 1}, {1, 2, 3, 6});
    smaller.pass.training = false;
    CHECK(smaller.forward() == "3");
  }

  TEST_CASE("RandomCrop: names its arguments, and refuses sizes below 1") {
    const nn::RandomCrop<float> layer{3, 4, 5};
    CHECK(arguments_text(layer) == R"({"height":3,"width":4,"seed":5})");
    CHECK(arguments_text(nn::RandomCrop<float>::from_arguments(layer.arguments())) ==
          R"({"height":3,"width":4,"seed":5})");
    CHECK_THROWS_WITH_AS((nn::RandomCrop<float>{0, 1}),
                         "RandomCrop: expected a positive height, got 0", std::invalid_argument);
    CHECK_THROWS_WITH_AS((nn::RandomCrop<float>{1, -1}),
                         "RandomCrop: expected a positive width, got -1", std::invalid_argument);
  }
}
