// SPDX-License-Identifier: MIT
#include "nn/layers/augmentation/random_erasing.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/augmentation/random_erasing") {
  TEST_CASE("RandomErasing: fills the form") {
    CHECK(
        form(
            []<class T>() { return nn::RandomErasing<T>{}; }, {6, 5, 2},
            {.output = {6, 5, 2},
             .refusals = {{{4, 6},
                           "RandomErasing: expected samples [height, width, channels], got [4, 6]; "
                           "use images [N, height, width, channels]"}},
             .is_random = true}) == "");
  }

  TEST_CASE("RandomErasing: a rectangle of about the size that was asked for") {
    constexpr nn::Index count = 200, size = 16;
    WorkedExample example(
        nn::RandomErasing<double>{{.factor = {1, 1}, .scale = {0.25, 0.25}, .fill_value = 7}},
        {size, size, 2}, std::vector<double>(count * size * size * 2, 1.0));
    static_cast<void>(example.forward());
    for (nn::Index n = 0; n < count; ++n) {
      const double* const y = example.batch.y.data() + n * size * size * 2;
      nn::Index top = size, left = size, bottom = -1, right = -1, erased = 0;
      for (nn::Index i = 0; i < size * size; ++i) {
        REQUIRE(y[2 * i] == y[2 * i + 1]);
        if (y[2 * i] != 7) continue;
        ++erased;
        top = std::min(top, i / size);
        bottom = std::max(bottom, i / size);
        left = std::min(left, i % size);
        right = std::max(right, i % size);
      }
      CHECK(erased == (bottom - top + 1) * (right - left + 1));
      CHECK(bottom - top + 1 == 8);
      CHECK(right - left + 1 == 8);
    }
    static_cast<void>(example.backward(
        std::vector<double>(static_cast<std::size_t>(count * size * size * 2), 3)));
    for (nn::Index i = 0; i < count * size * size * 2; ++i) {
      REQUIRE(example.batch.dx.data()[i] == (example.batch.y.data()[i] == 7 ? 0 : 3));
    }
  }

  TEST_CASE("RandomErasing: images are erased with the probability that is drawn") {
    constexpr nn::Index count = 1000;
    const auto part_erased = [](nn::FactorRange factor) {
      WorkedExample example(
          nn::RandomErasing<double>{{.factor = factor, .scale = {1, 1}, .fill_value = 9}},
          {1, 1, 1}, std::vector<double>(count, 1.0));
      static_cast<void>(example.forward());
      const double* const y = example.batch.y.data();
      return static_cast<double>(std::count(y, y + count, 9.0)) / count;
    };
    CHECK(part_erased(0) == 0);
    CHECK(part_erased({1, 1}) == 1);
    // Standard deviations are 0.016 at most.
    CHECK(std::abs(part_erased(1) - 0.5) < 0.06);
    CHECK(std::abs(part_erased({0.5, 0.9}) - 0.7) < 0.06);
  }

  TEST_CASE("RandomErasing: without a fill_value pixels are normal, and stay in the range") {
    constexpr nn::Index count = 4000;
    WorkedExample example(
        nn::RandomErasing<double>{{.factor = {1, 1}, .scale = {1, 1}, .value_range = {-1, 2}}},
        {1, count, 1}, std::vector<double>(count, 0.5));
    static_cast<void>(example.forward());
    const double* const y = example.batch.y.data();
    const auto part = [&](auto test) {
      return static_cast<double>(std::count_if(y, y + count, test)) / count;
    };
    // Of 2 times a standard normal number: P(z < -0.5) = 0.309, P(z > 1) = 0.159; 4 deviations
    CHECK(std::abs(part([](double v) { return v == -1; }) - 0.309) < 0.03);
    CHECK(std::abs(part([](double v) { return v == 2; }) - 0.159) < 0.025);
    CHECK(part([](double v) { return v >= -1 && v <= 2; }) == 1);
  }

  TEST_CASE("RandomErasing: names its arguments, and refuses what it can't do") {
    const nn::RandomErasing<float> layer{{.factor = 0.5, .fill_value = 1, .seed = 3}};
    const char* const text = R"({"factor":[0.0,0.5],"scale":[0.02,0.33],"fill_value":1.0,)"
                             R"("value_range":[0.0,255.0],"seed":3})";
    CHECK(arguments_text(layer) == text);
    CHECK(arguments_text(nn::RandomErasing<double>::from_arguments(layer.arguments())) == text);
    CHECK_THROWS_WITH_AS((nn::RandomErasing<float>{{.factor = 1.5}}),
                         "RandomErasing: expected a factor that rises within 0 .. 1, got 0 .. 1.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((nn::RandomErasing<float>{{.scale = {0.5, 0.2}}}),
                         "RandomErasing: expected a scale that rises within 0 .. 1, got 0.5 .. 0.2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((nn::RandomErasing<float>{{.fill_value = std::nan("")}}),
                         "RandomErasing: expected a finite fill_value, got nan",
                         std::invalid_argument);
  }
}
