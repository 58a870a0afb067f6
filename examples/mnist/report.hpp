// SPDX-License-Identifier: MIT
// What mnist_train reports: as text for people, as JSON for programs.
#pragma once

#include <sys/resource.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mnist/digit_text.hpp"
#include "mnist/members.hpp"
#include "mnist/mnist.hpp"
#include "mnist/recipe.hpp"
#include "nn/sequential.hpp"

namespace mnist {

using Json = nlohmann::ordered_json;

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
  bool is_stopped;                               // early, by a signal
  const std::vector<Member>* members = nullptr;  // all that were trained
};

/// {"seed":42,"accuracy":0.9903,"loss":0.0301} of each training that was tested by itself, and
/// their mean.
[[nodiscard]] inline Json repeats_to_json(const std::vector<Member>& members) {
  Json runs = Json::array();
  for (const Member& member : members) {
    if (!member.test) continue;
    runs.push_back({{"seed", member.seed},
                    {"accuracy", member.test->confusion.accuracy()},
                    {"loss", member.test->loss}});
  }
  Json repeats{{"runs", std::move(runs)}};
  const std::vector<double> accuracies = accuracies_of(members);
  if (accuracies.size() < 2) return repeats;
  const Spread spread = spread_of(accuracies);
  repeats["mean"] = spread.mean;
  repeats["standard_deviation"] = spread.deviation;
  repeats["interval_95"] = {spread.mean - spread.margin, spread.mean + spread.margin};
  return repeats;
}

/// Everything that the screen shows, for programs:
///
///     nn, command             the library's version; how to repeat the training
///     data, data_crc32        name of the training data; checksums of its unpacked files
///     drawn, samples          whether the digits are drawn; numbers of images
///     threads, instruction_set, precision          what it was computed with
///     recipe, optimizer, batch_size, learning_rate, schedule, seed, parameters
///                             what was trained and how; of OneCycle the highest rate
///     stopped                 whether a signal ended the training early
///     repeats                 with --seeds, of accuracies: runs, mean, standard_deviation,
///                             interval_95 (of the mean, Student's t)
///     ensemble                with --ensemble, the seeds of its networks
///     epochs                  of each: seconds of training, loss, accuracy, val_…; of several
///                             trainings those of the first
///     test                    results on the test images; confusion_matrix[true][predicted]
///     peak_memory_bytes       of the whole program
[[nodiscard]] inline Json report_to_json(const DataSet& data, const nn::Model<float>& model,
                                         const Training& training, const TestResult& result) {
  const Recipe& recipe = training.recipe;
  Json report{
      {"nn", nn::concat({NN_VERSION_MAJOR, ".", NN_VERSION_MINOR, ".", NN_VERSION_PATCH})},
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
      {"stopped", training.is_stopped}};
  const bool is_tested = training.members != nullptr && training.members->front().test.has_value();
  if (is_tested) report["repeats"] = repeats_to_json(*training.members);
  if (training.members != nullptr && training.members->size() > 1 && !is_tested) {
    for (const Member& member : *training.members) report["ensemble"].push_back(member.seed);
  }
  report["epochs"] = epochs_to_json(training.history);
  report["test"] = test_to_json(result);
  report["peak_memory_bytes"] = peak_memory_bytes();
  return report;
}

}  // namespace mnist
