// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "nn/sequential.hpp"
#include "tests/model/gradient_error.hpp"
#include "tests/testing/allocations.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::gradient_error;
using testing::random_tensor;
using testing::weights_of;

template <class Error>
std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no refusal";
}

const Activation tanh_ = Activation::tanh;

Dense<double> wide(Index units, Activation activation = Activation::linear) {
  return Dense<double>{units, {.activation = activation, .bias_initializer = Constant{0.1}}};
}

/// The same for one input and one output.
double gradient_error(const Model<double>& model) {
  const auto x = random_tensor<double, 2>({7, model.input_shape()[0]}, 1);
  const auto y = random_tensor<double, 2>({7, model.output_shape()[0]}, 2);
  return gradient_error(model, {Samples(x)}, {Targets(y)});
}

constexpr double tolerance = 1e-8;

/// Images and numbers that become classes and a price.
struct TwoByTwo {
  Tensor<float, 4> images = random_tensor<float, 4>({24, 4, 4, 1}, 1);
  Tensor<float, 2> numbers = random_tensor<float, 2>({24, 3}, 2);
  Labels classes = counted_labels(24, 3);
  Tensor<float, 2> prices = random_tensor<float, 2>({24, 1}, 3);

  [[nodiscard]] static Model<float> model(std::uint64_t seed = 5) {
    const Input<float> image{{4, 4, 1}, "image"}, metadata{{3}, "metadata"};
    const auto seen = image | Conv2D{2, 3} | ReLU{} | Flatten{} | Dense{6};
    const auto joined = concatenate({seen, metadata}) | ReLU{} | testing::RandomMask{0.2};
    const auto classes = joined | Dense{3} | Softmax{};
    const auto price = joined | Dense{1};
    static_cast<void>(classes.named("classes"));
    return Model({image, metadata}, {classes, price.named("price")}, {.seed = seed});
  }
  [[nodiscard]] static Model<float> compiled(std::uint64_t seed = 5) {
    Model<float> made = model(seed);
    made.compile(Adam{{.learning_rate = 0.01}},
                 {SparseCategoricalCrossentropy{}, MeanSquaredError{}},
                 {{Accuracy{}}, {RootMeanSquaredError{}}}, {.loss_weights = {1, 0.5}});
    return made;
  }
};

FitOptions quiet(FitOptions options) {
  options.verbose = Verbose::silent;
  return options;
}

}  // namespace

TEST_SUITE("model/value") {
  TEST_CASE("Value: has a shape, and is refused where a layer can't take it") {
    const Input x{{4}}, image{{6, 6, 1}};
    CHECK((x | Dense{3}).shape() == Shape{3});
    CHECK((image | Conv2D{2, 3} | Flatten{}).shape() == Shape{32});
    CHECK(add({x, x | Dense{4}}).shape() == Shape{4});
    CHECK(subtract({x, x | Dense{1}}).shape() == Shape{4});
    CHECK(multiply({x, x, x}).shape() == Shape{4});
    CHECK(average({x, x}).shape() == Shape{4});
    CHECK(maximum({x, x}).shape() == Shape{4});
    CHECK(minimum({x, x}).shape() == Shape{4});
    CHECK(concatenate({x, x | Dense{3}}).shape() == Shape{7});
    CHECK(concatenate({image, image, image}, 1).shape() == Shape{18, 6, 1});
    CHECK(dot({x, x}, 1).shape() == Shape{1});
    CHECK(dot({x, x}, 1, {.normalize = true}).shape() == Shape{1});
    CHECK(apply(Add{}, std::vector<Value<float>>{x, x})[0].shape() == Shape{4});
    CHECK(refusal<ShapeError>([&] {
            static_cast<void>(x | Conv2D{2, 3});
          }) ==
          "Conv2D: expected samples [height, width, channels], got [4]; use images [N, height, "
          "width, channels]");
    CHECK(refusal<ShapeError>([&] {
            static_cast<void>(add({x, x | Dense{3}}));
          }) ==
          "Add: expected inputs of one shape, [4], got [3]; give the branches equally many "
          "channels, and the same strides");
    CHECK(refusal<ShapeError>([&] {
            static_cast<void>(subtract({x, x, x}));
          }) == "Subtract: expected two inputs, got 3");
    CHECK(refusal<ShapeError>([&] {
            static_cast<void>(dot({x, x | Dense{3}}, 1));
          }) ==
          "Dot: expected one size along axis 1 of the first input and axis 1 of the second, got "
          "[4] and [3] (axis 0 is that of the batch)");
    CHECK(refusal<ShapeError>([&] {
            static_cast<void>(apply(Dense{3}, {x, x}));
          }) == "Dense: expected one input, got 2");
    CHECK(refusal<ShapeError>([&] {
            static_cast<void>(apply(Add{}, std::vector<Value<float>>(17, x)));
          }) == "Add: expected at most 16 inputs, got 17; merge some of them first");
  }

  TEST_CASE("Model: refuses what is no graph from its inputs to its outputs") {
    const Input a{{3}}, b{{3}};
    const auto h = a | Dense{3};
    const auto refused = [](const Values<float>& inputs, const Values<float>& outputs) {
      return refusal<std::invalid_argument>(
          [&] { static_cast<void>(Model<float>(inputs, outputs)); });
    };
    CHECK(refused({a, b}, h) ==
          "Model: expected inputs that the outputs follow from, got input 1, which no output "
          "needs");
    CHECK(refused(a, add({h, b})) ==
          "Model: expected outputs that follow from the inputs alone, got one that needs another "
          "input");
    CHECK(refused({a, a}, h) == "Model: expected inputs that differ, got one of them twice");
    CHECK(refused(h, h | Dense{2}) ==
          "Model: expected inputs made by nn::Input, got a value that a layer makes");
    CHECK(refused(std::vector<Value<float>>{}, h) ==
          "Model: expected at least one input and one output, got none");
    CHECK(refused(a, std::vector<Value<float>>{}) ==
          "Model: expected at least one input and one output, got none");
    CHECK(refused(a, (h.named("x") | Dense{2}).named("x")) ==
          "Model: expected names that differ, got 'x' twice");
    CHECK(refused(a.named("x"), h) == "Model: expected names that differ, got 'x' twice");
    const Input<float> c{{3}};
    CHECK(refused(c, std::vector<Value<float>>(1001, c | Dense{1})) ==
          "Model: expected at most 1000 inputs and outputs, got 1001");
  }

  TEST_CASE("Model: is a layer for as many values as it has inputs") {
    const Input a{{3}}, b{{2}};
    const Model<float> two({a, b}, concatenate({a, b}) | Dense{2}), split(a, {a | Dense{2}, a});
    CHECK(refusal<ShapeError>([&] { static_cast<void>(a | two); }) ==
          "Model: expected 2 inputs, got 1");
    CHECK(refusal<ShapeError>([&] {
            static_cast<void>(apply(two, {a, b, a}));
          }) == "Model: expected 2 inputs, got 3");
    CHECK(refusal<ShapeError>([&] {
            static_cast<void>(Model(a, apply(two, {a, a})[0]));
          }) ==
          "0.model.1.dense.kernel: expected shape [5, 2] of a model built before, got [6, 2]");
    CHECK(refusal<std::invalid_argument>([&] { static_cast<void>(a | split); }) ==
          "nn::operator|: expected a layer or model with one result, got 2; call nn::apply(layer, "
          "{x}), which returns all");
    CHECK(apply(split, {a})[1].shape() == Shape{3});
    const auto x = random_tensor<float, 2>({4, 3}, 1), wrong = random_tensor<float, 2>({5, 2}, 1);
    CHECK(refusal<std::invalid_argument>([&] { static_cast<void>(two.predict(x)); }) ==
          "Model::predict: expected samples for 2 inputs, got those for 1");
    CHECK(refusal<ShapeError>([&] {
            static_cast<void>(two.predict({x, wrong}));
          }) == "Model::predict: expected as many samples for each input, 4, got 5 for input 1");
    CHECK(refusal<std::invalid_argument>([&] { static_cast<void>(split.predict(x)); }) ==
          "Model::predict: expected a rank for each of 2 outputs, got 1; name them all: "
          "predict<2, 4>(x)");
  }
}

TEST_SUITE("model/graph") {
  TEST_CASE("graph: gradients where values are read several times") {
    const Input<double> x{{3}};
    const auto h = x | wide(4, tanh_);
    // a diamond with a shortcut: three readers
    CHECK(gradient_error(Model(x, add({h | wide(4, tanh_), h | wide(4, tanh_), h}) | wide(2))) <
          tolerance);
    // one reader, twice; and the input itself
    CHECK(gradient_error(Model(x, multiply({h, h, h | wide(1)}) | wide(2))) < tolerance);
    CHECK(gradient_error(Model(x, concatenate({x | wide(2), x, x}) | wide(2))) < tolerance);
    // readers of different kinds: an activation, a reshape, a merge
    CHECK(gradient_error(Model(x, concatenate({h | ReLU<double>{}, h | Flatten<double>{}, h,
                                               subtract({h, h | Softmax<double>{}})}) |
                                      wide(2))) < tolerance);
    CHECK(gradient_error(Model(x, average({dot({h, h}, 1), maximum({h, h | wide(4)}),
                                           minimum({h, h | wide(4)})}))) < tolerance);
  }

  TEST_CASE("graph: gradients of several inputs and outputs") {
    const Input<double> a{{3}}, b{{2, 2}};
    const auto first = a | wide(4, tanh_), second = b | Flatten<double>{} | wide(4, tanh_);
    const auto sum = add({first, second});
    const auto x = random_tensor<double, 2>({5, 3}, 1), y4 = random_tensor<double, 2>({5, 4}, 2),
               z4 = random_tensor<double, 2>({5, 4}, 3), y3 = random_tensor<double, 2>({5, 3}, 4);
    const auto x2 = random_tensor<double, 3>({5, 2, 2}, 5),
               y22 = random_tensor<double, 3>({5, 2, 2}, 6);
    const std::vector<Samples> xs{Samples(x), Samples(x2)};
    // a result that layers read as well, also as the second result
    CHECK(gradient_error(Model<double>({a, b}, {sum, sum | wide(3)}), xs,
                         {Targets(y4), Targets(y3)}) < tolerance);
    CHECK(gradient_error(Model<double>({a, b}, {sum | wide(3), sum, first}), xs,
                         {Targets(y3), Targets(y4), Targets(z4)}) < tolerance);
    // one value twice, and reshaped
    CHECK(gradient_error(Model<double>({a, b}, {sum, sum}), xs, {Targets(y4), Targets(z4)}) <
          tolerance);
    const auto bent = add({b | wide(2, tanh_), b});
    CHECK(gradient_error(Model<double>({a, b}, {bent, bent | Flatten<double>{}, a | wide(3)}), xs,
                         {Targets(y22), Targets(y4), Targets(y3)}) < tolerance);
    // an input as a result
    CHECK(gradient_error(Model<double>({a, b}, {a, b | Flatten<double>{} | wide(4), a | wide(3)}),
                         xs, {Targets(y3), Targets(y4), Targets(y3)}) < tolerance);
  }

  TEST_CASE("graph: results are those of its layers, also where values are read twice") {
    const Input<double> x{{3}};
    const auto h = x | wide(3);
    const Model<double> model(x, {h, h | Flatten<double>{}, x, add({h, x}) | ReLU<double>{}, h});
    const auto in = random_tensor<double, 2>({300, 3}, 1);
    const auto [y, flat, same, sum, again] = model.predict<2, 2, 2, 2, 2>(in);
    Sequential<double> alone{model.layer<Dense<double>>(0)};
    alone.build({3});
    const Tensor<double, 2> expected = alone.predict(in);
    for (Index i = 0; i < in.size(); ++i) {
      CHECK(y.data()[i] == expected.data()[i]);
      CHECK(flat.data()[i] == expected.data()[i]);
      CHECK(again.data()[i] == expected.data()[i]);
      CHECK(same.data()[i] == in.data()[i]);
      CHECK(sum.data()[i] == std::max(0.0, expected.data()[i] + in.data()[i]));
    }
  }

  TEST_CASE("SharedLayer: one set of parameters, trained by the sum of gradients") {
    const Input<double> a{{3}}, b{{3}};
    const SharedLayer<double> shared{wide(4, tanh_)};
    const Model<double> model({a, b}, concatenate({a | shared, b | shared}) | wide(2));
    CHECK(model.size() == 3);
    CHECK(model.count_parameters() == 3 * 4 + 4 + 8 * 2 + 2);
    const auto x = random_tensor<double, 2>({5, 3}, 1), z = random_tensor<double, 2>({5, 3}, 2),
               y = random_tensor<double, 2>({5, 2}, 3);
    CHECK(gradient_error(model, {Samples(x), Samples(z)}, {Targets(y)}) < tolerance);
    // one behind the other, and at the head of two branches
    const SharedLayer<double> again{wide(3, tanh_)};
    CHECK(gradient_error(Model(a, a | again | again | again | wide(2))) < tolerance);
    // models, one inside of the other
    const SharedLayer<double> inner{Sequential<double>{wide(3), ReLU<double>{}, wide(3, tanh_)}};
    CHECK(gradient_error(Model(a, add({a | inner, a | inner | inner}) | wide(2))) < tolerance);

    // two copies with equal weights
    Model<double> copies({a, b}, concatenate({a | wide(4, tanh_), b | wide(4, tanh_)}) | wide(2));
    Model<double> one = model;
    const auto from = one.parameters().named(), to = copies.parameters().named();
    REQUIRE(from.size() == 4);
    REQUIRE(to.size() == 6);
    for (std::size_t p = 0; p < 6; ++p) {
      const auto& source = from[p < 2 ? p : p - 2];
      std::copy_n(source.value().data(), source.shape.num_elements(), to[p].value().data());
    }
    const std::vector<double> before = weights_of(one);
    for (Model<double>* each : {&one, &copies}) {
      each->compile(SGD{{.learning_rate = 0.5}}, MeanSquaredError{});
      each->train_on_batch({x, z}, y);
    }
    for (std::size_t p = 0; p < 2; ++p) {
      for (Index i = 0; i < from[p].shape.num_elements(); ++i) {
        const double old = before[static_cast<std::size_t>(from[p].value().data() + i -
                                                           one.parameters().values())];
        const double sum = to[p].value().data()[i] - old + to[p + 2].value().data()[i] - old;
        CHECK(from[p].value().data()[i] - old == doctest::Approx(sum));
      }
    }
  }

  TEST_CASE("SharedLayer: is updated once in a step, when its last gradient is there") {
    const auto x = random_tensor<float, 2>({40, 16}, 1), y = random_tensor<float, 2>({40, 3}, 2);
    const auto graph = [] {
      const Input<float> in{{16}};
      const SharedLayer<float> shared{Dense{16, {.activation = Activation::relu}}};
      return Model(in, add({in | shared, in | shared | shared}) | Dense{3}, {.seed = 3});
    };
    const auto check = [&](const auto& optimizer, ProductPrecision precision) {
      Model<float> fused = graph(), whole = graph();
      fused.compile(optimizer, MeanSquaredError{}, {}, {.precision = precision});
      whole.compile(testing::WholeStep<std::remove_cvref_t<decltype(optimizer)>>{optimizer},
                    MeanSquaredError{}, {}, {.precision = precision});
      const std::vector<float> before = weights_of(fused);
      for (int i = 0; i < 3; ++i) {
        fused.train_on_batch(x, y);
        whole.train_on_batch(x, y);
      }
      CHECK(weights_of(fused) == weights_of(whole));
      CHECK(weights_of(fused) != before);
    };
    for (const ProductPrecision precision : {ProductPrecision(), ProductPrecision::bfloat16()}) {
      check(Adam{}, precision);
      check(SGD{{.learning_rate = 0.1, .momentum = 0.9}}, precision);
    }
  }

  TEST_CASE("SharedLayer: state is updated by each use, in order") {
    const Input<double> a{{1}}, b{{1}};
    const SharedLayer<double> norm{BatchNormalization<double>{{.momentum = 0.5}}};
    Model<double> model({a, b}, add({a | norm, b | norm}) | wide(1));
    model.compile(SGD{}, MeanSquaredError{});
    Tensor<double, 2> two(4, 1), four(4, 1), y(4, 1);
    two.setConstant(2);
    four.setConstant(4);
    y.setZero();
    model.train_on_batch({two, four}, y);
    for (const auto& parameter : model.parameters().named()) {
      if (parameter.name.ends_with("moving_mean")) CHECK(parameter.value()(0) == 2.5);
    }
  }

  TEST_CASE("graph: models inside, with several inputs and outputs, used again, or in part") {
    const Input<double> a{{3}}, b{{3}}, c{{3}};
    const auto sum = add({a, b | wide(3, tanh_)});
    const Model<double> inner({a, b}, {sum | wide(3, tanh_), sum, a | wide(2)});
    const auto x = random_tensor<double, 2>({5, 3}, 1), y = random_tensor<double, 2>({5, 3}, 2);
    const auto y2 = random_tensor<double, 2>({5, 2}, 3);
    const auto made = apply(inner, {c, c | wide(3)});
    CHECK(gradient_error(Model<double>(c, {add({made[0], made[1]}), made[2]}), {Samples(x)},
                         {Targets(y), Targets(y2)}) < tolerance);
    const SharedLayer<double> shared{inner};
    const auto once = apply(shared, {c, c}), twice = apply(shared, {once[0], once[1]});
    CHECK(gradient_error(Model<double>(c, {twice[0], once[2]}), {Samples(x)},
                         {Targets(y), Targets(y2)}) < tolerance);
    // Of this one the last result is not used: its layer gets no gradient, and stays.
    Model<double> part(c, apply(inner, {c, c})[0] | wide(2));
    part.compile(SGD{{.learning_rate = 0.1}}, MeanSquaredError{});
    const auto& unread = part.parameters().named()[4];
    CHECK(unread.name == "0.model.3.dense.kernel");
    const std::vector<double> before(unread.value().data(), unread.value().data() + 6);
    CHECK(gradient_error(part, {Samples(x)}, {Targets(y2)}) < tolerance);
    part.train_on_batch(x, y2);
    CHECK(std::equal(before.begin(), before.end(), unread.value().data()));
    // as in the nested model alone
    Model<double> alone(inner);
    const auto [first, second, third] = alone.predict<2, 2, 2>({x, x});
    const Model<double> around(c, apply(inner, {c, c}));
    const auto [one, two, three] = around.predict<2, 2, 2>(x);
    CHECK(std::equal(one.data(), one.data() + one.size(), first.data()));
    CHECK(std::equal(two.data(), two.data() + two.size(), second.data()));
    CHECK(std::equal(three.data(), three.data() + three.size(), third.data()));
  }

  TEST_CASE("graph: the same bits for any number of threads") {
    const TwoByTwo data;
    std::vector<std::vector<float>> weights;
    const int before = num_threads();
    for (const int threads : {1, 2, 3, 16}) {
      set_num_threads(threads);
      Model<float> model = TwoByTwo::compiled();
      model.fit({data.images, data.numbers}, {data.classes, data.prices},
                quiet({.batch_size = 7, .epochs = 3}));
      weights.push_back(weights_of(model));
    }
    set_num_threads(before);
    for (const auto& each : weights) CHECK(each == weights[0]);
  }

  TEST_CASE("graph: prediction into tensors that are there allocates nothing") {
    const TwoByTwo data;
    const Model<float> model = TwoByTwo::model();
    Tensor<float, 2> classes, price;
    Workspace workspace;
    model.predict({data.images, data.numbers}, std::tie(classes, price), workspace);
    const Index before = testing::num_allocations();
    model.predict({data.images, data.numbers}, std::tie(classes, price), workspace);
    CHECK(testing::num_allocations() - before == 0);
    const auto [y, z] = model.predict<2, 2>({data.images, data.numbers});
    CHECK(std::equal(y.data(), y.data() + y.size(), classes.data()));
    CHECK(std::equal(z.data(), z.data() + z.size(), price.data()));
  }

  TEST_CASE("graph: trains several outputs, whose scores have their names") {
    const TwoByTwo data;
    Model<float> model = TwoByTwo::compiled();
    const std::vector<Samples> x{Samples(data.images), Samples(data.numbers)};
    const std::vector<Targets> y{Targets(data.classes), Targets(data.prices)};
    const std::vector<float> weights(24, 2.0F);
    const auto scores = model.evaluate(x, y);
    std::vector<std::string> names;
    for (const auto& [name, value] : scores) names.push_back(name);
    CHECK(names == std::vector<std::string>{"loss", "classes_loss", "price_loss",
                                            "classes_accuracy", "price_root_mean_squared_error"});
    CHECK(scores["loss"] ==
          doctest::Approx(scores["classes_loss"] + 0.5 * scores["price_loss"]).epsilon(1e-6));
    // weights of samples multiply the losses of both, and no metric
    const auto twice = model.evaluate(x, y, {.sample_weight = weights});
    CHECK(twice["classes_loss"] == doctest::Approx(2 * scores["classes_loss"]).epsilon(1e-6));
    CHECK(twice["price_loss"] == doctest::Approx(2 * scores["price_loss"]).epsilon(1e-6));
    CHECK(twice["classes_accuracy"] == scores["classes_accuracy"]);
    Model<float> weighted = model, plain = model;
    CHECK(weighted.train_on_batch(x, y, weights)["loss"] ==
          doctest::Approx(2 * plain.train_on_batch(x, y)["loss"]).epsilon(1e-6));
    CHECK(refusal<std::invalid_argument>([&] {
            model.fit(x, y, quiet({.class_weight = {{0, 2.0}}}));
          }) ==
          "Model::fit, class_weight: expected a model with one output, got 2; use "
          "sample_weight");

    FitOptions options = quiet({.batch_size = 8, .epochs = 30});
    options.validation_data = {{data.images, data.numbers}, {data.classes, data.prices}};
    const History history = model.fit(x, y, options);
    CHECK(history["loss"].back() < history["loss"].front());
    CHECK(history["val_price_loss"].size() == 30);
    CHECK(history["val_classes_accuracy"].back() > history["val_classes_accuracy"].front());
  }

  TEST_CASE("graph: EarlyStopping follows one output, in its direction") {
    const TwoByTwo data;
    const auto run = [&](const std::string& monitor) {
      Model<float> model = TwoByTwo::model();
      model.compile(SGD{{.learning_rate = 0}},
                    {SparseCategoricalCrossentropy{}, MeanSquaredError{}}, {{Accuracy{}}, {}});
      FitOptions options = quiet({.epochs = 9});
      options.validation_data = {{data.images, data.numbers}, {data.classes, data.prices}};
      options.callbacks = {EarlyStopping{{.monitor = monitor, .patience = 2}}};
      return model.fit({data.images, data.numbers}, {data.classes, data.prices}, options)["loss"]
          .size();
    };
    CHECK(run("val_classes_loss") == 3);
    CHECK(run("val_classes_accuracy") == 3);
    CHECK(refusal<std::invalid_argument>([&] { static_cast<void>(run("val_accuracy")); }) ==
          "EarlyStopping: expected a monitor among loss, classes_loss, price_loss, "
          "classes_accuracy, val_loss, val_classes_loss, val_price_loss, val_classes_accuracy, got "
          "'val_accuracy'; set validation_split or validation_data");
  }

  TEST_CASE("graph: compile wants a loss, and perhaps metrics and a weight, for each output") {
    Model<float> model = TwoByTwo::model();
    const auto refused = [&](const std::vector<AnyLoss<float>>& losses,
                             const std::vector<std::vector<Metric>>& metrics,
                             const std::vector<double>& weights) {
      return refusal<std::invalid_argument>(
          [&] { model.compile(Adam{}, losses, metrics, {.loss_weights = weights}); });
    };
    const AnyLoss<float> loss = MeanSquaredError{};
    CHECK(refused({loss}, {}, {}) ==
          "Model::compile: expected a loss for each output, 2, got 1; write a list with one for "
          "each, {…, …}");
    CHECK(refusal<std::invalid_argument>([&] { model.compile(Adam{}, MeanSquaredError{}); }) ==
          "Model::compile: expected a loss for each output, 2, got 1; write a list with one for "
          "each, {…, …}");
    CHECK(refused({loss, loss}, {{Accuracy{}}}, {}) ==
          "Model::compile: expected a list of metrics for each output, 2, got 1; write a list with "
          "one for each, {…, …}");
    CHECK(refused({loss, loss}, {}, {1, 2, 3}) ==
          "Model::compile: expected a loss weight for each output, 2, got 3; write a list with one "
          "for each, {…, …}");
    CHECK(refused({loss, loss}, {}, {1, -2}) ==
          "Model::compile: expected loss weights of 0 or more, got -2");
    CHECK_FALSE(model.is_compiled());
  }

  TEST_CASE("graph: another loss after training, in copies and around compiled models") {
    const TwoByTwo data;
    const std::vector<Samples> x{Samples(data.images), Samples(data.numbers)};
    Model<float> model = TwoByTwo::compiled();
    model.fit(x, {data.classes, data.prices}, quiet({.epochs = 2}));
    const auto probabilities = std::get<0>(model.predict<2, 2>(x));
    // The softmax that the first loss took over is a layer for the second one.
    Model<float> other = model;
    other.compile(SGD{}, {MeanSquaredError{}, MeanSquaredError{}});
    double expected = 0;
    for (Index i = 0; i < probabilities.size(); ++i) {
      const double miss = 1 - static_cast<double>(probabilities.data()[i]);
      expected += miss * miss / static_cast<double>(probabilities.size());
    }
    Tensor<float, 2> ones(24, 3);
    ones.setConstant(1);
    CHECK(other.evaluate(x, {ones, data.prices})["classes_loss"] == doctest::Approx(expected));
    other.train_on_batch(x, {ones, data.prices});
    // The model that was copied goes on as if nothing had been.
    Model<float> copy = model;
    copy.fit(x, {data.classes, data.prices}, quiet({.epochs = 1}));
    model.fit(x, {data.classes, data.prices}, quiet({.epochs = 1}));
    CHECK(weights_of(copy) == weights_of(model));
    copy.parameters().values()[0] += 1;
    CHECK(weights_of(copy) != weights_of(model));

    // Inside of another model a compiled one is its layers, with their softmax.
    const Input<float> image{{4, 4, 1}}, numbers{{3}};
    const auto made = apply(model, {image, numbers});
    Model<float> around({image, numbers}, {made[0], made[1]});
    const auto inside = std::get<0>(around.predict<2, 2>(x));
    const auto outside = std::get<0>(model.predict<2, 2>(x));
    CHECK(std::equal(inside.data(), inside.data() + inside.size(), outside.data()));
    around.compile(Adam{}, {SparseCategoricalCrossentropy{}, MeanSquaredError{}});
    Model<float> again = model;
    again.compile(Adam{}, {SparseCategoricalCrossentropy{}, MeanSquaredError{}});
    const double loss = again.evaluate(x, {data.classes, data.prices})["loss"];
    CHECK(around.evaluate(x, {data.classes, data.prices})["loss"] == loss);
  }

  TEST_CASE("graph: layers are frozen by their given names") {
    const TwoByTwo data;
    Model<float> model = TwoByTwo::compiled();
    model.freeze("price");
    const auto values_of = [&](const std::string& name) {
      for (const auto& parameter : model.parameters().named()) {
        if (parameter.name != name) continue;
        const float* const first = parameter.value().data();
        return std::vector<float>(first, first + parameter.shape.num_elements());
      }
      return std::vector<float>{};
    };
    const std::string price = "9.dense.kernel", conv = "0.conv2d.kernel";
    const std::vector<float> before = values_of(price), moved = values_of(conv);
    REQUIRE(before.size() == 9);
    model.train_on_batch({data.images, data.numbers}, {data.classes, data.prices});
    CHECK(values_of(price) == before);
    CHECK(values_of(conv) != moved);
    model.unfreeze("price");
    model.train_on_batch({data.images, data.numbers}, {data.classes, data.prices});
    CHECK(values_of(price) != before);
    CHECK(refusal<std::invalid_argument>([&] { model.freeze("prize"); }) ==
          "Model::freeze: expected a layer among conv2d, relu, flatten, dense, concatenate, "
          "relu_1, randommask, dense_1, classes, price, got 'prize'");
  }

  TEST_CASE("graph: a layer that is used several times may be frozen") {
    const Input<double> a{{3}};
    const SharedLayer<double> shared{wide(3, tanh_)};
    Model<double> model(a, a | wide(3) | shared | wide(3, tanh_) | shared | wide(2));
    model.freeze(1);
    CHECK(gradient_error(model) < tolerance);
  }

  TEST_CASE("graph: a table tells what layers read") {
    const Input<float> a{{3}, "a"};
    const SharedLayer<float> shared{Dense{3}};
    const std::string line = std::string(70, '-') + '\n';
    CHECK(Model(a, add({a | shared, a | shared | shared}).named("sum")).summary() ==
          "Model: \"model\"\n" + line + "Layer (type)    Output Shape   Param #   Connected to\n" +
              line +
              "a (Input)       (None, 3)            0   -\n"
              "dense (Dense)   (None, 3)           12   a[0][0], a[0][0], dense[1][0]\n"
              "sum (Add)       (None, 3)            0   dense[0][0], dense[2][0]\n" +
              line +
              "Total params: 12 (48.00 B)\nTrainable params: 12 (48.00 B)\nNon-trainable params: 0 "
              "(0.00 B)\n");
  }
}

}  // namespace nn
