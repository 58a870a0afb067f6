// SPDX-License-Identifier: MIT
#include "nn/training/input_gradient.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "nn/core/num_threads.hpp"
#include "nn/layers/layers.hpp"
#include "nn/losses/losses.hpp"
#include "nn/merging/merging.hpp"
#include "nn/model/residual.hpp"
#include "nn/optimizers/optimizers.hpp"
#include "nn/training/fit.hpp"
#include "nn/training/forward_backward.hpp"
#include "nn/training/predict.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::random_tensor;
using testing::RandomMask;

/// Layers of every kind that behave otherwise in training; `closing` comes last.
template <class... Closing>
Sequential<double> layers_of_all_kinds(Closing... closing) {
  Sequential<double> model{Rescaling<double>{0.5, 0.1},
                           RandomRotation<double>{0.2},
                           Conv2D<double>{3, {3, 3}, {.padding = Padding::same}},
                           BatchNormalization<double>{{.momentum = 0.5}},
                           ActivationLayer<double>{Activation::tanh},
                           Residual<double>{Conv2D<double>{3, {3, 3}, {.padding = Padding::same}},
                                            ActivationLayer<double>{Activation::gelu}},
                           Dropout<double>{0.4},
                           MaxPooling2D<double>{},
                           Flatten<double>{},
                           RandomMask<double>{0.3},
                           Dense<double>{5, {.activation = Activation::sigmoid}},
                           BatchNormalization<double>{},
                           closing...};
  model.build({6, 6, 2}, {.seed = 3});
  for (auto& parameter : model.parameters()) {  // statistics unlike those of a batch
    for (Index i = 0; i < parameter.value().size(); ++i)
      parameter.value()(i) += 0.1 * static_cast<double>(i % 3);
  }
  return model;
}

/// Central differences of score k(i) of each sample i of x. `scores` gives them all [N, K].
template <int Rank, class ScoresOf>
Tensor<double, Rank> differences(const ScoresOf& scores_of, Tensor<double, Rank> x,
                                 const std::vector<int>& k) {
  constexpr double step = 1e-5;
  Tensor<double, Rank> dx = x;
  const Index size = x.size() / x.dimension(0);
  for (Index j = 0; j < size; ++j) {
    Tensor<double, Rank> low = x, high = x;
    for (Index i = 0; i < x.dimension(0); ++i) {
      low.data()[i * size + j] -= step;
      high.data()[i * size + j] += step;
    }
    const Tensor<double, 2> a = scores_of(low), b = scores_of(high);
    for (Index i = 0; i < x.dimension(0); ++i) {
      const int score = k[static_cast<std::size_t>(i)];
      dx.data()[i * size + j] = (b(i, score) - a(i, score)) / (2 * step);
    }
  }
  return dx;
}

template <class A, class B>
double largest_difference(const A& a, const B& b) {
  REQUIRE(shape_of(a) == shape_of(b));
  double largest = 0;
  for (Index i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a.data()[i] - b.data()[i])));
  }
  return largest;
}

constexpr double tolerance = 1e-7;  // the error of differences: step^2 and rounding / step

}  // namespace

TEST_SUITE("training/input_gradient") {
  TEST_CASE("input_gradient: agrees with differences of scores, as at inference") {
    const auto model = layers_of_all_kinds(Dense<double>{4});
    const auto x = random_tensor<double, 4>({3, 6, 6, 2}, 5);
    const std::vector<int> k{2, 0, 3};
    const auto scores = [&](const auto& moved) { return model.predict(moved); };
    const auto dx = input_gradient(model, x, k);
    CHECK(largest_difference(dx, differences<4>(scores, x, k)) < tolerance);
    CHECK(largest_difference(dx, Tensor<double, 4>(x.constant(0.0))) > 0.01);
  }

  TEST_CASE("input_gradient: of what a closing softmax or sigmoid is applied to") {
    const auto bare = layers_of_all_kinds(Dense<double>{4});
    const auto x = random_tensor<double, 4>({2, 6, 6, 2}, 6);
    const std::vector<int> k{1, 3};
    const auto expected = input_gradient(bare, x, k);
    const auto check = [&](const Sequential<double>& model) {
      CHECK(largest_difference(input_gradient(model, x, k), expected) == 0);
    };
    check(layers_of_all_kinds(Dense<double>{4}, Softmax<double>{}));
    check(layers_of_all_kinds(Dense<double>{4, {.activation = Activation::softmax}}));
    check(layers_of_all_kinds(Dense<double>{4}, ActivationLayer<double>{Activation::log_softmax}));
    check(layers_of_all_kinds(Dense<double>{4, {.activation = Activation::sigmoid}}));
    // Any other activation belongs to the score.
    const auto tanh_model = layers_of_all_kinds(Dense<double>{4, {.activation = Activation::tanh}});
    const auto scores = [&](const auto& moved) { return tanh_model.predict(moved); };
    CHECK(largest_difference(input_gradient(tanh_model, x, k), differences<4>(scores, x, k)) <
          tolerance);
  }

  TEST_CASE("input_gradient: without classes, of the highest score of each sample") {
    const auto model = layers_of_all_kinds(Dense<double>{4}, Softmax<double>{});
    const auto x = random_tensor<double, 4>({6, 6, 6, 2}, 7);
    const auto probabilities = model.predict(x);
    Labels highest(6);
    for (Index i = 0; i < 6; ++i) {
      highest(i) = 0;
      for (std::int32_t k = 1; k < 4; ++k) {
        if (probabilities(i, k) > probabilities(i, highest(i))) highest(i) = k;
      }
    }
    CHECK(largest_difference(input_gradient(model, x), input_gradient(model, x, highest)) == 0);
  }

  TEST_CASE("input_gradient: of a graph with branches, after compile and training") {
    const Input<double> in{{4}};
    const auto a = in | Dense<double>{6, {.activation = Activation::tanh}};
    const auto b = in | Dense<double>{6} | BatchNormalization<double>{};
    const auto out = add({a, b, multiply({a, b})}) | Dense<double>{3} | Softmax<double>{};
    Model<double> model{in, out};
    const auto x = random_tensor<double, 2>({8, 4}, 8);
    const std::vector<int> k{0, 1, 2, 0, 1, 2, 0, 1};
    model.compile(SGD{{.learning_rate = 0.1}}, SparseCategoricalCrossentropy{});
    model.fit(x, k, {.batch_size = 4, .epochs = 2, .verbose = Verbose::silent});
    // The score less another one is the logarithm of the ratio of their probabilities.
    const std::vector<int> zero(8, 0), first(8, 0), second(8, 1);
    const auto ratios = [&](const auto& moved) -> Tensor<double, 2> {
      const auto p = model.predict(moved);
      Tensor<double, 2> ratio(8, 1);
      for (Index i = 0; i < 8; ++i) ratio(i, 0) = std::log(p(i, 0) / p(i, 1));
      return ratio;
    };
    const Tensor<double, 2> dx = input_gradient(model, x, first) - input_gradient(model, x, second);
    CHECK(largest_difference(dx, differences<2>(ratios, x, zero)) < tolerance);
  }

  TEST_CASE("input_gradient: takes bytes, matrices and any number of samples") {
    Sequential model{Rescaling{1.0 / 255}, Dense{3}};
    model.build({4}, {.seed = 2});
    Tensor<std::uint8_t, 2> bytes(5, 4);
    Eigen::MatrixXf matrix(5, 4);
    for (Index i = 0; i < 20; ++i) {
      bytes(i / 4, i % 4) = static_cast<std::uint8_t>(11 * i);
      matrix(i / 4, i % 4) = static_cast<float>(11 * i);
    }
    CHECK(largest_difference(input_gradient(model, bytes), input_gradient(model, matrix)) == 0);
    CHECK(input_gradient(model, Tensor<float, 2>(0, 4)).size() == 0);
  }

  TEST_CASE("input_gradient: leaves the model as it was") {
    auto model = layers_of_all_kinds(Dense<double>{4}, Softmax<double>{});
    const auto x = random_tensor<double, 4>({3, 6, 6, 2}, 9);
    for (auto& parameter : model.parameters()) {
      if (parameter.is_trained()) parameter.gradient().setConstant(7);
    }
    const auto before = model.predict(x);
    const auto values = testing::weights_of(model);
    static_cast<void>(input_gradient(std::as_const(model), x, {.smooth_samples = 2}));
    CHECK(testing::weights_of(model) == values);
    CHECK(largest_difference(model.predict(x), before) == 0);
    for (auto& parameter : model.parameters()) {
      if (parameter.is_trained()) CHECK(parameter.gradient()(0) == 7);
    }
  }

  TEST_CASE("input_gradient: SmoothGrad is the mean over noisy copies") {
    const auto model = layers_of_all_kinds(Dense<double>{4}, Softmax<double>{});
    const auto x = random_tensor<double, 4>({3, 6, 6, 2}, 10);
    const std::vector<int> k{1, 0, 2};
    constexpr Index copies = 3;
    constexpr std::uint64_t seed = 11;
    Tensor<double, 4> mean(3, 6, 6, 2);
    mean.setZero();
    for (Index copy = 0; copy < copies; ++copy) {
      Tensor<double, 4> noisy = x;
      for (Index i = 0; i < 3; ++i) {
        const double* const sample = x.data() + i * 72;
        const double range =
            *std::max_element(sample, sample + 72) - *std::min_element(sample, sample + 72);
        const Random random(seed, {RandomPurpose::smoothing, static_cast<std::uint64_t>(i),
                                   static_cast<std::uint64_t>(copy)});
        for (Index j = 0; j < 72; ++j) {
          noisy.data()[i * 72 + j] += 0.2 * range * random.normal(static_cast<std::uint64_t>(j));
        }
      }
      mean += input_gradient(model, noisy, k);
    }
    mean = mean / static_cast<double>(copies);
    const InputGradientOptions options{.smooth_samples = copies, .noise = 0.2, .seed = seed};
    const auto smooth = input_gradient(model, x, k, options);
    CHECK(largest_difference(smooth, mean) < 1e-14);
    CHECK(largest_difference(smooth, input_gradient(model, x, k)) > 1e-4);
    CHECK(largest_difference(
              smooth, input_gradient(model, x, k,
                                     {.smooth_samples = copies, .noise = 0.2, .seed = seed + 1})) >
          1e-4);
  }

  TEST_CASE(
      "input_gradient: the bits depend neither on threads nor, but for rounding, on batches") {
    const auto model = testing::image_model();
    const auto x = random_tensor<float, 4>({7, 8, 8, 1}, 12);
    const InputGradientOptions options{.smooth_samples = 2, .seed = 1};
    const auto expected = input_gradient(model, x, options);
    const int before = num_threads();
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      set_num_threads(threads);
      CHECK(largest_difference(input_gradient(model, x, options), expected) == 0);
    }
    set_num_threads(before);
    const auto in_parts =
        input_gradient(model, x, {.smooth_samples = 2, .seed = 1, .batch_size = 3});
    CHECK(largest_difference(in_parts, expected) < 1e-5);  // sums of floats in another order
  }

  TEST_CASE("input_gradient: what does not fit is refused by a sentence") {
    const auto refused = [](const auto& call, const char* sentence) {
      CHECK_THROWS_WITH_AS(static_cast<void>(call()), sentence, std::invalid_argument);
    };
    Tensor<float, 2> x(2, 3);
    x.setZero();
    Sequential model{Dense{4}, Softmax{}};
    refused([&] { return input_gradient(model, x); },
            "input_gradient: expected a built model, got one whose input shape is not known; call "
            "build or fit first");
    model.build({3});
    refused([&] { return input_gradient(model, Tensor<float, 2>(2, 5)); },
            "input_gradient: expected samples of shape [3], got [5] (x [2, 5])");
    refused([&] { return input_gradient(model, x, Labels(3)); },
            "input_gradient: expected classes of shape [2], got [3]");
    refused(
        [&] {
          return input_gradient(model, x, std::vector<int>{0, 4});
        },
        "input_gradient: expected classes from 0 to 3, got 4 (sample 1)");
    refused([&] { return input_gradient(model, x, {.smooth_samples = -1}); },
            "input_gradient: expected smooth_samples of 0 or more, got -1");
    refused([&] { return input_gradient(model, x, {.noise = -0.5}); },
            "input_gradient: expected a noise of 0 or more, got -0.5");
    refused([&] { return input_gradient(model, x, {.batch_size = 0}); },
            "input_gradient: expected a positive batch_size, got 0");
    const Input left{{3}}, right{{3}};
    const auto sum = add({left, right});
    refused(
        [&] {
          return input_gradient(Model({left, right}, sum), x);
        },
        "input_gradient: expected a model with one input, got 2");
    refused(
        [&] {
          return input_gradient(Model(left, {left | Dense{1}, left | Dense{2}}), x);
        },
        "input_gradient: expected a model with one output, got 2");
    model.quantize(NumberFormat::int8);
    refused([&] { return input_gradient(model, x); },
            "input_gradient: expected a model with float32 weights, got int8 weights (quantised "
            "for inference); use a copy from before quantize");
  }
}

}  // namespace nn
