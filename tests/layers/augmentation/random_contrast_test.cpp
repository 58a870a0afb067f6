// SPDX-License-Identifier: MIT
#include "nn/layers/augmentation/random_contrast.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/augmentation/random_contrast") {
  TEST_CASE("RandomContrast: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::RandomContrast<T>{0.5, {.value_range = {-9, 9}}};
              },
              {3, 4, 2},
              {.output = {3, 4, 2},
               .refusals =
                   {{{4, 6},
                     "RandomContrast: expected samples [height, width, channels], got [4, 6]; "
                     "use images [N, height, width, channels]"}},
               .is_random = true}) == "");
  }

  TEST_CASE("RandomContrast: values move from the mean of their channel, as far as the range") {
    WorkedExample example(nn::RandomContrast<double>{{0, 1}, {.value_range = {0, 8}, .seed = 1}},
                          {1, 2, 2}, {2, 5, 4, 5});
    const std::string y = example.forward();
    const double* const values = example.batch.y.data();
    const double f = (values[2] - values[0]) / 2;
    CHECK(f >= 1);
    CHECK(f < 2);
    CHECK(values[0] == doctest::Approx(3 - f));
    CHECK(values[1] == doctest::Approx(5));
    CHECK(values[3] == doctest::Approx(5));
    WorkedExample clipped(nn::RandomContrast<double>{{0, 1}, {.value_range = {2.5, 9}, .seed = 1}},
                          {1, 2, 1}, {2, 4});
    static_cast<void>(clipped.forward());
    CHECK(clipped.batch.y.data()[0] == 2.5);
    CHECK(clipped.batch.y.data()[1] == doctest::Approx(3 + f));
    static_cast<void>(clipped.backward({7, 1}));  // dz = 0 1
    CHECK(clipped.batch.dx.data()[0] == doctest::Approx((1 - f) / 2));
    CHECK(clipped.batch.dx.data()[1] == doctest::Approx((1 + f) / 2));
  }

  TEST_CASE("RandomContrast: factors are within 1 - lower and 1 + upper") {
    std::vector<double> x;
    for (int n = 0; n < 500; ++n) x.insert(x.end(), {-1, 1});
    const auto bounds = [&](const nn::FactorRange& factor) {
      WorkedExample example(nn::RandomContrast<double>{factor, {.value_range = {-9, 9}}}, {1, 2, 1},
                            x);
      static_cast<void>(example.forward());
      const double* const y = example.batch.y.data();
      double least = 9, most = -9;
      for (int n = 0; n < 500; ++n) {
        least = std::min(least, y[2 * n + 1]);
        most = std::max(most, y[2 * n + 1]);
      }
      return std::pair{least, most};
    };
    const auto [least, most] = bounds(0.25);
    CHECK(least >= 0.75);
    CHECK(least < 0.76);
    CHECK(most < 1.25);
    CHECK(most > 1.24);
    const auto [darkest, brightest] = bounds({0.5, 0});
    CHECK(darkest < 0.51);
    CHECK(brightest <= 1);
    CHECK(brightest > 0.99);
  }

  TEST_CASE("RandomContrast: names its arguments, and refuses what it can't do") {
    const nn::RandomContrast<float> layer{0.25, {.seed = 3}};
    const char* const text = R"({"factor":[0.25,0.25],"value_range":[0.0,255.0],"seed":3})";
    CHECK(arguments_text(layer) == text);
    CHECK(arguments_text(nn::RandomContrast<double>::from_arguments(layer.arguments())) == text);
    CHECK_THROWS_WITH_AS((nn::RandomContrast<float>{1.5}),
                         "RandomContrast: expected factors from 0 to 1, got 1.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((nn::RandomContrast<float>{{-0.5, 0.25}}),
                         "RandomContrast: expected factors from 0 to 1, got -0.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((nn::RandomContrast<float>{0.5, {.value_range = {1, 1}}}),
                         "RandomContrast: expected a finite value_range that rises, got 1 .. 1",
                         std::invalid_argument);
  }
}
