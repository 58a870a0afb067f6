// SPDX-License-Identifier: MIT
// Recurrent layers whose sequences go on from batch to batch.
#include "nn/layer/recurrent/recurrence.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/layers/masking.hpp"
#include "nn/layers/recurrent/gru.hpp"
#include "nn/layers/recurrent/lstm.hpp"
#include "nn/layers/recurrent/simple_rnn.hpp"
#include "nn/model/more_layers.hpp"
#include "nn/sequential.hpp"
#include "nn/testing/check_gradients.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::random_tensor;

constexpr Index num_samples = 2;

/// Steps first .. first + count - 1 of x.
Tensor<double, 3> steps_of(const Tensor<double, 3>& x, Index first, Index count) {
  Tensor<double, 3> part(x.dimension(0), count, x.dimension(2));
  for (Index n = 0; n < x.dimension(0); ++n) {
    for (Index t = 0; t < count; ++t) {
      for (Index f = 0; f < x.dimension(2); ++f) part(n, t, f) = x(n, first + t, f);
    }
  }
  return part;
}

/// The largest difference between a sequence at once, and in two batches through a stateful layer.
template <class L, class Options>
double error_in_parts(Options options) {
  options.return_sequences = true;
  Sequential<double> whole{L{3, options}};
  options.stateful = true;
  options.batch_size = num_samples;
  Sequential<double> parts{L{3, options}};
  whole.build({6, 2}, {.seed = 4});
  parts.build({3, 2}, {.seed = 4});
  const auto x = random_tensor<double, 3>({num_samples, 6, 2}, 1);
  const Tensor<double, 3> expected = whole.template predict<3>(x);
  Workspace workspace;
  double error = 0;
  for (Index part = 0; part < 2; ++part) {
    const Tensor<double, 3> some = steps_of(x, 3 * part, 3);
    const Tensor<double, 3> y = parts.template advance<3>(some, workspace);
    for (Index n = 0; n < num_samples; ++n) {
      for (Index t = 0; t < 3; ++t) {
        for (Index j = 0; j < 3; ++j) {
          error = std::max(error, std::abs(y(n, t, j) - expected(n, 3 * part + t, j)));
        }
      }
    }
  }
  return error;
}

std::vector<double> states_of(Sequential<double>& model) {
  std::vector<double> values;
  for (const auto& parameter : model.parameters()) {
    if (parameter.role != ParameterRole::state) continue;
    const double* const first = parameter.value().data();
    values.insert(values.end(), first, first + parameter.shape.num_elements());
  }
  return values;
}

}  // namespace

TEST_SUITE("layer/recurrent/recurrence") {
  TEST_CASE("Recurrence: a stateful layer goes on where the last batch ended") {
    CHECK(error_in_parts<SimpleRNN<double>>(SimpleRNNOptions{}) < 1e-12);
    CHECK(error_in_parts<LSTM<double>>(LSTMOptions{}) < 1e-12);
    CHECK(error_in_parts<GRU<double>>(GRUOptions{}) < 1e-12);
    CHECK(error_in_parts<GRU<double>>(GRUOptions{.reset_after = false}) < 1e-12);
  }

  TEST_CASE("Recurrence: training and advance move the state, predict does not") {
    Sequential<double> model{LSTM<double>{3, {.stateful = true, .batch_size = num_samples}}};
    model.build({4, 2}, {.seed = 4});
    const auto x = random_tensor<double, 3>({num_samples, 4, 2}, 1);
    const std::vector<double> none(2 * num_samples * 3, 0.0);
    CHECK(states_of(model) == none);
    const Tensor<double, 2> before = model.predict(x);
    CHECK(states_of(model) == none);
    Workspace workspace;
    const Tensor<double, 2> y = model.advance(x, workspace);
    const std::vector<double> after = states_of(model);
    CHECK(after != none);
    for (Index i = 0; i < y.size(); ++i) CHECK(y.data()[i] == before.data()[i]);
    // h is the last result
    for (std::size_t i = 0; i < 6; ++i) CHECK(after[i] == y.data()[i]);
    CHECK(model.predict(x)(0, 0) != before(0, 0));
    model.reset_states();
    CHECK(states_of(model) == none);
    static_cast<void>(model.forward(x, workspace));
    CHECK(states_of(model) == none);
    Tensor<double, 2> dy(num_samples, 3);
    dy.setConstant(1);
    model.backward(dy, workspace);
    CHECK(states_of(model) == after);
  }

  TEST_CASE("Recurrence: right gradients where a batch begins with a state") {
    const auto findings = [](const auto& make) {
      testing::LayerMaker maker;
      maker.of_double = [=] { return AnyLayer<double>(make.template operator()<double>()); };
      maker.of_float = [=] { return AnyLayer<float>(make.template operator()<float>()); };
      maker.of_dual = [=] {
        return AnyLayer<testing::Dual>(make.template operator()<testing::Dual>());
      };
      testing::Findings found;
      testing::check_gradients(found, "stateful", maker, {3, 2}, num_samples, {});
      return testing::to_text(found);
    };
    CHECK(findings([]<class T>() {
            return SimpleRNN<T>{2, {.stateful = true, .batch_size = num_samples}};
          }) == "");
    CHECK(findings([]<class T>() {
            return LSTM<T>{2, {.stateful = true, .batch_size = num_samples}};
          }) == "");
    CHECK(findings([]<class T>() {
            return GRU<T>{2, {.stateful = true, .batch_size = num_samples}};
          }) == "");
    CHECK(findings([]<class T>() {
            return GRU<T>{2, {.stateful = true, .batch_size = num_samples, .reset_after = false}};
          }) == "");
  }

  TEST_CASE("Recurrence: masked steps pass the state on, and give 0 before the first that counts") {
    const LSTM<double> layer{
        3, {.return_sequences = true, .stateful = true, .batch_size = num_samples}};
    Sequential<double> model{Masking<double>{}, layer}, short_model{layer};
    model.build({5, 2}, {.seed = 4});
    short_model.build({3, 2});
    auto x = random_tensor<double, 3>({num_samples, 5, 2}, 1);
    Workspace workspace;
    model.advance<3>(x, workspace);
    for (std::size_t i = 0; i < 5; ++i) {
      short_model.parameters().named()[i].value() = model.parameters().named()[i].value();
    }
    for (Index t = 0; t < 2; ++t) {
      for (Index n = 0; n < num_samples; ++n) x(n, t, 0) = x(n, t, 1) = 0;
    }
    const Tensor<double, 3> rest = steps_of(x, 2, 3);
    const Tensor<double, 3> y = model.predict<3>(x);
    const Tensor<double, 3> expected = short_model.predict<3>(rest);
    for (Index n = 0; n < num_samples; ++n) {
      for (Index j = 0; j < 3; ++j) {
        CHECK(y(n, 1, j) == 0);
        CHECK(y(n, 4, j) == doctest::Approx(expected(n, 2, j)).epsilon(1e-12));
      }
    }
  }

  TEST_CASE("Recurrence: a file has the states too") {
    const testing::TemporaryFolder folder;
    const std::string path = folder.path("model.safetensors");
    Sequential<double> model{GRU<double>{3, {.stateful = true, .batch_size = num_samples}}};
    model.build({4, 2}, {.seed = 4});
    const auto x = random_tensor<double, 3>({num_samples, 4, 2}, 1);
    Workspace workspace;
    model.advance(x, workspace);
    model.save(path);
    auto loaded = Sequential<double>::load<MoreLayers<double>>(path);
    CHECK(states_of(loaded) == states_of(model));
    const Tensor<double, 2> y = model.advance(x, workspace), again = loaded.advance(x, workspace);
    for (Index i = 0; i < y.size(); ++i) CHECK(y.data()[i] == again.data()[i]);
  }

  TEST_CASE("Recurrence: refuses states that it can't keep") {
    CHECK_THROWS_WITH_AS((GRU<float>{2, {.stateful = true}}),
                         "GRU: expected a positive batch_size beside stateful, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((GRU<float>{2, {.batch_size = 4}}),
                         "GRU: expected batch_size 0 unless the layer is stateful, got 4",
                         std::invalid_argument);
    Sequential model{GRU{3, {.stateful = true, .batch_size = num_samples}}};
    model.build({4, 2});
    const auto x = random_tensor<float, 3>({3, 4, 2}, 1);
    CHECK_THROWS_WITH_AS(
        static_cast<void>(model.predict(x)),
        "GRU: expected batches of 2 samples, got 3 (stateful, with that batch_size)", ShapeError);
  }
}

}  // namespace nn
