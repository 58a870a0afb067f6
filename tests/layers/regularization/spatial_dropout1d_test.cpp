// SPDX-License-Identifier: MIT
#include "nn/layers/regularization/spatial_dropout1d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::SpatialDropout1D;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/regularization/spatial_dropout1d") {
  TEST_CASE("SpatialDropout1D: fills the form") {
    CHECK(form([]<class T>() { return SpatialDropout1D<T>{0.4}; }, {4, 3},
               {.output = {4, 3},
                .refusals = {{{4},
                              "SpatialDropout1D: expected samples [steps, channels], got [4]; use "
                              "sequences [N, steps, channels]"}},
                .is_random = true}) == "");
    CHECK(form([]<class T>() { return SpatialDropout1D<T>{0}; }, {4, 3}, {.output = {4, 3}}) == "");
  }

  TEST_CASE("SpatialDropout1D: drops whole channels, and the same ones of the gradient") {
    constexpr int places = 5, channels = 8, samples = 3;
    constexpr int count = samples * places * channels;
    WorkedExample example(SpatialDropout1D<double>{0.5}, {5, 8}, std::vector<double>(count, 1.0));
    static_cast<void>(example.forward());
    static_cast<void>(example.backward(std::vector<double>(count, 3.0)));
    int kept = 0;
    for (int i = 0; i < count; ++i) {
      CAPTURE(i);
      const double y = example.batch.y.data()[i];
      const int first = i / (places * channels) * places * channels + i % channels;
      CHECK((y == 0 || y == 2));
      CHECK(y == example.batch.y.data()[first]);
      CHECK(example.batch.dx.data()[i] == 3 * y);
      kept += y != 0 ? 1 : 0;
    }
    CHECK(kept > 0);
    CHECK(kept < count);
  }

  TEST_CASE("SpatialDropout1D: refuses rates that are no probability, and names its argument") {
    CHECK_THROWS_WITH_AS(SpatialDropout1D<float>{1.5},
                         "SpatialDropout1D: expected a rate from 0 to 1, got 1.5",
                         std::invalid_argument);
    CHECK(nn::testing::arguments_text(SpatialDropout1D<float>{0.25}) == R"({"rate":0.25})");
  }
}
