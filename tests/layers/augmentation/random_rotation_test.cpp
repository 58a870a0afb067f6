// SPDX-License-Identifier: MIT
#include "nn/layers/augmentation/random_rotation.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::FillMode;
using nn::Interpolation;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/augmentation/random_rotation") {
  TEST_CASE("RandomRotation: fills the form") {
    CHECK(form([]<class T>() { return nn::RandomRotation<T>{0.2}; }, {5, 6, 2},
               {.output = {5, 6, 2},
                .refusals =
                    {{{4, 6},
                      "RandomRotation: expected samples [height, width, channels], got [4, 6]; "
                      "use images [N, height, width, channels]"}},
                .is_random = true}) == "");
    CHECK(form(
              []<class T>() {
                return nn::RandomRotation<T>{{-0.1, 0.4},
                                             {.fill_mode = FillMode::constant, .fill_value = 2}};
              },
              {3, 3, 1}, {.output = {3, 3, 1}, .is_random = true}) == "");
  }

  TEST_CASE("RandomRotation: a quarter is counter-clockwise about the middle") {
    WorkedExample square(
        nn::RandomRotation<double>{{0.25, 0.25}, {.interpolation = Interpolation::nearest}},
        {3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(square.forward() == "3 6 9 2 5 8 1 4 7");
    CHECK(square.backward({3, 6, 9, 2, 5, 8, 1, 4, 7}) == "1 2 3 4 5 6 7 8 9");
    // Of the line only the middle meets itself.
    WorkedExample line(nn::RandomRotation<double>{{-0.25, -0.25},
                                                  {.fill_mode = FillMode::constant,
                                                   .interpolation = Interpolation::nearest}},
                       {1, 3, 1}, {1, 2, 3});
    CHECK(line.forward() == "0 2 0");
  }

  TEST_CASE("RandomRotation: refuses factors outside -1 .. 1") {
    CHECK_THROWS_WITH_AS(
        (nn::RandomRotation<float>{{-1.25, 0}}),
        "RandomRotation: expected a factor that rises within -1 .. 1, got -1.25 .. 0",
        std::invalid_argument);
  }

  TEST_CASE("RandomRotation: names its arguments in Keras' words") {
    const nn::RandomRotation<float> layer{0.125};
    const char* const text =
        R"({"factor":[-0.125,0.125],"fill_mode":"reflect","interpolation":"bilinear",)"
        R"("fill_value":0.0})";
    CHECK(arguments_text(layer) == text);
    CHECK(arguments_text(nn::RandomRotation<double>::from_arguments(layer.arguments())) == text);
  }
}
