// SPDX-License-Identifier: MIT
// The page that mnist_train writes about its training and the test.
#pragma once

#include <string>

#include "mnist/report.hpp"
#include "nn/report/html_report.hpp"

namespace mnist {

/// Writes what the screen shows, and what it has no room for. Throws `IoError`.
inline void write_page(const std::string& path, const DataSet& data, const nn::Model<float>& model,
                       const Training& training, const TestResult& result) {
  nn::Scores scores;
  scores.set("loss", result.loss);
  nn::HtmlReport page{.title = "Handwritten digits",
                      .data = data.name + ": " + describe(data),
                      .command = training.command,
                      .seed = training.seed,
                      .facts = {{"Recipe", describe(training.recipe)}},
                      .history = training.history,
                      .scores = scores,
                      .model = model,
                      .samples = data.test_images,
                      .targets = data.test_labels,
                      .predictions = result.probabilities};
  if (training.members != nullptr && training.members->size() > 1) {
    page.facts.emplace_back(
        "Curves", nn::concat({"of the first of ", training.members->size(), " trainings"}));
  }
  if (training.is_stopped) page.facts.emplace_back("Stopped", "by a signal, in the last epoch");
  nn::write_html_report(path, page);
}

}  // namespace mnist
