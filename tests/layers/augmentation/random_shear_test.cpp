// SPDX-License-Identifier: MIT
#include "nn/layers/augmentation/random_shear.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::FillMode;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/augmentation/random_shear") {
  TEST_CASE("RandomShear: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::RandomShear<T>{0.3, 0.2};
              },
              {5, 6, 2},
              {.output = {5, 6, 2},
               .refusals = {{{4, 6},
                             "RandomShear: expected samples [height, width, channels], got [4, 6]; "
                             "use images [N, height, width, channels]"}},
               .is_random = true}) == "");
    CHECK(form(
              []<class T>() {
                return nn::RandomShear<T>{{0.1, 0.5}};
              },
              {3, 4, 1}, {.output = {3, 4, 1}, .is_random = true}) == "");
  }

  TEST_CASE(
      "RandomShear: a range shears by as much to either side, from the upper left corner on") {
    const nn::RandomShear<double> layer{{1, 1}, 0, {.fill_mode = FillMode::constant}};
    std::vector<std::string> results;
    for (std::uint64_t step = 0; step < 20; ++step) {
      WorkedExample example(layer, {2, 3, 1}, {1, 2, 3, 4, 5, 6});
      example.pass.step = step;
      results.push_back(example.forward());
    }
    std::sort(results.begin(), results.end());
    results.erase(std::unique(results.begin(), results.end()), results.end());
    CHECK(results == std::vector<std::string>{"1 2 3 0 4 5", "1 2 3 5 6 0"});
  }

  TEST_CASE("RandomShear: along y the columns move") {
    WorkedExample example(nn::RandomShear<double>{0, {1, 1}, {.fill_mode = FillMode::wrap}},
                          {2, 2, 1}, {1, 2, 3, 4});
    CHECK(example.forward() == "1 4 3 2");  // to either side alike
    CHECK(example.backward({10, 20, 30, 40}) == "10 40 30 20");
  }

  TEST_CASE("RandomShear: without factors it is the identity") {
    WorkedExample example(nn::RandomShear<double>{}, {2, 2, 1}, {1, 2, 3, 4});
    CHECK(example.forward() == "1 2 3 4");
  }

  TEST_CASE("RandomShear: refuses negative bounds, and those above 1") {
    CHECK_THROWS_WITH_AS(
        (nn::RandomShear<float>{{-0.2, 0.1}}),
        "RandomShear: expected an x_factor that rises within 0 .. 1, got -0.2 .. 0.1",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        (nn::RandomShear<float>{0, 1.5}),
        "RandomShear: expected a y_factor that rises within -1 .. 1, got -1.5 .. 1.5",
        std::invalid_argument);
  }

  TEST_CASE("RandomShear: names its arguments in Keras' words") {
    const nn::RandomShear<float> layer{0.5, {0.25, 0.75}};
    const char* const text =
        R"({"x_factor":[-0.5,0.5],"y_factor":[0.25,0.75],"fill_mode":"reflect",)"
        R"("interpolation":"bilinear","fill_value":0.0})";
    CHECK(arguments_text(layer) == text);
    CHECK(arguments_text(nn::RandomShear<double>::from_arguments(layer.arguments())) == text);
  }
}
