// SPDX-License-Identifier: MIT
#include "nn/training/callback.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/optimizers/sgd.hpp"
#include "nn/training/fit.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::NumberedSamples;

/// Records which of its hooks are called.
struct Diary {
  std::vector<std::string>* lines;

  void on_train_begin(FitContext& context) {
    note("train_begin of " + std::to_string(context.epochs));
  }
  void on_epoch_begin(FitContext& context) { note("epoch_begin " + std::to_string(context.epoch)); }
  void on_batch_begin(FitContext& context) { note("batch_begin " + batch(context)); }
  void on_batch_end(FitContext& context) { note("batch_end " + batch(context)); }
  void on_epoch_end(FitContext& context) {
    note("epoch_end " + std::to_string(context.epoch) +
         (context.logs.find("val_loss") != nullptr ? " validated" : ""));
  }
  void on_train_end(FitContext&) { note("train_end"); }

 private:
  static std::string batch(const FitContext& context) {
    return std::to_string(context.batch) + " of " + std::to_string(context.num_batches);
  }
  void note(const std::string& line) { lines->push_back(line); }
};

/// Counts batches in a member of its own.
struct Counter {
  int batches = 0;
  void on_batch_end(FitContext&) { ++batches; }
};

/// Ends the training at one of the hooks.
struct Stopper {
  Index epoch, batch;
  bool at_epoch_begin = false;
  void on_epoch_begin(FitContext& context) const {
    if (at_epoch_begin && context.epoch == epoch) context.stop_training = true;
  }
  void on_batch_end(FitContext& context) const {
    if (context.epoch == epoch && context.batch == batch) context.stop_training = true;
  }
};

/// Keeps the values that a hook was given.
struct LogReader {
  Scores at_begin, at_batch, at_epoch;
  void on_train_begin(FitContext& context) { at_begin = context.logs; }
  void on_batch_end(FitContext& context) { at_batch = context.logs; }
  void on_epoch_end(FitContext& context) { at_epoch = context.logs; }
};

/// A value of its own for each epoch.
struct StoppingJudge {
  static void on_epoch_end(FitContext& context) {
    context.logs.set("judgement", 10.0 + static_cast<double>(context.epoch));
    if (context.epoch == 2) context.stop_training = true;
  }
};

/// Half of the smallest normal number: 0 where denormals are flushed.
struct Halver {
  double half = 0;
  void on_train_begin(FitContext&) { halve(); }
  void on_batch_end(FitContext&) { halve(); }
  void on_epoch_end(FitContext&) { halve(); }
  void halve() {
    const volatile double smallest = std::numeric_limits<double>::min();
    half = smallest / 2;
    if (half == 0) throw std::runtime_error{"a denormal was flushed"};
  }
};

/// Keeps the weights of one epoch and brings them back at the end.
struct Keeper {
  Index epoch;
  void on_epoch_end(FitContext& context) const {
    if (context.epoch == epoch) context.keep_weights();
  }
  static void on_train_end(FitContext& context) { context.restore_weights(); }
};

/// The weights after each epoch.
struct WeightReader {
  const Sequential<float>* model;
  std::vector<std::vector<float>> weights{};
  void on_epoch_end(FitContext&) { weights.push_back(testing::weights_of(*model)); }
};

/// A rate for each epoch.
struct Halving {
  static void on_epoch_begin(FitContext& context) {
    context.set_learning_rate(context.learning_rate() / 2);
  }
};

std::vector<std::string> names_of(const Scores& scores) {
  std::vector<std::string> names;
  for (const auto& [name, value] : scores) names.push_back(name);
  return names;
}

}  // namespace

TEST_SUITE("training/callback") {
  TEST_CASE("Callback: hooks are called in Keras' order") {
    NumberedSamples data(5);
    std::vector<std::string> lines;
    data.model.fit(data.x, data.y,
                   {.batch_size = 2,
                    .epochs = 2,
                    .verbose = Verbose::silent,
                    .callbacks = {Diary{&lines}},
                    .validation_split = 0.2});
    CHECK(lines ==
          std::vector<std::string>{"train_begin of 2", "epoch_begin 0", "batch_begin 0 of 2",
                                   "batch_end 0 of 2", "batch_begin 1 of 2", "batch_end 1 of 2",
                                   "epoch_end 0 validated", "epoch_begin 1", "batch_begin 0 of 2",
                                   "batch_end 0 of 2", "batch_begin 1 of 2", "batch_end 1 of 2",
                                   "epoch_end 1 validated", "train_end"});
  }

  TEST_CASE("Callback: by value it is a copy, by std::ref the object itself") {
    NumberedSamples data(6);
    Counter copied, referred;
    data.model.fit(
        data.x, data.y,
        {.batch_size = 2, .verbose = Verbose::silent, .callbacks = {copied, std::ref(referred)}});
    CHECK(copied.batches == 0);
    CHECK(referred.batches == 3);
  }

  TEST_CASE("Callback: each fit works on a copy of its own") {
    // A training that ends after five batches.
    struct Expiring {
      int batches = 0;
      void on_batch_end(FitContext& context) { context.stop_training = ++batches == 5; }
    };
    NumberedSamples data(6);
    const FitOptions options{
        .batch_size = 2, .epochs = 9, .verbose = Verbose::silent, .callbacks = {Expiring{}}};
    CHECK(data.model.fit(data.x, data.y, options).epochs().size() == 2);
    CHECK(data.model.fit(data.x, data.y, options).epochs().size() == 2);
  }

  TEST_CASE("Callback: stop_training ends the training after the batch") {
    NumberedSamples data(8);
    const History history = data.model.fit(
        data.x, data.y,
        {.batch_size = 2, .epochs = 5, .verbose = Verbose::silent, .callbacks = {Stopper{1, 2}}});
    CHECK(history.epochs() == std::vector<Index>{0, 1});
    CHECK(data.batches.size() == 4 + 3);
  }

  TEST_CASE("Callback: stop_training before the first batch still trains that one") {
    NumberedSamples data(8);
    std::vector<std::string> lines;
    data.model.fit(data.x, data.y,
                   {.batch_size = 2,
                    .epochs = 5,
                    .verbose = Verbose::silent,
                    .callbacks = {Stopper{0, -1, true}, Diary{&lines}}});
    CHECK(lines == std::vector<std::string>{"train_begin of 5", "epoch_begin 0",
                                            "batch_begin 0 of 4", "batch_end 0 of 4", "epoch_end 0",
                                            "train_end"});
  }

  TEST_CASE("Callback: logs name what epochs will have, then hold its values") {
    NumberedSamples data(8);
    LogReader reader;
    const History history = data.model.fit(
        data.x, data.y,
        {.verbose = Verbose::silent, .callbacks = {std::ref(reader)}, .validation_split = 0.25});
    const std::vector<std::string> all{"loss", "recorder", "val_loss", "val_recorder"};
    CHECK(names_of(reader.at_begin) == all);
    CHECK(std::isnan(reader.at_begin["loss"]));
    CHECK(names_of(reader.at_batch) == std::vector<std::string>{"loss", "recorder"});
    CHECK(names_of(reader.at_epoch) == all);
    CHECK(reader.at_epoch["loss"] == history["loss"].at(0));
    CHECK(reader.at_epoch["val_loss"] == history["val_loss"].at(0));
  }

  TEST_CASE("Callback: what it adds to the logs of an epoch is in History") {
    NumberedSamples data(4);
    LogReader reader;
    const History history = data.model.fit(data.x, data.y,
                                           {.epochs = 5,
                                            .verbose = Verbose::silent,
                                            .callbacks = {StoppingJudge{}, std::ref(reader)}});
    CHECK(history["judgement"] == std::vector<double>{10, 11, 12});
    CHECK(history.epochs() == std::vector<Index>{0, 1, 2});  // the last one too, which stops
    CHECK(history["loss"].size() == 3);
    CHECK(reader.at_epoch["judgement"] == 12);
  }

  TEST_CASE("Callback: each one keeps weights of its own") {
    Sequential<float> model = testing::image_model();
    const auto x = testing::random_tensor<float, 4>({8, 8, 8, 1}, 3);
    WeightReader reader{&model};
    const FitOptions options{.batch_size = 4,
                             .epochs = 4,
                             .verbose = Verbose::silent,
                             .callbacks = {Keeper{2}, Keeper{1}, Keeper{-1}, std::ref(reader)}};
    model.fit(x, testing::counted_labels(8, 3), options);
    // The last callback that has kept weights wins.
    CHECK(testing::weights_of(model) == reader.weights.at(1));
    CHECK(reader.weights[1] != reader.weights[2]);
    CHECK(reader.weights[1] != reader.weights[3]);
  }

  TEST_CASE("Callback: computes with denormals if the caller of fit does") {
    NumberedSamples data(4);
    Halver halver;
    CHECK_NOTHROW(data.model.fit(
        data.x, data.y,
        {.verbose = Verbose::silent, .callbacks = {std::ref(halver)}, .validation_split = 0.25}));
    CHECK(halver.half > 0);
  }

  TEST_CASE("Callback: the learning rate it sets stays") {
    NumberedSamples data(4);
    Scores seen;
    struct Reader {
      Scores* seen;
      void on_train_end(FitContext& context) const { seen->set("rate", context.learning_rate()); }
    };
    data.model.fit(
        data.x, data.y,
        {.epochs = 3, .verbose = Verbose::silent, .callbacks = {Halving{}, Reader{&seen}}});
    CHECK(seen["rate"] == 0.5 / 8);
  }

  TEST_CASE("Callback: sees the rate of the next update, which continues over calls of fit") {
    NumberedSamples data(4);
    const auto countdown = [](std::int64_t step) { return 10.0 - static_cast<double>(step); };
    data.model.compile(SGD{{.learning_rate = countdown}},
                       SparseCategoricalCrossentropy{{.from_logits = true}});
    std::vector<double> rates;
    struct Reader {
      std::vector<double>* rates;
      void on_batch_begin(FitContext& context) const { rates->push_back(context.learning_rate()); }
    };
    for (const Index epochs : {2, 1}) {
      data.model.fit(data.x, data.y,
                     {.batch_size = 2,
                      .epochs = epochs,
                      .verbose = Verbose::silent,
                      .callbacks = {Reader{&rates}}});
    }
    CHECK(rates == std::vector<double>{10, 9, 8, 7, 6, 5});
  }
}

}  // namespace nn
