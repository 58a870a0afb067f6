// SPDX-License-Identifier: MIT
#include "nn/model/sequential.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/optimizers/sgd.hpp"
#include "nn/training/forward_backward.hpp"
#include "nn/training/train_on_batch.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::image_model;
using testing::random_tensor;
using testing::RandomMask;
using testing::weights_of;

template <Real T>
std::vector<std::string> names_of(const Sequential<T>& model) {
  std::vector<std::string> names;
  for (const auto& parameter : model.parameters()) names.push_back(parameter.name);
  return names;
}

template <class A, class B>
bool equal(const A& a, const B& b) {
  return shape_of(a) == shape_of(b) && std::equal(a.data(), a.data() + a.size(), b.data());
}

/// Has a parameter of no elements.
class Weightless {
 public:
  using Scalar = float;

  [[nodiscard]] static std::string name() { return "Weightless"; }
  [[nodiscard]] static Shape output_shape(const Shape& input) { return input; }
  void parameters(const Shape&, ParameterList<float>& list) { list.add(w_, "w", {0}, Zeros{}); }
  void forward(ConstTensorMap<float, 2> x, TensorMap<float, 2> y, const Pass&) const {
    y = x * (1 + static_cast<float>(w_.value().size()));
  }
  static void backward(ConstTensorMap<float, 2>, ConstTensorMap<float, 2>, TensorMap<float, 2> dy,
                       TensorMap<float, 2> dx, const Pass&) {
    dx = dy;
  }

 private:
  Parameter<float, 1> w_;
};

/// Says one rank and gives another.
struct Misranked {
  using Scalar = float;
  static constexpr int output_rank = 4;

  [[nodiscard]] static std::string name() { return "Misranked"; }
  [[nodiscard]] static Shape output_shape(const Shape& input) { return input; }
  static void forward(ConstTensorMap<float, 2>, TensorMap<float, 4>, const Pass&) {}
  static void backward(ConstTensorMap<float, 2>, ConstTensorMap<float, 4>, TensorMap<float, 4>,
                       TensorMap<float, 2>, const Pass&) {}
};

/// Has a parameter for samples of three elements alone.
class Fickle : public Weightless {
 public:
  [[nodiscard]] static std::string name() { return "Fickle"; }
  void parameters(const Shape& sample, ParameterList<float>& list) {
    if (sample == Shape{3}) Weightless::parameters(sample, list);
  }
};

/// Throws in its second forward pass.
struct Tiring : Weightless {
  [[nodiscard]] static std::string name() { return "Tiring"; }
  void forward(ConstTensorMap<float, 2> x, TensorMap<float, 2> y, const Pass&) const {
    if (++*passes == 2) throw std::runtime_error{"tired"};
    y = x;
  }
  std::shared_ptr<int> passes = std::make_shared<int>(0);
};

/// A loss of 0 that would take logits, and says whether it got them.
struct TakesLogits {
  bool* are_logits;

  [[nodiscard]] static std::string name() { return "takes_logits"; }
  [[nodiscard]] static Activation takes_over() { return Activation::softmax; }
  double operator()(const ScoredBatch<float>& batch, float* row_losses, float*) const {
    *are_logits = batch.are_logits;
    std::fill_n(row_losses, batch.rows, 0.0f);
    return 0;
  }
};

}  // namespace

TEST_SUITE("model/sequential") {
  TEST_CASE("Sequential: infers shapes and names parameters") {
    const Sequential<float> model = image_model();
    CHECK(model.size() == 8);
    CHECK(model.input_shape() == Shape{8, 8, 1});
    CHECK(model.output_shape() == Shape{3});
    CHECK(names_of(model) == std::vector<std::string>{"0.conv2d.kernel", "0.conv2d.bias",
                                                      "3.dense.kernel", "3.dense.bias",
                                                      "6.dense.kernel", "6.dense.bias"});
    CHECK(model.count_parameters() == (9 * 2 + 2) + (18 * 8 + 8) + (8 * 3 + 3));
    for (const auto& parameter : model.parameters()) {
      CHECK(parameter.value().size() == parameter.shape.num_elements());
    }
  }

  TEST_CASE("Sequential: summary of the mission's model") {
    Sequential model{Conv2D{32, {3, 3}, {.activation = Activation::relu}},
                     Flatten{},
                     Dense{128},
                     ReLU{},
                     Dense{10},
                     Softmax{}};
    const std::string unbuilt = model.summary();
    CHECK(unbuilt.ends_with("Total params: ? (not built)\n"));
    model.build({28, 28, 1});
    CHECK(model.summary() ==
          "Model: \"sequential\"\n"
          "--------------------------------------------------\n"
          "Layer (type)        Output Shape           Param #\n"
          "--------------------------------------------------\n"
          "conv2d (Conv2D)     (None, 26, 26, 32)         320\n"
          "flatten (Flatten)   (None, 21632)                0\n"
          "dense (Dense)       (None, 128)          2,769,024\n"
          "relu (ReLU)         (None, 128)                  0\n"
          "dense_1 (Dense)     (None, 10)               1,290\n"
          "softmax (Softmax)   (None, 10)                   0\n"
          "--------------------------------------------------\n"
          "Total params: 2,770,634 (10.57 MB)\n"
          "Trainable params: 2,770,634 (10.57 MB)\n"
          "Non-trainable params: 0 (0.00 B)\n");
  }

  TEST_CASE("Sequential: a copy is a model of its own") {
    const auto x = random_tensor<float, 4>({4, 8, 8, 1}, 1);
    const Labels y = counted_labels(4, 3);
    Sequential<float> model = image_model();
    model.train_on_batch(x, y);
    Sequential<float> copy = model;
    const std::vector<float> before = weights_of(model);
    const auto prediction = model.predict(x);

    copy.train_on_batch(x, y);

    CHECK(weights_of(model) == before);
    CHECK(equal(model.predict(x), prediction));
    CHECK(weights_of(copy) != before);
    CHECK_FALSE(equal(copy.predict(x), prediction));  // its layers look at its own parameters
    model.train_on_batch(x, y);
    CHECK(weights_of(model) == weights_of(copy));  // optimizer's memory was copied too
    Sequential<float> assigned;
    assigned = model;
    const Sequential<float> moved = std::move(copy);
    CHECK(equal(assigned.predict(x), model.predict(x)));
    CHECK(equal(moved.predict(x), model.predict(x)));
  }

  TEST_CASE("Sequential: models nest") {
    const auto x = random_tensor<float, 2>({6, 4}, 1);
    const Labels y = counted_labels(6, 3);
    Sequential<float> flat{Dense{5}, ReLU{}, Dense{3}, Softmax{}};
    Sequential<float> nested{Sequential<float>{Dense{5}, ReLU{}},
                             Sequential<float>{Dense{3}, Softmax{}}};
    for (Sequential<float>* model : {&flat, &nested}) {
      model->build({4}, {.seed = 4});
      model->compile(Adam{}, SparseCategoricalCrossentropy{});
    }
    CHECK(names_of(nested) ==
          std::vector<std::string>{"0.sequential.0.dense.kernel", "0.sequential.0.dense.bias",
                                   "1.sequential.0.dense.kernel", "1.sequential.0.dense.bias"});
    CHECK(weights_of(nested) == weights_of(flat));
    CHECK(equal(nested.predict(x), flat.predict(x)));
    for (int step = 0; step < 3; ++step) {
      CHECK(nested.train_on_batch(x, y)["loss"] ==
            doctest::Approx(flat.train_on_batch(x, y)["loss"]).epsilon(1e-6));
    }
    const Sequential<float> copy = nested;
    nested.train_on_batch(x, y);
    CHECK_FALSE(equal(copy.predict(x), nested.predict(x)));
  }

  TEST_CASE("Sequential: a loss takes over the softmax at the end of a nested model") {
    // Probabilities of 0 and 1 in float: only logits still give a slope.
    const Tensor<float, 2> x = random_tensor<float, 2>({1, 1}, 1).constant(1);
    Labels y(1);
    y(0) = 0;
    const auto trained = [&](Sequential<float> model, int times_built) {
      for (int i = 0; i < times_built; ++i) model.build({1});
      model.compile(SGD{{.learning_rate = 0.1}}, SparseCategoricalCrossentropy{});
      const auto kernel = model.parameters().named()[0].value();
      kernel.data()[0] = -30;
      kernel.data()[1] = 30;
      CHECK(model.train_on_batch(x, y)["loss"] == doctest::Approx(60));
      return weights_of(model);
    };
    const auto flat = trained(Sequential<float>{Flatten{}, Dense{2}, Softmax{}}, 1);
    CHECK(flat[0] > -30);
    const Sequential<float> inner{Dense{2}, Softmax{}};
    CHECK(trained(Sequential<float>{Flatten{}, inner}, 1) == flat);
    CHECK(trained(Sequential<float>{Flatten{}, inner}, 2) == flat);
    CHECK(trained(Sequential<float>{Sequential<float>{Flatten{}, inner}}, 1) == flat);
  }

  TEST_CASE("Sequential: what a nested model was built for before doesn't count") {
    // Flatten behind a softmax of [2, 3] moves the classes, so the loss takes probabilities.
    const auto x = random_tensor<float, 3>({2, 2, 4}, 1);
    const Labels y = counted_labels(2, 6);
    Sequential<float> inner{Dense{3}, Softmax{}, Flatten{}};
    Sequential<float> fresh{inner};
    inner.build({4});
    Sequential<float> outer{testing::Scale{1.0}, inner};
    for (Sequential<float>* model : {&fresh, &outer}) {
      model->build({2, 4});
      bool are_logits = true;
      model->compile(SGD{}, TakesLogits{&are_logits});
      CHECK(model->test_on_batch(x, y)["loss"] == 0);
      CHECK_FALSE(are_logits);
    }
  }

  TEST_CASE("Sequential: a nested model's weights are the first ones of the outer model") {
    const auto x = random_tensor<float, 2>({3, 4}, 1);
    Sequential<float> inner{Dense{5}, ReLU{}};
    inner.build({4}, {.seed = 77});
    const auto before = inner.predict(x);
    Sequential<float> outer{inner, Dense{2}};
    outer.build({4}, {.seed = 1});
    const auto weights = weights_of(outer), own = weights_of(inner);
    CHECK(std::equal(own.begin(), own.end(), weights.begin()));
    CHECK(equal(inner.predict(x), before));
    const auto rest = weights.begin() + static_cast<std::ptrdiff_t>(own.size());
    CHECK(std::any_of(rest, weights.end(), [](float w) { return w != 0; }));

    const auto& part = outer.layer<Sequential<float>>(0);
    CHECK_FALSE(part.is_built());
    const Sequential<float> copy = outer;
    CHECK(weights_of(copy) == weights);
    outer.build({4}, {.seed = 1});
    CHECK(weights_of(outer) != weights);  // once they are its own, it draws them anew
    CHECK(weights_of(copy) == weights);
  }

  TEST_CASE("Sequential: a layer of a built model brings its weights along") {
    const auto x = random_tensor<float, 2>({3, 4}, 1);
    auto trained = std::make_unique<Sequential<float>>(Dense{5}, ReLU{}, Dense{2});
    trained->build({4}, {.seed = 77});
    const auto weights = weights_of(*trained);
    Sequential<float> same;
    for (Index i : {0, 2}) same.add(trained->layer<Dense<float>>(i));
    Sequential<float> other{Dense<float>(trained->layer<Dense<float>>(2))};
    Sequential<float> nested{Sequential<float>{trained->layer<Dense<float>>(0), ReLU{}},
                             trained->layer<Dense<float>>(2)};
    trained.reset();
    same.build({4}, {.seed = 1});
    CHECK(weights_of(same) == weights);
    nested.build({4}, {.seed = 1});
    CHECK(weights_of(nested) == weights);
    const Sequential<float> copy = nested;
    CHECK(weights_of(copy) == weights);
    nested.build({4}, {.seed = 1});
    CHECK(weights_of(nested) != weights);  // once they are its own, it draws them anew
    CHECK(weights_of(copy) == weights);

    CHECK_THROWS_WITH_AS(other.build({4}),
                         "0.dense.kernel: expected shape [5, 2], as in the model that its layer is "
                         "from, got [4, 2]",
                         ShapeError);
    other.build({5});
    CHECK(equal(other.predict(random_tensor<float, 2>({1, 5}, 2)),
                Sequential<float>(other).predict(random_tensor<float, 2>({1, 5}, 2))));
    const auto own = weights_of(other);
    CHECK(std::equal(own.begin(), own.end(), weights.end() - std::ptrdiff_t(own.size())));

    // Out of a model inside a model, alone.
    Sequential<float> part = copy.layer<Sequential<float>>(0);
    part.build({4}, {.seed = 3});
    CHECK(std::equal(weights.begin(), weights.begin() + 25, weights_of(part).begin()));
  }

  TEST_CASE("Sequential: weights that can't come along are refused") {
    Sequential<float> trained{Dense{5}};
    trained.build({4});
    Sequential<double> wide;
    CHECK_THROWS_WITH_AS(wide.add(trained.layer<Dense<float>>(0)),
                         "Dense: expected a new layer, or one of the model's own scalar type, got "
                         "one with weights of another type; load or train the model in that type",
                         std::invalid_argument);
    wide.add(Dense<float>{3});
    CHECK(wide.size() == 1);
    trained.quantize(NumberFormat::int8);
    Sequential<float> other{trained.layer<Dense<float>>(0)};
    CHECK_THROWS_WITH_AS(other.build({4}),
                         "0.dense.kernel: expected a layer with float32 weights, got one from a "
                         "quantized model; copy it before quantize",
                         std::invalid_argument);
  }

  TEST_CASE(
      "Sequential: a nested model that was built for other shapes, or quantised, is refused") {
    Sequential<float> inner{Flatten{}, Dense{5}};
    inner.build({4});
    Sequential<float> outer{inner, ReLU{}};
    CHECK_THROWS_WITH_AS(outer.build({3}),
                         "0.sequential.1.dense.kernel: expected shape [4, 5] of a model built "
                         "before, got [3, 5]",
                         ShapeError);
    outer.build({4});
    inner.quantize(NumberFormat::int8);
    Sequential<float> short_part{inner, ReLU{}};
    CHECK_THROWS_WITH_AS(short_part.build({4}),
                         "Model, as a layer: expected a model with float32 weights, got int8 "
                         "weights (quantised for inference); use a copy from before quantize",
                         std::invalid_argument);
    CHECK_FALSE(short_part.is_built());
  }

  TEST_CASE("Sequential: a model whose parameters have no elements predicts") {
    Sequential<float> model{Weightless{}};
    model.build({4});
    const auto x = random_tensor<float, 2>({3, 4}, 1);
    CHECK(equal(model.predict(x), x));
  }

  TEST_CASE("Sequential: before build both shapes are empty, after a move the model is") {
    Sequential<float> model{Dense{4}};
    CHECK(model.input_shape() == Shape{});
    CHECK(model.output_shape() == Shape{});
    model.build({3});
    model.compile(SGD{}, SparseCategoricalCrossentropy{});
    const Sequential<float> moved = std::move(model);
    CHECK((moved.is_built() && moved.is_compiled()));
    CHECK_FALSE(model.is_built());  // NOLINT(bugprone-use-after-move): says so
    CHECK_FALSE(model.is_compiled());
    CHECK(model.size() == 0);
  }

  TEST_CASE("Sequential: nested models draw the random numbers of the flat one") {
    const auto x = random_tensor<float, 2>({8, 16}, 1);
    const auto trained_output = [&](Sequential<float> model) {
      model.build({16}, {.seed = 4});
      Workspace workspace;
      return Tensor<float, 2>(model.forward(x, workspace));
    };
    const auto flat = trained_output(
        Sequential<float>{RandomMask{0.5}, ReLU{}, RandomMask{0.5}, RandomMask{0.5}});
    const auto nested = trained_output(Sequential<float>{
        Sequential<float>{RandomMask{0.5}, Sequential<float>{ReLU{}, RandomMask{0.5}}},
        RandomMask{0.5}});
    CHECK(equal(nested, flat));
  }

  TEST_CASE("Sequential: each layer draws numbers of its own") {
    Sequential<float> model{RandomMask{0.5}, RandomMask{0.5}};
    model.build({1000});
    Tensor<float, 2> x(1, 1000);
    x.setConstant(1);
    Workspace workspace;
    const auto y = model.forward(x, workspace);
    const auto kept = 1000 - std::count(y.data(), y.data() + 1000, 0.0f);
    CHECK(std::abs(kept - 250) < 70);
  }

  TEST_CASE("Sequential: each parameter starts from numbers of its own") {
    Sequential<float> model{Dense{3}, Dense{3}};
    model.build({3});
    const auto& named = model.parameters().named();
    CHECK(named[0].value()(0) != named[2].value()(0));
  }

  TEST_CASE("Model::parameters: of a const model without gradients, a gradient is refused") {
    Sequential<float> model{Dense{3}};
    model.build({3});
    const Sequential<float>& fixed = model;
    CHECK_THROWS_WITH_AS(static_cast<void>(fixed.parameters().named()[1].gradient()),
                         "0.dense.bias: expected a parameter with a gradient, got none; ask a "
                         "model that is not const for its parameters()",
                         std::invalid_argument);
    CHECK(model.parameters().named()[1].gradient().size() == 3);
  }

  TEST_CASE("Model::compile: forgets what the optimizer remembered") {
    Sequential<float> model{Dense{3}};
    model.build({4});
    const SparseCategoricalCrossentropy loss{{.from_logits = true}};
    model.compile(Adam{}, loss);
    static_cast<void>(
        model.train_on_batch(random_tensor<float, 2>({6, 4}, 2), testing::counted_labels(6, 3)));
    model.compile(Adam{}, loss);
    CHECK(model.parameters().step() == 0);
  }

  TEST_CASE("Sequential: the first layer's scalar is the model's") {
    Sequential model{Conv2D<double>{2, {3, 3}, {.activation = Activation::relu}}, Flatten{},
                     Dense{3}};
    static_assert(std::same_as<decltype(model), Sequential<double>>);
    model.build({5, 5, 1});
    CHECK(model.layer<Dense<double>>(2).arguments().get<Index>("units") == 3);
    CHECK(shape_of(model.predict(random_tensor<double, 4>({2, 5, 5, 1}, 1))) == Shape{2, 3});
  }

  TEST_CASE("Sequential: equal seeds give equal weights, others don't") {
    CHECK(weights_of(image_model(1)) == weights_of(image_model(1)));
    CHECK(weights_of(image_model(1)) != weights_of(image_model(2)));
  }

  TEST_CASE("Model::layer: gives the layer as its type") {
    const Sequential<float> model = image_model();
    CHECK(model.layer<Dense<float>>(3).arguments().get<Index>("units") == 8);
    CHECK_THROWS_WITH_AS(static_cast<void>(model.layer<Dense<float>>(8)),
                         "Model::layer: expected one of 8 layers, counted from 0, got 8",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(static_cast<void>(model.layer<Dense<float>>(0)),
                         "Model::layer: expected the type of layer 0, got another one (it is "
                         "a Conv2D)",
                         std::invalid_argument);
  }

  TEST_CASE("Sequential: refuses layers after build, and no layers at all") {
    Sequential<float> model = image_model();
    CHECK_THROWS_WITH_AS(model.add(Dense{3}),
                         "Sequential::add: expected a model that is not built yet, got one built "
                         "for samples of shape [8, 8, 1]; add all layers before build or fit",
                         std::invalid_argument);
    Sequential<float> empty;
    CHECK_THROWS_WITH_AS(empty.build({3}), "Model::build: expected at least one layer, got none",
                         std::invalid_argument);
  }

  TEST_CASE("Model::build: a refusal names the layer and leaves the model alone") {
    Sequential model{Conv2D{2, 3}, Conv2D{2, 5}};
    CHECK_THROWS_WITH_AS(model.build({6, 6, 1}),
                         "Sequential, layer 1: Conv2D: expected an image of at least (5, 5), got "
                         "[4, 4, 2] (padding valid); use smaller windows or nn::Padding::same",
                         ShapeError);
    CHECK_FALSE(model.is_built());
    CHECK(model.input_shape() == Shape{});
    CHECK_THROWS_WITH_AS(static_cast<void>(std::as_const(model).parameters()),
                         "Model::parameters: expected a built model, got one whose input "
                         "shape is not known; call build({height, width, channels}) or fit first",
                         std::invalid_argument);
    model.build({9, 9, 1});
    CHECK(model.output_shape() == Shape{3, 3, 2});
  }

  TEST_CASE("Model::build: refuses an output_shape of another rank than the layer's") {
    Sequential<float> model{Dense{2}, Misranked{}};
    CHECK_THROWS_WITH_AS(model.build({3}),
                         "Sequential, layer 1: Misranked: expected an output_shape of rank 3, got "
                         "[2]",
                         ShapeError);
    Parameter<float, 2> matrix;
    ParameterList<float> list;
    CHECK_THROWS_WITH_AS(list.add(matrix, "matrix", {3}, Zeros{}),
                         "matrix: expected a shape of rank 2, got [3]", ShapeError);
  }

  TEST_CASE("Model::build: refuses samples of so many axes that a batch has none left") {
    Sequential flat{Flatten{}, Dense{2}};
    CHECK_THROWS_WITH_AS(flat.build({1, 1, 1, 1, 1, 1, 1, 2}),
                         "Sequential, layer 0: Flatten: expected samples of at most 7 axes, got "
                         "[1, 1, 1, 1, 1, 1, 1, 2]",
                         ShapeError);
    flat.build({1, 1, 1, 1, 1, 1, 2});
    const auto x = random_tensor<float, 8>({3, 1, 1, 1, 1, 1, 1, 2}, 1);
    CHECK(shape_of(flat.predict(x)) == Shape{3, 2});
  }

  TEST_CASE("Sequential: a nested model with fewer parameters than it was built with is refused") {
    Sequential<float> inner{Fickle{}};
    inner.build({3});
    Sequential<float> outer{std::move(inner), ReLU{}};
    CHECK_THROWS_WITH_AS(outer.build({5}),
                         "Model, as a layer: expected 1 parameters, as in a model built "
                         "before, got 0",
                         ShapeError);
    CHECK_FALSE(outer.is_built());
  }

  TEST_CASE("Model::backward: refuses to go back through a forward pass that threw") {
    Sequential<float> model{Tiring{}, Dense{2}};
    model.build({3});
    const auto x = random_tensor<float, 2>({4, 3}, 1);
    const auto dy = random_tensor<float, 2>({4, 2}, 2);
    Workspace workspace;
    static_cast<void>(model.forward(x, workspace));
    CHECK_THROWS_AS(static_cast<void>(model.forward(x, workspace)), std::runtime_error);
    CHECK_THROWS_AS(model.backward(dy, workspace), std::invalid_argument);
    static_cast<void>(model.forward(x, workspace));
    model.backward(dy, workspace);
  }

  TEST_CASE("regression: an activation behind Flatten leaves the layer before it its own shape") {
    const auto x = random_tensor<float, 4>({5, 6, 6, 2}, 1);
    const auto y = random_tensor<float, 2>({5, 2}, 2);
    Sequential<float> behind{Conv2D{3, {3, 3}}, Flatten{}, ReLU{}, Dense{2}};
    Sequential<float> before{Conv2D{3, {3, 3}}, ReLU{}, Flatten{}, Dense{2}};
    for (Sequential<float>* model : {&behind, &before}) model->build({6, 6, 2});
    std::copy_n(behind.parameters().values(), behind.count_parameters(),
                before.parameters().values());
    for (Sequential<float>* model : {&behind, &before}) {
      model->compile(SGD{}, MeanSquaredError{});
      static_cast<void>(model->train_on_batch(x, y));
    }
    CHECK(weights_of(behind) == weights_of(before));
    const Tensor<float, 2> p = behind.predict(x), q = before.predict(x);
    CHECK(std::equal(p.data(), p.data() + p.size(), q.data()));
  }

  TEST_CASE("Model::parameters: can't be copied or assigned without their model") {
    using Block = ParameterBlock<float>;
    static_assert(!std::is_copy_constructible_v<Block> && !std::is_copy_assignable_v<Block>);
    static_assert(!std::is_move_constructible_v<Block> && !std::is_move_assignable_v<Block>);
    static_assert(std::is_nothrow_move_constructible_v<Sequential<float>>);
  }
}

}  // namespace nn
