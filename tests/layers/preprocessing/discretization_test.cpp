// SPDX-License-Identifier: MIT
#include "nn/layers/preprocessing/discretization.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nn/sequential.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::OutputMode;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

/// The boundaries that a layer finds in these numbers.
std::vector<double> found(const std::vector<double>& numbers, nn::Index num_bins, double epsilon) {
  nn::Tensor<double, 2> x(static_cast<nn::Index>(numbers.size()), 1);
  std::copy(numbers.begin(), numbers.end(), x.data());
  nn::Discretization<double> layer{{.num_bins = num_bins, .epsilon = epsilon}};
  layer.adapt(x);
  return layer.bin_boundaries();
}

template <class Make>
void check_discretization_refusal(const Make& make, const char* sentence) {
  CHECK_THROWS_WITH_AS(static_cast<void>(make()), sentence, std::invalid_argument);
}

}  // namespace

TEST_SUITE("layers/preprocessing/discretization") {
  TEST_CASE("Discretization: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::Discretization<T>{{.bin_boundaries = {-0.5, 0.25}}};
              },
              {2, 3}, {.output = {2, 3}}) == "");
    CHECK(form(
              []<class T>() {
                return nn::Discretization<T>{
                    {.bin_boundaries = {-0.5, 0.25}, .output_mode = OutputMode::one_hot}};
              },
              {2, 3}, {.output = {2, 3, 3}}) == "");
    CHECK(form(
              []<class T>() {
                return nn::Discretization<T>{
                    {.bin_boundaries = {-0.5, 0.25}, .output_mode = OutputMode::multi_hot}};
              },
              {4},
              {.output = {3},
               .refusals = {{{},
                             "Discretization: expected samples with an axis of categories, got "
                             "[]"}}}) == "");
  }

  TEST_CASE("Discretization: a number that is a boundary lies above it") {
    WorkedExample bins(nn::Discretization<double>{{.bin_boundaries = {0, 1, 2}}}, {4},
                       {-1.5, 1, 3.4, 0.5, 0, 3, 1.3, 0});
    CHECK(bins.forward() == "0 2 3 1 1 3 2 1");
    CHECK(bins.backward({1, 2, 3, 4, 5, 6, 7, 8}) == "0 0 0 0 0 0 0 0");
    WorkedExample counts(
        nn::Discretization<double>{{.bin_boundaries = {0, 1, 2}, .output_mode = OutputMode::count}},
        {4}, {-1.5, 1, 3.4, 0.5, 0, 3, 1.3, 0});
    CHECK(counts.forward() == "1 1 1 1 0 2 1 1");
  }

  TEST_CASE("Discretization: adapt finds the boundaries that Keras' formula gives") {
    using Numbers = std::vector<double>;
    // By the same formula in NumPy; the first is the example of Keras' documentation.
    CHECK(found({-1.5, 1, 3.4, 0.5, 0, 3, 1.3, 0}, 4, 0.01) == Numbers{0, 0.5, 1.3});
    Numbers many;
    for (int i = 0; i < 1000; ++i) many.push_back(i * 37 % 101 / 10.0);
    const Numbers fifths = found(many, 5, 0.01);
    REQUIRE(fifths.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(fifths[i] == doctest::Approx(1.98 * static_cast<double>(i + 1)).epsilon(1e-12));
    }
    const Numbers thirds = found(many, 3, 0.1);
    REQUIRE(thirds.size() == 2);
    CHECK(thirds[0] == doctest::Approx(3).epsilon(1e-12));
    CHECK(thirds[1] == doctest::Approx(6).epsilon(1e-12));
    CHECK(found({0, 1, 2, 3, 4, 5, 6}, 3, 0.5) == Numbers{3});
    CHECK(found({1, 2, 3}, 10, 0.01) == Numbers{1, 2});
  }

  TEST_CASE("Discretization: a model adapts its layer, and its file has the boundaries") {
    nn::Sequential<float> model{
        nn::Discretization<float>{{.num_bins = 4, .output_mode = OutputMode::one_hot}}};
    nn::Tensor<float, 2> x(8, 1);
    x.setValues({{-1.5f}, {1}, {3.4f}, {0.5f}, {0}, {3}, {1.3f}, {0}});
    model.layer<nn::Discretization<float>>(0).adapt(x);
    model.build({1});
    const auto y = model.predict(x);
    CHECK(y(0, 0) == 1);
    CHECK(y(2, 3) == 1);
    CHECK(y(3, 2) == 1);
    const auto& layer = std::as_const(model).layer<nn::Discretization<float>>(0);
    const std::string text = arguments_text(layer);
    CHECK(text.find(R"("num_bins":4,"epsilon":0.01,"output_mode":"one_hot"})") !=
          std::string::npos);
    CHECK(arguments_text(nn::Discretization<double>::from_arguments(layer.arguments())) == text);
  }

  TEST_CASE("Discretization: refuses what it can't do") {
    using Layer = nn::Discretization<float>;
    check_discretization_refusal(
        [] { return Layer{{}}; },
        "Discretization: expected bin_boundaries or num_bins, got neither");
    check_discretization_refusal([] { return Layer{{.bin_boundaries = {1}, .num_bins = 2}}; },
                                 "Discretization: expected bin_boundaries or num_bins, got both");
    check_discretization_refusal(
        [] {
          return Layer{{.bin_boundaries = {1, 0}}};
        },
        "Discretization: expected bin_boundaries in rising order, got 0");
    check_discretization_refusal([] { return Layer{{.bin_boundaries = {1e300}}}; },
                                 "Discretization: expected finite bin_boundaries, got 1e+300");
    check_discretization_refusal([] { return Layer{{.num_bins = 2, .epsilon = 1}}; },
                                 "Discretization: expected an epsilon in (0, 1), got 1");
    WorkedExample not_adapted(nn::Discretization<double>{{.num_bins = 3}}, {1}, {1});
    check_discretization_refusal(
        [&] { return not_adapted.forward(); },
        "Discretization: expected bin_boundaries, got none; call adapt, or "
        "give them");
    check_discretization_refusal(
        [] {
          return found({1, std::numeric_limits<double>::quiet_NaN()}, 2, 0.01);
        },
        "Discretization::adapt: expected finite numbers, got infinity or NaN");
    const nn::Tensor<float, 2> x(2, 1);
    Layer given{{.bin_boundaries = {1}}};
    check_discretization_refusal(
        [&] {
          given.adapt(x);
          return 0;
        },
        "Discretization::adapt: expected a layer with num_bins, got one with bin_boundaries");
  }
}
