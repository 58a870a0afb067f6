// SPDX-License-Identifier: MIT
#include "nn/layers/normalization/batch_normalization.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/sequential.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::BatchNormalization;
using nn::BatchNormalizationOptions;
using nn::testing::form;
using nn::testing::WorkedExample;

nn::testing::LayerExpectations expectations(const nn::Shape& sample) {
  return {.output = sample, .trains_differently = true, .mixes_samples = true};
}

}  // namespace

TEST_SUITE("layers/normalization/batch_normalization") {
  TEST_CASE("BatchNormalization: fills the form") {
    const auto make = []<class T>() { return BatchNormalization<T>{}; };
    auto expected = expectations({5});
    expected.refusals = {
        {{},
         "BatchNormalization: expected samples with axis -1, got [] (axis 0 is that of the batch)"},
        {{3, 0}, "BatchNormalization: expected samples with at least one feature, got [3, 0]"}};
    CHECK(form(make, {5}, expected) == "");
    CHECK(form(make, {4, 3, 2}, expectations({4, 3, 2})) == "");
    CHECK(form(make, {300}, expectations({300})) == "");  // wider than what is folded
  }

  TEST_CASE(
      "BatchNormalization: fills the form without gamma and beta, on the last axis by number") {
    auto expected = expectations({4, 3});
    expected.refusals = {{{4},
                          "BatchNormalization: expected samples with axis 2, got [4] (axis 0 is "
                          "that of the batch)"}};
    CHECK(form(
              []<class T>() {
                return BatchNormalization<T>{{.axis = 2, .momentum = 0.5, .center = false}};
              },
              {4, 3}, expected) == "");
    CHECK(form([]<class T>() { return BatchNormalization<T>{{.scale = false}}; }, {3},
               expectations({3})) == "");
    CHECK(form(
              []<class T>() {
                return BatchNormalization<T>{{.epsilon = 0.1, .center = false, .scale = false}};
              },
              {3}, expectations({3})) == "");
  }

  TEST_CASE("BatchNormalization: fills the form on other axes than the last") {
    CHECK(form([]<class T>() { return BatchNormalization<T>{{.axis = 1}}; }, {3, 2, 4},
               expectations({3, 2, 4})) == "");
    CHECK(form(
              []<class T>() {
                return BatchNormalization<T>{{.axis = -2, .epsilon = 0.1, .scale = false}};
              },
              {2, 3, 4}, expectations({2, 3, 4})) == "");
  }

  TEST_CASE("BatchNormalization: channels first give what channels last do") {
    const std::vector<std::vector<double>> parameters{{2, 4}, {1, -1}}, state{{0, 1}, {2, 3}};
    WorkedExample last(BatchNormalization<double>{}, {3, 2},
                       {1, 10, 2, 20, 4, 25, 0, 3, 9, 1, 7, 8}, parameters, state);
    WorkedExample first(BatchNormalization<double>{{.axis = 1}}, {2, 3},
                        {1, 2, 4, 10, 20, 25, 0, 9, 7, 3, 1, 8}, parameters, state);
    for (const bool training : {true, false}) {
      last.pass.training = first.pass.training = training;
      static_cast<void>(last.forward());
      static_cast<void>(first.forward());
      if (training) {
        static_cast<void>(last.backward({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
        static_cast<void>(first.backward({1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12}));
        last.rig.update_state(last.batch);
        first.rig.update_state(first.batch);
      }
      for (int i = 0; i < 12; ++i) {
        CAPTURE(i);
        const int other = i / 6 * 6 + i % 2 * 3 + i % 6 / 2;
        CHECK(last.batch.y.data()[i] == doctest::Approx(first.batch.y.data()[other]));
        CHECK(last.batch.dx.data()[i] == doctest::Approx(first.batch.dx.data()[other]));
      }
      for (std::size_t i = 0; i < 2; ++i) {
        CHECK(last.gradient(i) == first.gradient(i));
        CHECK(last.state(i) == first.state(i));
      }
    }
  }

  TEST_CASE("BatchNormalization: behind a Dense, another axis is no part of that") {
    const auto make = [](nn::Index axis) {
      return nn::Sequential<double>{nn::Dense<double>{2},
                                    BatchNormalization<double>{{.axis = axis}}};
    };
    auto last = make(-1), other = make(1);
    last.build({2, 3}, {.seed = 1});
    other.build({2, 3}, {.seed = 1});
    for (auto* model : {&last, &other}) {
      model->parameters().named()[3].value()(0) = 5;  // beta
      model->parameters().named()[3].value()(1) = 7;
    }
    nn::Tensor<double, 3> x(1, 2, 3);
    x.setConstant(0.5);
    const auto y_last = last.predict<3>(x), y_other = other.predict<3>(x);
    CHECK(y_last(0, 0, 1) - y_last(0, 0, 0) ==
          doctest::Approx(y_other(0, 0, 1) - y_other(0, 0, 0) + 2));
    CHECK(y_other(0, 1, 0) - y_other(0, 0, 0) == doctest::Approx(2));
    CHECK(y_last(0, 1, 0) == doctest::Approx(y_last(0, 0, 0)));
  }

  TEST_CASE("BatchNormalization: gives the numbers of a worked example") {
    // Columns 1 3 and 4 4: means 2 4, variances 1 0; with epsilon 3 deviations 2 and sqrt 3.
    WorkedExample example(BatchNormalization<double>{{.momentum = 0.75, .epsilon = 3}}, {2},
                          {1, 4, 3, 4}, {{2, 5}, {10, 20}}, {{1, 2}, {3, 4}});
    CHECK(example.forward() == "9 20 11 20");
    CHECK(example.state(0) == "1 2");
    // dbeta = sum dy, dgamma = sum dy x^ with x^ = -1/2 1/2 and 0 0
    // dx = 2/2 (dy - 2 - x^ mean(dy x^)), mean(dy x^) = 1/2; and 5/sqrt 3 (dy - 4)
    CHECK(example.backward({1, 2, 3, 6}) == "-0.75 -5.7735 0.75 5.7735");
    CHECK(example.gradient(0) == "1 0");
    CHECK(example.gradient(1) == "4 8");
    example.rig.update_state(example.batch);
    CHECK(example.state(0) == "1.25 2.5");
    CHECK(example.state(1) == "2.5 3");
    example.pass.training = false;  // mean 1.25, variance 2.5: (1 - 1.25) / sqrt 5.5 2 + 10
    CHECK(example.forward() == "9.7868 23.0619 11.4924 23.0619");
  }

  TEST_CASE("BatchNormalization: applies the activation that it is asked for") {
    const auto forward = [](nn::Activation activation) {
      WorkedExample example(BatchNormalization<double>{{.epsilon = 3}}, {2}, {1, 4, 3, 4},
                            {{2, 5}, {0, 0}}, {{1, 2}, {3, 4}});
      example.pass.activation = activation;
      return example.forward();
    };
    CHECK(forward(nn::Activation::linear) == "-1 0 1 0");
    CHECK(forward(nn::Activation::relu) == "0 0 1 0");
    CHECK(forward(nn::Activation::tanh) == "-0.761594 0 0.761594 0");
  }

  TEST_CASE("BatchNormalization: starts almost as the identity at inference") {
    nn::Sequential<double> model{BatchNormalization<double>{}};
    model.build({2});
    nn::Tensor<double, 2> x(1, 2);
    x.setValues({{3, -5}});
    const auto y = model.predict(x);
    CHECK(y(0, 0) == doctest::Approx(3 / std::sqrt(1.001)));
    CHECK(y(0, 1) == doctest::Approx(-5 / std::sqrt(1.001)));
  }

  TEST_CASE("BatchNormalization: batches without samples leave the statistics alone") {
    nn::Sequential<float> model{BatchNormalization{}};
    model.build({2});
    nn::Workspace workspace;
    const nn::Tensor<float, 2> x(0, 2);
    model.zero_gradients();
    static_cast<void>(model.forward(x, workspace));
    model.backward(nn::Tensor<float, 2>(0, 2), workspace);
    CHECK(model.parameters().named()[3].value()(1) == 1);
    CHECK(model.parameters().named()[0].gradient()(0) == 0);
  }

  TEST_CASE("BatchNormalization: refuses options that can't be") {
    const auto make = [](double momentum, double epsilon) {
      static_cast<void>(BatchNormalization<float>{{.momentum = momentum, .epsilon = epsilon}});
    };
    CHECK_THROWS_WITH_AS(make(1.5, 1e-3),
                         "BatchNormalization: expected a momentum from 0 to 1, got 1.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(make(std::nan(""), 1e-3),
                         "BatchNormalization: expected a momentum from 0 to 1, got nan",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(make(0.5, 0), "BatchNormalization: expected a positive epsilon, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(BatchNormalization<float>{{.axis = 0}},
                         "BatchNormalization: expected an axis of samples, got 0, the axis of the "
                         "batch",
                         std::invalid_argument);
  }

  TEST_CASE("BatchNormalization: names its arguments") {
    const BatchNormalization<float> layer{{.momentum = 0.9, .gamma_initializer = nn::Zeros{}}};
    CHECK(nn::testing::arguments_text(layer) ==
          R"json({"axis":-1,"momentum":0.9,"epsilon":0.001,"center":true,"scale":true,)json"
          R"json("beta_initializer":"zeros","gamma_initializer":"zeros",)json"
          R"json("moving_mean_initializer":"zeros","moving_variance_initializer":"ones",)json"
          R"json("synchronized":false})json");
    CHECK(nn::testing::arguments_text(BatchNormalization<double>::from_arguments(
              layer.arguments())) == nn::testing::arguments_text(layer));
  }

  TEST_CASE("BatchNormalization: learns in a model, where it knows what a batch is like") {
    nn::Tensor<float, 2> x(64, 2);
    nn::Labels y(64);
    for (int n = 0; n < 64; ++n) {
      x(n, 0) = 1000 + static_cast<float>(n % 8);  // far from 0
      x(n, 1) = static_cast<float>(n % 3) / 1000;
      y(n) = n % 8 < 4 ? 0 : 1;
    }
    nn::Sequential model{BatchNormalization{{.momentum = 0.5}}, nn::Dense{2}, nn::Softmax{}};
    model.compile(nn::SGD{{.learning_rate = 0.5}}, nn::SparseCategoricalCrossentropy{},
                  {nn::Accuracy{}});
    model.fit(x, y, {.batch_size = 64, .epochs = 40, .verbose = nn::Verbose::silent});
    CHECK(model.evaluate(x, y)["accuracy"] == 1);
    CHECK(model.parameters().named()[2].value()(0) == doctest::Approx(1003.5).epsilon(1e-6));
    CHECK(model.parameters().named()[3].value()(0) == doctest::Approx(5.25).epsilon(1e-4));
  }
}
