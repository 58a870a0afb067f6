// SPDX-License-Identifier: MIT
// A layer of one's own that hands its pass on to a layer of the library.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "nn/sequential.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::random_tensor;

/// Makes none of the promises of the layer in it.
template <class L>
class Wrapped {
 public:
  using Scalar = typename L::Scalar;
  static constexpr int input_rank = detail::input_rank<L>();
  static constexpr int output_rank = detail::output_rank<L>();
  using X = TensorMap<Scalar, input_rank>;
  using Y = TensorMap<Scalar, output_rank>;
  using ConstX = ConstTensorMap<Scalar, input_rank>;
  using ConstY = ConstTensorMap<Scalar, output_rank>;

  explicit Wrapped(L layer) : layer_(std::move(layer)) {}
  [[nodiscard]] std::string name() const { return "Wrapped"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return layer_.output_shape(input); }
  void parameters(const Shape& input, ParameterList<Scalar>& list) {
    if constexpr (ParametricLayer<L>) layer_.parameters(input, list);
  }
  void forward(ConstX x, Y y, const Pass& pass) const { layer_.forward(x, y, pass); }
  void backward(ConstX x, ConstY y, Y dy, X dx, const Pass& pass) const {
    layer_.backward(x, y, dy, dx, pass);
  }

 protected:
  L layer_;
};

/// y = W (W x) with one W: a layer inside that is used twice. Makes no promises either.
class Twice {
 public:
  using Scalar = float;
  [[nodiscard]] std::string name() const { return "Twice"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }
  void parameters(const Shape& input, ParameterList<float>& list) {
    layer_.parameters(input, list);
  }
  void forward(ConstTensorMap<float, 2> x, TensorMap<float, 2> y, const Pass& pass) const {
    Tensor<float, 2> between(x.dimension(0), x.dimension(1));
    layer_.forward(x, TensorMap<float, 2>(between), pass);
    layer_.forward(ConstTensorMap<float, 2>(between), y, pass);
  }
  void backward(ConstTensorMap<float, 2> x, ConstTensorMap<float, 2> y, TensorMap<float, 2> dy,
                TensorMap<float, 2> dx, const Pass& pass) const {
    Tensor<float, 2> between(x.dimension(0), x.dimension(1)), gradient = between;
    layer_.forward(x, TensorMap<float, 2>(between), pass);
    Pass all = pass;
    all.needs_dx = true;
    layer_.backward(ConstTensorMap<float, 2>(between), y, dy, TensorMap<float, 2>(gradient), all);
    layer_.backward(x, ConstTensorMap<float, 2>(between), TensorMap<float, 2>(gradient), dx, pass);
  }

 private:
  Dense<float> layer_{2, {.use_bias = false}};
};

/// Promises to update parameters, and to hand on gradients in columns.
template <class L>
class WrappedColumns : public Wrapped<L> {
 public:
  using Base = Wrapped<L>;
  static constexpr Promises promises{
      .updates_parameters = L::promises.updates_parameters,
      .gives_dx_in_columns = L::promises.gives_dx_in_columns,
      .takes_dy_in_columns = L::promises.takes_dy_in_columns,
  };
  explicit WrappedColumns(L layer) : Base(layer) {}
  using Base::backward;
  void backward(typename Base::ConstX x, typename Base::ConstY y, typename Base::Y dy,
                kernels::ColumnReader<float>& dx, const Pass& pass) const requires
      requires(const L& l) {
    l.backward(x, y, dy, dx, pass);
  }
  { this->layer_.backward(x, y, dy, dx, pass); }
  kernels::ColumnReader<float>* dy_reader(typename Base::ConstX x, typename Base::ConstY y,
                                          const Pass& pass) const requires requires(const L& l) {
    l.dy_reader(x, y, pass);
  }
  { return this->layer_.dy_reader(x, y, pass); }
};

/// `Middle` is a Dense, or one that is wrapped, of so many weights that batches share them packed.
template <class Middle>
Sequential<float> model_with(Middle middle) {
  Sequential<float> model{Dense{256}, ReLU{}, std::move(middle), Dense{3}, Softmax{}};
  model.build({6}, {.seed = 7});
  model.compile(Adam{}, SparseCategoricalCrossentropy{});
  return model;
}

}  // namespace

TEST_SUITE("model/wrapping_layer") {
  TEST_CASE("Sequential: a layer in a layer that promises nothing predicts and trains the same") {
    auto plain = model_with(Dense{300});
    auto wrapped = model_with(Wrapped{Dense{300}});
    const auto x = random_tensor<float, 2>({96, 6}, 1);
    const PredictOptions in_batches{.batch_size = 32};
    const auto expected = plain.predict(x, in_batches), actual = wrapped.predict(x, in_batches);
    CHECK(std::equal(expected.data(), expected.data() + expected.size(), actual.data()));

    const FitOptions options{.batch_size = 32, .epochs = 3, .verbose = Verbose::silent};
    const Labels y = counted_labels(96, 3);
    const History wanted = plain.fit(x, y, options), got = wrapped.fit(x, y, options);
    for (std::size_t epoch = 0; epoch < 3; ++epoch) {
      CHECK(got["loss"][epoch] == doctest::Approx(wanted["loss"][epoch]).epsilon(1e-5));
    }
  }

  TEST_CASE("Sequential: a layer in a layer that is used twice learns from both times") {
    const auto x = random_tensor<float, 2>({4, 2}, 1);
    const Labels y = counted_labels(4, 2);
    const SparseCategoricalCrossentropy loss{{.from_logits = true}};
    Sequential<float> model{Twice{}};
    model.build({2}, {.seed = 7});
    const std::vector<float> W(model.parameters().values(), model.parameters().values() + 4);
    model.compile(SGD{{.learning_rate = 1}}, loss);
    static_cast<void>(model.train_on_batch(x, y));
    const float* trained = model.parameters().values();
    const auto loss_at = [&](std::size_t i, float change) {
      Sequential<float> moved{Twice{}};
      moved.build({2});
      moved.compile(SGD{}, loss);
      std::copy(W.begin(), W.end(), moved.parameters().values());
      moved.parameters().values()[i] += change;
      return moved.test_on_batch(x, y)["loss"];
    };
    for (std::size_t i = 0; i < 4; ++i) {
      const double slope = (loss_at(i, 0.01f) - loss_at(i, -0.01f)) / 0.02;
      CHECK(W[i] - trained[i] == doctest::Approx(slope).epsilon(1e-3));
    }
  }

  TEST_CASE("Sequential: gradients in columns go through layers that promise it") {
    const auto train = [](auto convolution, auto dense) {
      Sequential<float> model{std::move(convolution), Flatten{}, std::move(dense), Dense{3}};
      model.build({9, 8, 2}, {.seed = 3});
      model.compile(SGD{}, SparseCategoricalCrossentropy{{.from_logits = true}});
      static_cast<void>(
          model.train_on_batch(random_tensor<float, 4>({6, 9, 8, 2}, 2), counted_labels(6, 3)));
      return testing::weights_of(model);
    };
    const Conv2D<float> convolution{32, {3, 3}};
    const Dense<float> dense{33};
    const auto expected = train(convolution, dense);
    const auto actual = train(convolution, WrappedColumns{dense});
    REQUIRE(actual.size() == expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      if (!(std::abs(actual[i] - expected[i]) <= 1e-5f)) FAIL_CHECK("weight ", i);
    }
    CHECK_THROWS_AS(train(WrappedColumns{convolution}, dense), std::invalid_argument);
  }

  TEST_CASE(
      "Sequential: a layer in a layer that asks for no memory is refused where it needs some") {
    const auto images = random_tensor<float, 4>({2, 4, 4, 1}, 1);
    const auto refuses = [&](Sequential<float> model, const char* layer, Index bytes) {
      model.build({4, 4, 1}, {.seed = 7});
      Workspace workspace;
      const std::string message = concat({layer, ": expected a pass with ", bytes,
                                          " bytes of memory, got one without; a layer that hands "
                                          "its pass on has to ask for the other's "
                                          "workspace_bytes"});
      CHECK_THROWS_WITH_AS(model.forward(images, workspace), message.c_str(),
                           std::invalid_argument);
    };
    refuses(Sequential{Wrapped{MaxPooling2D{{2, 2}}}, Flatten{}, Dense{3}}, "MaxPooling2D", 32);
    Sequential<float> pools{Wrapped{MaxPooling2D{{2, 2}}}, Flatten{}};
    pools.build({4, 4, 1});
    CHECK(pools.predict(images).dimension(1) == 4);  // inference takes no memory for it
  }
}

}  // namespace nn
