// SPDX-License-Identifier: MIT
#include "tests/layers/scale_shift.hpp"

#include "nn/sequential.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/scale_shift") {
  TEST_CASE("ScaleShift: fills the form") {
    const std::vector<nn::testing::Refusal> refusals{
        {{}, "ScaleShift: expected samples with at least one feature, got []"},
        {{3, 0}, "ScaleShift: expected samples with at least one feature, got [3, 0]"}};
    CHECK(form([]<class T>() { return nn::ScaleShift<T>{}; }, {4},
               {.output = {4}, .refusals = refusals}) == "");
    CHECK(form([]<class T>() { return nn::ScaleShift<T>{}; }, {2, 5, 3}, {.output = {2, 5, 3}}) ==
          "");
  }

  TEST_CASE("ScaleShift: gives the numbers of a worked example") {
    WorkedExample example(nn::ScaleShift<double>{}, {2}, {1, 2, 3, 4}, {{2, -1}, {10, 0.5}});
    CHECK(example.forward() == "12 -1.5 16 -3.5");
    CHECK(example.backward({1, 10, 2, 20}) == "2 -10 4 -20");
    CHECK(example.gradient(0) == "7 100");
    CHECK(example.gradient(1) == "3 30");
  }

  TEST_CASE("ScaleShift: starts as the identity") {
    nn::Sequential<float> model{nn::ScaleShift{}};
    model.build({3});
    nn::Tensor<float, 2> x(2, 3);
    x.setValues({{1, 2, 3}, {-4, 5, 0.5f}});
    const auto y = model.predict(x);
    CHECK(std::equal(y.data(), y.data() + y.size(), x.data()));
  }

  TEST_CASE("ScaleShift: names its arguments") {
    const nn::ScaleShift<float> layer{{.shift_initializer = nn::Constant{0.5}}};
    CHECK(nn::testing::arguments_text(layer) ==
          R"json({"scale_initializer":"constant(1)","shift_initializer":"constant(0.5)"})json");
    CHECK(nn::testing::arguments_text(nn::ScaleShift<double>::from_arguments(layer.arguments())) ==
          nn::testing::arguments_text(layer));
  }

  TEST_CASE("ScaleShift: is trained, saved and loaded in a model") {
    const nn::testing::TemporaryFolder folder;
    nn::Tensor<float, 2> x(6, 4);
    nn::Labels y(6);
    for (int n = 0; n < 6; ++n) {
      for (int i = 0; i < 4; ++i) x(n, i) = static_cast<float>((n * 3 + i * 5) % 7) - 3;
      y(n) = n % 2;
    }
    nn::Sequential model{nn::Dense{3}, nn::ScaleShift{}, nn::Dense{2}, nn::Softmax{}};
    model.compile(nn::SGD{{.learning_rate = 0.1}}, nn::SparseCategoricalCrossentropy{});
    model.fit(x, y, {.epochs = 3, .verbose = nn::Verbose::silent});
    const auto& scale = model.parameters().named()[2];
    CHECK(scale.name == "1.scaleshift.scale");
    CHECK(scale.value()(0) != 1);  // it learned

    model.save(folder.path("model"));
    const auto loaded = nn::Sequential<float>::load<nn::ScaleShift<float>>(folder.path("model"));
    const auto expected = model.predict(x), actual = loaded.predict(x);
    CHECK(std::equal(actual.data(), actual.data() + actual.size(), expected.data()));
  }
}
