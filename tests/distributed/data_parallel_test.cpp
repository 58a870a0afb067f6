// SPDX-License-Identifier: MIT
#include "nn/distributed/data_parallel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "nn/callbacks/lambda_callback.hpp"
#include "nn/callbacks/model_checkpoint.hpp"
#include "nn/layers/masking.hpp"
#include "nn/layers/regularization/activity_regularization.hpp"
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

/// With nothing but batch statistics that follows the place of a sample.
Sequential<float> normed_model(bool synchronized) {
  Sequential<float> model{Conv2D{4, {3, 3}},
                          BatchNormalization{{.momentum = 0.5, .synchronized = synchronized}},
                          ReLU{},
                          Flatten{},
                          Dense{16},
                          BatchNormalization{{.momentum = 0.5, .synchronized = synchronized}},
                          Dense{3},
                          Softmax{}};
  model.build({6, 6, 1}, {.seed = 5});
  return model;
}
/// With penalties and constraints.
Sequential<float> regularized_model() {
  Sequential<float> model{
      Conv2D{
          4, {3, 3}, {.kernel_regularizer = L2{0.02}, .kernel_constraint = MaxNorm{1, {0, 1, 2}}}},
      Flatten{},
      Dense{16, {.activation = Activation::relu, .kernel_regularizer = L1{0.01}}},
      ActivityRegularization{{.l2 = 0.1}},
      Dense{3, {.kernel_constraint = UnitNorm{}, .bias_constraint = NonNeg{}}},
      Softmax{}};
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

/// A callback that counts its calls, and perhaps stops or slows down the training.
struct Watch {
  std::vector<Index>* batches;
  Index stop_at = -1;    // batch of the second epoch
  double new_rate = -1;  // from the second epoch on

  void on_epoch_begin(FitContext& context) const {
    if (context.epoch == 1 && new_rate > 0) context.set_learning_rate(new_rate);
  }
  void on_batch_end(FitContext& context) const {
    batches->push_back(context.batch);
    if (context.epoch == 1 && context.batch == stop_at) context.stop_training = true;
  }
};

/// Ends a run with an exception after so many batches.
struct Crash {
  Index after;

  void on_checkpoint(FitContext& context) const {
    if (context.epoch * context.num_batches + context.batch + 1 == after && after > 0 &&
        context.logs.find("loss") != nullptr && context.logs["loss"] > 0) {
      throw std::runtime_error("crash");
    }
  }
};

/// Gradient descent that needs all gradients first: they are made shorter where they are long.
struct Clipped {
  double rate = 0.1;

  [[nodiscard]] static std::string name() { return "clipped"; }
  [[nodiscard]] double learning_rate() const { return rate; }
  void set_learning_rate(double other) { rate = other; }
  template <Real T>
  void step(ParameterBlock<T>& block) const {
    double norm = 0;
    for (Index i = 0; i < block.size(); ++i) {
      norm += static_cast<double>(block.gradients()[i]) * static_cast<double>(block.gradients()[i]);
    }
    const auto factor = static_cast<T>(rate / std::max(1.0, std::sqrt(norm)));
    T* const velocity = block.moment(0);
    for (Index i = 0; i < block.size(); ++i) {
      velocity[i] = T(0.5) * velocity[i] + factor * block.gradients()[i];
      block.values()[i] -= velocity[i];
    }
    block.advance_step();
  }
};

/// Images one by one; counts what is read of each.
struct CountedImages {
  const Images& images;
  std::atomic<Index>& num_read;

  [[nodiscard]] Index size() const { return images.x.dimension(0); }
  [[nodiscard]] Shape sample_shape() const { return {6, 6, 1}; }
  void read(Index i, std::span<float> x, TargetRow<float> y) const {
    ++num_read;
    std::copy_n(images.x.data() + 36 * i, 36, x.data());
    y.set_class(images.y(i));
  }
};

/// A metric without `merge`.
struct Count {
  double rows = 0;
  [[nodiscard]] static std::string name() { return "count"; }
  void reset() { rows = 0; }
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    rows += static_cast<double>(batch.rows);
  }
  [[nodiscard]] double result() const { return rows; }
};

/// A loss that is a call for a whole batch.
struct Whole {
  [[nodiscard]] static std::string name() { return "whole"; }
  template <Real T>
  double operator()(const ScoredBatch<T>& batch, T* row_losses, T* gradient) const {
    std::fill_n(row_losses, batch.rows, T(0));
    if (gradient != nullptr) std::fill_n(gradient, batch.rows * batch.classes, T(0));
    return 0;
  }
};

/// The sentence that all of so many processes throw.
template <class Body>
std::string sentence_of_all(Index processes, const Body& body) {
  const Errors errors = run_processes(processes, body);
  for (const std::string& error : errors) CHECK(error == errors[0]);
  return errors[0];
}

}  // namespace

TEST_SUITE("distributed/data_parallel") {
  TEST_CASE("fit: one process with a communicator trains to the bits of one without") {
    const Images data(50);
    for (const auto& option :
         std::vector<std::pair<bool, Index>>{{false, 0}, {false, 1}, {true, 1}}) {
      const bool has_ema = option.first;
      const Index pieces = option.second;
      CAPTURE(has_ema);
      CAPTURE(pieces);
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
                                 .communicator = communicator,
                                 .sharing = {.pieces = pieces}}));
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

  TEST_CASE("fit: several processes count each penalty once, and constrain whole tensors") {
    const Images data(45);
    const auto fit = [&](Index pieces) {
      return [&, pieces](auto& model, CommunicatorRef communicator) {
        compile(model, Adam{{.learning_rate = 0.01}});
        return model.fit(data.x, data.y,
                         silent({.batch_size = 16,
                                 .epochs = 2,
                                 .validation_split = 0.2,
                                 .communicator = communicator,
                                 .sharing = {.pieces = pieces}}));
      };
    };
    Sequential<float> alone = regularized_model();
    const History history = fit(0)(alone, CommunicatorRef{});
    const Result one = train(1, regularized_model, fit(4));
    for (Index processes = 2; processes <= 3; ++processes) {
      CAPTURE(processes);
      const Result several = train(processes, regularized_model, fit(4));
      CHECK(several.weights == one.weights);
      CHECK(several.history["loss"] == one.history["loss"]);
      CHECK(several.history["val_loss"] == one.history["val_loss"]);
      CHECK(largest_difference(several.weights, weights_of(alone)) < 1e-3f);
      CHECK(several.history["val_loss"].back() ==
            doctest::Approx(history["val_loss"].back()).epsilon(1e-3));
    }
  }

  TEST_CASE("fit: batch normalization takes the statistics of the whole batch where it is asked") {
    const Images data(51);  // a last batch of 3, which one of four processes has no sample of
    const auto fit = [&](auto& model, CommunicatorRef communicator) {
      compile(model, SGD{{.learning_rate = 0.05, .momentum = 0.9}});
      return model.fit(data.x, data.y,
                       silent({.batch_size = 16, .epochs = 2, .communicator = communicator}));
    };
    Sequential<float> alone = normed_model(true);
    fit(alone, {});
    for (Index processes = 2; processes <= 4; ++processes) {
      CAPTURE(processes);
      const auto of_all = [] { return normed_model(true); };
      const Result several = train(processes, of_all, fit);
      CHECK(largest_difference(several.weights, weights_of(alone)) < 1e-5F);
      CHECK(train(processes, of_all, fit, 3).weights == several.weights);
      const Result apart = train(
          processes, [] { return normed_model(false); }, fit);
      CHECK(largest_difference(apart.weights, weights_of(alone)) > 1e-3F);
    }
    const Errors errors = run_processes(2, [&](auto& communicator) {
      Sequential<float> model = normed_model(true);
      compile(model, SGD{});
      model.fit(data.x, data.y,
                silent({.batch_size = 16, .communicator = communicator, .sharing = {.pieces = 4}}));
    });
    for (const std::string& error : errors) {
      CHECK(error.find("expected one piece for each process where layers are synchronized, 2, got "
                       "4; leave sharing.pieces at 0") != error.npos);
    }
  }

  TEST_CASE("fit: callbacks run on process 0, and what they decide holds for all") {
    const Images data(60);
    for (const Index stop_at : {-1, 1}) {
      std::vector<std::vector<Index>> seen(5);
      const auto fit = [&](auto& model, auto& communicator) {
        compile(model, SGD{{.learning_rate = 0.05}});
        std::vector<Index>& batches =
            seen[static_cast<std::size_t>(communicator.size() == 1 ? 4 : communicator.rank())];
        FitOptions options =
            silent({.batch_size = 16,
                    .epochs = 3,
                    .callbacks = {Watch{.batches = &batches, .stop_at = stop_at, .new_rate = 0.01}},
                    .communicator = communicator,
                    .sharing = {.pieces = 4}});
        if (communicator.rank() > 0 && stop_at > 0) options.callbacks = {};  // as well
        return model.fit(data.x, data.y, options);
      };
      const Result several = train(3, plain_model, fit);
      const Result one = train(1, plain_model, fit);
      CHECK(several.weights == one.weights);
      CHECK(several.history.epochs() == one.history.epochs());
      CHECK(several.history.epochs().size() == (stop_at > 0 ? 2 : 3));
      CHECK(seen[0] == seen[4]);
      CHECK(seen[1].empty());
      CHECK(seen[2].empty());
    }
  }

  TEST_CASE("fit: early stopping ends all processes with the best weights") {
    const Images data(60);
    const auto fit = [&](auto& model, auto& communicator) {
      compile(model, Adam{{.learning_rate = 0.1}});  // too high, so the loss rises again
      return model.fit(
          data.x, data.y,
          silent({.batch_size = 16,
                  .epochs = 30,
                  .callbacks = {EarlyStopping{{.patience = 1, .restore_best_weights = true}}},
                  .validation_split = 0.25,
                  .communicator = communicator,
                  .sharing = {.pieces = 4}}));
    };
    const Result one = train(1, random_model, fit);
    REQUIRE(one.history.epochs().size() < 30);
    const Result several = train(3, random_model, fit);
    CHECK(several.history.epochs() == one.history.epochs());
    CHECK(several.weights == one.weights);
  }

  TEST_CASE("fit: a run that was cut off goes on with another number of processes") {
    const Images data(60);
    const std::string path = "distributed_run.ckpt";
    const auto fit = [&](Index crash) {
      return [&, crash](auto& model, auto& communicator) {
        compile(model, Adam{{.learning_rate = 0.01, .use_ema = true}});
        return model.fit(
            data.x, data.y,
            silent({.batch_size = 16,
                    .epochs = 3,
                    .callbacks = {BackupAndRestore{{.path = path, .save_freq = 2}}, Crash{crash}},
                    .communicator = communicator,
                    .sharing = {.pieces = 4}}));
      };
    };
    const Result whole = train(1, random_model, fit(0));
    for (const auto& numbers :
         std::vector<std::array<Index, 3>>{{3, 3, 2}, {6, 1, 4}, {8, 4, 1}, {11, 2, 3}}) {
      const Index crash = numbers[0], before = numbers[1], after = numbers[2];
      CAPTURE(crash);
      const Errors errors = run_processes(before, [&](ThreadCommunicator& communicator) {
        Sequential<float> model = random_model();
        fit(crash)(model, communicator);
      });
      CHECK(errors[0] == "crash");
      for (std::size_t i = 1; i < errors.size(); ++i) {
        CHECK(errors[i] == concat({"process 0 of ", before, " has failed: crash"}));
      }
      const Result resumed = train(after, random_model, fit(0));
      CHECK(resumed.weights == whole.weights);
      CHECK(resumed.history["loss"] == whole.history["loss"]);
      CHECK(resumed.history["accuracy"] == whole.history["accuracy"]);
    }
  }

  TEST_CASE("fit: process 0 ends with all moments, so that a second call goes on") {
    const Images data(48);
    const auto fit = [&](auto& model, auto& communicator) {
      compile(model, Adam{{.learning_rate = 0.01}});
      FitOptions options =
          silent({.batch_size = 16, .communicator = communicator, .sharing = {.pieces = 4}});
      model.fit(data.x, data.y, options);
      return model.fit(data.x, data.y, options);
    };
    const Result one = train(1, plain_model, fit);
    CHECK(train(3, plain_model, fit).weights == one.weights);
  }

  TEST_CASE("fit: the optimizer's memory is saved where it is, and nowhere else") {
    const Images data(48);
    const std::string refusal =
        "Model::save: expected the optimizer's memory in this process, got a training by several; "
        "after fit process 0 has it; a callback of process 0 brings it by run_state()";
    const Errors errors = run_processes(2, [&](ThreadCommunicator& communicator) {
      Sequential<float> model = plain_model();
      compile(model, Adam{{.learning_rate = 0.01}});
      const std::string path = "shared_optimizer.safetensors";
      const LambdaCallback check{{.on_batch_end = [&](FitContext&) {
        CHECK_THROWS_WITH(model.save(path, {.optimizer = true}), refusal.c_str());
      }}};
      model.fit(data.x, data.y,
                silent({.batch_size = 16,
                        .callbacks = {check, ModelCheckpoint{model, path, {.optimizer = true}}},
                        .communicator = communicator}));
      if (communicator.rank() == 1) {
        CHECK_THROWS_WITH(model.save(path, {.optimizer = true}), refusal.c_str());
        return;
      }
      model.save("alone.safetensors", {.optimizer = true});
      const auto text_of = [](const char* name) {
        std::ifstream file(name, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
      };
      CHECK(text_of("alone.safetensors") == text_of("shared_optimizer.safetensors"));
    });
    for (const std::string& error : errors) CHECK(error == "");
  }

  TEST_CASE("fit: losses are divided by what counts in the whole batch") {
    Images data(45);
    for (Index i = 0; i < 45; i += i % 4 + 1) data.y(i) = -1;  // ignored
    std::vector<float> weights;
    for (Index i = 0; i < 45; ++i) weights.push_back(0.1f + static_cast<float>(i % 5));
    for (const Reduction reduction : detail::reductions) {
      CAPTURE(to_string(reduction));
      const auto fit = [&](auto& model, CommunicatorRef communicator) {
        model.compile(SGD{{.learning_rate = 0.01}},
                      SparseCategoricalCrossentropy{{.ignore_class = -1, .reduction = reduction}});
        return model.fit(data.x, data.y,
                         silent({.batch_size = 16,
                                 .epochs = 2,
                                 .sample_weight = weights,
                                 .communicator = communicator}));
      };
      Sequential<float> alone = plain_model();
      const History history = fit(alone, {});
      const Result several = train(3, plain_model, fit);
      CHECK(largest_difference(several.weights, weights_of(alone)) < 2e-6f);
      CHECK(several.history["loss"][0] == doctest::Approx(history["loss"][0]).epsilon(1e-6));
    }
  }

  TEST_CASE("fit: an optimizer that needs all gradients has them on all processes") {
    const Images data(45);
    const auto fit = [&](auto& model, CommunicatorRef communicator) {
      compile(model, Clipped{});
      return model.fit(data.x, data.y,
                       silent({.batch_size = 16, .epochs = 3, .communicator = communicator}));
    };
    Sequential<float> alone = plain_model();
    fit(alone, {});
    for (const Index processes : {1, 3}) {
      CHECK(largest_difference(train(processes, plain_model, fit).weights, weights_of(alone)) <
            2e-6f);
    }
  }

  TEST_CASE("fit: frozen layers and layers that no result needs stay as they are") {
    const Images data(40);
    const auto make_model = [] {
      Sequential<float> model = random_model();
      model.freeze(1);
      return model;
    };
    const auto fit = [&](auto& model, CommunicatorRef communicator) {
      compile(model, Adam{{.learning_rate = 0.01}});
      return model.fit(data.x, data.y,
                       silent({.batch_size = 16,
                               .epochs = 2,
                               .communicator = communicator,
                               .sharing = {.pieces = 3}}));
    };
    Sequential<float> before = make_model();
    const Result several = train(2, make_model, fit);
    CHECK(several.weights == train(1, make_model, fit).weights);
    const auto kernel = before.parameters().begin()->value();
    CHECK(std::equal(kernel.data(), kernel.data() + kernel.size(), several.weights.begin()));
  }

  TEST_CASE("fit: a source is read in shares, to the bits of data in memory") {
    const Images data(53);
    const auto options_for = [](CommunicatorRef communicator) {
      return silent(
          {.batch_size = 16, .epochs = 2, .communicator = communicator, .sharing = {.pieces = 4}});
    };
    const Result in_memory = train(3, random_model, [&](auto& model, auto& communicator) {
      compile(model, Adam{{.learning_rate = 0.01}});
      return model.fit(data.x, data.y, options_for(communicator));
    });
    for (const Index prefetch : {0, 2}) {
      std::atomic<Index> num_read{0};
      const Result read = train(3, random_model, [&](auto& model, auto& communicator) {
        compile(model, Adam{{.learning_rate = 0.01}});
        FitOptions options = options_for(communicator);
        options.prefetch = prefetch;
        return model.fit(CountedImages{data, num_read}, options);
      });
      CHECK(read.weights == in_memory.weights);
      CHECK(num_read == 2 * 53);
    }
  }

  TEST_CASE("fit: gradients in bfloat16 halve their traffic, and train as well") {
    const Images data(64);
    double losses[2] = {};
    Index num_bytes[2] = {};
    for (const bool rounds : {false, true}) {
      testing::Mailbox mailbox;
      std::vector<std::thread> threads;
      for (Index rank = 0; rank < 2; ++rank) {
        threads.emplace_back([&, rank] {
          ThreadCommunicator communicator(mailbox, rank, 2);
          Sequential<float> model = plain_model();
          compile(model, Adam{{.learning_rate = 0.01}});
          const History history =
              model.fit(data.x, data.y,
                        silent({.batch_size = 16,
                                .epochs = 8,
                                .communicator = communicator,
                                .sharing = {.gradient_format = rounds ? NumberFormat::bfloat16
                                                                      : NumberFormat::float32}}));
          if (rank == 0) losses[rounds ? 1 : 0] = history["loss"].back();
        });
      }
      for (std::thread& thread : threads) thread.join();
      num_bytes[rounds ? 1 : 0] = mailbox.num_bytes;
    }
    // Weights take as much as gradients in float; some messages carry neither.
    CHECK(static_cast<double>(num_bytes[1]) ==
          doctest::Approx(0.75 * static_cast<double>(num_bytes[0])).epsilon(0.03));
    CHECK(losses[1] == doctest::Approx(losses[0]).epsilon(0.05));
    CHECK(losses[1] != losses[0]);
  }

  TEST_CASE("evaluate: several processes give the scores of one") {
    const Images data(53);
    Sequential<float> model = random_model();
    compile(model, Adam{});
    const Scores alone = model.evaluate(data.x, data.y, {.batch_size = 8});
    for (const Index processes : {1, 2, 4, 9}) {  // nine have no batch for the last two
      CAPTURE(processes);
      std::vector<Scores> scores(static_cast<std::size_t>(processes));
      const Errors errors = run_processes(processes, [&](ThreadCommunicator& communicator) {
        const Sequential<float> own = model;
        scores[static_cast<std::size_t>(communicator.rank())] =
            own.evaluate(data.x, data.y, {.batch_size = 8, .communicator = communicator});
      });
      for (const std::string& error : errors) CHECK(error == "");
      for (const Scores& each : scores) {
        CHECK(each["loss"] == alone["loss"]);
        CHECK(each["accuracy"] == alone["accuracy"]);
        CHECK(each["f1_score"] == alone["f1_score"]);
      }
    }
  }

  TEST_CASE("fit: what differs between processes is found before training") {
    const Images data(40), fewer(39);
    const auto fit = [&](ThreadCommunicator& communicator, const Images& images, auto optimizer,
                         std::uint64_t seed) {
      Sequential<float> model{Flatten{}, Dense{3}, Softmax{}};
      model.build({6, 6, 1}, {.seed = seed});
      compile(model, optimizer);
      model.fit(images.x, images.y, silent({.batch_size = 16, .communicator = communicator}));
    };
    CHECK(sentence_of_all(3,
                          [&](auto& communicator) {
                            fit(communicator, communicator.rank() == 2 ? fewer : data, Adam{}, 1);
                          }) ==
          "Model::fit, communicator: expected the same samples in all processes, got 39 in process "
          "2 (40 in process 0); start the same program on the same data everywhere");
    CHECK(
        sentence_of_all(2,
                        [&](auto& communicator) {
                          fit(communicator, data, Adam{}, communicator.rank() == 0 ? 1 : 2);
                        }) ==
        "Model::fit, communicator: expected the same seed in all processes, got 2 in process 1 (1 "
        "in process 0); start the same program on the same data everywhere");
    CHECK(sentence_of_all(2,
                          [&](auto& communicator) {
                            fit(communicator, data,
                                SGD{{.learning_rate = communicator.rank() == 0 ? 0.1 : 0.2}}, 1);
                          }) ==
          "Model::fit, communicator: expected the same learning rate in all processes, got 0.2 in "
          "process 1 (0.1 in process 0); start the same program on the same data everywhere");
    // Each names the call that it is in itself.
    const Errors errors = run_processes(2, [&](ThreadCommunicator& communicator) {
      Sequential<float> model = plain_model();
      compile(model, Adam{});
      if (communicator.rank() == 0) {
        static_cast<void>(model.evaluate(data.x, data.y, {.communicator = communicator}));
      } else {
        model.fit(data.x, data.y, silent({.communicator = communicator}));
      }
    });
    for (const std::string& error : errors) {
      CHECK(error.find("expected the same call in all processes, got Model::fit, communicator in "
                       "process 1 (Model::evaluate in process 0)") != std::string::npos);
    }
  }

  TEST_CASE("fit: what processes can't share is refused") {
    const Images data(20);
    const auto fit = [&](ThreadCommunicator& communicator, auto loss, std::vector<Metric> metrics,
                         const SharingOptions& sharing) {
      Sequential<float> model = plain_model();
      model.compile(Adam{}, loss, metrics);
      model.fit(data.x, data.y, silent({.communicator = communicator, .sharing = sharing}));
    };
    const SparseCategoricalCrossentropy loss;
    CHECK(
        sentence_of_all(2, [&](auto& c) { fit(c, loss, {Count{}}, {}); }) ==
        "Model::fit, communicator: expected metrics that several processes can add up, got count; "
        "give it state(), set_state() and merge()");
    CHECK(sentence_of_all(2, [&](auto& c) { fit(c, Whole{}, {}, {}); }) ==
          "Model::fit, communicator: expected losses that are written for a row, and so can be cut "
          "in pieces, got whole, a call for a whole batch; see RowLoss");
    CHECK(sentence_of_all(3, [&](auto& c) { fit(c, loss, {}, {.pieces = 2}); }) ==
          "Model::fit, communicator: expected at most 2 processes, as many as pieces, got 3; set "
          "sharing.pieces to the largest number of processes");
    CHECK(sentence_of_all(2, [&](auto& c) { fit(c, loss, {}, {.pieces = -1}); }) ==
          "Model::fit, communicator: expected 0 pieces or more, got -1");
    CHECK(sentence_of_all(2, [&](auto& c) {
            fit(c, loss, {}, {.gradient_format = NumberFormat::int8});
          }) == "Model::fit, communicator: expected gradients as float32 or bfloat16, got int8");
    CHECK(sentence_of_all(1, [&](auto& c) { fit(c, Whole{}, {}, {}); }) == "");
    CHECK(sentence_of_all(2,
                          [&](auto& c) {
                            Sequential<float> model{Masking{}, Dense{2}, Softmax{}};
                            model.build({3, 2});
                            model.compile(Adam{}, loss);
                            Tensor<float, 3> x(8, 3, 2);
                            Tensor<std::int32_t, 2> y(8, 3);
                            x.setConstant(1);
                            y.setZero();
                            model.fit(x, y, silent({.communicator = c}));
                          }) ==
          "Model::fit, communicator: expected results without masked steps, to train in several "
          "pieces, got masked ones");
  }
}

}  // namespace nn
