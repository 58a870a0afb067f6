// SPDX-License-Identifier: MIT
// Programs for tasks beside the main road, with small data, and checks of what they give: graphs,
// several inputs and outputs, numbers instead of classes, sequences, data that are read when they
// are needed, training that stops and goes on, frozen parts.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nn/nn.hpp>
#include <span>
#include <string>

namespace {

int num_failures = 0;

void check(bool is_right, const char* what) {
  if (is_right) return;
  std::cerr << "expected " << what << '\n';
  ++num_failures;
}

/// Numbers that look drawn at random, the same each time.
template <class T>
T number(nn::Index i) {
  return static_cast<T>(std::sin(12.9898 * static_cast<double>(i + 1)));
}
template <class Tensor>
void fill(Tensor& x) {
  for (nn::Index i = 0; i < x.size(); ++i) {
    x.data()[i] = number<typename Tensor::Scalar>(i);
  }
}
nn::Labels labels_of(nn::Index count, int classes) {
  nn::Labels labels(count);
  for (nn::Index i = 0; i < count; ++i) labels(i) = static_cast<std::int32_t>(i % classes);
  return labels;
}

/// A file that goes when the program ends.
struct Scratch {
  explicit Scratch(const char* name)
      : path((std::filesystem::temp_directory_path() /
              (std::string(name) + std::to_string(std::hash<const void*>{}(this))))
                 .string()) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::remove(path.c_str()); }
  std::string path;
};

constexpr auto silent = nn::Verbose::silent;

template <class T>
void graph_with_branches() {
  const auto same = nn::Padding::same;
  const nn::Input<T> image{{8, 8, 3}};
  const auto stem = image | nn::Conv2D{16, {3, 3}, {.padding = same, .use_bias = false}} |
                    nn::BatchNormalization{} | nn::ReLU{};
  const auto block = stem | nn::Conv2D{16, {3, 3}, {.padding = same, .use_bias = false}} |
                     nn::BatchNormalization{};
  const auto joined = nn::add({stem, block}) | nn::ReLU{};
  const auto classes = joined | nn::GlobalAveragePooling2D{} | nn::Dense{10} | nn::Softmax{};
  nn::Model model{image, classes};
  const std::string summary = model.summary();
  check(summary.find("Connected to") != std::string::npos, "a column of what layers read");
  check(summary.find("relu[0][0], batchnormalization_1[0][0]") != std::string::npos,
        "both inputs of the sum in the summary");

  nn::Tensor<T, 4> images(40, 8, 8, 3);
  fill(images);
  const nn::Labels labels = labels_of(40, 10);
  model.compile(nn::SGD{{.learning_rate = nn::CosineDecay{0.1, 1000}, .momentum = 0.9}},
                nn::SparseCategoricalCrossentropy{}, {nn::Accuracy{}});
  const auto history =
      model.fit(images, labels,
                {.batch_size = 8, .epochs = 6, .verbose = silent, .class_weight = {{3, 2.0}}});
  check(history["loss"].back() < history["loss"].front(), "a loss that falls");

  // A block of one's own inside a chain.
  nn::Sequential<T> chain{nn::Residual<T>{nn::Conv2D<T>{3, {3, 3}, {.padding = same}},
                                          nn::BatchNormalization<T>{}, nn::ReLU<T>{}},
                          nn::Flatten<T>{}, nn::Dense<T>{2}};
  check(chain.output_shape({8, 8, 3}) == nn::Shape{2}, "a chain with a block in it");
}

template <class T>
void two_inputs_two_outputs() {
  const nn::Input<T> image{{6, 6, 1}, "image"}, meta{{4}, "meta"};
  const auto seen =
      image | nn::Conv2D{4, {3, 3}, {.activation = nn::Activation::relu}} | nn::Flatten{};
  const auto both = nn::concatenate({seen, meta | nn::Dense{8}}) | nn::Dense{16} | nn::ReLU{};
  const auto classes = (both | nn::Dense{3} | nn::Softmax{}).named("classes");
  const auto price = (both | nn::Dense{1}).named("price");
  nn::Model model{{image, meta}, {classes, price}};
  model.compile(nn::Adam{}, {nn::SparseCategoricalCrossentropy{}, nn::MeanSquaredError{}},
                {{nn::Accuracy{}}, {nn::MeanAbsoluteError{}}}, {.loss_weights = {1, 0.5}});
  nn::Tensor<T, 4> images(20, 6, 6, 1);
  nn::Tensor<T, 2> metadata(20, 4), prices(20, 1);
  fill(images);
  fill(metadata);
  fill(prices);
  const nn::Labels labels = labels_of(20, 3);
  const auto history =
      model.fit({images, metadata}, {labels, prices}, {.epochs = 3, .verbose = silent});
  for (const char* name :
       {"loss", "classes_loss", "price_loss", "classes_accuracy", "price_mean_absolute_error"}) {
    check(history[name].size() == 3, name);
  }
  const double sum = history["classes_loss"].back() + 0.5 * history["price_loss"].back();
  check(std::abs(history["loss"].back() - sum) < 1e-6, "the weighted sum of both losses");

  const auto [p, cost] = model.template predict<2, 2>({images, metadata});
  check(p.dimension(1) == 3 && cost.dimension(1) == 1, "a tensor for each output");

  const Scratch file("nn_two_outputs");
  model.save(file.path);
  const auto loaded = nn::Model<T>::load(file.path);
  const auto [q, same_cost] = loaded.template predict<2, 2>({images, metadata});
  check(q(7, 1) == p(7, 1) && same_cost(7, 0) == cost(7, 0), "the same model from a file");
}

template <class T>
void numbers_instead_of_classes() {
  nn::Tensor<T, 2> x(50, 3), y(50, 1);
  fill(x);
  for (nn::Index i = 0; i < 50; ++i) y(i, 0) = x(i, 0) - 2 * x(i, 1);
  nn::Tensor<T, 1> w(50);
  w.setConstant(2);
  nn::Sequential model{nn::Normalization<T>{},
                       nn::Dense<T>{32, {.activation = nn::Activation::gelu}}, nn::Dense<T>{1}};
  model.template layer<nn::Normalization<T>>(0).adapt(x);
  model.compile(nn::Adam{}, nn::MeanSquaredError{}, {nn::MeanAbsoluteError{}, nn::R2Score{}});
  const auto history = model.fit(
      x, y, {.epochs = 20, .verbose = silent, .sample_weight = w, .validation_split = 0.2});
  check(history["val_r2_score"].back() > history["val_r2_score"].front(), "a fit that improves");

  // Several labels a sample.
  nn::Tensor<T, 2> several(50, 5);
  several.setConstant(1);
  nn::Sequential tagger{nn::Dense<T>{5, {.activation = nn::Activation::sigmoid}}};
  tagger.compile(nn::Adam{}, nn::BinaryCrossentropy{});
  check(tagger.fit(x, several, {.verbose = silent})["loss"].back() > 0, "a loss of several labels");
}

template <class T>
void sequences() {
  nn::Tensor<std::int32_t, 2> tokens(60, 12);  // those behind the end are 0
  for (nn::Index n = 0; n < 60; ++n) {
    for (nn::Index t = 0; t < 12; ++t) {
      const bool is_padding = t >= 4 + n % 8;
      const nn::Index word = 1 + n % 2 * 50 + (7 * n + 3 * t) % 50;
      tokens(n, t) = static_cast<std::int32_t>(is_padding ? 0 : word);
    }
  }
  nn::Sequential model{nn::Embedding<T>{101, 8, {.mask_zero = true}},
                       nn::Bidirectional{nn::LSTM<T>{8, {.return_sequences = true}}}, nn::GRU<T>{8},
                       nn::Dense<T>{2}, nn::Softmax<T>{}};
  model.build({12}, {.seed = 3});
  model.compile(nn::Adam{{.learning_rate = 0.02}}, nn::SparseCategoricalCrossentropy{},
                {nn::Accuracy{}});
  const nn::Labels labels = labels_of(60, 2);
  model.fit(tokens, labels, {.epochs = 10, .verbose = silent});
  const auto scores = model.evaluate(tokens, labels, {.verbose = silent});
  check(scores["accuracy"] > 0.95, "sequences that are told apart");

  const Scratch file("sequences.safetensors");
  model.save(file.path);
  const auto restored = nn::Sequential<T>::template load<nn::MoreLayers<T>>(file.path);
  check(restored.predict(tokens)(7, 1) == model.predict(tokens)(7, 1), "the same from a file");
}

template <class T>
struct Pictures {
  [[nodiscard]] nn::Index size() const { return 30; }
  [[nodiscard]] nn::Shape sample_shape() const { return {4, 4, 1}; }
  void read(nn::Index i, std::span<T> x, nn::TargetRow<T> y) const {
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = number<T>(16 * i + static_cast<nn::Index>(k));
    y.set_class(static_cast<std::int32_t>(i % 3));
  }
};

template <class T>
void data_that_is_read() {
  nn::Tensor<T, 4> x(30, 4, 4, 1);
  fill(x);
  const nn::Labels y = labels_of(30, 3);
  const auto begin = [] {
    nn::Sequential model{nn::Flatten<T>{}, nn::Dense<T>{3}, nn::Softmax<T>{}};
    model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{});
    return model;
  };
  auto from_memory = begin(), from_source = begin();
  from_memory.fit(x, y, {.batch_size = 8, .epochs = 3, .verbose = silent});
  from_source.fit(Pictures<T>{}, {.batch_size = 8, .epochs = 3, .verbose = silent, .prefetch = 2});
  const auto p = from_memory.predict(x), q = from_source.predict(Pictures<T>{});
  bool is_equal = true;
  for (nn::Index i = 0; i < p.size(); ++i) is_equal &= p.data()[i] == q.data()[i];
  check(is_equal, "the same bits from memory and from a source");
}

template <class T>
void stop_and_go_on() {
  nn::Tensor<T, 2> x(24, 3);
  fill(x);
  const nn::Labels y = labels_of(24, 2);
  const auto begin = [] {
    nn::Sequential model{nn::Dense<T>{4}, nn::ReLU<T>{}, nn::Dense<T>{2}, nn::Softmax<T>{}};
    model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{}, {nn::Accuracy{}});
    return model;
  };
  auto undisturbed = begin();
  undisturbed.fit(x, y, {.epochs = 6, .verbose = silent});
  struct Crash {
    void on_epoch_end(nn::FitContext& context) const {
      if (context.epoch == 3) throw std::runtime_error("killed");
    }
  };
  const Scratch backup("nn_backup"), all("nn_all");
  try {
    auto killed = begin();
    killed.fit(x, y,
               {.epochs = 6,
                .verbose = silent,
                .callbacks = {nn::BackupAndRestore{backup.path}, Crash{}}});
  } catch (const std::runtime_error&) {
  }
  auto resumed = begin();
  struct Quiet {
    void on_epoch_end(nn::FitContext&) const {}
  };
  resumed.fit(
      x, y,
      {.epochs = 6, .verbose = silent, .callbacks = {nn::BackupAndRestore{backup.path}, Quiet{}}});
  check(resumed.predict(x)(5, 1) == undisturbed.predict(x)(5, 1), "the same bits after a crash");

  resumed.save(all.path, {.optimizer = true});
  auto loaded = nn::Model<T>::load(all.path);
  loaded.fit(x, y, {.verbose = silent});
  resumed.fit(x, y, {.verbose = silent});
  check(loaded.predict(x)(5, 1) == resumed.predict(x)(5, 1), "training that goes on from a file");
}

template <class T>
void freeze_and_fine_tune() {
  const nn::Input<T> in{{4}};
  nn::Model base{in, in | nn::Dense{6} | nn::ReLU{}};
  const Scratch file("nn_base");
  base.save(file.path);
  nn::Model<T> part = nn::Model<T>::load(file.path);
  part.freeze();
  nn::Sequential<T> model{part, nn::Dense<T>{2}, nn::Softmax<T>{}};
  model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{});
  nn::Tensor<T, 2> x(10, 4);
  fill(x);
  model.fit(x, labels_of(10, 2), {.verbose = silent});
  bool is_kept = true;
  for (const auto& before : base.parameters()) {
    for (const auto& after : model.parameters()) {
      if (!after.name.ends_with(before.name)) continue;
      for (nn::Index i = 0; i < before.shape.num_elements(); ++i) {
        is_kept &= before.value()(i) == after.value()(i);
      }
    }
  }
  check(is_kept, "frozen weights as they were");
}

template <class T>
void run_all() {
  graph_with_branches<T>();
  two_inputs_two_outputs<T>();
  numbers_instead_of_classes<T>();
  sequences<T>();
  data_that_is_read<T>();
  stop_and_go_on<T>();
  freeze_and_fine_tune<T>();
}

}  // namespace

int main() {
  run_all<float>();
  run_all<double>();
  return num_failures;
}
