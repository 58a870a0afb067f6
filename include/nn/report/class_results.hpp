// SPDX-License-Identifier: MIT
// How a classifier read each sample, and how far its probabilities can be trusted.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/report/report_contents.hpp"

namespace nn::report {

/// One sample: its class, the class with the highest probability, and the one after that.
struct Reading {
  Index sample = 0;
  Index truth = 0, read = 0, second = 0;
  double p_truth = 0, p_read = 0, p_second = 0;

  [[nodiscard]] bool is_right() const { return read == truth; }
};

/// Samples whose highest probability lies in one interval.
struct CalibrationBin {
  std::int64_t count = 0;
  double confidence = 0, accuracy = 0;  // means over them
};

/// Confidence against accuracy, in intervals of equal width.
struct Calibration {
  static constexpr std::size_t num_bins = 10;
  std::array<CalibrationBin, num_bins> bins{};
  /// Expected calibration error: the mean of |accuracy - confidence| over the bins, weighted by
  /// their samples (Naeini, Cooper and Hauskrecht 2015; Guo, Pleiss, Sun and Weinberger 2017).
  double error = 0;
};

struct ClassResults {
  ConfusionMatrix confusion{};
  std::vector<Reading> readings{};  // of all samples; empty: only the matrix is known
  std::optional<Calibration> calibration{};
  bool are_logits = false;  // the model's numbers were made probabilities by a softmax
  std::vector<std::string> names{};

  [[nodiscard]] const std::string& name(Index k) const {
    return names[static_cast<std::size_t>(k)];
  }
};

/// The model's numbers for all samples, [rows, cols].
struct Predictions {
  Index rows = 0, cols = 0;
  std::vector<double> values{};

  [[nodiscard]] std::span<const double> row(Index i) const {
    return std::span(values).subspan(static_cast<std::size_t>(i * cols),
                                     static_cast<std::size_t>(cols));
  }
};

/// Those that were given, else those of the model. Throws `ShapeError` unless they are as many as
/// the targets.
[[nodiscard]] NN_COLD inline Predictions predictions_of(const HtmlReport& report) {
  Predictions made;
  if (report.predictions.data() != nullptr) {
    const Samples& given = report.predictions;
    made.rows = given.count();
    made.cols = given.sample_shape().num_elements();
    made.values.resize(static_cast<std::size_t>(made.rows * made.cols));
    const double* const values = given.gather<double>(nullptr, made.rows, made.values.data());
    if (values != made.values.data()) {
      std::copy_n(values, made.values.size(), made.values.data());
    }
  } else if (report.model.is_given() && report.samples.data() != nullptr) {
    made.rows = report.samples.count();
    made.values = report.model->predict(report.samples);
    made.cols = report.model->output_shape().num_elements();
  }
  if (made.rows == report.targets.count()) return made;
  refuse<ShapeError>({"html_report",
                      {"targets for ", made.rows, " samples"},
                      report.targets.count(),
                      "",
                      "give samples and a model, or predictions, for all targets"});
}

/// The class of each sample; empty where the targets are values that are no one-hot rows.
[[nodiscard]] NN_COLD inline std::vector<Index> classes_of(const Targets& targets, Index cols) {
  std::vector<Index> classes;
  const Index count = targets.count(), size = targets.numbers_per_sample();
  if (targets.kind() == TargetKind::classes) {
    demand(size == 1, "html_report", "one class for each sample", size);
    for (Index i = 0; i < count; ++i) classes.push_back(targets.class_of(i, 0));
    return classes;
  }
  if (size != cols || size < 2) return classes;
  std::vector<double> buffer(static_cast<std::size_t>(size));
  for (Index i = 0; i < count; ++i) {
    const double* const row = targets.slice(i, 1).gather_values<double>(nullptr, 1, buffer.data());
    const auto num_ones = std::count(row, row + size, 1.0);
    if (num_ones != 1 || std::count(row, row + size, 0.0) != size - 1) return {};
    classes.push_back(std::find(row, row + size, 1.0) - row);
  }
  return classes;
}

/// The model's row as probabilities. A single number is that of class 1.
NN_COLD inline void make_probabilities(std::span<const double> row, bool are_logits,
                                       std::vector<double>& p) {
  p.assign(row.begin(), row.end());
  if (are_logits && row.size() == 1) p[0] = 1 / (1 + std::exp(-p[0]));
  if (row.size() == 1) p.insert(p.begin(), 1 - p[0]);
  if (!are_logits || row.size() == 1) return;
  const double highest = *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (double& number : p) sum += number = std::exp(number - highest);
  for (double& number : p) number /= sum;
}

/// Whether some row is no distribution, so that all are taken as logits.
[[nodiscard]] NN_COLD inline bool are_logits(const Predictions& predictions) {
  constexpr double tolerance = 0.01;
  for (Index i = 0; i < predictions.rows; ++i) {
    double sum = 0, lowest = 0;
    for (const double number : predictions.row(i)) {
      sum += number;
      lowest = std::min(lowest, number);
    }
    const double above = predictions.cols == 1 ? sum - 1 : std::abs(sum - 1) - tolerance;
    if (lowest < 0 || above > 0) return true;  // not so for NaN, of a model that has diverged
  }
  return false;
}

[[nodiscard]] NN_COLD inline Reading read_sample(Index sample, Index truth,
                                                 std::span<const double> p) {
  const auto size = static_cast<Index>(p.size());
  const auto at = [&](Index k) { return p[static_cast<std::size_t>(k)]; };
  Reading reading{.sample = sample, .truth = truth, .p_truth = at(truth)};
  for (Index k = 1; k < size; ++k) reading.read = at(k) > at(reading.read) ? k : reading.read;
  reading.second = reading.read == 0 && size > 1 ? 1 : 0;
  for (Index k = 0; k < size; ++k) {
    if (k != reading.read && at(k) > at(reading.second)) reading.second = k;
  }
  reading.p_read = at(reading.read);
  reading.p_second = at(reading.second);
  return reading;
}

[[nodiscard]] NN_COLD inline Calibration calibrate(std::span<const Reading> readings) {
  Calibration made;
  for (const Reading& reading : readings) {
    const double place = reading.p_read * static_cast<double>(Calibration::num_bins);
    const double last = static_cast<double>(Calibration::num_bins - 1);
    auto& bin = made.bins[static_cast<std::size_t>(place > 0 ? std::min(place, last) : 0)];
    ++bin.count;
    bin.confidence += reading.p_read;
    bin.accuracy += reading.is_right() ? 1 : 0;
  }
  for (CalibrationBin& bin : made.bins) {
    if (bin.count == 0) continue;
    made.error += std::abs(bin.accuracy - bin.confidence) / static_cast<double>(readings.size());
    bin.confidence /= static_cast<double>(bin.count);
    bin.accuracy /= static_cast<double>(bin.count);
  }
  return made;
}

/// Throws unless a matrix that was given is that of the samples.
NN_COLD inline void require_same(const ConfusionMatrix& given, const ConfusionMatrix& counted) {
  constexpr const char* where = "html_report";
  if (given.classes() != counted.classes()) {
    refuse<ShapeError>(
        {where, {"a confusion matrix of ", counted.classes(), " classes"}, given.classes()});
  }
  for (Index t = 0; t < given.classes(); ++t) {
    for (Index p = 0; p < given.classes(); ++p) {
      if (given(t, p) == counted(t, p)) continue;
      refuse({where,
              {"the confusion matrix of the samples, with ", counted(t, p), " of class ", t,
               " read as ", p},
              given(t, p),
              "",
              "leave it out, and it is counted"});
    }
  }
}

/// What is known of each class. Throws where the parts of the report contradict each other.
[[nodiscard]] NN_COLD inline ClassResults class_results_of(const HtmlReport& report,
                                                           const Predictions& predictions,
                                                           const std::vector<Index>& classes) {
  ClassResults results{.confusion = report.confusion};
  if (!classes.empty() && predictions.cols > 0) {
    results.are_logits = are_logits(predictions);
    ConfusionMatrix counted(std::max<Index>(predictions.cols, 2));
    std::vector<double> p;
    for (Index i = 0; i < predictions.rows; ++i) {
      const Index truth = classes[static_cast<std::size_t>(i)];
      make_probabilities(predictions.row(i), results.are_logits, p);
      if (truth < 0 || truth >= counted.classes()) {
        refuse(
            {"html_report", {"classes from 0 to ", counted.classes() - 1}, truth, {"target ", i}});
      }
      results.readings.push_back(read_sample(i, truth, p));
      counted.add(truth, results.readings.back().read);
    }
    if (results.confusion.classes() > 0) require_same(results.confusion, counted);
    results.confusion = counted;
    results.calibration = calibrate(results.readings);
  }
  results.names = report.class_names;
  const auto num_classes = static_cast<std::size_t>(results.confusion.classes());
  if (results.names.empty()) {
    for (std::size_t k = 0; k < num_classes; ++k) results.names.push_back(concat(k));
  }
  if (num_classes > 0 && results.names.size() != num_classes) {
    refuse<ShapeError>(
        {"html_report", {"names of ", num_classes, " classes"}, results.names.size()});
  }
  return results;
}

}  // namespace nn::report
