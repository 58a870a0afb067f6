// SPDX-License-Identifier: MIT
// Layers that training does not change.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/sequential.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::random_tensor;
using testing::weights_of;

const FitOptions silent{.batch_size = 8, .epochs = 2, .verbose = Verbose::silent};

/// Images 8x8 in three classes. Parameters: 0 convolution, 1 batch normalization, 4 and 5 dense.
Sequential<float> small_model() {
  Sequential<float> model{Conv2D{4, 3}, BatchNormalization{{.momentum = 0.5}},      ReLU{},
                          Flatten{},    Dense{6, {.activation = Activation::tanh}}, Dense{3},
                          Softmax{}};
  model.build({8, 8, 1}, {.seed = 1});
  model.compile(SGD{{.learning_rate = 0.1}}, SparseCategoricalCrossentropy{});
  return model;
}

struct Data {
  Tensor<float, 4> x = random_tensor<float, 4>({24, 8, 8, 1}, 1);
  Labels y = counted_labels(24, 3);
};

/// The values of layer i, one after the other.
std::vector<float> values_of(const Sequential<float>& model, Index i) {
  std::vector<float> all;
  for (const auto& parameter : model.parameters()) {
    if (!parameter.name.starts_with(concat({i, "."}))) continue;
    const auto value = parameter.value();
    all.insert(all.end(), value.data(), value.data() + value.size());
  }
  return all;
}

/// The layers whose values differ, as "0 4 5".
std::string changed_layers(const Sequential<float>& a, const Sequential<float>& b) {
  std::string layers;
  for (Index i = 0; i < a.size(); ++i) {
    if (values_of(a, i) != values_of(b, i)) append(layers, {layers.empty() ? "" : " ", i});
  }
  return layers;
}

/// Two steps of a loop of one's own.
void train_by_hand(Sequential<float>& model, const Data& data) {
  Workspace workspace;
  for (int step = 0; step < 2; ++step) {
    model.zero_gradients();
    const auto y = model.forward(data.x, workspace);
    const Tensor<float, 2> dy = y;
    model.backward(dy, workspace);
    SGD{{.learning_rate = 0.01, .momentum = 0.9}}.step(model.parameters());
  }
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_SUITE("model/freezing") {
  TEST_CASE("freeze: no way of training changes a frozen layer, and all change the others") {
    const Data data;
    for (Index frozen = 0; frozen < 6; ++frozen) {
      CAPTURE(frozen);
      std::string others;
      for (const Index i : {0, 1, 4, 5}) {
        if (i != frozen) append(others, {others.empty() ? "" : " ", i});
      }
      Sequential<float> before = small_model();
      before.freeze(frozen);
      Sequential<float> model = before;
      model.fit(data.x, data.y, silent);
      CHECK(changed_layers(model, before) == others);
      model = before;
      model.compile(Adam{}, SparseCategoricalCrossentropy{});
      model.fit(data.x, data.y, silent);
      CHECK(changed_layers(model, before) == others);
      model = before;
      model.compile(testing::WholeStep<SGD>{SGD{{.momentum = 0.9}}},
                    SparseCategoricalCrossentropy{});
      model.fit(data.x, data.y, silent);
      CHECK(changed_layers(model, before) == others);
      model = before;
      model.train_on_batch(data.x, data.y);
      CHECK(changed_layers(model, before) == others);
      model = before;
      train_by_hand(model, data);
      CHECK(changed_layers(model, before) == others);
    }
  }

  TEST_CASE("freeze: the step of every other layer is what it was") {
    const Data data;
    Sequential<float> trained = small_model();
    trained.train_on_batch(data.x, data.y);
    for (const Index frozen : {0, 4, 5}) {
      CAPTURE(frozen);
      Sequential<float> model = small_model();
      model.freeze(frozen);
      model.train_on_batch(data.x, data.y);
      CHECK(changed_layers(model, trained) == concat({frozen}));
    }
  }

  TEST_CASE("freeze: also where a convolution reads the gradient that a dense layer makes") {
    const Data data;
    const auto make = [] {
      Sequential<float> model{Conv2D{8, 3, {.activation = Activation::relu}}, Flatten{}, Dense{300},
                              Dense{3}};
      model.build({8, 8, 1}, {.seed = 1});
      model.compile(SGD{{.learning_rate = 0.1}},
                    SparseCategoricalCrossentropy{{.from_logits = true}});
      return model;
    };
    Sequential<float> trained = make();
    trained.train_on_batch(data.x, data.y);
    Sequential<float> whole = make();
    whole.compile(testing::WholeStep<SGD>{SGD{{.learning_rate = 0.1}}},
                  SparseCategoricalCrossentropy{{.from_logits = true}});
    whole.freeze(2);
    whole.train_on_batch(data.x, data.y);
    for (const Index frozen : {0, 2}) {
      Sequential<float> model = make();
      model.freeze(frozen);
      model.train_on_batch(data.x, data.y);
      if (frozen == 0) CHECK(changed_layers(model, trained) == "0");
      if (frozen == 2) CHECK(changed_layers(model, whole) == "");
    }
  }

  TEST_CASE("freeze: no gradient is computed below the first layer that is trained") {
    const auto needs = [](const Sequential<float>& model) {
      std::string text;
      for (const auto& step : detail::ModelAccess::network(model).plan().steps()) {
        text += step.needs_dx ? "1" : "0";
      }
      return text;
    };
    Sequential<float> model = small_model();
    CHECK(needs(model) == "01111");
    model.freeze(0);
    CHECK(needs(model) == "00111");
    model.freeze(1);
    model.freeze(5);
    CHECK(needs(model) == "00011");
    model.freeze();
    CHECK(needs(model) == "00000");
    model.unfreeze(4);
    CHECK(needs(model) == "00011");
    model.unfreeze();
    CHECK(needs(model) == "01111");
  }

  TEST_CASE("freeze: batch normalization normalizes by its moving statistics") {
    const Data data;
    Sequential<float> model = small_model();
    model.fit(data.x, data.y, silent);
    Workspace workspace;
    const auto predicted = model.predict(data.x);
    const auto same = [&] {
      const auto y = model.forward(data.x, workspace);
      // Inference rounds otherwise, as it does not normalize in a step of its own.
      return std::equal(predicted.data(), predicted.data() + predicted.size(), y.data(),
                        [](float a, float b) { return std::abs(a - b) < 1e-5f; });
    };
    CHECK_FALSE(same());
    model.freeze("batchnormalization");
    CHECK(same());
    model.unfreeze("batchnormalization");
    CHECK_FALSE(same());
  }

  TEST_CASE("freeze: a model that is all frozen stays as it is") {
    const Data data;
    Sequential<float> model = small_model();
    const auto before = weights_of(model);
    model.freeze();
    CHECK(model.parameters().size() == 0);
    model.fit(data.x, data.y, silent);
    train_by_hand(model, data);
    model.unfreeze();
    CHECK(weights_of(model) == before);
  }

  TEST_CASE("freeze: layers are named as in the summary, which counts what is trained") {
    Sequential<float> model = small_model();
    CHECK(
        model.summary().ends_with("Total params: 947 (3.70 KB)\n"
                                  "Trainable params: 939 (3.67 KB)\n"
                                  "Non-trainable params: 8 (32.00 B)\n"));
    model.freeze("dense_1");
    CHECK(model.is_frozen(5));
    CHECK_FALSE(model.is_frozen(4));
    CHECK(
        model.summary().ends_with("Total params: 947 (3.70 KB)\n"
                                  "Trainable params: 918 (3.59 KB)\n"
                                  "Non-trainable params: 29 (116.00 B)\n"));
  }

  TEST_CASE("freeze: keeps values, and the moments of what is still trained") {
    const Data data;
    Sequential<float> model = small_model();
    model.compile(Adam{}, SparseCategoricalCrossentropy{});
    model.fit(data.x, data.y, silent);
    const Sequential<float> before = model;
    Sequential<float> other = model;
    const auto moment_of = [](Sequential<float>& m, std::size_t parameter) {
      auto& block = m.parameters();
      const auto value = block.named()[parameter].value();
      return block.moment(1)[value.data() - block.values()];
    };
    const float of_kernel = moment_of(model, 6), of_bias = moment_of(model, 7);
    model.freeze(0);
    CHECK(changed_layers(model, before) == "");
    CHECK(model.parameters().step() == before.parameters().step());
    CHECK(moment_of(model, 6) == of_kernel);
    CHECK(moment_of(model, 7) == of_bias);
    model.unfreeze(0);
    CHECK(moment_of(model, 7) == of_bias);
    CHECK(moment_of(model, 0) == 0);
    CHECK(moment_of(other, 0) != 0);
  }

  TEST_CASE("unfreeze: an average of weights begins with those of the layer") {
    const Data data;
    Sequential<float> model = small_model();
    model.freeze(0);
    model.compile(SGD{{.use_ema = true}}, SparseCategoricalCrossentropy{});
    model.fit(data.x, data.y, silent);
    model.unfreeze(0);
    const Sequential<float> before = model;
    model.fit(data.x, data.y, {.epochs = 0, .verbose = Verbose::silent});  // w = average
    CHECK(changed_layers(model, before) == "");
  }

  TEST_CASE("freeze: copies are frozen too, what a file gives back is not") {
    const testing::TemporaryFolder folder;
    Sequential<float> model = small_model();
    model.freeze(4);
    CHECK(Sequential<float>(model).is_frozen(4));
    model.save(folder.path("model"));
    const auto loaded = Sequential<float>::load(folder.path("model"));
    CHECK_FALSE(loaded.is_frozen(4));
    CHECK(changed_layers(loaded, model) == "");
    Sequential<float> unbuilt{Dense{3}, Dense{2}};
    unbuilt.freeze(0);
    unbuilt.build({4});
    CHECK_FALSE(unbuilt.parameters().named()[0].is_trained());
    CHECK(unbuilt.parameters().named()[2].is_trained());
  }

  TEST_CASE("freeze: a frozen model stays frozen as a part of another one") {
    const Data data;
    Sequential<float> base{Conv2D{2, 3}, BatchNormalization{}, Flatten{}};
    base.build({8, 8, 1}, {.seed = 3});
    base.freeze();
    Sequential<float> model{base, Dense{3}, Softmax{}};
    model.build({8, 8, 1});
    model.compile(Adam{}, SparseCategoricalCrossentropy{});
    CHECK(model.is_frozen(0));
    Sequential<float> before = model;
    model.fit(data.x, data.y, silent);
    CHECK(changed_layers(model, before) == "1");
    model.unfreeze(0);
    CHECK_FALSE(model.is_frozen(0));
    model.fit(data.x, data.y, silent);
    CHECK(changed_layers(model, before) == "0 1");
  }

  TEST_CASE("freeze: a shortcut with frozen layers inside trains what is before and behind it") {
    const Data data;
    Sequential<float> model{Conv2D{2, 3}, Residual{BatchNormalization{}, ReLU{}}, Flatten{},
                            Dense{3}, Softmax{}};
    model.build({8, 8, 1}, {.seed = 2});
    model.compile(Adam{}, SparseCategoricalCrossentropy{});
    model.freeze(1);
    CHECK(model.is_frozen(1));
    const Sequential<float> before = model;
    model.fit(data.x, data.y, silent);
    CHECK(changed_layers(model, before) == "0 3");
    model.freeze("conv2d");
    model.unfreeze(1);
    const Sequential<float> between = model;
    model.fit(data.x, data.y, silent);
    CHECK(changed_layers(model, between) == "1 3");
  }

  TEST_CASE("freeze: what is frozen has no gradient") {
    Sequential<float> model = small_model();
    model.freeze(0);
    CHECK(message_of([&] { static_cast<void>(model.parameters().named()[0].gradient()); }) ==
          "0.conv2d.kernel: expected a parameter that is trained, got a frozen one, whose gradient "
          "is left out; unfreeze its layer");
  }

  TEST_CASE("freeze: refuses layers that are not there, quantised models, and to interrupt fit") {
    const Data data;
    Sequential<float> model = small_model();
    const auto before = weights_of(model);
    CHECK(message_of([&] { model.freeze(7); }) ==
          "Model::freeze: expected one of 7 layers, counted from 0, got 7");
    CHECK(message_of([&] { model.unfreeze(-1); }) ==
          "Model::unfreeze: expected one of 7 layers, counted from 0, got -1");
    CHECK(message_of([&] { static_cast<void>(model.is_frozen(9)); }) ==
          "Model::is_frozen: expected one of 7 layers, counted from 0, got 9");
    CHECK(message_of([&] { model.freeze("dense_2"); }) ==
          "Model::freeze: expected a layer among conv2d, batchnormalization, relu, flatten, "
          "dense, dense_1, softmax, got 'dense_2'");
    struct Freezer {
      Sequential<float>* model;
      void on_batch_begin(FitContext&) const { model->freeze(); }
    };
    CHECK(message_of([&] {
            model.fit(data.x, data.y, {.verbose = Verbose::silent, .callbacks = {Freezer{&model}}});
          }) ==
          "Model::freeze: expected a model that is not being trained, got one in the middle of "
          "fit; in a callback, work on a copy");
    CHECK(weights_of(model) == before);
    Workspace workspace;
    static_cast<void>(model.forward(data.x, workspace));
    model.freeze(0);
    CHECK(message_of([&] { model.backward(Tensor<float, 2>(24, 3), workspace); }) ==
          "Model::backward: expected a workspace that forward of this model has filled last, "
          "got another");
    model.quantize(NumberFormat::int8);
    CHECK(message_of([&] { model.unfreeze(); }) ==
          "Model::unfreeze: expected a model with float32 weights, got int8 weights (quantised "
          "for inference); use a copy from before quantize");
    CHECK(model.predict(data.x).dimension(0) == 24);
  }
}
}  // namespace nn
