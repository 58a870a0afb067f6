// SPDX-License-Identifier: MIT
// A layer of one's own that hands its pass on to a layer of the library.
#include <doctest/doctest.h>

#include <algorithm>
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

/// Announces nothing of what the layer in it can do.
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

 private:
  L layer_;
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
  TEST_CASE("Sequential: a layer in a layer that announces nothing predicts and trains the same") {
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

  TEST_CASE("Sequential: a layer in a layer that needs memory which is not announced is refused") {
    const auto images = random_tensor<float, 4>({2, 4, 4, 1}, 1);
    const auto refuses = [&](Sequential<float> model, const char* layer, Index bytes) {
      model.build({4, 4, 1}, {.seed = 7});
      Workspace workspace;
      const std::string message = concat({layer, ": expected a pass with ", bytes,
                                          " bytes of memory, got one without; a layer that hands "
                                          "its pass on announces the other's workspace_bytes"});
      CHECK_THROWS_WITH_AS(model.forward(images, workspace), message.c_str(),
                           std::invalid_argument);
    };
    refuses(Sequential{Wrapped{MaxPooling2D{{2, 2}}}, Flatten{}, Dense{3}}, "MaxPooling2D", 32);
    Sequential<float> inner{Dense{3}, Dense{2}};
    inner.infer_shapes({16});
    refuses(Sequential{Flatten{}, Wrapped{inner}}, "Sequential", inner.workspace_bytes({2}, true));

    Sequential<float> pools{Wrapped{MaxPooling2D{{2, 2}}}, Flatten{}};
    pools.build({4, 4, 1});
    CHECK(pools.predict(images).dimension(1) == 4);  // inference takes no memory for it
  }
}

}  // namespace nn
