// SPDX-License-Identifier: MIT
// What a report is made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/data/targets.hpp"
#include "nn/metrics/confusion_matrix.hpp"
#include "nn/report/reported_model.hpp"
#include "nn/training/history.hpp"
#include "nn/training/scores.hpp"

namespace nn {

/// What is known of a model and its training. Each part may be left out, and the page then says
/// less. Samples, targets, predictions and model are views: what they show has to outlive the call
/// that writes the page.
struct HtmlReport {
  std::string title = "Report of a model";
  std::string data{};     ///< what it was trained and tested on: "MNIST, 10,000 test images"
  std::string command{};  ///< that makes the model again
  std::optional<std::uint64_t> seed{};
  std::vector<std::pair<std::string, std::string>> facts{};  ///< more of that kind: name and text

  History history{};            ///< what `fit` gave
  Scores scores{};              ///< what `evaluate` gave on the samples below
  ConfusionMatrix confusion{};  ///< of these samples; empty: it is counted
  ReportedModel model{};        ///< for predictions, saliency maps, filters and its summary
  Samples samples{};            ///< x [N, ...] that the model was tested on
  Targets targets{};            ///< y: class numbers [N], one-hot rows [N, classes], or values
  Samples predictions{};        ///< what the model gave for x; empty: it is asked
  std::vector<std::string> class_names{};  ///< empty: the classes' numbers

  Index gallery_size = 24;     ///< most samples in each of the two galleries
  Index samples_per_cell = 5;  ///< most samples of each cell of the confusion matrix
  Index smooth_samples = 50;   ///< noisy copies for each saliency map: see InputGradientOptions
};

}  // namespace nn
