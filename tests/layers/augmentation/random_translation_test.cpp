// SPDX-License-Identifier: MIT
#include "nn/layers/augmentation/random_translation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::FillMode;
using nn::Interpolation;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/augmentation/random_translation") {
  TEST_CASE("RandomTranslation: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::RandomTranslation<T>{0.4, {-0.1, 0.3}};
              },
              {5, 6, 2},
              {.output = {5, 6, 2},
               .refusals =
                   {{{4, 6},
                     "RandomTranslation: expected samples [height, width, channels], got [4, 6]; "
                     "use images [N, height, width, channels]"}},
               .is_random = true}) == "");
    CHECK(form(
              []<class T>() {
                return nn::RandomTranslation<T>{0.4,
                                                0.4,
                                                {.fill_mode = FillMode::constant,
                                                 .interpolation = Interpolation::nearest,
                                                 .fill_value = 0.5}};
              },
              {4, 3, 1}, {.output = {4, 3, 1}, .is_random = true}) == "");
  }

  TEST_CASE("RandomTranslation: shifts down and to the right by parts of height and width") {
    WorkedExample example(
        nn::RandomTranslation<double>{
            {0.5, 0.5}, {-0.25, -0.25}, {.fill_mode = FillMode::constant}},
        {2, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(example.forward() == "0 0 0 0 2 3 4 0");
    CHECK(example.backward({9, 9, 9, 9, 10, 20, 30, 40}) == "0 10 20 30 0 0 0 0");
  }

  TEST_CASE("RandomTranslation: between pixels it takes their mean") {
    WorkedExample example(nn::RandomTranslation<double>{0, {0.125, 0.125}}, {1, 4, 1},
                          {1, 2, 4, 8});
    CHECK(example.forward() == "1 1.5 3 6");
    CHECK(example.backward({1, 2, 4, 8}) == "2 3 6 4");
  }

  TEST_CASE("RandomTranslation: every image has numbers of its own within the range") {
    constexpr nn::Index count = 500, width = 16;
    std::vector<double> x;  // each pixel is its column
    for (nn::Index i = 0; i < count * width; ++i) x.push_back(static_cast<double>(i % width));
    WorkedExample example(nn::RandomTranslation<double>{0, {-0.25, 0.125}}, {1, width, 1}, x);
    static_cast<void>(example.forward());
    double sum = 0, least = 99, most = -99;
    for (nn::Index n = 0; n < count; ++n) {
      const double shift = 8 - example.batch.y.data()[n * width + 8];
      sum += shift;
      least = std::min(least, shift);
      most = std::max(most, shift);
    }
    CHECK(least >= -4);
    CHECK(least < -3.9);
    CHECK(most <= 2);
    CHECK(most > 1.9);
    // Uniform in -4 .. 2: 3.3 standard deviations of the mean, 1.73 / sqrt(500)
    CHECK(std::abs(sum / count + 1) < 0.26);
  }

  TEST_CASE("RandomTranslation: layers with the same seed draw the same numbers") {
    const auto shifted = [](std::optional<std::int64_t> seed, std::uint64_t layer) {
      WorkedExample example(nn::RandomTranslation<double>{0.5, 0.5, {.seed = seed}}, {2, 4, 1},
                            {1, 2, 3, 4, 5, 6, 7, 8});
      example.pass.layer = layer;
      return example.forward();
    };
    CHECK(shifted(7, 1) == shifted(7, 2));
    CHECK(shifted(7, 1) != shifted(8, 1));
    CHECK(shifted(std::nullopt, 1) != shifted(std::nullopt, 2));
  }

  TEST_CASE("RandomTranslation: refuses what it can't do") {
    const auto check = [](auto make, const char* sentence) {
      CHECK_THROWS_WITH_AS(static_cast<void>(make()), sentence, std::invalid_argument);
    };
    using Layer = nn::RandomTranslation<float>;
    check(
        [] {
          return Layer{1.5, 0};
        },
        "RandomTranslation: expected a height_factor that rises within -1 .. 1, got -1.5 .. 1.5");
    check(
        [] {
          return Layer{0, {0.2, 0.1}};
        },
        "RandomTranslation: expected a width_factor that rises within -1 .. 1, got 0.2 .. 0.1");
    check(
        [] {
          return Layer{0, std::nan("")};
        },
        "RandomTranslation: expected a width_factor that rises within -1 .. 1, got nan .. nan");
    check(
        [] {
          return Layer{0, 0, {.seed = -1}};
        },
        "RandomTranslation: expected a seed of 0 or more, got -1");
    check(
        [] {
          return Layer{0, 0, {.fill_value = 1e300}};
        },
        "RandomTranslation: expected a finite fill_value, got 1e+300");
  }

  TEST_CASE("RandomTranslation: names its arguments in Keras' words") {
    const nn::RandomTranslation<float> layer{
        0.25, {-0.5, 0.1}, {.fill_mode = FillMode::wrap, .seed = 3}};
    const char* const text =
        R"({"height_factor":[-0.25,0.25],"width_factor":[-0.5,0.1],"fill_mode":"wrap",)"
        R"("interpolation":"bilinear","fill_value":0.0,"seed":3})";
    CHECK(arguments_text(layer) == text);
    CHECK(arguments_text(nn::RandomTranslation<double>::from_arguments(layer.arguments())) == text);
    const nn::Arguments of_keras = nn::Arguments{"RandomTranslation"}
                                       .set("height_factor", 0.25)
                                       .set("width_factor", std::vector<nn::Index>{-1, 1})
                                       .set("fill_mode", "reflect")
                                       .set("interpolation", "nearest")
                                       .set("fill_value", 1);
    CHECK(arguments_text(nn::RandomTranslation<float>::from_arguments(of_keras)) ==
          R"({"height_factor":[-0.25,0.25],"width_factor":[-1.0,1.0],"fill_mode":"reflect",)"
          R"("interpolation":"nearest","fill_value":1.0})");
    const nn::Arguments wrong = nn::Arguments{"RandomTranslation"}
                                    .set("height_factor", std::vector<double>{0, 0.5, 1})
                                    .set("width_factor", 0.5)
                                    .set("fill_mode", "wrap")
                                    .set("interpolation", "nearest")
                                    .set("fill_value", 0);
    CHECK_THROWS_WITH_AS(static_cast<void>(nn::RandomTranslation<float>::from_arguments(wrong)),
                         "RandomTranslation: expected one or two bounds of a factor, got 3",
                         std::invalid_argument);
  }
}
