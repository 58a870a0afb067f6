// SPDX-License-Identifier: MIT
// fit, evaluate and predict with samples that are read when they are needed.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/callbacks/backup_and_restore.hpp"
#include "nn/core/parallel.hpp"
#include "nn/losses/mean_absolute_error.hpp"
#include "nn/losses/mean_squared_error.hpp"
#include "nn/training/evaluate.hpp"
#include "nn/training/fit.hpp"
#include "nn/training/predict.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::image_model;
using testing::random_tensor;
using testing::TemporaryFolder;
using testing::weights_of;

/// Reads tensors as if they were files.
template <class T, int Rank, class Y>
struct FromTensors {
  const Tensor<T, Rank>* x;
  const Y* y;
  Index failing = -1;  // a sample that can't be read

  [[nodiscard]] Index size() const { return x->dimension(0); }
  [[nodiscard]] Shape sample_shape() const { return sample_shape_of(*x); }
  void read(Index i, std::span<T> to, TargetRow<T> target) const {
    if (i == failing) throw std::runtime_error("no sample " + std::to_string(i));
    const auto size = static_cast<Index>(to.size());
    std::copy_n(x->data() + i * size, size, to.data());
    const Index count = y->size() / y->dimension(0);
    const auto* const from = y->data() + i * count;
    if constexpr (std::is_same_v<ScalarOf<Y>, std::int32_t>) {
      target.set_classes({from, static_cast<std::size_t>(count)});
    } else {
      target.set_values({from, static_cast<std::size_t>(count)});
    }
  }
};

template <class T, int Rank, class Y>
FromTensors<T, Rank, Y> source_of(const Tensor<T, Rank>& x, const Y& y, Index failing = -1) {
  return {&x, &y, failing};
}

class Threads {
 public:
  explicit Threads(int n) : before_(num_threads()) { set_num_threads(n); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/// Weights after training, and all that History and evaluate say.
struct Outcome {
  std::vector<float> weights;
  std::map<std::string, std::vector<double>> values;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

template <class Train>
Outcome outcome_of(Sequential<float> model, const Train& train) {
  const auto [history, scores] = train(model);
  Outcome outcome{weights_of(model), {}};
  for (const auto& [name, column] : history) outcome.values[name] = column;
  for (const auto& [name, value] : scores) outcome.values["evaluate " + name] = {value};
  return outcome;
}

/// Of a training on data (x and y, or a source), and a test on them.
template <class... Data>
Outcome outcome_of(const Sequential<float>& model, const FitOptions& options, const Data&... data) {
  return outcome_of(model, [&](Sequential<float>& trained) {
    History history = trained.fit(data..., options);
    return std::pair(std::move(history),
                     trained.evaluate(data..., {.batch_size = 7, .prefetch = options.prefetch}));
  });
}

FitOptions quiet(FitOptions options) {
  options.verbose = Verbose::silent;
  return options;
}

Sequential<float> regression() {
  Sequential<float> model{Dense{8, {.activation = Activation::relu}}, Dense{2}};
  model.build({3}, {.seed = 3});
  model.compile(Adam{}, MeanSquaredError{}, {MeanAbsoluteError{}});
  return model;
}

/// What the documentation shows.
template <class T>
struct Pictures {
  Index count;
  [[nodiscard]] Index size() const { return count; }
  [[nodiscard]] Shape sample_shape() const { return {8, 8, 1}; }
  void read(Index i, std::span<T> x, TargetRow<T> y) const {
    for (std::size_t k = 0; k < x.size(); ++k) {
      x[k] = static_cast<T>((i + 1) * static_cast<Index>(k) % (i % 3 + 2));
    }
    y.set_class(static_cast<std::int32_t>(i % 3));
  }
};

/// A model without dropout or convolution, for one and the other type.
template <class T>
Sequential<T> classifier() {
  Sequential<T> model{Flatten<T>{}, Dense<T>{3}, Softmax<T>{}};
  model.compile(Adam{}, SparseCategoricalCrossentropy{}, {Accuracy{}});
  return model;
}

}  // namespace

TEST_SUITE("training/source") {
  TEST_CASE_TEMPLATE("source: a model learns from one, is tested and predicts", T, float, double) {
    Sequential<T> model = classifier<T>();
    const History history =
        model.fit(Pictures<T>{300},
                  {.batch_size = 64, .epochs = 3, .verbose = Verbose::silent, .prefetch = 2});
    CHECK(history["loss"].size() == 3);
    CHECK(history["loss"].back() < history["loss"].front());
    const Scores scores = model.evaluate(Pictures<T>{300});
    CHECK(scores["loss"] < history["loss"].front());
    const Tensor<T, 2> y = model.predict(Pictures<T>{130});
    CHECK(shape_of(y) == Shape{130, 3});
    Tensor<T, 4> x(130, 8, 8, 1);
    for (Index i = 0; i < 130; ++i) {
      Pictures<T>{130}.read(i, std::span(x.data() + 64 * i, 64), {});
    }
    const Tensor<T, 2> expected = model.predict(x);
    CHECK(std::equal(y.data(), y.data() + y.size(), expected.data()));
  }

  TEST_CASE("source: has the bits of a tensor, for any threads and however much is read ahead") {
    const auto x = random_tensor<float, 4>({45, 8, 8, 1}, 6);
    const Labels y = counted_labels(45, 3);
    for (const bool shuffle : {true, false}) {
      CAPTURE(shuffle);
      FitOptions options =
          quiet({.batch_size = 8, .epochs = 3, .validation_split = 0.2, .shuffle = shuffle});
      const Outcome expected = outcome_of(image_model(), options, x, y);
      for (const int threads : {1, 2, 3}) {
        CAPTURE(threads);
        const Threads use(threads);
        for (const Index prefetch : {0, 1, 2, 5}) {
          CAPTURE(prefetch);
          options.prefetch = prefetch;
          CHECK(outcome_of(image_model(), options, source_of(x, y)) == expected);
        }
      }
    }
  }

  TEST_CASE("source: weights of samples and classes, values and one batch of all") {
    const auto x = random_tensor<float, 2>({23, 3}, 6), y = random_tensor<float, 2>({23, 2}, 7);
    const auto weights = random_tensor<double, 1>({23}, 8);
    const auto pictures = random_tensor<float, 4>({45, 8, 8, 1}, 6);
    const Labels labels = counted_labels(45, 3);
    for (const Index prefetch : {0, 3}) {
      CAPTURE(prefetch);
      FitOptions options = quiet({.batch_size = 4,
                                  .epochs = 2,
                                  .sample_weight = weights,
                                  .validation_split = 0.3,
                                  .prefetch = prefetch});
      CHECK(outcome_of(regression(), options, source_of(x, y)) ==
            outcome_of(regression(), options, x, y));
      options.shuffle = false;
      CHECK(outcome_of(regression(), options, source_of(x, y)) ==
            outcome_of(regression(), options, x, y));
      options.batch_size = 1'000'000'000'000;
      CHECK(outcome_of(regression(), options, source_of(x, y)) ==
            outcome_of(regression(), options, x, y));
      const FitOptions by_class =
          quiet({.batch_size = 8, .class_weight = {{1, 3.0}, {2, 0.5}}, .prefetch = prefetch});
      CHECK(outcome_of(image_model(), by_class, source_of(pictures, labels)) ==
            outcome_of(image_model(), by_class, pictures, labels));
      CHECK_FALSE(outcome_of(image_model(), by_class, source_of(pictures, labels)) ==
                  outcome_of(image_model(), quiet({.batch_size = 8}), pictures, labels));
    }
  }

  TEST_CASE("source: labels and weights of each position") {
    const auto x = random_tensor<float, 3>({21, 4, 3}, 6);
    const auto weights = random_tensor<float, 2>({21, 4}, 8);
    Tensor<std::int32_t, 2> y(21, 4);
    for (Index i = 0; i < y.size(); ++i) y.data()[i] = static_cast<std::int32_t>(i * 7 % 5 % 3);
    Sequential<float> model{Dense{3}, Softmax{}};
    model.build({4, 3}, {.seed = 2});
    model.compile(Adam{}, SparseCategoricalCrossentropy{}, {Accuracy{}});
    const FitOptions options = quiet({.batch_size = 4, .epochs = 2, .sample_weight = weights});
    CHECK(outcome_of(model, options, source_of(x, y)) == outcome_of(model, options, x, y));
  }

  TEST_CASE("source: validates, and is validated by data in memory") {
    const auto x = random_tensor<float, 2>({23, 3}, 6), y = random_tensor<float, 2>({23, 2}, 7);
    const auto x2 = random_tensor<float, 2>({9, 3}, 1), y2 = random_tensor<float, 2>({9, 2}, 2);
    const auto weights = random_tensor<float, 1>({9}, 3);
    const auto training = source_of(x, y), validation = source_of(x2, y2);
    FitOptions options = quiet({.batch_size = 4, .epochs = 3});
    options.validation_data = {x2, y2};
    const Outcome expected = outcome_of(regression(), options, x, y);
    CHECK(expected.values.contains("val_loss"));
    CHECK(outcome_of(regression(), options, training) == expected);
    options.validation_data = validation;
    CHECK(outcome_of(regression(), options, training) == expected);
    CHECK(outcome_of(regression(), options, x, y) == expected);
    options.validation_data = {x2, y2, weights};
    const Outcome weighed = outcome_of(regression(), options, x, y);
    options.validation_data = {validation, weights};
    CHECK(outcome_of(regression(), options, training) == weighed);
    CHECK_FALSE(weighed == expected);
  }

  TEST_CASE("source: builds a model that is not built") {
    const auto x = random_tensor<float, 2>({23, 3}, 6), y = random_tensor<float, 2>({23, 2}, 7);
    Sequential<float> model{Dense{2}};
    model.compile(Adam{}, MeanSquaredError{});
    CHECK_THROWS_WITH_AS(static_cast<void>(model.predict(source_of(x, y))),
                         "Model::predict: expected a built model, got one whose input shape is not "
                         "known; call build({height, width, channels}) or fit first",
                         std::invalid_argument);
    CHECK_THROWS_AS(model.fit(source_of(x, y, 4), quiet({})), std::runtime_error);
    CHECK_FALSE(model.is_built());
    model.fit(source_of(x, y), quiet({}));
    CHECK(model.input_shape() == Shape{3});
  }

  TEST_CASE("source: a training that fails leaves the model as it was") {
    const auto x = random_tensor<float, 4>({45, 8, 8, 1}, 6);
    Labels y = counted_labels(45, 3);
    Sequential<float> model = image_model();
    const std::vector<float> before = weights_of(model);
    for (const Index prefetch : {0, 1, 5}) {
      CAPTURE(prefetch);
      const FitOptions options = quiet({.batch_size = 4, .epochs = 2, .prefetch = prefetch});
      int batches = 0;
      struct Count {
        int* batches;
        void on_batch_end(FitContext&) const { ++*batches; }
      };
      FitOptions in_order = options;
      in_order.shuffle = false;
      in_order.callbacks = {Count{&batches}};
      CHECK_THROWS_WITH_AS(model.fit(source_of(x, y, 14), in_order), "no sample 14",
                           std::runtime_error);
      CHECK(batches == 3);
      CHECK_THROWS_WITH_AS(model.fit(source_of(x, y, 14), options), "no sample 14",
                           std::runtime_error);
      y(17) = 3;
      CHECK_THROWS_WITH_AS(model.fit(source_of(x, y), options),
                           "Model::fit: expected labels from 0 to 2, got 3 (label of sample 17); "
                           "the last layer needs a unit for each class",
                           std::invalid_argument);
      FitOptions split = options;
      split.validation_split = 0.8;
      CHECK_THROWS_WITH_AS(model.fit(source_of(x, y), split),
                           "Model::fit: expected labels from 0 to 2, got 3 (label of sample 17); "
                           "the last layer needs a unit for each class",
                           std::invalid_argument);
      FitOptions validated = options;
      const auto validation = source_of(x, y);
      validated.validation_data = validation;
      CHECK_THROWS_WITH_AS(model.fit(x, counted_labels(45, 3), validated),
                           "Model::fit, validation_data: expected labels from 0 to 2, got 3 (label "
                           "of sample 17); the last layer needs a unit for each class",
                           std::invalid_argument);
      CHECK_THROWS_WITH_AS(
          static_cast<void>(model.evaluate(source_of(x, y), {.prefetch = prefetch})),
          "Model::evaluate: expected labels from 0 to 2, got 3 (label of sample 17); the last "
          "layer needs a unit for each class",
          std::invalid_argument);
      y(17) = 2;
      CHECK(weights_of(model) == before);
      CHECK(model.parameters().step() == 0);
    }
    CHECK(outcome_of(model, quiet({.batch_size = 8}), source_of(x, y)) ==
          outcome_of(image_model(), quiet({.batch_size = 8}), x, y));
  }

  TEST_CASE("source: what does not fit is refused in a sentence") {
    const auto x = random_tensor<float, 4>({5, 8, 8, 1}, 6);
    const auto narrow = random_tensor<float, 2>({5, 3}, 6);
    const Labels y = counted_labels(5, 3);
    const auto values = random_tensor<float, 1>({5}, 6);
    Sequential<float> model = image_model();
    const auto refuses = [](const auto& call, const char* message) {
      CHECK_THROWS_WITH_AS(call(), message, std::invalid_argument);
    };
    const auto source = source_of(x, y);
    refuses([&] { model.fit(source, {.prefetch = -1}); },
            "Model::fit: expected a prefetch of 0 or more batches, got -1");
    refuses([&] { static_cast<void>(model.evaluate(source, {.prefetch = -1})); },
            "Model::evaluate: expected a prefetch of 0 or more batches, got -1");
    refuses([&] { static_cast<void>(model.predict(source, {.prefetch = -1})); },
            "Model::predict: expected a prefetch of 0 or more batches, got -1");
    refuses([&] { model.fit(source_of(narrow, y)); },
            "Model::fit: expected samples of shape [8, 8, 1], got [3] (by the source's "
            "sample_shape)");
    refuses([&] { static_cast<void>(model.evaluate(source_of(narrow, y))); },
            "Model::evaluate: expected samples of shape [8, 8, 1], got [3] (by the source's "
            "sample_shape)");
    refuses([&] { static_cast<void>(model.predict(source_of(narrow, y))); },
            "Model::predict: expected samples of shape [8, 8, 1], got [3] (by the source's "
            "sample_shape)");
    refuses([&] { model.fit(source_of(x, values), quiet({.shuffle = false})); },
            "TargetRow: expected 1 class number for sparse_categorical_crossentropy, got 1 value "
            "(sample 0)");
    refuses([&] { model.fit(Pictures<float>{0}); },
            "Model::fit: expected at least one sample to train on, got none");
    refuses([&] { static_cast<void>(model.evaluate(Pictures<float>{0})); },
            "Model::evaluate: expected at least one sample, got none");
    refuses([&] { model.fit(source, {.sample_weight = narrow}); },
            "Model::fit, sample_weight: expected weights of shape [5], got [5, 3]");
    const Pictures<double> doubles{5};
    FitOptions options = quiet({});
    options.validation_data = doubles;
    refuses([&] { model.fit(source, options); },
            "Model::fit, validation_data: expected a source of float, got one of double");
    CHECK(model.predict(Pictures<float>{0}).dimension(0) == 0);
    CHECK(model.parameters().step() == 0);
  }

  TEST_CASE("source: has samples for one input and targets for one output") {
    const auto x = random_tensor<float, 2>({5, 3}, 6);
    const auto source = source_of(x, x);
    const Input a{{3}}, b{{3}};
    Model<float> two_inputs({a, b}, add({a, b}) | Dense{3});
    two_inputs.compile(Adam{}, MeanSquaredError{});
    const char* message =
        "Model::fit: expected samples for 2 inputs, got those for 1 (from a "
        "source)";
    CHECK_THROWS_WITH_AS(two_inputs.fit(source), message, std::invalid_argument);
    message = "Model::evaluate: expected samples for 2 inputs, got those for 1 (from a source)";
    CHECK_THROWS_WITH_AS(static_cast<void>(two_inputs.evaluate(source)), message,
                         std::invalid_argument);
    message = "Model::predict: expected samples for 2 inputs, got those for 1 (from a source)";
    CHECK_THROWS_WITH_AS(static_cast<void>(two_inputs.predict(source)), message,
                         std::invalid_argument);
    Model<float> two_outputs(a, {a | Dense{3}, a | Dense{3}});
    two_outputs.compile(Adam{}, {MeanSquaredError{}, MeanSquaredError{}});
    message = "Model::fit: expected targets for 2 outputs, got those for 1 (from a source)";
    CHECK_THROWS_WITH_AS(two_outputs.fit(source), message, std::invalid_argument);
    message = "Model::evaluate: expected targets for 2 outputs, got those for 1 (from a source)";
    CHECK_THROWS_WITH_AS(static_cast<void>(two_outputs.evaluate(source)), message,
                         std::invalid_argument);
    message = "Model::predict: expected a model with one output, to read from a source, got 2";
    CHECK_THROWS_WITH_AS(static_cast<void>(two_outputs.predict(source)), message,
                         std::invalid_argument);
  }

  TEST_CASE("source: may compute while the model trains") {
    struct Computing {
      const Tensor<float, 2>* x;
      const Labels* y;
      [[nodiscard]] Index size() const { return x->dimension(0); }
      [[nodiscard]] Shape sample_shape() const { return {3}; }
      void read(Index i, std::span<float> to, TargetRow<float> target) const {
        parallel_for(3, [&](Index k) { to[static_cast<std::size_t>(k)] = (*x)(i, k); });
        target.set_class((*y)(i));
      }
    };
    const auto x = random_tensor<float, 2>({200, 3}, 6);
    const Labels y = counted_labels(200, 3);
    Sequential<float> model{Dense{64, {.activation = Activation::relu}}, Dense{3}, Softmax{}};
    model.build({3}, {.seed = 2});
    model.compile(Adam{}, SparseCategoricalCrossentropy{});
    const Threads use(3);
    const FitOptions options = quiet({.batch_size = 16, .epochs = 3, .prefetch = 3});
    CHECK(outcome_of(model, options, Computing{&x, &y}) == outcome_of(model, options, x, y));
  }

  TEST_CASE("source: a run that was cut off goes on with the same bits") {
    struct Crash {
      int batch;
      int* count;
      void on_batch_end(FitContext&) const {
        if (++*count == batch) throw std::runtime_error("crash");
      }
    };
    const TemporaryFolder folder;
    const auto x = random_tensor<float, 4>({23, 8, 8, 1}, 6);
    const Labels y = counted_labels(23, 3);
    const FitOptions plain = quiet({.batch_size = 4, .epochs = 3, .validation_split = 0.2});
    const Outcome expected = outcome_of(image_model(), plain, x, y);
    for (const Index prefetch : {0, 2}) {
      for (int batch = 1; batch <= 15; batch += 2) {
        CAPTURE(batch);
        int count = 0;
        FitOptions options = plain;
        options.prefetch = prefetch;
        const BackupAndRestore backup{{.path = folder.path("run.ckpt"), .save_freq = 1}};
        options.callbacks = {backup, Crash{batch, &count}};
        Sequential<float> first = image_model();
        CHECK_THROWS_WITH(first.fit(source_of(x, y), options), "crash");
        count = 100;
        CHECK(outcome_of(image_model(), options, source_of(x, y)).weights == expected.weights);
      }
    }
  }

  TEST_CASE("source: a callback may end an epoch while batches are read ahead") {
    struct Stop {
      void on_batch_end(FitContext& context) const {
        if (context.batch == 2) context.stop_training = true;
      }
    };
    const auto x = random_tensor<float, 4>({45, 8, 8, 1}, 6);
    const Labels y = counted_labels(45, 3);
    const FitOptions options =
        quiet({.batch_size = 4, .epochs = 3, .callbacks = {Stop{}}, .validation_split = 0.2});
    CHECK(outcome_of(image_model(), options, source_of(x, y)) ==
          outcome_of(image_model(), options, x, y));
  }
}

}  // namespace nn
