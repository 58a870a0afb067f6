// SPDX-License-Identifier: MIT
#include "nn/model/residual.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "nn/sequential.hpp"
#include "nn/testing/check_gradients.hpp"
#include "nn/testing/model_layer.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::random_tensor;

/// Maker of the layers that `make` puts into a model, over each scalar.
template <class Make>
testing::LayerMaker models_of(const Make& make) {
  const auto in_model = [=]<class T>(T) {
    return AnyLayer<T>(testing::ModelLayer<T>(make.template operator()<T>()));
  };
  testing::LayerMaker maker;
  maker.of_double = [=] { return in_model(double()); };
  maker.of_float = [=] { return in_model(float()); };
  maker.of_dual = [=] { return in_model(testing::Dual()); };
  return maker;
}

template <class Make>
std::string wrong_gradients(const Make& make, const Shape& sample) {
  testing::Findings findings;
  testing::check_gradients(findings, "model", models_of(make), sample, 3, {},
                           testing::LayerRig<double>::training_pass());
  std::string all;
  for (const std::string& finding : findings) all += finding + '\n';
  return all;
}

Sequential<float> residual_model() {
  return Sequential<float>{
      Conv2D{4, 3, {.padding = Padding::same, .activation = Activation::relu}},
      Residual{Conv2D{4, 3, {.padding = Padding::same}}, ReLU{}, Residual{Conv2D{4, 1}},
               Conv2D{4, 3, {.padding = Padding::same}}},
      ReLU{},
      MaxPooling2D{2},
      Flatten{},
      Dense{3},
      Softmax{}};
}

}  // namespace

TEST_SUITE("model/residual") {
  TEST_CASE("Residual: adds its input to what its layers make") {
    Sequential<float> plain{Dense{3}}, model{Residual{Dense{3}}};
    plain.build({3}, {.seed = 4});
    model.build({3}, {.seed = 4});
    const auto x = random_tensor<float, 2>({5, 3}, 1);
    const Tensor<float, 2> f = plain.predict(x), y = model.predict(x);
    for (Index i = 0; i < y.size(); ++i) CHECK(y.data()[i] == x.data()[i] + f.data()[i]);
    CHECK(model.parameters().named()[0].name == "0.residual.0.dense.kernel");
  }

  TEST_CASE("Residual: gradients that meet are added, wherever the branch begins") {
    const auto list = []<class T, class... L>(T, L... layers) {
      std::vector<AnyLayer<T>> made;
      (made.emplace_back(std::move(layers)), ...);
      return made;
    };
    // at the input, behind a reshape, behind a ReLU that two read, and inside one another
    CHECK(wrong_gradients([=]<class T>() { return list(T(), Residual<T>{Dense<T>{4}}); }, {4}) ==
          "");
    CHECK(wrong_gradients([=]<class T>() { return list(T(), Residual<T>{ReLU<T>{}}, Dense<T>{2}); },
                          {4}) == "");
    CHECK(wrong_gradients(
              [=]<class T>() {
                return list(T(), Flatten<T>{}, Residual<T>{Dense<T>{4}, ReLU<T>{}, Dense<T>{4}},
                            Dense<T>{2});
              },
              {2, 2}) == "");
    CHECK(wrong_gradients(
              [=]<class T>() {
                return list(T(), Dense<T>{4, {.activation = Activation::relu}},
                            Residual<T>{Dense<T>{4, {.activation = Activation::relu}},
                                        Residual<T>{Dense<T>{4}}, Dense<T>{4}},
                            ReLU<T>{}, Dense<T>{2}, Softmax<T>{});
              },
              {3}) == "");
    CHECK(wrong_gradients(
              [=]<class T>() {
                return list(T(), Conv2D<T>{2, 3}, ReLU<T>{},
                            Residual<T>{Conv2D<T>{2, 3, {.padding = Padding::same}},
                                        BatchNormalization<T>{}, ReLU<T>{}},
                            MaxPooling2D<T>{2}, Flatten<T>{}, Dense<T>{2});
              },
              {6, 6, 1}) == "");
  }

  TEST_CASE("Residual: nothing is fused with a result that two layers read") {
    Network<double> network;
    network.add(AnyLayer<double>(Dense<double>{4}));
    network.add(AnyLayer<double>(Residual<double>{ReLU<double>{}, Dense<double>{4}}));
    network.infer_shapes({Shape{4}});
    const auto& steps = network.plan().steps();
    REQUIRE(steps.size() == 4);
    CHECK(steps[0].activation == Activation::linear);
    CHECK(steps[1].is_activation);
    CHECK(network.plan().values()[steps[1].y.value].memory == steps[1].y.value);
    CHECK(steps[3].inputs.size() == 2);
  }

  TEST_CASE("Residual: a ReLU behind the sum is written over it, and masked by its reader") {
    Network<double> network;
    network.add(AnyLayer<double>(Residual<double>{Dense<double>{4}}));
    network.add(AnyLayer<double>(ReLU<double>{}));
    network.add(AnyLayer<double>(Dense<double>{2}));
    network.infer_shapes({Shape{4}});
    const auto& steps = network.plan().steps();
    REQUIRE(steps.size() == 4);
    CHECK(network.plan().values()[steps[2].y.value].memory == steps[2].x().value);
    CHECK(steps[2].dy_is_dz);
    CHECK(steps[3].dx_is_masked);
  }

  TEST_CASE("Residual: trains, with the same bits for any number of threads") {
    const auto x = random_tensor<float, 4>({40, 8, 8, 1}, 1);
    const auto y = counted_labels(40, 3);
    std::vector<std::vector<float>> weights;
    const int before = num_threads();
    for (const int threads : {1, 2}) {
      set_num_threads(threads);
      Sequential<float> model = residual_model();
      model.compile(Adam{{.learning_rate = 0.01}}, SparseCategoricalCrossentropy{}, {Accuracy{}});
      const History history =
          model.fit(x, y, {.batch_size = 16, .epochs = 12, .verbose = Verbose::silent});
      CHECK(history["loss"].back() < 0.7 * history["loss"].front());
      weights.emplace_back(model.parameters().values(),
                           model.parameters().values() + model.parameters().size());
    }
    set_num_threads(before);
    CHECK(weights[0] == weights[1]);
  }

  TEST_CASE("Residual: copies, and is saved and loaded with its model") {
    const auto x = random_tensor<float, 4>({3, 8, 8, 1}, 1);
    Sequential<float> model = residual_model();
    model.build({8, 8, 1}, {.seed = 9});
    const Tensor<float, 2> expected = model.predict(x);
    const testing::TemporaryFolder folder;
    model.save(folder.path("model"));
    const auto loaded = Sequential<float>::load(folder.path("model")), copy = model;
    for (const Sequential<float>* other : {&loaded, &copy}) {
      const Tensor<float, 2> y = other->predict(x);
      for (Index i = 0; i < y.size(); ++i) CHECK(y.data()[i] == expected.data()[i]);
    }
    CHECK(loaded.summary() == model.summary());
    CHECK(model.summary().find("residual (Residual)") != std::string::npos);
  }

  TEST_CASE("Residual: layers that change the shape are refused") {
    Sequential<float> model{Dense{4}, Residual{Dense{3}}};
    CHECK_THROWS_WITH_AS(
        model.build({4}),
        "Sequential, layer 1: Residual, layer 1: Add: expected inputs of one shape, [3], got [4]; "
        "give the branches equally many channels, and the same strides",
        ShapeError);
    CHECK_THROWS_WITH_AS(Residual<float>(std::vector<AnyLayer<float>>{}),
                         "Residual: expected at least one layer, got none", std::invalid_argument);
  }
}

}  // namespace nn
