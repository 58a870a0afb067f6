// SPDX-License-Identifier: MIT
// All figures of a report as JSON, for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/core/parallel.hpp"
#include "nn/io/json_text.hpp"
#include "nn/kernels/machine/cpu.hpp"
#include "nn/report/gallery_sections.hpp"
#include "nn/report/training_section.hpp"
#include "nn/report/value_results.hpp"

namespace nn::report {

/// What follows from the contents of a report.
struct Results {
  ClassResults classes{};
  std::vector<ValueResults> values{};
  Galleries galleries{};
};

[[nodiscard]] inline std::string version() {
  return concat({NN_VERSION_MAJOR, ".", NN_VERSION_MINOR, ".", NN_VERSION_PATCH});
}

namespace json {

inline void add(std::string& json, std::string_view key, std::string_view text) {
  io::append_key(json, key);
  io::append_quoted(json, clean(text));
}
/// null for NaN and infinity, which JSON has not.
inline void append_double(std::string& json, double number) {
  if (is_finite(number)) return io::append_number(json, number);
  json += "null";
}
inline void add(std::string& json, std::string_view key, double number) {
  io::append_key(json, key);
  append_double(json, number);
}
inline void add_count(std::string& json, std::string_view key, std::int64_t count) {
  io::append_key(json, key);
  append(json, count);
}
inline void open(std::string& json, std::string_view key, char bracket) {
  io::append_key(json, key);
  json += bracket;
}

}  // namespace json

NN_COLD inline void append_epochs(std::string& text, const History& history) {
  json::open(text, "epochs", '[');
  for (std::size_t i = 0; i < history.epochs().size(); ++i) {
    io::append_comma(text);
    text += '{';
    json::add_count(text, "epoch", history.epochs()[i] + 1);
    json::add(text, "seconds", history.seconds()[i]);
    for (const auto& [name, values] : history) {
      if (i < values.size()) json::add(text, clean(name), values[i]);
    }
    text += '}';
  }
  text += ']';
  if (const auto best = best_epoch(history)) {
    json::add_count(text, "best_epoch", history.epochs()[*best] + 1);
  }
}

NN_COLD inline void append_readings(std::string& text, std::string_view key,
                                    std::span<const Reading> readings) {
  json::open(text, key, '[');
  for (const Reading& reading : readings) {
    io::append_comma(text);
    text += '{';
    json::add_count(text, "sample", reading.sample);
    json::add_count(text, "true", reading.truth);
    json::add(text, "true_probability", reading.p_truth);
    json::add_count(text, "read", reading.read);
    json::add(text, "read_probability", reading.p_read);
    json::add_count(text, "second", reading.second);
    json::add(text, "second_probability", reading.p_second);
    text += '}';
  }
  text += ']';
}

/// The matrix, whole or, of many classes, as [true, read, count] of what is not 0.
NN_COLD inline void append_matrix(std::string& text, const ConfusionMatrix& confusion) {
  const bool is_whole = confusion.classes() <= most_matrix_classes;
  json::open(text, is_whole ? "confusion_matrix" : "confusion_counts", '[');
  for (Index t = 0; t < confusion.classes(); ++t) {
    std::vector<Index> row;
    for (Index p = 0; p < confusion.classes(); ++p) {
      if (is_whole) {
        row.push_back(confusion(t, p));
      } else if (confusion(t, p) > 0) {
        io::append_comma(text);
        io::append_list(text, std::vector<Index>{t, p, confusion(t, p)});
      }
    }
    if (!is_whole) continue;
    io::append_comma(text);
    io::append_list(text, row);
  }
  text += ']';
}

NN_COLD inline void append_class_figures(std::string& text, const ClassResults& results) {
  const ConfusionMatrix& confusion = results.confusion;
  json::add(text, "accuracy", confusion.accuracy());
  json::add(text, "precision", confusion.precision());
  json::add(text, "recall", confusion.recall());
  json::add(text, "f1", confusion.f1());
  json::open(text, "per_class", '[');
  for (Index k = 0; k < confusion.classes(); ++k) {
    io::append_comma(text);
    text += '{';
    json::add(text, "name", results.name(k));
    json::add(text, "precision", confusion.precision(k));
    json::add(text, "recall", confusion.recall(k));
    json::add(text, "f1", confusion.f1(k));
    json::add_count(text, "support", confusion.support(k));
    text += '}';
  }
  text += ']';
  append_matrix(text, confusion);
  if (!results.calibration) return;
  json::add(text, "expected_calibration_error", results.calibration->error);
  json::open(text, "calibration", '[');
  for (const CalibrationBin& bin : results.calibration->bins) {
    io::append_comma(text);
    text += '{';
    json::add_count(text, "count", bin.count);
    json::add(text, "confidence", bin.confidence);
    json::add(text, "accuracy", bin.accuracy);
    text += '}';
  }
  text += ']';
}

NN_COLD inline void append_value_figures(std::string& text,
                                         const std::vector<ValueResults>& values) {
  json::open(text, "values", '[');
  for (const ValueResults& each : values) {
    io::append_comma(text);
    text += '{';
    json::add(text, "name", each.name);
    json::add_count(text, "count", std::ssize(each.truth));
    json::add(text, "mean_absolute_error", each.mean_absolute_error);
    json::add(text, "root_mean_squared_error", each.root_mean_squared_error);
    json::add(text, "r2", each.r2);
    text += '}';
  }
  text += ']';
}

/// {"title": …, "epochs": […], "scores": {…}, "accuracy": …, "per_class": […], …}; what the report
/// does not have is left out.
[[nodiscard]] NN_COLD inline std::string figures_json(const HtmlReport& report,
                                                      const Results& results) {
  std::string text = "{";
  json::add(text, "nn", version());
  json::add(text, "title", report.title);
  if (!report.data.empty()) json::add(text, "data", report.data);
  if (!report.command.empty()) json::add(text, "command", report.command);
  if (report.seed) {
    io::append_key(text, "seed");
    append(text, *report.seed);
  }
  json::add(text, "machine", cpu());
  for (const auto& [name, fact] : report.facts) json::add(text, clean("fact: " + name), fact);
  if (report.model.is_given()) {
    json::add_count(text, "parameters", report.model->count_parameters());
  }
  if (!report.history.epochs().empty()) append_epochs(text, report.history);
  if (!report.scores.empty()) {
    json::open(text, "scores", '{');
    for (const auto& [name, value] : report.scores) json::add(text, clean(name), value);
    text += '}';
  }
  if (results.classes.confusion.classes() > 0) append_class_figures(text, results.classes);
  if (!results.classes.readings.empty()) {
    append_readings(text, "mistakes", results.galleries.mistakes);
    append_readings(text, "least_certain", results.galleries.uncertain);
  }
  if (!results.values.empty()) append_value_figures(text, results.values);
  return text + "}";
}

}  // namespace nn::report
