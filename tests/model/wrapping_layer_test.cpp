// SPDX-License-Identifier: MIT
// A layer of one's own that hands its pass on to a layer of the library.
#include <doctest/doctest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "nn/sequential.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::random_tensor;

/// Announces nothing of what the layer in it can do.
template <Real T = float>
class Wrapped {
 public:
  using Scalar = T;

  explicit Wrapped(Index units) : dense_(units) {}
  [[nodiscard]] std::string name() const { return "Wrapped"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return dense_.output_shape(input); }
  void parameters(const Shape& input, ParameterList<T>& list) { dense_.parameters(input, list); }
  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    dense_.forward(x, y, pass);
  }
  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    dense_.backward(x, y, dy, dx, pass);
  }

 private:
  Dense<T> dense_;
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
    auto wrapped = model_with(Wrapped<>{300});
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
}

}  // namespace nn
