// SPDX-License-Identifier: MIT
// What `fit` refuses, with the full messages, and that a failed call leaves the model as it was.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "nn/io/model_file.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/training/fit.hpp"
#include "nn/training/train_on_batch.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::image_model;
using testing::random_tensor;
using testing::weights_of;

/// Three classes of samples [N, 2], compiled but not built.
Sequential<float> new_model() {
  Sequential<float> model{Dense{3}, Softmax{}};
  model.compile(Adam{}, SparseCategoricalCrossentropy{});
  return model;
}

/// Changes the learning rate, and throws at the end of the first epoch.
struct Throwing {
  static void on_epoch_end(FitContext& context) {
    context.set_learning_rate(0.5);
    context.stop_training = true;
    throw std::runtime_error{"from the callback"};
  }
};

/// Does something to the model in the middle of the first epoch.
struct Meddling {
  std::function<void()> meddle;
  void on_batch_end(FitContext&) const { meddle(); }
};

/// Overwrites all that a callback can reach, and counts the batches.
struct Scribbling {
  FitOptions* options;
  Index batches = 0;
  void on_batch_end(FitContext& context) {
    ++batches;
    context.epoch = context.batch = 0;
    context.num_batches = context.epochs = 100;
    options->batch_size = options->validation_freq = 0;
    options->shuffle = true;
    options->callbacks.clear();
  }
};

/// Minus the logarithm of the true class's probability, as a user would write it. Records the
/// smallest score, and how far the sums of scores are from 1.
struct LogLoss {
  double* least;
  double* most_off;

  [[nodiscard]] static std::string name() { return "log_loss"; }
  [[nodiscard]] static bool from_logits() { return false; }
  double operator()(const ScoredBatch<float>& batch, float* row_losses, float* gradient) const {
    double total = 0;
    for (Index row = 0; row < batch.rows; ++row) {
      double sum = 0;
      for (Index k = 0; k < batch.classes; ++k) {
        const float p = batch.scores[row * batch.classes + k];
        const bool is_true = k == batch.labels[row];
        *least = std::min(*least, double{p});
        sum += double{p};
        if (is_true) row_losses[row] = -std::log(p);
        if (gradient == nullptr) continue;
        gradient[row * batch.classes + k] =
            is_true ? -1 / (p * static_cast<float>(batch.rows)) : 0.0f;
      }
      *most_off = std::max(*most_off, std::abs(sum - 1));
      total += double{row_losses[row]};
    }
    return total / static_cast<double>(batch.rows);
  }
};

/// Records the learning rate at the beginning of a training.
struct RateReader {
  double rate = 0;
  void on_train_begin(FitContext& context) { rate = context.learning_rate(); }
};

}  // namespace

TEST_SUITE("training/fit") {
  TEST_CASE("fit: refuses options out of range") {
    Sequential<float> model = new_model();
    const auto x = random_tensor<float, 2>({4, 2}, 1);
    const Labels y = counted_labels(4, 3);
    const auto refuses = [&](const FitOptions& options, const char* message) {
      CHECK_THROWS_WITH_AS(model.fit(x, y, options), message, std::invalid_argument);
      CHECK_FALSE(model.is_built());
    };
    refuses({.batch_size = 0}, "Model::fit: expected a positive batch_size, got 0");
    refuses({.epochs = -1}, "Model::fit: expected 0 or more epochs, got -1");
    refuses({.initial_epoch = -2}, "Model::fit: expected an initial_epoch of 0 or more, got -2");
    refuses({.validation_batch_size = -1},
            "Model::fit: expected a validation_batch_size of 0 or more, got -1");
    refuses({.validation_freq = 0}, "Model::fit: expected a positive validation_freq, got 0");
    refuses({.validation_split = 1}, "Model::fit: expected a validation_split in [0, 1), got 1");
    refuses({.validation_split = -0.5},
            "Model::fit: expected a validation_split in [0, 1), got -0.5");
    refuses({.validation_split = std::numeric_limits<double>::quiet_NaN()},
            "Model::fit: expected a validation_split in [0, 1), got nan");
    refuses({.validation_split = 0.999},
            "Model::fit: expected a validation_split that leaves samples to train on, got 0.999 "
            "(4 samples)");
    refuses({.validation_split = 1e-12},
            "Model::fit: expected a validation_split of at least one sample, got 1e-12 (4 "
            "samples)");
  }

  TEST_CASE("fit: refuses a loss of probabilities without a softmax, and of logits behind one") {
    const auto x = random_tensor<float, 2>({4, 2}, 1);
    const Labels y = counted_labels(4, 3);
    Sequential bare{Dense{3}};
    bare.compile(Adam{}, SparseCategoricalCrossentropy{});
    bare.build({2}, {.seed = 1});
    const std::vector<float> before = weights_of(bare);
    const auto refuses = [&](const auto& call) {
      try {
        call();
        FAIL("not refused");
      } catch (const std::invalid_argument& error) {
        const std::string_view message = error.what();
        CHECK(message.starts_with("sparse_categorical_crossentropy: expected probabilities"));
      }
      CHECK(weights_of(bare) == before);
    };
    refuses([&] { bare.fit(x, y, {.verbose = Verbose::silent}); });
    refuses([&] { bare.train_on_batch(x, y); });
    refuses([&] { return bare.evaluate(x, y); });

    Sequential<float> closed = new_model();
    closed.compile(Adam{}, SparseCategoricalCrossentropy{{.from_logits = true}});
    CHECK_THROWS_WITH_AS(closed.fit(x, y),
                         "sparse_categorical_crossentropy: expected logits, got a model that ends "
                         "with a softmax; leave out the softmax or from_logits",
                         std::invalid_argument);
  }

  TEST_CASE("fit: a loss of one's own gets the probabilities that the model gives") {
    Sequential model{Dense{3, {.activation = Activation::softmax}}};
    double least = 1, most_off = 0;
    model.compile(Adam{}, LogLoss{&least, &most_off});
    const auto x = random_tensor<float, 2>({6, 2}, 1);
    const History history =
        model.fit(x, counted_labels(6, 3), {.epochs = 2, .verbose = Verbose::silent});
    CHECK(least > 0);
    CHECK(most_off < 1e-6);
    CHECK(history["loss"].back() < history["loss"].front());
  }

  TEST_CASE("fit: refuses class weights that don't fit, and losses that would ignore them") {
    const auto x = random_tensor<float, 2>({4, 2}, 1);
    const Labels y = counted_labels(4, 3);
    Sequential<float> model = new_model();
    const auto refuses = [&](const std::map<std::int32_t, double>& weights, const char* message) {
      CHECK_THROWS_WITH_AS(model.fit(x, y, {.class_weight = weights}), message,
                           std::invalid_argument);
      CHECK_FALSE(model.is_built());
    };
    refuses({{3, 1.0}}, "Model::fit, class_weight: expected classes from 0 to 2, got 3");
    refuses({{-1, 1.0}}, "Model::fit, class_weight: expected classes from 0 to 2, got -1");
    refuses({{1, -0.5}},
            "Model::fit, class_weight: expected weights of 0 or more, got -0.5 (class 1)");
    refuses({{1, std::numeric_limits<double>::infinity()}},
            "Model::fit, class_weight: expected weights of 0 or more, got inf (class 1)");
    refuses({{1, 1e39}},  // infinite as a float
            "Model::fit, class_weight: expected weights of 0 or more, got 1e+39 (class 1)");
    double least = 1, most_off = 0;
    model.compile(Adam{}, LogLoss{&least, &most_off});
    refuses({{1, 2.0}},
            "Model::fit, class_weight: expected a loss that takes weights, got log_loss; give "
            "the loss static constexpr bool takes_weights = true");
  }

  TEST_CASE("fit: refuses a model that is empty or not compiled") {
    const auto x = random_tensor<float, 2>({4, 2}, 1);
    const Labels y = counted_labels(4, 3);
    Sequential model{Dense{3}};
    CHECK_THROWS_WITH_AS(model.fit(x, y),
                         "Model::fit: expected a compiled model, got one without loss and "
                         "optimizer; call compile(optimizer, loss, metrics) first",
                         std::invalid_argument);
    Sequential<float> empty;
    empty.compile(Adam{}, SparseCategoricalCrossentropy{});
    CHECK_THROWS_WITH_AS(empty.fit(x, y), "Model: expected at least one layer, got none",
                         std::invalid_argument);
  }

  TEST_CASE("fit: refuses data that don't fit") {
    Sequential<float> model = new_model();
    const auto x = random_tensor<float, 2>({4, 2}, 1);
    CHECK_THROWS_WITH_AS(
        model.fit(x, counted_labels(3, 3)),
        "Model::fit: expected as many targets as samples, got 3 targets (4 samples)", ShapeError);
    Labels y = counted_labels(4, 3);
    y(2) = 3;
    CHECK_THROWS_WITH_AS(model.fit(x, y),
                         "Model::fit: expected labels from 0 to 2, got 3 (label of sample 2); "
                         "the last layer needs a unit for each class",
                         std::invalid_argument);
    y(2) = -1;
    CHECK_THROWS_WITH_AS(model.fit(x, y),
                         "Model::fit: expected labels from 0 to 2, got -1 (label of sample "
                         "2); the last layer needs a unit for each class",
                         std::invalid_argument);
    y(2) = 0;
    CHECK_THROWS_WITH_AS(
        model.fit(random_tensor<double, 2>({4, 2}, 1), y),
        "Model::fit: expected samples of float, std::int32_t or std::uint8_t, got double",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(model.fit(Tensor<float, 2>(0, 2), Labels(0)),
                         "Model::fit: expected at least one sample to train on, got none",
                         std::invalid_argument);
    CHECK_FALSE(model.is_built());
    model.build({2});
    CHECK_THROWS_WITH_AS(model.fit(random_tensor<float, 2>({4, 5}, 1), y),
                         "Model::fit: expected samples of shape [2], got [5] (x [4, 5])",
                         ShapeError);
    CHECK_THROWS_WITH_AS(
        model.fit(x, Tensor<std::int32_t, 2>(4, 3)),
        "Model::fit: expected class numbers of shape [4] for sparse_categorical_crossentropy, "
        "got [4, 3] (the model gives [4, 3])",
        ShapeError);
  }

  TEST_CASE("fit: refuses validation data that don't fit") {
    Sequential<float> model = new_model();
    const auto x = random_tensor<float, 2>({4, 2}, 1);
    const auto wide = random_tensor<float, 2>({4, 5}, 1);
    const auto doubles = random_tensor<double, 2>({4, 2}, 1);
    const Tensor<float, 2> none(0, 2);
    const Labels y = counted_labels(4, 3), bad = counted_labels(4, 4), no_labels(0);
    const auto refuses = [&](const ValidationData& data, const char* message) {
      CHECK_THROWS_WITH_AS(model.fit(x, y, {.validation_data = data}), message,
                           std::invalid_argument);
      CHECK_FALSE(model.is_built());
    };
    refuses({x, bad},
            "Model::fit, validation_data: expected labels from 0 to 2, got 3 (label of "
            "sample 3); the last layer needs a unit for each class");
    refuses({x, no_labels},
            "Model::fit, validation_data: expected as many targets as samples, got 0 targets "
            "(4 samples)");
    refuses({none, no_labels},
            "Model::fit, validation_data: expected at least one sample, got none");
    refuses({wide, y},
            "Model::fit, validation_data: expected samples of shape [2], got [5] (x [4, 5])");
    refuses({doubles, y},
            "Model::fit, validation_data: expected samples of float, std::int32_t or "
            "std::uint8_t, got double");
  }

  TEST_CASE("fit: refuses one label a sample for a model that gives images") {
    Sequential model{Conv2D{3, 3}};
    model.compile(Adam{}, SparseCategoricalCrossentropy{});
    CHECK_THROWS_WITH_AS(
        model.fit(random_tensor<float, 4>({2, 8, 8, 1}, 1), counted_labels(2, 3)),
        "Model::fit: expected class numbers of shape [2, 6, 6] for "
        "sparse_categorical_crossentropy, got [2] (the model gives [2, 6, 6, 3]); for one of each "
        "sample, add nn::Flatten before the last nn::Dense",
        ShapeError);
  }

  TEST_CASE("fit: a callback that throws leaves a built model as it was") {
    const auto x = random_tensor<float, 4>({10, 8, 8, 1}, 2);
    const Labels y = counted_labels(10, 3);
    Sequential<float> model = image_model(), twin = image_model();
    for (Sequential<float>* each : {&model, &twin}) each->train_on_batch(x, y);
    const std::vector<float> before = weights_of(model);

    CHECK_THROWS_WITH_AS(
        model.fit(x, y, {.batch_size = 4, .verbose = Verbose::silent, .callbacks = {Throwing{}}}),
        "from the callback", std::runtime_error);

    CHECK(weights_of(model) == before);
    CHECK(model.parameters().step() == 1);
    // Adam's moments and learning rate are as before, as both models go the same way from here.
    RateReader reader;
    const FitOptions options{
        .batch_size = 4, .epochs = 2, .verbose = Verbose::silent, .callbacks = {std::ref(reader)}};
    model.fit(x, y, options);
    CHECK(reader.rate == 0.01);
    twin.fit(x, y, options);
    CHECK(weights_of(model) == weights_of(twin));
  }

  TEST_CASE("fit: a callback that throws leaves a model unbuilt that was so") {
    Sequential<float> model = new_model();
    const Labels y = counted_labels(4, 3);
    const FitOptions throwing{.verbose = Verbose::silent, .callbacks = {Throwing{}}};
    CHECK_THROWS_WITH_AS(model.fit(random_tensor<float, 2>({4, 2}, 1), y, throwing),
                         "from the callback", std::runtime_error);
    CHECK_FALSE(model.is_built());
    CHECK(model.input_shape() == Shape{});
    RateReader reader;
    model.fit(random_tensor<float, 2>({4, 7}, 1), y,  // another shape, which the model takes too
              {.verbose = Verbose::silent, .callbacks = {std::ref(reader)}});
    CHECK(model.input_shape() == Shape{7});
    CHECK(reader.rate == 0.001);
  }

  TEST_CASE("fit: the model refuses in a callback what would take from fit what it works on") {
    Sequential<float> model = image_model();
    model.compile(Adam{}, SparseCategoricalCrossentropy{});
    const auto x = random_tensor<float, 4>({4, 8, 8, 1}, 1);
    const Labels y = counted_labels(4, 3);
    const auto before = weights_of(model);
    const auto refuses = [&](const char* where, const std::function<void()>& meddle) {
      const FitOptions options{.batch_size = 2,
                               .epochs = 2,
                               .verbose = Verbose::silent,
                               .callbacks = {Meddling{meddle}}};
      const std::string message =
          std::string{where} +
          ": expected a model that is not being trained, got one in the middle of fit; in a "
          "callback, work on a copy";
      CHECK_THROWS_WITH_AS(model.fit(x, y, options), message.c_str(), std::invalid_argument);
      CHECK(weights_of(model) == before);
    };
    refuses("Model::build", [&] { model.build({8, 8, 1}); });
    refuses("Model::compile",
            [&] { model.compile(SGD{}, SparseCategoricalCrossentropy{}, {Accuracy{}}); });
    refuses("Model::quantize", [&] { model.quantize(NumberFormat::int8); });
    refuses("Model::fit", [&] { model.fit(x, y, {.verbose = Verbose::silent}); });
    refuses("Model::train_on_batch", [&] { (void)model.train_on_batch(x, y); });
    refuses("Model::load_weights", [&] { model.load_weights("weights.safetensors"); });
    refuses("Model::operator=", [&] { model = image_model(); });

    const FitOptions with_copy{.verbose = Verbose::silent, .callbacks = {Meddling{[&] {
                                                             Sequential<float> copy = model;
                                                             copy.fit(x, y,
                                                                      {.verbose = Verbose::silent});
                                                             copy = image_model();
                                                           }}}};
    CHECK(model.fit(x, y, with_copy).epochs().size() == 1);
    model = image_model();  // its training has ended
  }

  TEST_CASE("fit: counts for itself, whatever a callback writes") {
    Sequential<float> model = new_model();
    const auto x = random_tensor<float, 2>({10, 2}, 1);
    const Labels y = counted_labels(10, 3);
    FitOptions options{.batch_size = 4, .epochs = 3, .verbose = Verbose::silent, .shuffle = false};
    Scribbling scribbling{&options};
    options.callbacks = {std::ref(scribbling)};
    CHECK(model.fit(x, y, options).epochs() == std::vector<Index>{0, 1, 2});
    CHECK(scribbling.batches == 9);
    CHECK(model.parameters().step() == 9);
  }

  TEST_CASE("fit: a refused assignment leaves the other model alone, a moved one is reported") {
    Sequential<float> model = image_model();
    model.compile(Adam{}, SparseCategoricalCrossentropy{});
    Sequential<float> other = image_model(), third;
    const auto x = random_tensor<float, 4>({4, 8, 8, 1}, 1);
    const Labels y = counted_labels(4, 3);
    const auto fit_with = [&](const std::function<void()>& meddle) {
      model.fit(x, y, {.verbose = Verbose::silent, .callbacks = {Meddling{meddle}}});
    };
    CHECK_THROWS_AS(fit_with([&] { model = std::move(other); }), std::invalid_argument);
    CHECK(other.is_built());
    CHECK_THROWS_WITH_AS(fit_with([&] { third = std::move(model); }),
                         "Model::fit: expected a model in its place, got one moved away",
                         std::invalid_argument);
    CHECK_FALSE(model.is_built());
    CHECK(third.predict(x).dimension(0) == 4);
  }

  TEST_CASE("fit, evaluate: without a stream they are silent") {
    Sequential<float> model = new_model();
    const auto x = random_tensor<float, 2>({4, 2}, 1);
    const Labels y = counted_labels(4, 3);
    CHECK(model.fit(x, y, {.stream = nullptr}).epochs().size() == 1);
    CHECK(model.evaluate(x, y, {.verbose = Verbose::line, .stream = nullptr})["loss"] > 0);
  }
}

}  // namespace nn
