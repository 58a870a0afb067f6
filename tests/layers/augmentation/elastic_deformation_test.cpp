// SPDX-License-Identifier: MIT
#include "nn/layers/augmentation/elastic_deformation.hpp"

#include <cmath>
#include <vector>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::FillMode;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/augmentation/elastic_deformation") {
  TEST_CASE("ElasticDeformation: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::ElasticDeformation<T>{8, 1.5};
              },
              {5, 6, 2},
              {.output = {5, 6, 2},
               .refusals =
                   {{{4, 6},
                     "ElasticDeformation: expected samples [height, width, channels], got [4, 6]; "
                     "use images [N, height, width, channels]"}},
               .is_random = true}) == "");
    CHECK(form(
              []<class T>() {
                return nn::ElasticDeformation<T>{
                    34, 4, {.fill_mode = FillMode::constant, .fill_value = -1}};
              },
              {3, 9, 1}, {.output = {3, 9, 1}, .is_random = true}) == "");
  }

  TEST_CASE("ElasticDeformation: without strength it is the identity") {
    WorkedExample example(nn::ElasticDeformation<double>{0}, {2, 2, 1}, {1, 2, 3, 4});
    CHECK(example.forward() == "1 2 3 4");
    CHECK(example.backward({5, 6, 7, 8}) == "5 6 7 8");
  }

  TEST_CASE("ElasticDeformation: pixels move by about 0.16 alpha / sigma, neighbours alike") {
    constexpr nn::Index size = 100;
    std::vector<double> x;  // each pixel is its column
    for (nn::Index i = 0; i < size * size; ++i) x.push_back(static_cast<double>(i % size));
    WorkedExample example(nn::ElasticDeformation<double>{20, 3}, {size, size, 1}, x);
    static_cast<void>(example.forward());
    double squares = 0, differences = 0;
    nn::Index count = 0;
    for (nn::Index row = 20; row < 80; ++row) {
      for (nn::Index col = 20; col < 80; ++col, ++count) {
        const auto move = [&](nn::Index i, nn::Index j) {
          return example.batch.y.data()[i * size + j] - static_cast<double>(j);
        };
        squares += move(row, col) * move(row, col);
        const double difference = move(row, col) - move(row, col + 1);
        differences += difference * difference;
      }
    }
    const double move = std::sqrt(squares / static_cast<double>(count));
    // sqrt(1/3) / (2 sqrt(pi)) = 0.163, of a field in which some 30 patches are independent
    CHECK(move == doctest::Approx(0.163 * 20 / 3).epsilon(0.3));
    // A step of one pixel changes it by 1 / (sqrt(2) sigma) of itself.
    CHECK(std::sqrt(differences / static_cast<double>(count)) / move ==
          doctest::Approx(1 / (std::sqrt(2.0) * 3)).epsilon(0.3));
  }

  TEST_CASE("ElasticDeformation: refuses an alpha and a sigma that are out of range") {
    CHECK_THROWS_WITH_AS((nn::ElasticDeformation<float>{-1}),
                         "ElasticDeformation: expected an alpha in 0 .. 10^6, got -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((nn::ElasticDeformation<float>{34, 0}),
                         "ElasticDeformation: expected a sigma in 0.1 .. 1000, got 0",
                         std::invalid_argument);
  }

  TEST_CASE("ElasticDeformation: names its arguments") {
    const nn::ElasticDeformation<float> layer{};
    const char* const text =
        R"({"alpha":34.0,"sigma":4.0,"fill_mode":"reflect","interpolation":"bilinear",)"
        R"("fill_value":0.0})";
    CHECK(arguments_text(layer) == text);
    CHECK(arguments_text(nn::ElasticDeformation<double>::from_arguments(layer.arguments())) ==
          text);
  }
}
