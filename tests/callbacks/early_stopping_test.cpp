// SPDX-License-Identifier: MIT
#include "nn/callbacks/early_stopping.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/metrics/f1_score.hpp"
#include "nn/metrics/precision.hpp"
#include "nn/metrics/recall.hpp"
#include "nn/training/fit.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::image_model;
using testing::weights_of;

/// A training with given values: one monitored value for each epoch. The weights after epoch e are
/// e.
class Script final : public FitContext {
 public:
  /// The number of epochs that ran.
  Index run(const EarlyStoppingOptions& options, const std::vector<double>& values) {
    EarlyStopping stopping(options);
    return run(stopping, options, values);
  }
  Index run(EarlyStopping& stopping, const EarlyStoppingOptions& options,
            const std::vector<double>& values) {
    logs.set(options.monitor, 0);
    stopping.on_train_begin(*this);
    epochs = static_cast<Index>(values.size());
    for (epoch = 0; epoch < epochs && !stop_training; ++epoch) {
      weights = epoch;
      logs = {};
      logs.set(options.monitor, values[static_cast<std::size_t>(epoch)]);
      stopping.on_epoch_end(*this);
    }
    stopping.on_train_end(*this);
    return epoch;
  }

  void keep_weights() override { kept = weights; }
  void restore_weights() override {
    if (kept >= 0) weights = kept;
  }
  [[nodiscard]] std::optional<bool> more_is_better(std::string_view name) const override {
    if (name == "gain") return true;
    return name.ends_with("loss") ? std::optional(false) : std::nullopt;
  }
  [[nodiscard]] double learning_rate() const override { return 1; }
  void set_learning_rate(double) override {}
  [[nodiscard]] RunState run_state() override { return {}; }
  void resume(const RunState&) override {}

  Index weights = -1, kept = -1;
};

Index epochs_run(const EarlyStoppingOptions& options, const std::vector<double>& values) {
  return Script{}.run(options, values);
}

/// The epoch whose weights the training ends with.
Index weights_after(const EarlyStoppingOptions& options, const std::vector<double>& values) {
  Script script;
  script.run(options, values);
  return script.weights;
}

/// Sets a value for each epoch.
struct Judge {
  std::vector<double> values;
  void on_epoch_end(FitContext& context) const {
    context.logs.set("judgement", values.at(static_cast<std::size_t>(context.epoch)));
  }
};

/// Asks which way each value improves.
struct Asker {
  std::map<std::string, std::optional<bool>>* directions;
  void on_train_begin(FitContext& context) const {
    for (const auto& [name, value] : context.logs) {
      directions->emplace(name, context.more_is_better(name));
    }
  }
};

/// A metric of which less is better.
struct Misses : Accuracy {
  static constexpr bool more_is_better = false;
  [[nodiscard]] std::string name() const { return "misses"; }
  [[nodiscard]] double result() const { return 1 - Accuracy::result(); }
};

/// Records the weights of a model after each epoch.
struct WeightKeeper {
  std::vector<std::vector<float>>* kept;
  Sequential<float>* model;
  void on_epoch_end(FitContext&) const { kept->push_back(weights_of(*model)); }
};

}  // namespace

TEST_SUITE("callbacks/early_stopping") {
  TEST_CASE("EarlyStopping: patience 0 and 1 end at the first epoch that is no better") {
    CHECK(epochs_run({}, {3, 2, 2, 1}) == 3);
    CHECK(epochs_run({.patience = 1}, {3, 2, 2, 1}) == 3);
    CHECK(epochs_run({.patience = 2}, {3, 2, 2, 1}) == 4);
  }

  TEST_CASE("EarlyStopping: patience counts epochs in a row") {
    CHECK(epochs_run({.patience = 2}, {5, 6, 4, 6, 6, 1}) == 5);
    CHECK(epochs_run({.patience = 3}, {5, 6, 6, 4, 6, 6, 3}) == 7);
  }

  TEST_CASE("EarlyStopping: a change of min_delta or less is no improvement") {
    CHECK(epochs_run({.min_delta = 0.5}, {3, 2.5, 1}) == 2);
    CHECK(epochs_run({.min_delta = 0.5}, {3, 2.25, 1.5}) == 3);
    CHECK(epochs_run({.min_delta = -0.5}, {3, 2.5, 1}) == 2);  // its size counts, as in Keras
  }

  TEST_CASE("EarlyStopping: asks which way the monitor improves, unless a mode says it") {
    CHECK(epochs_run({.monitor = "loss"}, {3, 2, 1}) == 3);
    CHECK(epochs_run({.monitor = "loss"}, {1, 2, 3}) == 2);
    CHECK(epochs_run({.monitor = "gain"}, {1, 2, 3}) == 3);
    CHECK(epochs_run({.monitor = "gain"}, {3, 2, 1}) == 2);
    CHECK(epochs_run({.monitor = "own", .mode = Mode::max}, {1, 2, 3}) == 3);
    CHECK(epochs_run({.monitor = "gain", .mode = Mode::min}, {1, 2, 3}) == 2);
  }

  TEST_CASE("EarlyStopping: fit knows which way losses and metrics improve") {
    std::map<std::string, std::optional<bool>> directions;
    const auto x = testing::random_tensor<float, 4>({8, 8, 8, 1}, 3);
    const Labels y = testing::counted_labels(8, 3);
    auto model = image_model();
    std::vector<std::vector<std::int32_t>> batches;
    model.compile(Adam{}, SparseCategoricalCrossentropy{},
                  {Accuracy{}, Precision{}, Recall{}, F1Score{}, Recall{}, Misses{},
                   testing::Recorder{&batches}});
    model.fit(
        x, y,
        {.verbose = Verbose::silent, .callbacks = {Asker{&directions}}, .validation_split = 0.5});
    for (const std::string prefix : {"", "val_"}) {
      CAPTURE(prefix);
      for (const char* metric : {"accuracy", "precision", "recall", "f1_score", "recall_1"}) {
        CAPTURE(metric);
        CHECK(directions.at(prefix + metric) == true);
      }
      CHECK(directions.at(prefix + "loss") == false);
      CHECK(directions.at(prefix + "misses") == false);
      CHECK(directions.at(prefix + "recorder") == std::nullopt);
    }
  }

  TEST_CASE("EarlyStopping: waiting starts anew only where the baseline is beaten too") {
    CHECK(epochs_run({.patience = 2, .baseline = 1.0}, {5, 4, 3, 2, 1}) == 5);  // never a bad epoch
    CHECK(epochs_run({.patience = 2, .baseline = 1.0}, {5, 4, 6, 3}) == 3);
    CHECK(epochs_run({.patience = 2, .baseline = 4.5}, {5, 4, 6, 3}) == 4);
  }

  TEST_CASE("EarlyStopping: epochs before start_from_epoch are not looked at") {
    CHECK(epochs_run({.start_from_epoch = 2}, {1, 2, 3, 4, 5}) == 4);
    CHECK(epochs_run({.start_from_epoch = 9}, {1, 2, 3, 4, 5}) == 5);
  }

  TEST_CASE("EarlyStopping: the best weights come back when it stops") {
    CHECK(weights_after({.patience = 2, .restore_best_weights = true}, {3, 1, 2, 2, 0}) == 1);
    CHECK(weights_after({.patience = 2}, {3, 1, 2, 2, 0}) == 3);
  }

  TEST_CASE("EarlyStopping: the best weights come back after the last epoch too") {
    CHECK(weights_after({.patience = 5, .restore_best_weights = true}, {3, 1, 2}) == 1);
    CHECK(weights_after({.patience = 5, .restore_best_weights = true}, {3, 2, 1}) == 2);
  }

  TEST_CASE("EarlyStopping: a second training starts from nothing") {
    EarlyStopping stopping{{.monitor = "loss"}};
    for (int training = 0; training < 2; ++training) {
      CAPTURE(training);
      Script script;
      script.logs.set("loss", training == 0 ? 1 : 5);
      stopping.on_train_begin(script);
      script.epoch = 1;
      stopping.on_epoch_end(script);
      CHECK_FALSE(script.stop_training);
    }
  }

  TEST_CASE("EarlyStopping: a second training with the same object starts from nothing") {
    const EarlyStoppingOptions waits{.patience = 3, .baseline = 0.0};
    EarlyStopping waiting(waits);
    CHECK(Script{}.run(waiting, waits, {1, 2}) == 2);
    CHECK(Script{}.run(waiting, waits, {1, 2, 2, 2}) == 3);

    const double nan = std::nan("");
    const EarlyStoppingOptions restores{.patience = 9, .restore_best_weights = true};
    EarlyStopping restoring(restores);
    for (int training = 0; training < 2; ++training) {
      Script script;
      script.run(restoring, restores, {nan, nan});
      CHECK(script.weights == 0);
    }
  }

  TEST_CASE("EarlyStopping: where nothing improves, the first epoch counts as the best") {
    const double nan = std::nan("");
    CHECK(weights_after({.patience = 1, .restore_best_weights = true}, {nan, nan, nan}) == 0);
    CHECK(epochs_run({}, {nan, 1, 0}) == 3);  // and does not end the training
    CHECK(epochs_run({.monitor = "gain", .mode = Mode::max}, {-9, -8, -7}) == 3);
    CHECK(epochs_run({.min_delta = 0.5, .patience = 2, .baseline = 3.0}, {5, 2.75, 6, 1}) == 3);
  }

  TEST_CASE("EarlyStopping: an epoch without validation is passed over") {
    EarlyStopping stopping{};
    Script script;
    script.logs.set("val_loss", 0);
    stopping.on_train_begin(script);
    script.logs = {};
    script.logs.set("loss", 1);
    script.epoch = 3;
    stopping.on_epoch_end(script);
    CHECK_FALSE(script.stop_training);
  }

  TEST_CASE("EarlyStopping: refuses what it can't watch") {
    CHECK_THROWS_WITH_AS(EarlyStopping({.patience = -1}),
                         "EarlyStopping: expected a patience of 0 or more, got -1",
                         std::invalid_argument);
    testing::NumberedSamples data(4);
    const FitOptions options{.verbose = Verbose::silent,
                             .callbacks = {EarlyStopping{{.monitor = "recorder"}}}};
    CHECK_THROWS_WITH_AS(data.model.fit(data.x, data.y, options),
                         "EarlyStopping: expected a monitor whose direction is known, got "
                         "'recorder'; set mode to nn::Mode::min or nn::Mode::max, or give the "
                         "metric static constexpr bool more_is_better",
                         std::invalid_argument);
    CHECK(data.batches.empty());
  }

  TEST_CASE("EarlyStopping: an unknown monitor is refused before the first epoch") {
    testing::NumberedSamples data(4);
    const auto refuses = [&](const char* monitor, const char* message) {
      const FitOptions options{.verbose = Verbose::silent,
                               .callbacks = {EarlyStopping{{.monitor = monitor}}}};
      CHECK_THROWS_WITH_AS(data.model.fit(data.x, data.y, options), message, std::invalid_argument);
      CHECK(data.batches.empty());
    };
    refuses("val_loss",
            "EarlyStopping: expected a monitor among loss, recorder, got 'val_loss'; set "
            "validation_split or validation_data");
    refuses("accuracy",
            "EarlyStopping: expected a monitor among loss, recorder, got 'accuracy'; add it to "
            "compile's metrics");
  }

  TEST_CASE("EarlyStopping: with a mode, an unknown monitor is refused after the first epoch") {
    testing::NumberedSamples data(4);
    const auto refuses = [&](const char* monitor, const char* message) {
      const EarlyStopping stopping{{.monitor = monitor, .mode = Mode::max, .start_from_epoch = 2}};
      const FitOptions options{
          .epochs = 3, .verbose = Verbose::silent, .callbacks = {stopping, Judge{{1, 2, 3}}}};
      data.batches.clear();
      CHECK_THROWS_WITH_AS(data.model.fit(data.x, data.y, options), message, std::invalid_argument);
      CHECK(data.batches.size() == 1);
    };
    refuses("val_loss",
            "EarlyStopping: expected a monitor among loss, recorder, got 'val_loss'; set "
            "validation_split or validation_data, or set it in a callback before this one");
    refuses("judgement",  // set by a callback after it
            "EarlyStopping: expected a monitor among loss, recorder, got 'judgement'; add it to "
            "compile's metrics, or set it in a callback before this one");
  }

  TEST_CASE("EarlyStopping: monitors what an earlier callback sets") {
    testing::NumberedSamples data(4);
    const EarlyStopping stopping{{.monitor = "judgement", .mode = Mode::max}};
    const FitOptions options{
        .epochs = 5, .verbose = Verbose::silent, .callbacks = {Judge{{1, 2, 2, 3, 4}}, stopping}};
    CHECK(data.model.fit(data.x, data.y, options)["judgement"] == std::vector<double>{1, 2, 2});
  }

  TEST_CASE("EarlyStopping: of two, each restores its own best weights, so the last wins") {
    const auto x = testing::random_tensor<float, 4>({8, 8, 8, 1}, 3);
    const Labels y = testing::counted_labels(8, 3);
    EarlyStopping lowest{
        {.monitor = "judgement", .patience = 9, .mode = Mode::min, .restore_best_weights = true}};
    EarlyStopping highest{
        {.monitor = "judgement", .patience = 9, .mode = Mode::max, .restore_best_weights = true}};
    for (const bool lowest_is_last : {true, false}) {
      CAPTURE(lowest_is_last);
      Sequential<float> model = image_model();
      std::vector<std::vector<float>> kept;
      const FitOptions options{
          .batch_size = 4,
          .epochs = 4,
          .verbose = Verbose::silent,
          .callbacks = {Judge{{2, 1, 3, 2}}, WeightKeeper{&kept, &model},
                        lowest_is_last ? highest : lowest, lowest_is_last ? lowest : highest}};
      model.fit(x, y, options);
      CHECK(weights_of(model) == kept.at(lowest_is_last ? 1 : 2));
      CHECK(kept[1] != kept[2]);
    }
  }

  TEST_CASE("EarlyStopping: restores the model's weights of the best epoch") {
    Sequential<float> model = image_model();
    const auto x = testing::random_tensor<float, 4>({12, 8, 8, 1}, 3);
    const Labels y = testing::counted_labels(12, 3);
    std::vector<std::vector<float>> kept;
    const History history =
        model.fit(x, y,
                  {.batch_size = 4,
                   .epochs = 8,
                   .verbose = Verbose::silent,
                   .callbacks = {WeightKeeper{&kept, &model},
                                 EarlyStopping{{.patience = 100, .restore_best_weights = true}}},
                   .validation_split = 0.5});
    const auto& losses = history["val_loss"];
    REQUIRE(losses.size() == 8);
    const auto best = std::min_element(losses.begin(), losses.end()) - losses.begin();
    CHECK(weights_of(model) == kept.at(static_cast<std::size_t>(best)));
    CHECK(best < 7);  // so that restoring changed something
  }
}

}  // namespace nn
