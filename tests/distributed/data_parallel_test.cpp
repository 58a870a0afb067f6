// SPDX-License-Identifier: MIT
#include "nn/distributed/data_parallel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "nn/sequential.hpp"
#include "tests/distributed/thread_group.hpp"

namespace nn {
namespace {

using testing::run_processes;
using testing::ThreadCommunicator;
using Errors = std::vector<std::string>;

/// Images [N, 6, 6, 1] of random numbers, and which of three parts is the brightest.
struct Images {
  Tensor<float, 4> x;
  Labels y;

  explicit Images(Index count, std::uint64_t seed = 7) : x(count, 6, 6, 1), y(count) {
    const Random random{seed, {}};
    for (Index i = 0; i < count; ++i) {
      float sums[3] = {};
      for (Index j = 0; j < 36; ++j) {
        const auto value =
            static_cast<float>(random.uniform(static_cast<std::uint64_t>(36 * i + j)));
        x(i, j / 6, j % 6, 0) = value;
        sums[j / 12] += value;
      }
      y(i) = static_cast<std::int32_t>(std::max_element(sums, sums + 3) - sums);
    }
  }
};

/// All that follows the place of a sample in its batch: dropout, augmentation, batch statistics.
Sequential<float> random_model() {
  Sequential<float> model{RandomTranslation{0.1, 0.1},
                          Conv2D{4, {3, 3}, {.use_bias = false}},
                          BatchNormalization{},
                          ReLU{},
                          Flatten{},
                          Dropout{0.3},
                          Dense{16, {.activation = Activation::relu}},
                          Dropout{0.2},
                          Dense{3},
                          Softmax{}};
  model.build({6, 6, 1}, {.seed = 5});
  return model;
}
/// Without batch statistics.
Sequential<float> plain_model() {
  Sequential<float> model{
      Conv2D{4, {3, 3}, {.activation = Activation::relu}}, Flatten{}, Dropout{0.3},
      Dense{16, {.activation = Activation::relu}},         Dense{3},  Softmax{}};
  model.build({6, 6, 1}, {.seed = 5});
  return model;
}

template <class Optimizer>
void compile(Sequential<float>& model, const Optimizer& optimizer) {
  model.compile(optimizer, SparseCategoricalCrossentropy{}, {Accuracy{}, F1Score{}});
}

std::vector<float> weights_of(Sequential<float>& model) {
  std::vector<float> all;
  for (const auto& parameter : model.parameters()) {
    const auto value = parameter.value();
    all.insert(all.end(), value.data(), value.data() + value.size());
  }
  return all;
}

FitOptions silent(FitOptions options) {
  options.verbose = Verbose::silent;
  return options;
}

/// What a training ends with: the weights of all processes, which have to be the same, and the
/// History.
struct Result {
  std::vector<float> weights;
  History history;
};
template <class MakeModel, class Fit>
Result train(Index processes, const MakeModel& make_model, const Fit& fit, std::uint64_t seed = 0) {
  std::vector<Result> results(static_cast<std::size_t>(processes));
  const Errors errors = run_processes(
      processes,
      [&](ThreadCommunicator& communicator) {
        Sequential<float> model = make_model();
        Result& result = results[static_cast<std::size_t>(communicator.rank())];
        result.history = fit(model, communicator);
        result.weights = weights_of(model);
      },
      seed);
  for (const std::string& error : errors) REQUIRE(error == "");
  for (const Result& result : results) {
    REQUIRE(result.weights == results[0].weights);
    REQUIRE(to_string(result.history) == to_string(results[0].history));
  }
  return results[0];
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST_SUITE("distributed/data_parallel") {
  TEST_CASE("fit: one process with a communicator trains to the bits of one without") {
    const Images data(50);
    for (const bool has_ema : {false, true}) {
      CAPTURE(has_ema);
      Sequential<float> alone = random_model();
      compile(alone, Adam{{.learning_rate = 0.01, .use_ema = has_ema}});
      const History history = alone.fit(
          data.x, data.y, silent({.batch_size = 16, .epochs = 3, .validation_split = 0.2}));
      const Result shared = train(1, random_model, [&](auto& model, auto& communicator) {
        compile(model, Adam{{.learning_rate = 0.01, .use_ema = has_ema}});
        return model.fit(data.x, data.y,
                         silent({.batch_size = 16,
                                 .epochs = 3,
                                 .validation_split = 0.2,
                                 .communicator = communicator}));
      });
      CHECK(shared.weights == weights_of(alone));
      CHECK(to_string(shared.history) == to_string(history));
    }
  }

  TEST_CASE("fit: with the same pieces, any number of processes ends with the same bits") {
    const Images data(53);  // a last batch of 5, less than some have pieces
    const auto fit = [&](Index pieces) {
      return [&, pieces](auto& model, auto& communicator) {
        compile(model, Adam{{.learning_rate = 0.01}});
        return model.fit(data.x, data.y,
                         silent({.batch_size = 16,
                                 .epochs = 3,
                                 .validation_split = 0.2,
                                 .communicator = communicator,
                                 .sharing = {.pieces = pieces}}));
      };
    };
    for (const Index pieces : {4, 6}) {
      const Result one = train(1, random_model, fit(pieces));
      for (Index processes = 2; processes <= 4; ++processes) {
        CAPTURE(pieces);
        CAPTURE(processes);
        const Result several = train(processes, random_model, fit(pieces));
        CHECK(several.weights == one.weights);
        CHECK(several.history["loss"] == one.history["loss"]);
        CHECK(several.history["val_loss"] == one.history["val_loss"]);
        CHECK(several.history["accuracy"] == one.history["accuracy"]);
        CHECK(several.history["f1_score"] == one.history["f1_score"]);
      }
    }
  }

  TEST_CASE("fit: the bits don't depend on when messages arrive") {
    const Images data(40);
    const auto fit = [&](auto& model, auto& communicator) {
      compile(model, Adam{{.learning_rate = 0.01}});
      return model.fit(data.x, data.y,
                       silent({.batch_size = 16, .epochs = 2, .communicator = communicator}));
    };
    const Result first = train(3, random_model, fit, 1);
    CHECK(train(3, random_model, fit, 2).weights == first.weights);
    CHECK(train(3, random_model, fit).weights == first.weights);
  }

  TEST_CASE("fit: several processes train as one does, but for rounding") {
    const Images data(45);
    const auto fit = [&](auto& model, CommunicatorRef communicator) {
      compile(model, SGD{{.learning_rate = 0.05, .momentum = 0.9}});
      return model.fit(data.x, data.y,
                       silent({.batch_size = 16,
                               .epochs = 3,
                               .class_weight = {{1, 2.0}},
                               .communicator = communicator}));
    };
    Sequential<float> alone = plain_model();
    const History history = fit(alone, {});
    for (Index processes = 2; processes <= 4; ++processes) {
      CAPTURE(processes);
      const Result several = train(processes, plain_model, fit);
      // Nine updates, of which each rounds sums of 16 gradients.
      CHECK(largest_difference(several.weights, weights_of(alone)) < 2e-6f);
      CHECK(several.history["loss"].back() ==
            doctest::Approx(history["loss"].back()).epsilon(1e-5));
    }
  }
}

}  // namespace nn
