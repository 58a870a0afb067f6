// SPDX-License-Identifier: MIT
#include "nn/layers/augmentation/random_zoom.hpp"

#include <optional>
#include <vector>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::FillMode;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/augmentation/random_zoom") {
  TEST_CASE("RandomZoom: fills the form") {
    CHECK(form([]<class T>() { return nn::RandomZoom<T>{0.3}; }, {5, 6, 2},
               {.output = {5, 6, 2},
                .refusals = {{{4, 6},
                              "RandomZoom: expected samples [height, width, channels], got [4, 6]; "
                              "use images [N, height, width, channels]"}},
                .is_random = true}) == "");
    CHECK(form(
              []<class T>() {
                return nn::RandomZoom<T>{{-0.5, 0}, 0.2};
              },
              {3, 4, 1}, {.output = {3, 4, 1}, .is_random = true}) == "");
  }

  TEST_CASE("RandomZoom: positive factors zoom out about the middle, negative ones in") {
    const std::vector<double> x{1, 2, 3, 4, 5, 6, 7, 8, 9};
    const nn::RandomWarpOptions options{.fill_mode = FillMode::constant};
    WorkedExample out(nn::RandomZoom<double>{{1, 1}, std::nullopt, options}, {3, 3, 1}, x);
    CHECK(out.forward() == "0 0 0 0 5 0 0 0 0");
    WorkedExample in(nn::RandomZoom<double>{{-0.5, -0.5}, std::nullopt, options}, {3, 3, 1}, x);
    CHECK(in.forward() == "3 3.5 4 4.5 5 5.5 6 6.5 7");
  }

  TEST_CASE("RandomZoom: each axis has a factor of its own where both are given") {
    WorkedExample example(nn::RandomZoom<double>{0, nn::FactorRange{-1, -1}}, {2, 3, 1},
                          {1, 2, 3, 4, 5, 6});
    CHECK(example.forward() == "2 2 2 5 5 5");
    CHECK(example.backward({1, 2, 3, 4, 5, 6}) == "0 6 0 0 15 0");
  }

  TEST_CASE("RandomZoom: refuses factors outside -1 .. 1") {
    CHECK_THROWS_WITH_AS(
        (nn::RandomZoom<float>{2}),
        "RandomZoom: expected a height_factor that rises within -1 .. 1, got -2 .. 2",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        (nn::RandomZoom<float>{0, nn::FactorRange{0.5, 3}}),
        "RandomZoom: expected a width_factor that rises within -1 .. 1, got 0.5 .. 3",
        std::invalid_argument);
  }

  TEST_CASE("RandomZoom: names its arguments in Keras' words") {
    const nn::RandomZoom<float> both{{-0.5, 0.25}, 0.125};
    const char* const text =
        R"({"height_factor":[-0.5,0.25],"width_factor":[-0.125,0.125],"fill_mode":"reflect",)"
        R"("interpolation":"bilinear","fill_value":0.0})";
    CHECK(arguments_text(both) == text);
    CHECK(arguments_text(nn::RandomZoom<double>::from_arguments(both.arguments())) == text);
    const nn::RandomZoom<float> one{0.5};
    CHECK(arguments_text(nn::RandomZoom<double>::from_arguments(one.arguments())) ==
          R"({"height_factor":[-0.5,0.5],"fill_mode":"reflect","interpolation":"bilinear",)"
          R"("fill_value":0.0})");
  }
}
