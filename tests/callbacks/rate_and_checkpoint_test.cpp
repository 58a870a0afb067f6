// SPDX-License-Identifier: MIT
// Callbacks that change the learning rate, that save the model, and that are functions.
#include <doctest/doctest.h>

#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "nn/callbacks/lambda_callback.hpp"
#include "nn/callbacks/learning_rate_scheduler.hpp"
#include "nn/callbacks/model_checkpoint.hpp"
#include "nn/callbacks/reduce_lr_on_plateau.hpp"
#include "tests/callbacks/callback_testing.hpp"
#include "tests/io/temporary_folder.hpp"

namespace nn {
namespace {

using testing::TemporaryFolder;

/// Sets "value" of each epoch to the next of a list.
struct GivenValues {
  std::vector<double> values;
  void on_epoch_end(FitContext& context) const {
    context.logs.set("value", values[static_cast<std::size_t>(context.epoch)]);
  }
};

struct SmallRun {
  Tensor<float, 2> x{4, 2};
  Labels y{4};
  Sequential<float> model{Dense{2, {.activation = Activation::softmax}}};

  explicit SmallRun(SGD optimizer = SGD{{.learning_rate = 1}}) {
    x.setConstant(0.5f);
    y.setZero();
    model.build({2}, {.seed = 7});
    model.compile(std::move(optimizer), SparseCategoricalCrossentropy{});
  }
  History fit(std::vector<Callback> callbacks, int epochs) {
    return model.fit(
        x, y, {.epochs = epochs, .verbose = Verbose::silent, .callbacks = std::move(callbacks)});
  }
};

/// The rates of epochs in which "value" takes these values.
std::vector<double> rates_on_plateau(const ReduceLROnPlateauOptions& options,
                                     const std::vector<double>& values) {
  ReduceLROnPlateauOptions of_value = options;
  of_value.monitor = "value";
  of_value.mode = Mode::min;
  const auto epochs = static_cast<int>(values.size());
  return SmallRun{}.fit({GivenValues{values}, ReduceLROnPlateau{of_value}},
                        epochs)["learning_rate"];
}

}  // namespace

TEST_SUITE("callbacks/rate_and_checkpoint") {
  TEST_CASE("ReduceLROnPlateau: lowers the rate after so many epochs, to min_lr at least") {
    CHECK(rates_on_plateau({.factor = 0.5, .patience = 2}, {5, 5, 5, 5, 5, 5}) ==
          std::vector<double>{1, 1, 1, 0.5, 0.5, 0.25});
    CHECK(rates_on_plateau({.factor = 0.5, .patience = 1, .min_lr = 0.4}, {5, 5, 5, 5}) ==
          std::vector<double>{1, 1, 0.5, 0.4});
    CHECK(rates_on_plateau({.factor = 0.5, .patience = 1}, {5, 4, 3.99995, 3, 3}) ==
          std::vector<double>{1, 1, 1, 0.5, 0.5});  // a change below min_delta is none
  }

  TEST_CASE("ReduceLROnPlateau: nothing is counted in a cooldown") {
    CHECK(rates_on_plateau({.factor = 0.5, .patience = 1, .cooldown = 2}, {5, 5, 5, 5, 5, 5}) ==
          std::vector<double>{1, 1, 0.5, 0.5, 0.25, 0.25});
  }

  TEST_CASE("ReduceLROnPlateau: refuses what makes no sense") {
    CHECK_THROWS_WITH_AS(ReduceLROnPlateau{{.factor = 1}},
                         "ReduceLROnPlateau: expected a factor in [0, 1), got 1",
                         std::invalid_argument);
    SmallRun run{SGD{{.learning_rate = ExponentialDecay{1, 10, 0.5}}}};
    CHECK_THROWS_WITH_AS(run.fit({ReduceLROnPlateau{{.monitor = "loss"}}}, 1),
                         "SGD: expected a learning_rate that was given as a number, got a "
                         "schedule; a schedule can't be set; compile with a number",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(SmallRun{}.fit({ReduceLROnPlateau{}}, 1),
                         "ReduceLROnPlateau: expected a monitor among loss, got 'val_loss'; set "
                         "validation_split or validation_data",
                         std::invalid_argument);
  }

  TEST_CASE("ReduceLROnPlateau: goes on from its state") {
    ReduceLROnPlateau callback;
    const std::vector<double> state{0.5, 3, 2, 1};
    callback.set_state(state);
    CHECK(callback.state() == state);
    CHECK_THROWS_AS(callback.set_state({1}), std::invalid_argument);
  }

  TEST_CASE("LearningRateScheduler: by epoch, or by epoch and rate") {
    const LearningRateScheduler by_epoch{[](Index epoch) { return epoch == 0 ? 0.5 : 0.25; }};
    CHECK(SmallRun{}.fit({by_epoch}, 3)["learning_rate"] == std::vector<double>{0.5, 0.25, 0.25});
    const LearningRateScheduler halved{[](Index, double rate) { return rate / 2; }};
    SmallRun run;
    CHECK(run.fit({halved}, 3)["learning_rate"] == std::vector<double>{0.5, 0.25, 0.125});
    const LearningRateScheduler negative{[](Index) { return -1.0; }};
    CHECK_THROWS_WITH_AS(SmallRun{}.fit({negative}, 1),
                         "SGD: expected a finite learning_rate of 0 or more, got -1",
                         std::invalid_argument);
  }

  TEST_CASE("LambdaCallback: calls the functions that it has") {
    std::string calls;
    const auto add = [&calls](char letter) {
      return [&calls, letter](FitContext&) { calls += letter; };
    };
    SmallRun{}.fit({LambdaCallback{{.on_train_begin = add('t'),
                                    .on_epoch_begin = add('e'),
                                    .on_batch_begin = add('b'),
                                    .on_batch_end = add('B'),
                                    .on_epoch_end = add('E'),
                                    .on_train_end = add('T')}}},
                   2);
    CHECK(calls == "tebBEebBET");
    const History history = SmallRun{}.fit(
        {LambdaCallback{{.on_epoch_end = [](FitContext& c) { c.stop_training = true; }}}}, 5);
    CHECK(history.epochs().size() == 1);
  }

  TEST_CASE("ModelCheckpoint: a file for each epoch, with fields in its name") {
    const TemporaryFolder folder;
    SmallRun run;
    run.fit({GivenValues{{0.5, 12.25}},
             ModelCheckpoint{run.model, folder.path("a/b/{epoch:03d}-{value:.1f}.safetensors")}},
            2);
    CHECK(std::filesystem::exists(folder.path("a/b/001-0.5.safetensors")));
    const Model<float> loaded = nn::load(folder.path("a/b/002-12.2.safetensors"));
    CHECK(loaded.predict(run.x)(0, 0) == run.model.predict(run.x)(0, 0));
  }

  TEST_CASE("ModelCheckpoint: saves the best alone") {
    const TemporaryFolder folder;
    SmallRun run;
    run.fit({GivenValues{{3, 1, 2, 1}},
             ModelCheckpoint{run.model,
                             folder.path("{epoch}.safetensors"),
                             {.monitor = "value", .save_best_only = true, .mode = Mode::min}}},
            4);
    const auto exists = [&](const char* name) {
      return std::filesystem::exists(folder.path(name));
    };
    CHECK(exists("1.safetensors"));
    CHECK(exists("2.safetensors"));
    CHECK_FALSE(exists("3.safetensors"));
    CHECK_FALSE(exists("4.safetensors"));
    run.fit({GivenValues{{3, 1}}, ModelCheckpoint{run.model,
                                                  folder.path("better-{epoch}.safetensors"),
                                                  {.monitor = "value",
                                                   .save_best_only = true,
                                                   .mode = Mode::min,
                                                   .initial_value_threshold = 2}}},
            2);
    CHECK_FALSE(exists("better-1.safetensors"));
    CHECK(exists("better-2.safetensors"));
  }

  TEST_CASE("ModelCheckpoint: refuses fields that are none") {
    SmallRun run;
    const auto refuses = [&](const char* pattern, const char* got) {
      CHECK_THROWS_WITH_AS((ModelCheckpoint{run.model, pattern}),
                           concat({"ModelCheckpoint: expected fields such as {epoch:02d} and "
                                   "{val_loss:.4f}, got '",
                                   got, "'"})
                               .c_str(),
                           std::invalid_argument);
    };
    refuses("{epoch", "{epoch");
    refuses("{}", "");
    refuses("{epoch:.2f}", "epoch:.2f");
    refuses("{loss:2}", "loss:2");
    refuses("{loss:.99f}", "loss:.99f");
    CHECK_THROWS_WITH_AS(run.fit({ModelCheckpoint{run.model, "{other}.safetensors"}}, 1),
                         "ModelCheckpoint: expected fields among epoch, loss, got 'other'",
                         std::invalid_argument);
  }
}

}  // namespace nn
