// SPDX-License-Identifier: MIT
#include "nn/model/bidirectional.hpp"

#include <doctest/doctest.h>

#include <concepts>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/layers/recurrent/gru.hpp"
#include "nn/layers/recurrent/lstm.hpp"
#include "nn/layers/recurrent/simple_rnn.hpp"
#include "nn/model/more_layers.hpp"
#include "nn/sequential.hpp"
#include "nn/testing/check_gradients.hpp"
#include "nn/testing/model_layer.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::random_tensor;

/// Findings about the gradients of the layers that `make` gives, as a model.
template <class Make>
std::string wrong_sequence_gradients(const Make& make, const Shape& sample) {
  const auto in_model = [=]<class T>(T) {
    return AnyLayer<T>(testing::ModelLayer<T>({AnyLayer<T>(make.template operator()<T>())}));
  };
  testing::LayerMaker maker;
  maker.of_double = [=] { return in_model(double()); };
  maker.of_float = [=] { return in_model(float()); };
  maker.of_dual = [=] { return in_model(testing::Dual()); };
  testing::Findings findings;
  testing::check_gradients(findings, "model", maker, sample, 3, {},
                           testing::LayerRig<double>::training_pass());
  return testing::to_text(findings);
}

}  // namespace

TEST_SUITE("model/bidirectional") {
  TEST_CASE("Bidirectional: takes its scalar type from its layers") {
    const Bidirectional one{LSTM<double>{2}, {.merge_mode = MergeMode::sum}};
    CHECK(std::same_as<decltype(one)::Scalar, double>);
    const Bidirectional two{GRU<double>{2}, GRU<double>{2, {.go_backwards = true}}};
    CHECK(std::same_as<decltype(two)::Scalar, double>);
  }

  TEST_CASE("Bidirectional: the layer on the sequence, and on the sequence turned around") {
    constexpr Index steps = 4;
    Sequential both{Bidirectional{SimpleRNN{3, {.return_sequences = true}}}};
    Sequential one{SimpleRNN{3, {.return_sequences = true}}};
    both.build({steps, 2}, {.seed = 3});
    one.build({steps, 2});
    CHECK(both.output_shape() == Shape{steps, 6});
    CHECK(both.parameters().named()[0].name == "0.bidirectional.0.simplernn.kernel");
    CHECK(both.parameters().named()[3].name == "0.bidirectional.1.simplernn.kernel");
    const auto x = random_tensor<float, 3>({5, steps, 2}, 1);
    Tensor<float, 3> turned = x;
    for (Index n = 0; n < 5; ++n) {
      for (Index t = 0; t < steps; ++t) {
        for (Index f = 0; f < 2; ++f) turned(n, t, f) = x(n, steps - 1 - t, f);
      }
    }
    const Tensor<float, 3> y = both.predict<3>(x);
    for (const Index direction : {0, 1}) {
      CAPTURE(direction);
      for (std::size_t i = 0; i < 3; ++i) {
        const auto& from = both.parameters().named()[i + 3 * static_cast<std::size_t>(direction)];
        one.parameters().named()[i].value() = from.value();
      }
      const Tensor<float, 3> expected = one.predict<3>(direction == 0 ? x : turned);
      for (Index n = 0; n < 5; ++n) {
        for (Index t = 0; t < steps; ++t) {
          const Index at = direction == 0 ? t : steps - 1 - t;
          for (Index j = 0; j < 3; ++j) CHECK(y(n, t, 3 * direction + j) == expected(n, at, j));
        }
      }
    }
  }

  TEST_CASE("Bidirectional: right gradients in all modes") {
    for (const MergeMode mode :
         {MergeMode::concat, MergeMode::sum, MergeMode::mul, MergeMode::ave}) {
      CAPTURE(to_string(mode));
      CHECK(wrong_sequence_gradients(
                [=]<class T>() {
                  return Bidirectional<T>{GRU<T>{2}, {.merge_mode = mode}};
                },
                {3, 2}) == "");
      CHECK(wrong_sequence_gradients(
                [=]<class T>() {
                  return Bidirectional<T>{LSTM<T>{2, {.return_sequences = true}},
                                          {.merge_mode = mode}};
                },
                {3, 2}) == "");
    }
  }

  TEST_CASE("Bidirectional: a file gives back both layers") {
    const testing::TemporaryFolder folder;
    const std::string path = folder.path("model.safetensors");
    Sequential model{Bidirectional{GRU{2, {.return_sequences = true}},
                                   LSTM{2, {.return_sequences = true, .go_backwards = true}},
                                   {.merge_mode = MergeMode::sum}},
                     Dense{1}};
    model.build({3, 2}, {.seed = 8});
    model.save(path);
    const auto loaded = Sequential<float>::load<MoreLayers<float>>(path);
    const auto x = random_tensor<float, 3>({2, 3, 2}, 1);
    const Tensor<float, 3> before = model.predict<3>(x), after = loaded.predict<3>(x);
    for (Index i = 0; i < before.size(); ++i) CHECK(before.data()[i] == after.data()[i]);
  }

  TEST_CASE("Bidirectional: refuses layers that are no pair") {
    CHECK_THROWS_WITH_AS(
        (Bidirectional{GRU{2}, GRU{2}}),
        "Bidirectional: expected one layer with go_backwards and one without, got both in one "
        "direction",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        (Bidirectional{GRU{2}, GRU{2, {.return_sequences = true, .go_backwards = true}}}),
        "Bidirectional: expected the same return_sequences in both directions, got another",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS((Bidirectional{GRU{2}, Dense{2}}),
                         "Bidirectional: expected recurrent layers, with go_backwards and "
                         "return_sequences, got Dense",
                         std::invalid_argument);
    Sequential model{Bidirectional{GRU{2}, GRU{3, {.go_backwards = true}}}};
    CHECK_THROWS_WITH_AS(model.build({4, 2}),
                         "Sequential, layer 0: Bidirectional, layer 2: Bidirectional: expected "
                         "results of one shape from both directions, got [2] and [3]",
                         ShapeError);
    Arguments none{"Bidirectional"};
    none.set("merge_mode", "none");
    CHECK_THROWS_WITH_AS(static_cast<void>(Bidirectional<float>::options_from(none)),
                         "Bidirectional, argument 'merge_mode': expected one of concat, sum, mul, "
                         "ave, got 'none'",
                         std::invalid_argument);
  }
}

}  // namespace nn
