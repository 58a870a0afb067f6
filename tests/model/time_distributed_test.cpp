// SPDX-License-Identifier: MIT
#include "nn/model/time_distributed.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "nn/layers/recurrent/lstm.hpp"
#include "nn/model/more_layers.hpp"
#include "nn/sequential.hpp"
#include "nn/testing/check_gradients.hpp"
#include "nn/testing/model_layer.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::random_tensor;

/// A small model of pictures.
template <Real T>
Sequential<T> picture_model() {
  return Sequential<T>{Conv2D<T>{2, {2, 2}, {.activation = Activation::relu}}, Flatten<T>{},
                       Dense<T>{3}, Softmax<T>{}};
}

}  // namespace

TEST_SUITE("model/time_distributed") {
  TEST_CASE("TimeDistributed: gives for each step what the model gives alone") {
    Sequential<float> alone = picture_model<float>();
    Sequential model{TimeDistributed{picture_model<float>()}};
    alone.build({3, 3, 1}, {.seed = 5});
    model.build({4, 3, 3, 1}, {.seed = 5});
    CHECK(model.output_shape() == Shape{4, 3});
    CHECK(model.parameters().named()[0].name == "0.timedistributed.0.sequential.0.conv2d.kernel");
    const auto x = random_tensor<float, 5>({2, 4, 3, 3, 1}, 1);
    const TensorMap<float, 4> steps(const_cast<float*>(x.data()), 8, 3, 3, 1);
    const Tensor<float, 2> expected = alone.predict(steps);
    const Tensor<float, 3> y = model.predict<3>(x);
    REQUIRE(y.size() == expected.size());
    for (Index i = 0; i < y.size(); ++i) CHECK(y.data()[i] == expected.data()[i]);
  }

  TEST_CASE("TimeDistributed: right gradients, of models and inside of itself") {
    const auto findings = [](const auto& make, const Shape& sample) {
      const auto in_model = [=]<class T>(T) {
        return AnyLayer<T>(testing::ModelLayer<T>(make.template operator()<T>()));
      };
      testing::LayerMaker maker;
      maker.of_double = [=] { return in_model(double()); };
      maker.of_float = [=] { return in_model(float()); };
      maker.of_dual = [=] { return in_model(testing::Dual()); };
      testing::Findings found;
      testing::check_gradients(found, "model", maker, sample, 2, {},
                               testing::LayerRig<double>::training_pass());
      return testing::to_text(found);
    };
    const auto list = []<class T, class... L>(T, L... layers) {
      std::vector<AnyLayer<T>> made;
      (made.emplace_back(std::move(layers)), ...);
      return made;
    };
    CHECK(findings(
              [=]<class T>() {
                return list(T(), TimeDistributed<T>{picture_model<T>()}, LSTM<T>{2}, Dense<T>{2});
              },
              {3, 3, 3, 1}) == "");
    // Words of sentences
    CHECK(findings(
              [=]<class T>() {
                Sequential<T> sentence{TimeDistributed<T>{Dense<T>{2}}, LSTM<T>{3}};
                return list(T(), TimeDistributed<T>{sentence}, BatchNormalization<T>{},
                            TimeDistributed<T>{ReLU<T>{}});
              },
              {2, 3, 2}) == "");
  }

  TEST_CASE("TimeDistributed: a softmax of each step is trained on its logits") {
    Sequential model{TimeDistributed{Dense{3}}, TimeDistributed{Softmax{}}};
    model.build({4, 2}, {.seed = 1});
    model.compile(SGD{}, SparseCategoricalCrossentropy{});
    const auto& network = detail::ModelAccess::network(model);
    CHECK(network.plan(true).outputs()[0].are_logits);
    const auto x = random_tensor<float, 3>({2, 4, 2}, 1);
    Tensor<std::int32_t, 2> y(2, 4);
    y.setConstant(2);
    const double before = model.evaluate(x, y, {.verbose = Verbose::silent})["loss"];
    model.fit(x, y, {.epochs = 5, .verbose = Verbose::silent});
    CHECK(model.evaluate(x, y, {.verbose = Verbose::silent})["loss"] < before);
  }

  TEST_CASE("TimeDistributed: a file gives it back; without steps there is nothing to do") {
    const testing::TemporaryFolder folder;
    const std::string path = folder.path("model.safetensors");
    Sequential model{TimeDistributed{picture_model<float>()}};
    CHECK_THROWS_WITH_AS(model.build({}),
                         "Sequential, layer 0: TimeDistributed: expected samples [steps, ...], "
                         "got []",
                         ShapeError);
    model.build({4, 3, 3, 1}, {.seed = 5});
    model.save(path);
    const auto loaded = Sequential<float>::load<MoreLayers<float>>(path);
    const auto x = random_tensor<float, 5>({2, 4, 3, 3, 1}, 1);
    const Tensor<float, 3> before = model.predict<3>(x), after = loaded.predict<3>(x);
    for (Index i = 0; i < before.size(); ++i) CHECK(before.data()[i] == after.data()[i]);
  }
}

}  // namespace nn
