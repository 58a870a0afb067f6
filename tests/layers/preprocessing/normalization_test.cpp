// SPDX-License-Identifier: MIT
#include "nn/layers/preprocessing/normalization.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/sequential.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Normalization;
using nn::testing::form;
using nn::testing::WorkedExample;

/// Two features: 1 3 5 7 with mean 4 and variance 5, and 10 10 10 10.
nn::Tensor<float, 2> four_samples() {
  nn::Tensor<float, 2> x(4, 2);
  x.setValues({{1, 10}, {3, 10}, {5, 10}, {7, 10}});
  return x;
}

/// Mean and variance of the model's first layer.
std::string statistics(const nn::Model<float>& model) {
  std::string text;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto value = model.parameters().named()[i].value();
    for (nn::Index j = 0; j < value.size(); ++j) {
      nn::append(text, {text.empty() ? "" : " ", static_cast<double>(value(j))});
    }
  }
  return text;
}

template <class Error, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_SUITE("layers/preprocessing/normalization") {
  TEST_CASE("Normalization: fills the form") {
    const std::vector<nn::testing::Refusal> refusals{
        {{}, "Normalization: expected samples with at least one feature, got []"},
        {{3, 0}, "Normalization: expected samples with at least one feature, got [3, 0]"}};
    CHECK(form([]<class T>() { return Normalization<T>{}; }, {4},
               {.output = {4}, .refusals = refusals}) == "");
    CHECK(form([]<class T>() { return Normalization<T>{{.axis = 3, .invert = true}}; }, {2, 5, 3},
               {.output = {2, 5, 3},
                .refusals = {{{4},
                              "Normalization: expected axis -1 or 1, the last one, got 3 (samples "
                              "[4])"}}}) == "");
    CHECK(form([]<class T>() { return Normalization<T>{{.axis = std::nullopt}}; }, {2, 3},
               {.output = {2, 3}}) == "");
    CHECK(form(
              []<class T>() {
                return Normalization<T>{{.mean = {0.5, 2}, .variance = {4, 1}}};
              },
              {2}, {.output = {2}}) == "");
  }

  TEST_CASE("Normalization: gives the numbers of a worked example") {
    WorkedExample example(Normalization<double>{}, {2}, {1, 2, 3, 4}, {}, {{1, 4}, {4, 0.25}});
    CHECK(example.forward() == "0 -4 1 0");
    CHECK(example.backward({1, 2, 3, 4}) == "0.5 4 1.5 8");
    WorkedExample back(Normalization<double>{{.invert = true}}, {2}, {0, -4, 1, 0}, {},
                       {{1, 4}, {4, 0.25}});
    CHECK(back.forward() == "1 2 3 4");
    CHECK(back.backward({1, 2, 3, 4}) == "2 1 6 2");
  }

  TEST_CASE("Normalization: a feature that never varies is divided by 1e-7, as in Keras") {
    WorkedExample example(Normalization<double>{}, {1}, {3, 4}, {}, {{3}, {0}});
    CHECK(example.forward() == "0 1e+07");
  }

  TEST_CASE("Normalization: adapts before the model is built, and after") {
    const auto x = four_samples();
    nn::Sequential model{Normalization{}, nn::Dense{1}};
    model.layer<Normalization<float>>(0).adapt(x);
    model.build({2});
    CHECK(statistics(model) == "4 10 5 0");
    CHECK(model.predict(x)(0, 0) != model.predict(x)(3, 0));
    nn::Tensor<float, 2> other = x;
    other = x + 1.0f;
    model.layer<Normalization<float>>(0).adapt(other);
    CHECK(statistics(model) == "5 11 5 0");
    model.build({2}, {.seed = 3});  // draws new weights
    CHECK(statistics(model) == "5 11 5 0");
    model.build({3});
    CHECK(statistics(model) == "0 0 0 1 1 1");
  }

  TEST_CASE("Normalization: adapts to samples of every form, over all axes but the last") {
    const auto adapted = [](const auto& x) {
      Normalization<float> layer;
      layer.adapt(x);
      nn::Sequential<float> model{layer};
      model.build({2});
      return statistics(model);
    };
    CHECK(adapted(four_samples()) == "4 10 5 0");
    nn::Tensor<double, 4> images(2, 1, 2, 2);
    images.setValues({{{{1, 10}, {3, 10}}}, {{{5, 10}, {7, 10}}}});
    Normalization<float> layer;
    layer.adapt(images);
    nn::Sequential<float> model{layer};
    model.build({1, 2, 2});
    CHECK(statistics(model) == "4 10 5 0");
    const Eigen::MatrixXf columns =
        (Eigen::MatrixXf(4, 2) << 1, 10, 3, 10, 5, 10, 7, 10).finished();
    CHECK(adapted(columns) == "4 10 5 0");
    const std::vector<std::uint8_t> bytes{1, 10, 3, 10, 5, 10, 7, 10};
    CHECK(adapted(nn::Samples{bytes, {4, 2}}) == "4 10 5 0");
  }

  TEST_CASE("Normalization: without an axis all numbers are one feature") {
    nn::Tensor<float, 2> x(2, 2);
    x.setValues({{1, 3}, {5, 7}});
    Normalization<float> layer{{.axis = std::nullopt}};
    layer.adapt(x);
    nn::Sequential<float> model{layer};
    model.build({2});
    CHECK(statistics(model) == "4 5");
    const auto back = Normalization<double>::from_arguments(layer.arguments());
    CHECK(nn::testing::arguments_text(back) ==
          R"({"axis":[],"invert":false,"mean":[4.0],"variance":[5.0]})");
  }

  TEST_CASE("Normalization: adapts to more samples than are looked at at once") {
    nn::Tensor<float, 2> x(300000, 1);
    for (nn::Index n = 0; n < x.size(); ++n) x(n, 0) = n < 280000 ? 1000 : 2000;
    Normalization<float> layer;
    layer.adapt(x);
    nn::Sequential<float> model{layer};
    model.build({1});
    const auto mean = model.parameters().named()[0].value(),
               variance = model.parameters().named()[1].value();
    CHECK(mean(0) == doctest::Approx(1000 + 1000.0 / 15).epsilon(1e-6));
    CHECK(variance(0) == doctest::Approx(1e6 * 14 / 225).epsilon(1e-5));
  }

  TEST_CASE("Normalization: training leaves the statistics alone, copies and files keep them") {
    const nn::testing::TemporaryFolder folder;
    const auto x = four_samples();
    nn::Sequential model{Normalization{}, nn::Dense{2}, nn::Softmax{}};
    model.layer<Normalization<float>>(0).adapt(x);
    model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{});
    model.fit(x, std::vector<int>{0, 0, 1, 1}, {.verbose = nn::Verbose::silent});
    CHECK(statistics(model) == "4 10 5 0");
    CHECK_FALSE(nn::detail::ModelAccess::network(model).plan().steps()[1].needs_dx);
    CHECK(statistics(nn::Sequential<float>(model)) == "4 10 5 0");
    model.save(folder.path("model"));
    CHECK(statistics(nn::load(folder.path("model"))) == "4 10 5 0");
    nn::Sequential<float> outer{model.layer<Normalization<float>>(0), nn::Dense{1}};
    outer.build({2});
    CHECK(statistics(outer) == "4 10 5 0");
  }

  TEST_CASE("Normalization: refuses statistics that can't be") {
    const auto make = [](std::vector<double> mean, std::vector<double> variance) {
      return message_of<std::invalid_argument>(
          [&] { static_cast<void>(Normalization<float>{{.mean = mean, .variance = variance}}); });
    };
    CHECK(make({1, 2}, {1}) ==
          "Normalization: expected as many variances as means, got 2 means and 1 variances");
    CHECK(make({std::nan("")}, {1}) == "Normalization: expected finite means, got nan");
    CHECK(make({1}, {-2}) == "Normalization: expected finite variances of at least 0, got -2");
    CHECK(make({1}, {1e39}) == "Normalization: expected finite variances of at least 0, got 1e+39");
  }

  TEST_CASE("Normalization: refuses data that do not fit") {
    const auto x = four_samples();
    nn::Sequential model{Normalization{}, nn::Dense{1}};
    const auto layer = [&]() -> auto& { return model.layer<Normalization<float>>(0); };
    const auto refusal = [&](const auto& data) {
      return message_of<std::exception>([&] { layer().adapt(data); });
    };
    CHECK(refusal(nn::Tensor<float, 2>(0, 2)) ==
          "Normalization::adapt: expected at least one sample, got none");
    CHECK(refusal(nn::Tensor<float, 1>(4)) ==
          "Normalization::adapt: expected samples with at least one feature, got []");
    auto infinite = x;
    infinite(2, 1) = std::numeric_limits<float>::infinity();
    CHECK(refusal(infinite) ==
          "Normalization::adapt: expected finite samples, got infinity or NaN, or too large a "
          "spread, in feature 1");
    layer().adapt(x);
    CHECK(message_of<nn::ShapeError>([&] { model.build({3}); }) ==
          "Sequential, layer 0: Normalization: expected 2 features, as it has statistics, got 3 "
          "(samples [3])");
    model.build({2});
    CHECK(refusal(nn::Tensor<float, 2>(4, 3).setZero()) ==
          "Normalization::adapt: expected 2 features, as in the model, got 3 (samples [3])");
    CHECK(statistics(model) == "4 10 5 0");
    layer() = Normalization<float>{};
    CHECK(message_of<std::invalid_argument>([&] { static_cast<void>(model.predict(x)); }) ==
          "Normalization: expected a layer of a built model, got one without statistics");
  }

  TEST_CASE("Normalization: statistics don't get lost on the way to a model of doubles") {
    nn::Sequential<double> model;
    model.add(Normalization<float>{});
    Normalization<float> adapted;
    adapted.adapt(four_samples());
    CHECK(
        message_of<std::invalid_argument>([&] { model.add(adapted); }) ==
        "Normalization: expected a new layer, or one of the model's own scalar type, got one with "
        "weights of another type; load or train the model in that type");
  }

  TEST_CASE("Normalization: names its arguments") {
    const Normalization<float> layer{{.invert = true}};
    CHECK(nn::testing::arguments_text(layer) == R"({"axis":-1,"invert":true})");
    CHECK(nn::testing::arguments_text(Normalization<double>::from_arguments(layer.arguments())) ==
          nn::testing::arguments_text(layer));
  }
}
