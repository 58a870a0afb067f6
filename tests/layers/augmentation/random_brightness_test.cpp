// SPDX-License-Identifier: MIT
#include "nn/layers/augmentation/random_brightness.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/augmentation/random_brightness") {
  TEST_CASE("RandomBrightness: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::RandomBrightness<T>{0.4, {.value_range = {-9, 9}}};
              },
              {3, 4, 2},
              {.output = {3, 4, 2},
               .refusals =
                   {{{4, 6},
                     "RandomBrightness: expected samples [height, width, channels], got [4, 6]; "
                     "use images [N, height, width, channels]"}},
               .is_random = true}) == "");
  }

  TEST_CASE("RandomBrightness: a part of the range is added, and values stay in it") {
    WorkedExample example(nn::RandomBrightness<double>{{0.25, 0.25}, {.value_range = {0, 8}}},
                          {1, 2, 2}, {2, 5, 6.5, 0});
    CHECK(example.forward() == "4 7 8 2");
    CHECK(example.backward({1, 2, 3, 4}) == "1 2 0 4");
  }

  TEST_CASE("RandomBrightness: every image has a number of its own within the range") {
    WorkedExample example(nn::RandomBrightness<double>{{-0.25, 0.5}, {.value_range = {-9, 11}}},
                          {1, 1, 1}, std::vector<double>(500));
    static_cast<void>(example.forward());
    const double* const y = example.batch.y.data();
    const auto [least, most] = std::minmax_element(y, y + 500);
    CHECK(*least >= -5);
    CHECK(*least < -4.9);
    CHECK(*most < 10);
    CHECK(*most > 9.9);
  }

  TEST_CASE("RandomBrightness: names its arguments, and refuses what it can't do") {
    const nn::RandomBrightness<float> layer{0.25, {.value_range = {0, 1}, .seed = 3}};
    const char* const text = R"({"factor":[-0.25,0.25],"value_range":[0.0,1.0],"seed":3})";
    CHECK(arguments_text(layer) == text);
    CHECK(arguments_text(nn::RandomBrightness<double>::from_arguments(layer.arguments())) == text);
    CHECK_THROWS_WITH_AS(
        (nn::RandomBrightness<float>{1.5}),
        "RandomBrightness: expected a factor that rises within -1 .. 1, got -1.5 .. 1.5",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS((nn::RandomBrightness<float>{0.5, {.seed = -1}}),
                         "RandomBrightness: expected a seed of 0 or more, got -1",
                         std::invalid_argument);
  }
}
