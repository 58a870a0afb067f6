// SPDX-License-Identifier: MIT
// The course of the training: a chart for each value of the history, and the time that epochs took.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/report/svg_chart.hpp"
#include "nn/report/table.hpp"
#include "nn/training/history.hpp"

namespace nn::report {

[[nodiscard]] NN_COLD inline const std::vector<double>* find_values(const History& history,
                                                                    const std::string& name) {
  for (const auto& [key, values] : history) {
    if (key == name) return &values;
  }
  return nullptr;
}

/// The place of the epoch with the lowest loss, of the validation where there was one.
[[nodiscard]] NN_COLD inline std::optional<std::size_t> best_epoch(const History& history) {
  const std::vector<double>* losses = find_values(history, "val_loss");
  if (losses == nullptr) losses = find_values(history, "loss");
  std::optional<std::size_t> best;
  for (std::size_t i = 0; losses != nullptr && i < losses->size(); ++i) {
    if (is_finite((*losses)[i]) && (!best || (*losses)[i] < (*losses)[*best])) best = i;
  }
  return best;
}

/// Epochs that a curve and a table show: all, or every second, third, …, with the best and last.
[[nodiscard]] NN_COLD inline std::vector<std::size_t> shown_epochs(const History& history) {
  constexpr std::size_t most = 300;
  const std::size_t count = history.epochs().size(), step = (count + most - 1) / most;
  const std::optional<std::size_t> best = best_epoch(history);
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % step == 0 || i + 1 == count || i == best) shown.push_back(i);
  }
  return shown;
}

/// Those of the shown epochs; NaN where the history has none, as it may in a run that was resumed.
[[nodiscard]] NN_COLD inline std::vector<double> picked(const std::vector<double>& values,
                                                        std::span<const std::size_t> shown) {
  std::vector<double> few;
  for (const std::size_t i : shown) {
    few.push_back(i < values.size() ? values[i] : std::numeric_limits<double>::quiet_NaN());
  }
  return few;
}

/// The chart of `name` and of its counterpart in validation.
[[nodiscard]] NN_COLD inline std::string history_chart(const History& history,
                                                       const std::string& name,
                                                       const std::string& id) {
  const std::vector<double>* const validation = find_values(history, "val_" + name);
  const std::vector<std::size_t> shown = shown_epochs(history);
  std::vector<double> x;
  x.reserve(shown.size());
  for (const std::size_t i : shown) x.push_back(static_cast<double>(history.epochs()[i]) + 1);
  const std::vector<double> y = picked(*find_values(history, name), shown);
  const std::vector<double> val_y =
      validation == nullptr ? std::vector<double>{} : picked(*validation, shown);
  Range range = Range::of(y);
  if (validation != nullptr) range = range.with(Range::of(val_y));

  const std::optional<std::size_t> best = best_epoch(history);
  std::string description =
      concat({"In epoch ", history.epochs().back() + 1, ": training ", short_number(y.back())});
  if (validation != nullptr) append(description, {", validation ", short_number(val_y.back())});
  if (best) append(description, {". The best epoch is ", history.epochs()[*best] + 1});
  Range epochs = Range::of(x);
  if (x.size() == 1) epochs = {epochs.low - 1, epochs.high + 1};
  Chart chart({.id = id,
               .title = name + " by epoch",
               .description = description,
               .x_label = "epoch",
               .y_label = name},
              Axis(epochs, true), Axis(range), true);
  if (best) {
    const std::string word = x.size() == 1 ? "" : concat({"best: ", history.epochs()[*best] + 1});
    chart.mark(static_cast<double>(history.epochs()[*best]) + 1, word);
  }
  const double radius = shown.size() > 40 ? 0.8 : 3;
  chart.line(x, y, "first");
  chart.dots(x, y, radius, "first");
  std::vector<std::pair<std::string, const char*>> names{{"training", "first"}};
  if (validation != nullptr) {
    chart.line(x, val_y, "second");
    chart.dots(x, val_y, radius, "second");
    names.emplace_back("validation", "second");
  }
  chart.legend(names);
  return concat({"<figure>", chart.finish(), "</figure>\n"});
}

/// Seconds of each epoch, as bars.
[[nodiscard]] NN_COLD inline std::string time_chart(const History& history) {
  const std::vector<std::size_t> shown = shown_epochs(history);
  double total = 0;
  for (const double seconds : history.seconds()) total += seconds;
  const auto first = static_cast<double>(history.epochs()[shown.front()]) + 1;
  const auto last = static_cast<double>(history.epochs()[shown.back()]) + 1;
  Chart chart({.id = "time",
               .title = "Seconds of training by epoch",
               .description = concat({"All epochs together took ", short_number(total),
                                      " seconds, without validation"}),
               .x_label = "epoch",
               .y_label = "seconds"},
              Axis({first - 0.5, last + 0.5}, true),
              Axis(Range::of(history.seconds()).with({0, 0})), true);
  const double width = (last - first + 1) / static_cast<double>(shown.size());
  for (const std::size_t i : shown) {
    const auto epoch = static_cast<double>(history.epochs()[i]) + 1;
    const double half = width * (shown.size() == 1 ? 0.1 : shown.size() > 60 ? 0.5 : 0.35);
    chart.bar(epoch - half, epoch + half, history.seconds()[i], "bar",
              concat({"epoch ", history.epochs()[i] + 1, ": ", short_number(history.seconds()[i]),
                      " s"}));
  }
  return concat({"<figure>", chart.finish(), "</figure>\n"});
}

/// All shown epochs as numbers.
[[nodiscard]] NN_COLD inline std::string history_table(const History& history) {
  const std::optional<std::size_t> best = best_epoch(history);
  std::vector<std::string> titles{"Epoch"};
  for (const auto& [name, values] : history) titles.push_back(name);
  titles.emplace_back("seconds");
  Table table("Values of each epoch", titles, true);
  for (const std::size_t i : shown_epochs(history)) {
    std::vector<std::string> cells;
    for (const auto& [name, values] : history) {
      cells.push_back(i < values.size() ? readable_score(values[i]) : "");
    }
    cells.push_back(with_digits(history.seconds()[i], 1));
    table.add_row(
        concat({history.epochs()[i] + 1, i == best ? " <span class=\"soft\">best</span>" : ""}),
        cells);
  }
  return table.finish();
}

NN_COLD inline void append_training(std::string& page, const History& history) {
  if (history.epochs().empty()) return;
  page += "<section aria-labelledby=\"training\">\n<h2 id=\"training\">Training</h2>\n";
  const bool is_validated = find_values(history, "val_loss") != nullptr;
  if (history.divergence()) {
    page += "<p>The training diverged: the loss is no longer a finite number.</p>\n";
  }
  if (best_epoch(history)) {
    append(page, {"<p>The best epoch is that with the lowest loss",
                  is_validated ? " in validation" : ", as nothing was held back for validation",
                  ".</p>\n"});
  }
  page += "<div class=\"charts\">\n";
  Index number = 0;
  for (const auto& [name, values] : history) {
    if (name.starts_with("val_") || values.empty()) continue;
    page += history_chart(history, name, concat({"history-", number++}));
  }
  page += time_chart(history) + "</div>\n" + history_table(history) + "</section>\n";
}

}  // namespace nn::report
