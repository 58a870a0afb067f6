// SPDX-License-Identifier: MIT
#include "nn/layers/reshaping/up_sampling2d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/reshaping/up_sampling2d") {
  TEST_CASE("UpSampling2D: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::UpSampling2D<T>{{3, 2}};
              },
              {2, 3, 2},
              {.output = {6, 6, 2},
               .refusals = {{{3, 2},
                             "UpSampling2D: expected samples [height, width, channels], got [3, "
                             "2]"}}}) == "");
    CHECK(form(
              []<class T>() {
                return nn::UpSampling2D<T>{{2, 3}, {.interpolation = nn::Interpolation::bilinear}};
              },
              {3, 2, 2}, {.output = {6, 6, 2}}) == "");
  }

  TEST_CASE("UpSampling2D: gives the numbers of a worked example") {
    WorkedExample nearest(nn::UpSampling2D<double>{{1, 2}}, {1, 2, 1}, {1, 2});
    CHECK(nearest.forward() == "1 1 2 2");
    CHECK(nearest.backward({1, 2, 3, 4}) == "3 7");
    WorkedExample bilinear(
        nn::UpSampling2D<double>{{1, 2}, {.interpolation = nn::Interpolation::bilinear}}, {1, 2, 1},
        {0, 4});
    CHECK(bilinear.forward() == "0 1 3 4");
    CHECK(bilinear.backward({4, 4, 4, 4}) == "8 8");
  }

  TEST_CASE("UpSampling2D: refuses sizes below 1, and names its arguments") {
    using U = nn::UpSampling2D<float>;
    CHECK_THROWS_WITH_AS(U{0}, "UpSampling2D: expected a size of 1 or more, got (0, 0)",
                         std::invalid_argument);
    CHECK(arguments_text(U{{2, 3}, {.interpolation = nn::Interpolation::bilinear}}) ==
          R"({"size":[2,3],"interpolation":"bilinear"})");
  }
}
