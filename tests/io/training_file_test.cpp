// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nn/io/model_file.hpp"
#include "nn/io/training_state.hpp"
#include "nn/layers/layers.hpp"
#include "nn/training/evaluate.hpp"
#include "nn/training/fit.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::random_tensor;
using testing::TemporaryFolder;
using testing::weights_of;

/// A classifier of samples [4] with dropout, shuffling and state, not compiled.
template <Real T>
Sequential<T> classifier() {
  Sequential<T> model{Dense<T>{6, {.activation = Activation::relu}}, BatchNormalization<T>{},
                      Dropout<T>{0.25}, Dense<T>{3}};
  model.build({4}, {.seed = 5});
  return model;
}

template <Real T>
struct Samples20 {
  Tensor<T, 2> x = random_tensor<T, 2>({20, 4}, 7);
  Labels y = counted_labels(20, 3);

  History train(Sequential<T>& model, Index first, Index last) const {
    return model.fit(
        x, y,
        {.batch_size = 6, .epochs = last, .verbose = Verbose::silent, .initial_epoch = first});
  }
};

/// Trains a compiled model for two epochs, and a copy read from a file for two more.
template <Real T>
void check_going_on(Sequential<T> model) {
  const TemporaryFolder folder;
  const std::string path = folder.path("all");
  const Samples20<T> data;
  Sequential<T> undisturbed = model;
  const History whole = data.train(undisturbed, 0, 4);
  data.train(model, 0, 2);
  model.save(path, {.optimizer = true});
  Sequential<T> loaded = Sequential<T>::load(path);
  CHECK(loaded.is_compiled());
  CHECK(loaded.parameters().step() == model.parameters().step());
  CHECK(weights_of(loaded) == weights_of(model));
  const History rest = data.train(loaded, 2, 4);
  CHECK(weights_of(loaded) == weights_of(undisturbed));
  for (const auto& column : whole) {
    CAPTURE(column.first);
    const std::vector<double>& values = column.second;
    CHECK(rest[column.first] == std::vector<double>(values.begin() + 2, values.end()));
  }
  CHECK(to_string(loaded.evaluate(data.x, data.y)) ==
        to_string(undisturbed.evaluate(data.x, data.y)));
}

struct Stored {
  Shape shape;
  std::vector<float> values;
};

/// Writes the file of a model anew after a change of its metadata and tensors.
void rewrite(const std::string& path,
             const std::function<void(std::map<std::string, std::string>&,
                                      std::map<std::string, Stored>&)>& change) {
  const auto file = io::SafetensorsFile::read(path);
  auto metadata = file.metadata();
  std::map<std::string, Stored> tensors;
  for (const auto& entry : file.tensors()) {
    Stored& stored = tensors[entry.name];
    stored.shape = entry.shape;
    stored.values.resize(static_cast<std::size_t>(entry.shape.num_elements()));
    file.copy_to(entry, stored.values.data());
  }
  change(metadata, tensors);
  io::SafetensorsWriter writer;
  for (const auto& [name, text] : metadata) writer.set_metadata(name, text);
  for (const auto& [name, stored] : tensors) writer.add(name, stored.shape, stored.values.data());
  writer.write(path);
}

template <class Error>
std::string what_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing thrown";
}

/// Two dense layers, trained by Adam for a step.
Sequential<float> trained_model() {
  Sequential<float> model{Dense{3}, Dense{2}};
  model.build({4});
  model.compile(Adam{}, MeanSquaredError{}, {MeanAbsoluteError{}});
  static_cast<void>(
      model.train_on_batch(random_tensor<float, 2>({2, 4}, 1), random_tensor<float, 2>({2, 2}, 2)));
  return model;
}

/// A loss of one's own that can be saved.
struct ScaledError {
  double scale = 1;
  static constexpr TargetKind targets = TargetKind::values;
  [[nodiscard]] static std::string name() { return "scaled_error"; }
  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("scale", scale); }
  [[nodiscard]] static ScaledError from_arguments(const Arguments& a) {
    return {a.get<double>("scale")};
  }
  template <Real T>
  T operator()(const ScoredRow<T>& row, T factor, T* gradient) const {
    T sum(0);
    for (Index k = 0; k < row.classes; ++k) {
      const T error = row.scores[k] - row.values[k];
      sum += static_cast<T>(scale) * error * error;
      if (gradient != nullptr) gradient[k] = T(2) * static_cast<T>(scale) * factor * error;
    }
    return sum;
  }
};

/// One that can't.
struct NamelessError : ScaledError {
  [[nodiscard]] std::string name() const { return "nameless"; }
};

}  // namespace

TEST_SUITE("io/training_file") {
  TEST_CASE("save with optimizer: training goes on from the file with the same bits") {
    const auto adam = [](auto model, const AdamOptions& options) {
      model.compile(Adam{options}, SparseCategoricalCrossentropy{{.from_logits = true}},
                    {Accuracy{}, F1Score{{.average = Average::weighted}}});
      return model;
    };
    SUBCASE("Adam") { check_going_on(adam(classifier<float>(), {.learning_rate = 0.02})); }
    SUBCASE("doubles") { check_going_on(adam(classifier<double>(), {.learning_rate = 0.02})); }
    SUBCASE("amsgrad, a cycle of rates and of beta_1") {
      const OneCycle cycle{0.05, 16};
      check_going_on(adam(classifier<float>(),
                          {.learning_rate = cycle, .beta_1 = cycle.momentum(), .amsgrad = true}));
    }
    SUBCASE("SGD with momentum") {
      Sequential<float> model = classifier<float>();
      model.compile(SGD{{.learning_rate = CosineDecay{0.2, 12}, .momentum = 0.9}},
                    SparseCategoricalCrossentropy{{.from_logits = true}});
      check_going_on(model);
    }
    SUBCASE("SGD, which has no moments") {
      Sequential<float> model = classifier<float>();
      model.compile(SGD{{.learning_rate = 0.1}},
                    SparseCategoricalCrossentropy{{.from_logits = true}});
      check_going_on(model);
    }
    SUBCASE("bfloat16") {
      Sequential<float> model = classifier<float>();
      model.compile(Adam{}, SparseCategoricalCrossentropy{{.from_logits = true}}, {},
                    {.precision = ProductPrecision::bfloat16()});
      check_going_on(model);
    }
    SUBCASE("frozen layers") {
      Sequential<float> model = classifier<float>();
      model.freeze(0);
      check_going_on(adam(model, {}));
    }
    SUBCASE("a frozen layer in a nested model, and beside a sum") {
      Sequential<float> inner{Dense{4}, Dense{4}};
      inner.freeze(1);
      Sequential<float> model{inner, Residual{Dense{4}, ReLU{}}, Dense{3}};
      model.build({4}, {.seed = 5});
      check_going_on(adam(model, {}));
    }
  }

  TEST_CASE("save with optimizer: keeps the average of the weights") {
    const TemporaryFolder folder;
    const Samples20<float> data;
    Sequential<float> model = classifier<float>();
    model.compile(Adam{{.use_ema = true, .ema_momentum = 0.8}},
                  SparseCategoricalCrossentropy{{.from_logits = true}});
    model.train_on_batch(data.x, data.y);  // after which the weights are not their average
    model.save(folder.path("all"), {.optimizer = true});
    Sequential<float> loaded = Sequential<float>::load(folder.path("all"));
    for (Sequential<float>* each : {&model, &loaded}) {
      each->train_on_batch(data.x, data.y);
      each->fit(data.x, data.y,
                {.epochs = 0, .verbose = Verbose::silent});  // ends with the average
    }
    CHECK(weights_of(loaded) == weights_of(model));
  }

  TEST_CASE(
      "save with optimizer: keeps a learning rate that was set, and which layers are frozen") {
    const TemporaryFolder folder;
    const std::string path = folder.path("all");
    Sequential<float> model = classifier<float>();
    model.compile(SGD{}, SparseCategoricalCrossentropy{{.from_logits = true}});
    struct SetRate {
      static void on_epoch_end(FitContext& context) { context.set_learning_rate(0.125); }
    };
    struct SeeRate {
      double* rate;
      void on_train_begin(FitContext& context) const { *rate = context.learning_rate(); }
    };
    const Samples20<float> data;
    model.fit(data.x, data.y, {.verbose = Verbose::silent, .callbacks = {SetRate{}}});
    model.freeze(3);
    model.save(path, {.optimizer = true});
    Sequential<float> loaded = Sequential<float>::load(path);
    double rate = 0;
    loaded.fit(data.x, data.y, {.verbose = Verbose::silent, .callbacks = {SeeRate{&rate}}});
    CHECK(rate == 0.125);
    for (Index i = 0; i < 4; ++i) CHECK(loaded.is_frozen(i) == (i == 3));
  }

  TEST_CASE("save with optimizer: a model that was never trained begins as it would have") {
    const TemporaryFolder folder;
    const std::string path = folder.path("all");
    Sequential<float> model = classifier<float>();
    model.compile(Adam{}, SparseCategoricalCrossentropy{{.from_logits = true}});
    model.save(path, {.optimizer = true});
    Sequential<float> loaded = Sequential<float>::load(path);
    CHECK(loaded.parameters().step() == 0);
    const Samples20<float> data;
    data.train(model, 0, 2);
    data.train(loaded, 0, 2);
    CHECK(weights_of(loaded) == weights_of(model));
  }

  TEST_CASE("save: without optimizer, the file is as it was before there was the option") {
    const TemporaryFolder folder;
    const std::string path = folder.path("weights");
    const Sequential<float> model = trained_model();
    model.save(path);
    const auto file = io::SafetensorsFile::read(path);
    CHECK(file.metadata().at("format_version") == "1");
    CHECK_FALSE(file.metadata().contains("training"));
    CHECK(file.tensors().size() == model.parameters().named().size());
    CHECK_FALSE(Sequential<float>::load(path).is_compiled());
    rewrite(path, [](auto& metadata, auto&) { metadata["training"] = "took an hour"; });
    CHECK_FALSE(Sequential<float>::load(path).is_compiled());  // an old file's note
  }

  TEST_CASE("load_weights: reads the weights alone of a file with an optimizer's memory") {
    const TemporaryFolder folder;
    const std::string path = folder.path("all");
    trained_model().save(path, {.optimizer = true});
    Sequential<float> model{Dense{3}, Dense{2}};
    model.build({4}, {.seed = 9});
    model.freeze(0);
    model.load_weights(path);
    CHECK_FALSE(model.is_compiled());
    Sequential<float> unfrozen = model;
    unfrozen.unfreeze();
    CHECK(weights_of(unfrozen) == weights_of(trained_model()));
  }

  TEST_CASE("save with optimizer: refuses what could not go on") {
    const TemporaryFolder folder;
    const std::string path = folder.path("all");
    const auto message = [&](const Sequential<float>& model, const SaveOptions& options) {
      return what_of<std::invalid_argument>([&] { model.save(path, options); });
    };
    Sequential<float> model{Dense{3}, Dense{2}};
    model.build({4});
    CHECK(message(model, {.optimizer = true}) ==
          "Model::save: expected a compiled model, got one without loss and optimizer; call "
          "compile(optimizer, loss, metrics) first");
    const std::string remedy =
        "; give it arguments(), from_arguments() and a static name(), or leave out optimizer";
    model.compile(testing::Still{}, MeanSquaredError{});
    CHECK(message(model, {.optimizer = true}) ==
          "Model::save: expected an optimizer that names its arguments, got still" + remedy);
    model.compile(SGD{}, NamelessError{});
    CHECK(message(model, {.optimizer = true}) ==
          "Model::save: expected a loss that names its arguments, got nameless" + remedy);
    std::vector<std::vector<std::int32_t>> batches;
    model.compile(SGD{}, MeanSquaredError{}, {Accuracy{}, testing::Recorder{&batches}});
    CHECK(message(model, {.optimizer = true}) ==
          "Model::save: expected a metric that names its arguments, got recorder" + remedy);
    model = trained_model();
    nn::detail::ModelAccess::network(model).block().moment(1)[0] = std::nanf("");
    CHECK(message(model, {.allow_non_finite = true, .optimizer = true}) ==
          "Model::save: expected finite moments, got infinity or NaN "
          "(optimizer.moment_1.0.dense.kernel); the training has diverged; to save its weights "
          "alone, leave out optimizer");
    model = trained_model();
    CHECK(what_of<std::invalid_argument>([&] { model.save_weights(path, {.optimizer = true}); }) ==
          "Model::save_weights: expected options for weights alone, got optimizer = "
          "true; call save");
    model.quantize(NumberFormat::int8);
    CHECK(message(model, {.optimizer = true}) ==
          "Model::save: expected a model with float32 weights, got int8 weights (quantised "
          "for inference); use a copy from before quantize");
    CHECK(folder.names().empty());
  }

  TEST_CASE("load: a weighted metric comes back as such") {
    const TemporaryFolder folder;
    const std::string path = folder.path("all");
    Sequential<float> model = trained_model();
    model.compile(Adam{}, MeanSquaredError{}, {weighted(MeanAbsoluteError{}), BinaryAccuracy{}});
    model.save(path, {.optimizer = true});
    const auto x = random_tensor<float, 2>({2, 4}, 1), y = random_tensor<float, 2>({2, 2}, 2);
    const std::vector<double> weights{1, 3};
    const double expected =
        model.evaluate(x, y, {.sample_weight = weights})["weighted_mean_absolute_error"];
    CHECK(expected != model.evaluate(x, y)["weighted_mean_absolute_error"]);
    CHECK(nn::load(path).evaluate(
              x, y, {.sample_weight = weights})["weighted_mean_absolute_error"] == expected);
  }

  TEST_CASE("load: parts of one's own that name their arguments come back") {
    const TemporaryFolder folder;
    const std::string path = folder.path("all");
    Sequential<float> model = trained_model();
    model.compile(SGD{}, ScaledError{0.5});
    model.save(path, {.optimizer = true});
    const auto x = random_tensor<float, 2>({2, 4}, 1), y = random_tensor<float, 2>({2, 2}, 2);
    const Model<float> loaded = nn::load<ScaledError>(path);
    CHECK(loaded.evaluate(x, y)["loss"] == model.evaluate(x, y)["loss"]);
    CHECK(what_of<IoError>([&] { static_cast<void>(nn::load(path)); }) ==
          path + ", training: loss: expected one of binary_crossentropy, " +
              "binary_focal_crossentropy, categorical_crossentropy, " +
              "categorical_focal_crossentropy, sparse_categorical_crossentropy, " +
              "categorical_hinge, cosine_similarity, hinge, huber_loss, kl_divergence, log_cosh, " +
              "mean_absolute_error, mean_absolute_percentage_error, mean_squared_error, " +
              "mean_squared_logarithmic_error, poisson, squared_hinge, got 'scaled_error'; name " +
              "types of your own: "
              "load<MyOptimizer>(path)");
  }

  TEST_CASE("load: refuses moments that are missing, of another shape or type, or not finite") {
    const TemporaryFolder folder;
    const std::string path = folder.path("all");
    using Metadata = std::map<std::string, std::string>;
    using Tensors = std::map<std::string, Stored>;
    const auto message = [&](const std::function<void(Metadata&, Tensors&)>& change) {
      trained_model().save(path, {.optimizer = true});
      rewrite(path, change);
      return what_of<IoError>([&] { static_cast<void>(Sequential<float>::load(path)); });
    };
    const std::string first = "optimizer.moment_0.0.dense.kernel";
    CHECK(message([](Metadata&, Tensors&) {}) == "nothing thrown");
    CHECK(message([&](Metadata&, Tensors& tensors) { tensors.erase(first); }) ==
          path + ": expected a tensor '" + first + "', got none (11 tensors); the file is of " +
              "another model");
    CHECK(message([&](Metadata&, Tensors& tensors) {
            tensors[first].shape = {3, 4};
          }) == path + ": expected '" + first +
                    "' of shape [4, 3], got [3, 4]; the file is of another " + "model");
    CHECK(message([&](Metadata&, Tensors& tensors) {
            tensors[first].values[5] = infinity<float>;
          }) == path + ": expected finite numbers in '" + first + "', got infinity or NaN");
    CHECK(message([&](Metadata&, Tensors& tensors) {
            tensors["more"] = {{1}, {1}};
          }) == path + ": expected 12 tensors, got 13; the file is of another model");
    CHECK(message([&](Metadata& metadata, Tensors&) { metadata["format_version"] = "1"; }) ==
          path + ": expected 4 tensors, got 12; the file is of another model");
    CHECK(message([&](Metadata& metadata, Tensors&) { metadata["format_version"] = "5"; }) ==
          path +
              ": expected a format_version from '1' to '4', got \"5\"; the file is of another "
              "version "
              "of the library");
    CHECK(message([&](Metadata& metadata, Tensors&) { metadata.erase("training"); }) ==
          path + ": expected metadata 'training', as in files of version 2, got none");
  }

  TEST_CASE("load: refuses descriptions of training that are hostile or wrong") {
    const TemporaryFolder folder;
    const std::string path = folder.path("all");
    const std::string sgd =
        R"({"class_name":"sgd","config":{"learning_rate":0.1,"momentum":0.0,"nesterov":false}})";
    const std::string mse = R"({"class_name":"mean_squared_error","config":{"reduction":"sum"}})";
    const auto text = [&](const std::string& step, const std::string& moments,
                          const std::string& metrics, const std::string& more = "") {
      return R"({"step":)" + step + R"(,"moments":)" + moments +
             R"(,"precision":"float32","optimizer":)" + sgd + R"(,"loss":)" + mse +
             R"(,"metrics":)" + metrics + more + "}";
    };
    const auto message = [&](const std::string& training) {
      trained_model().save(path, {.optimizer = true});
      rewrite(path, [&](auto& metadata, auto& tensors) {
        metadata["training"] = training;
        std::erase_if(tensors,
                      [](const auto& tensor) { return tensor.first.starts_with("optimizer."); });
      });
      return what_of<IoError>([&] { static_cast<void>(Sequential<float>::load(path)); });
    };
    const std::string where = path + ", training: ";
    const std::string keys =
        "expected step, moments, precision, optimizer, loss and metrics, once each, got ";
    CHECK(message(text("3", "[]", "[]")) == "nothing thrown");
    CHECK(message(text("-1", "[]", "[]")) ==
          where + "expected a step from 0 to 2^60, got -1 (byte 8)");
    CHECK(message(text("9223372036854775807", "[]", "[]")) ==
          where + "expected a step from 0 to 2^60, got 9223372036854775807 (byte 8)");
    for (const std::string moments : {"[5]", "[-1]", "[1,0]", "[0,0]"}) {
      CAPTURE(moments);
      CHECK(message(text("3", moments, "[]"))
                .starts_with(where + "expected ascending numbers from 0 to 4, got "));
    }
    CHECK(message(text("3", "[0]", "[]")) ==
          path +
              ": expected a tensor 'optimizer.moment_0.0.dense.kernel', got none (4 tensors); "
              "the file is of another model");
    CHECK(message(text("3", "[]", "[]", R"(,"step":1)")).starts_with(where + keys + "\"step\""));
    CHECK(message(text("3", "[]", "[]", R"(,"x":1)")).starts_with(where + keys + "\"x\""));
    CHECK(message("{}") == where + keys + "0 of them (byte 0)");
    CHECK(message(text("3", "[]", "[" + sgd + "]"))
              .starts_with(where + "metric: expected one of categorical_hinge, "));
    std::string many = mse;
    for (int i = 0; i < 100; ++i) many += "," + mse;
    CHECK(message(text("3", "[]", "[" + many + "]"))
              .starts_with(where + "expected at most 100 metrics, got more"));
    CHECK(message(std::string((1 << 20) + 1, ' ')) ==
          where + "expected at most 1048576 characters, got 1048577");
    for (const char* garbage : {"", "not JSON", "[]", "{\"step\":1.5}", "{\"loss\":{}}",
                                "{\"optimizer\":3}", "{\"precision\":\"int8\"}"}) {
      CAPTURE(garbage);
      const std::string sentence = message(garbage);
      CHECK(sentence.starts_with(where));
      CHECK(sentence.find("expected ") != std::string::npos);
    }
  }
}

}  // namespace nn
