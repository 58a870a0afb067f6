// SPDX-License-Identifier: MIT
// What mnist_train reports: as text for people, as JSON for programs.
#pragma once

#include <sys/resource.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mnist/digit_text.hpp"
#include "mnist/mnist.hpp"
#include "mnist/recipe.hpp"
#include "nn/sequential.hpp"

namespace mnist {

using Json = nlohmann::ordered_json;

/// How a trained model did on the test images.
struct TestResult {
  double loss;
  nn::ConfusionMatrix confusion;
  nn::Tensor<float, 2> probabilities;  // [N, classes]
};

[[nodiscard]] inline long long peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024LL;
}

[[nodiscard]] inline std::string percent(double share) {
  return nn::with_digits(100 * share, 2) + " %";
}

/// "60,000 training and 10,000 test images of 28x28, 10 classes"
[[nodiscard]] inline std::string describe(const DataSet& data) {
  const auto& images = data.train_images;
  return nn::with_separators(images.dimension(0)) + " training and " +
         nn::with_separators(data.test_images.dimension(0)) + " test images of " +
         std::to_string(images.dimension(1)) + "x" + std::to_string(images.dimension(2)) + ", " +
         std::to_string(data.num_classes) + " classes";
}

/// Which class was predicted as which, and the precision, recall and F1 of each class.
[[nodiscard]] inline std::string class_tables(const nn::ConfusionMatrix& confusion,
                                              nn::Index line_width) {
  std::string text = to_string(confusion, line_width) + "\nclass  precision  recall      F1\n";
  const auto append_cell = [&](const std::string& cell, std::size_t width) {
    text.append(width - cell.size(), ' ').append(cell);
  };
  for (nn::Index k = 0; k < confusion.classes(); ++k) {
    append_cell(std::to_string(k), 5);
    append_cell(nn::with_digits(confusion.precision(k), 4), 11);
    append_cell(nn::with_digits(confusion.recall(k), 4), 8);
    append_cell(nn::with_digits(confusion.f1(k), 4), 8);
    text += '\n';
  }
  return text;
}

/// The first few test images that the model read as another digit, as text.
[[nodiscard]] inline std::string misread_digits(const DataSet& data, const TestResult& result,
                                                nn::Index line_width) {
  constexpr std::size_t most = 4;
  std::vector<nn::Index> indices;
  std::vector<std::string> captions;
  const auto& p = result.probabilities;
  for (nn::Index i = 0; i < p.dimension(0) && indices.size() < most; ++i) {
    nn::Index read = 0;
    for (nn::Index k = 1; k < p.dimension(1); ++k) read = p(i, k) > p(i, read) ? k : read;
    if (read == data.test_labels(i)) continue;
    indices.push_back(i);
    captions.push_back("a " + std::to_string(data.test_labels(i)) + " read as " +
                       std::to_string(read) + " (" + std::to_string(int(100 * p(i, read))) + " %)");
  }
  if (indices.empty()) return "";
  return "Misread digits:\n" + draw_rows(data.test_images, indices, captions, line_width);
}

[[nodiscard]] inline Json epochs_to_json(const nn::History& history) {
  Json epochs = Json::array();
  for (std::size_t i = 0; i < history.epochs().size(); ++i) {
    Json epoch{{"seconds", history.seconds()[i]}};
    for (const auto& [name, values] : history) epoch[name] = values[i];
    epochs.push_back(std::move(epoch));
  }
  return epochs;
}

[[nodiscard]] inline Json test_to_json(const TestResult& result) {
  const nn::ConfusionMatrix& confusion = result.confusion;
  Json per_class = Json::array();
  Json matrix = Json::array();
  for (nn::Index k = 0; k < confusion.classes(); ++k) {
    per_class.push_back({{"precision", confusion.precision(k)},
                         {"recall", confusion.recall(k)},
                         {"f1", confusion.f1(k)},
                         {"support", confusion.support(k)}});
    Json row = Json::array();
    for (nn::Index p = 0; p < confusion.classes(); ++p) row.push_back(confusion(k, p));
    matrix.push_back(std::move(row));
  }
  return {{"loss", result.loss},
          {"accuracy", confusion.accuracy()},
          {"precision", confusion.precision()},
          {"recall", confusion.recall()},
          {"f1", confusion.f1()},
          {"per_class", std::move(per_class)},
          {"confusion_matrix", std::move(matrix)}};
}

/// How a model came about.
struct Training {
  Recipe recipe;
  std::uint64_t seed;
  std::string command;
  nn::History history;
  bool is_stopped;  // early, by a signal
};

/// Everything that the screen shows, for programs:
///
///     nn, command             the library's version; how to repeat the training
///     data, data_crc32        name of the training data; checksums of its unpacked files
///     drawn, samples          whether the digits are drawn; numbers of images
///     threads, instruction_set, precision          what it was computed with
///     recipe, optimizer, batch_size, learning_rate, schedule, seed, parameters
///                             what was trained and how; of OneCycle the highest rate
///     stopped                 whether a signal ended the training early
///     epochs                  of each: seconds of training, loss, accuracy, val_…
///     test                    results on the test images; confusion_matrix[true][predicted]
///     peak_memory_bytes       of the whole program
[[nodiscard]] inline Json report_to_json(const DataSet& data, const nn::Sequential<float>& model,
                                         const Training& training, const TestResult& result) {
  const Recipe& recipe = training.recipe;
  return {{"nn", nn::concat({NN_VERSION_MAJOR, ".", NN_VERSION_MINOR, ".", NN_VERSION_PATCH})},
          {"command", training.command},
          {"data", data.name},
          {"data_crc32", {{"images", data.checksums.images}, {"labels", data.checksums.labels}}},
          {"drawn", data.drawn},
          {"samples",
           {{"train", data.train_images.dimension(0)}, {"test", data.test_images.dimension(0)}}},
          {"threads", nn::num_threads()},
          {"instruction_set", nn::to_string(nn::isa())},
          {"precision", nn::to_string(recipe.precision)},
          {"recipe", recipe.name},
          {"optimizer", recipe.optimizer},
          {"batch_size", recipe.batch_size},
          {"learning_rate", recipe.learning_rate},
          {"schedule", recipe.schedule()},
          {"seed", training.seed},
          {"parameters", model.count_parameters()},
          {"stopped", training.is_stopped},
          {"epochs", epochs_to_json(training.history)},
          {"test", test_to_json(result)},
          {"peak_memory_bytes", peak_memory_bytes()}};
}

}  // namespace mnist
