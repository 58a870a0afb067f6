// SPDX-License-Identifier: MIT
// State: what a layer keeps from batch to batch and no gradient changes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "nn/sequential.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/layers/tracker.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::random_tensor;
using testing::TemporaryFolder;
using testing::Tracker;
using testing::weights_of;

/// [3] -> Tracker -> Dense 2 -> Tracker -> softmax of two classes
Sequential<float> tracking_model(std::uint64_t seed = 1) {
  Sequential<float> model{Tracker<float>{}, Dense{2}, Tracker<float>{}, Softmax{}};
  model.build({3}, {.seed = seed});
  model.compile(SGD{{.learning_rate = 0.1}}, SparseCategoricalCrossentropy{});
  return model;
}

/// The first Tracker's state.
std::vector<float> mean_of(const Sequential<float>& model) {
  const auto mean = model.parameters().named()[1].value();
  return {mean.data(), mean.data() + mean.size()};
}

/// What it becomes, from 0, of one batch.
std::vector<float> half_mean(const Tensor<float, 2>& x) {
  std::vector<float> means;
  for (Index i = 0; i < x.dimension(1); ++i) {
    float sum = 0;
    for (Index n = 0; n < x.dimension(0); ++n) sum += x(n, i);
    means.push_back(sum / static_cast<float>(x.dimension(0)) / 2);
  }
  return means;
}

/// Throws in the second batch.
struct Bomb {
  void on_batch_begin(FitContext& context) const {
    if (context.batch == 1) throw std::runtime_error{"bomb"};
  }
};

/// Keeps the weights of the start and puts them back at the end.
struct Undo {
  static void on_train_begin(FitContext& context) { context.keep_weights(); }
  static void on_train_end(FitContext& context) { context.restore_weights(); }
};

}  // namespace

TEST_SUITE("model/state") {
  TEST_CASE("Sequential: names state beside what is trained, and says which is which") {
    const Sequential<float> model = tracking_model();
    std::string names;
    for (const auto& parameter : model.parameters()) {
      append(names, {parameter.name, parameter.is_trained() ? " trained\n" : "\n"});
    }
    CHECK(names ==
          "0.tracker.shift trained\n0.tracker.mean\n1.dense.kernel trained\n1.dense.bias "
          "trained\n2.tracker.shift trained\n2.tracker.mean\n");
    CHECK(model.count_parameters() == 3 + 3 + 6 + 2 + 2 + 2);
  }

  TEST_CASE("ParameterBlock: what is trained lies first, and only that has moments") {
    Sequential<float> model = tracking_model();
    const auto& block = model.parameters();
    CHECK(block.size() == 4 * 16);  // each on a cache line
    CHECK(block.num_values() == 6 * 16);
    CHECK(block.named()[4].value().data() == block.values() + 3 * 16);
    CHECK(block.named()[1].value().data() == block.values() + 4 * 16);
    CHECK(block.named()[5].value().data() == block.values() + 5 * 16);
    CHECK_THROWS_WITH_AS(static_cast<void>(block.named()[1].gradient()),
                         "0.tracker.mean: expected a parameter that is trained, got state, which "
                         "has no gradient",
                         std::invalid_argument);
  }

  TEST_CASE("train_on_batch: updates state once, predict and evaluate leave it alone") {
    Sequential<float> model = tracking_model();
    const auto x = random_tensor<float, 2>({6, 3}, 1);
    const Labels y = counted_labels(6, 2);
    static_cast<void>(model.predict(x));
    static_cast<void>(model.evaluate(x, y));
    static_cast<void>(model.test_on_batch(x, y));
    CHECK(mean_of(model) == std::vector<float>{0, 0, 0});
    model.train_on_batch(x, y);
    CHECK(mean_of(model) == half_mean(x));
  }

  TEST_CASE("Sequential: a loop of one's own updates state once for each forward pass") {
    Sequential<float> model = tracking_model();
    const auto x = random_tensor<float, 2>({6, 3}, 1);
    const auto dy = random_tensor<float, 2>({6, 2}, 2);
    Workspace workspace;
    model.zero_gradients();
    static_cast<void>(model.forward(x, workspace));
    CHECK(mean_of(model) == std::vector<float>{0, 0, 0});
    model.backward(dy, workspace);
    CHECK(mean_of(model) == half_mean(x));
    model.backward(dy, workspace);
    CHECK(mean_of(model) == half_mean(x));
    static_cast<void>(model.forward(x, workspace));
    model.backward(dy, workspace);
    CHECK(mean_of(model) != half_mean(x));
  }

  TEST_CASE("fit: state follows the batches, and optimizers leave it alone") {
    const auto x = random_tensor<float, 2>({8, 3}, 1);
    const Labels y = counted_labels(8, 2);
    const FitOptions options{.batch_size = 8, .verbose = Verbose::silent, .shuffle = false};
    Sequential<float> still = tracking_model();
    still.compile(testing::Still{}, SparseCategoricalCrossentropy{});
    still.fit(x, y, options);
    CHECK(mean_of(still) == half_mean(x));
    Sequential<float> adam = tracking_model();
    adam.compile(Adam{}, SparseCategoricalCrossentropy{});
    adam.fit(x, y, options);
    CHECK(mean_of(adam) == half_mean(x));
    Sequential<float> whole = tracking_model();
    whole.compile(testing::WholeStep<Adam>{Adam{}}, SparseCategoricalCrossentropy{});
    whole.fit(x, y, options);
    CHECK(weights_of(whole) == weights_of(adam));
  }

  TEST_CASE("Sequential: state in a nested model is the same as without nesting") {
    const auto x = random_tensor<float, 2>({12, 3}, 1);
    const Labels y = counted_labels(12, 2);
    const FitOptions options{.batch_size = 4, .epochs = 2, .verbose = Verbose::silent};
    Sequential<float> flat = tracking_model();
    Sequential<float> nested{Sequential<float>{Tracker<float>{}, Dense{2}},
                             Sequential<float>{Sequential<float>{Tracker<float>{}}}, Softmax{}};
    nested.build({3}, {.seed = 1});
    nested.compile(SGD{{.learning_rate = 0.1}}, SparseCategoricalCrossentropy{});
    flat.fit(x, y, options);
    nested.fit(x, y, options);
    CHECK(mean_of(flat) != std::vector<float>{0, 0, 0});
    CHECK(weights_of(nested) == weights_of(flat));
  }

  TEST_CASE("fit: where a callback throws, state is as it was") {
    Sequential<float> model = tracking_model();
    const auto x = random_tensor<float, 2>({8, 3}, 1);
    model.train_on_batch(x, counted_labels(8, 2));
    const auto before = weights_of(model);
    CHECK_THROWS_WITH_AS(
        model.fit(x, counted_labels(8, 2),
                  {.batch_size = 4, .verbose = Verbose::silent, .callbacks = {Bomb{}}}),
        "bomb", std::runtime_error);
    CHECK(weights_of(model) == before);
  }

  TEST_CASE("FitContext: keeps and restores state with the weights") {
    Sequential<float> model = tracking_model();
    const auto before = weights_of(model);
    model.fit(random_tensor<float, 2>({8, 3}, 1), counted_labels(8, 2),
              {.verbose = Verbose::silent, .callbacks = {Undo{}}});
    CHECK(weights_of(model) == before);
  }

  TEST_CASE("Sequential: copies and files have state") {
    const TemporaryFolder folder;
    Sequential<float> model = tracking_model();
    const auto x = random_tensor<float, 2>({8, 3}, 1);
    model.train_on_batch(x, counted_labels(8, 2));
    const Sequential<float> copy = model;
    CHECK(weights_of(copy) == weights_of(model));
    model.save(folder.path("model"));
    model.save_weights(folder.path("weights"));
    const auto loaded = Sequential<float>::load<Tracker<float>>(folder.path("model"));
    CHECK(weights_of(loaded) == weights_of(model));
    Sequential<float> other = tracking_model(2);
    other.load_weights(folder.path("weights"));
    CHECK(weights_of(other) == weights_of(model));
    model.train_on_batch(x, counted_labels(8, 2));
    CHECK(mean_of(copy) != mean_of(model));
  }

  TEST_CASE("Sequential: a built model hands its state to the outer one") {
    Sequential<float> inner = tracking_model();
    inner.train_on_batch(random_tensor<float, 2>({8, 3}, 1), counted_labels(8, 2));
    const auto mean = mean_of(inner);
    Sequential<float> outer{inner, Dense{2}};
    outer.build({3});
    CHECK(mean_of(outer) == mean);
  }

  TEST_CASE("quantize: leaves state as it is") {
    Sequential<float> model = tracking_model();
    model.train_on_batch(random_tensor<float, 2>({8, 3}, 1), counted_labels(8, 2));
    const auto mean = mean_of(model);
    model.quantize(NumberFormat::int8);
    CHECK(mean_of(model) == mean);
    CHECK(mean_of(Sequential<float>(model)) == mean);
  }

  TEST_CASE("fit: state that is not finite is named") {
    Sequential<float> model = tracking_model();
    model.parameters().named()[1].value()(2) = not_a_number<float>;
    CHECK(model.parameters().first_non_finite() == "0.tracker.mean[2]");
  }
}
}  // namespace nn
