// SPDX-License-Identifier: MIT
// How far a model's numbers are from the true ones.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/report/class_results.hpp"
#include "nn/report/svg_chart.hpp"
#include "nn/report/table.hpp"

namespace nn::report {

/// One number of the output over all samples, or all numbers together.
struct ValueResults {
  std::string name{};
  std::vector<double> truth{}, predicted{};
  double mean_absolute_error = 0, root_mean_squared_error = 0;
  double r2 = 0;  // 1 - residual / total sum of squares; 0 for constant targets
};

[[nodiscard]] NN_COLD inline ValueResults value_results(const std::string& name,
                                                        std::vector<double> truth,
                                                        std::vector<double> predicted) {
  ValueResults made{.name = name, .truth = std::move(truth), .predicted = std::move(predicted)};
  const auto count = static_cast<double>(std::max<std::size_t>(made.truth.size(), 1));
  const double mean = std::accumulate(made.truth.begin(), made.truth.end(), 0.0) / count;
  double squares = 0, total = 0;
  for (std::size_t i = 0; i < made.truth.size(); ++i) {
    const double residual = made.predicted[i] - made.truth[i];
    made.mean_absolute_error += std::abs(residual) / count;
    squares += residual * residual;
    total += (made.truth[i] - mean) * (made.truth[i] - mean);
  }
  made.root_mean_squared_error = std::sqrt(squares / count);
  made.r2 = total > 0 ? 1 - squares / total : 0;
  return made;
}

/// Those of each number of the output, if they are up to four, else all together. Throws
/// `ShapeError` unless there are as many targets as predictions.
[[nodiscard]] NN_COLD inline std::vector<ValueResults> value_results_of(
    const Targets& targets, const Predictions& predictions) {
  constexpr Index most_outputs = 4;
  const Index cols = targets.numbers_per_sample();
  if (cols != predictions.cols) {
    refuse<ShapeError>(
        {"html_report", {"targets of ", predictions.cols, " numbers for each sample"}, cols});
  }
  std::vector<double> truth(predictions.values.size());
  const double* const given = targets.gather_values<double>(nullptr, targets.count(), truth.data());
  if (given != truth.data()) std::copy_n(given, truth.size(), truth.data());
  std::vector<ValueResults> results;
  if (cols > most_outputs) {
    results.push_back(value_results("all outputs", std::move(truth), predictions.values));
    return results;
  }
  for (Index k = 0; k < cols; ++k) {
    std::vector<double> true_column, predicted_column;
    for (Index i = 0; i < predictions.rows; ++i) {
      true_column.push_back(truth[static_cast<std::size_t>(i * cols + k)]);
      predicted_column.push_back(predictions.row(i)[static_cast<std::size_t>(k)]);
    }
    results.push_back(value_results(cols == 1 ? "output" : concat({"output ", k}),
                                    std::move(true_column), std::move(predicted_column)));
  }
  return results;
}

/// Predicted against true values, of at most some thousand samples at equal distances.
[[nodiscard]] NN_COLD inline std::string scatter_chart(const ValueResults& results,
                                                       const std::string& id) {
  constexpr std::size_t most = 2000;
  const std::size_t step = results.truth.size() / most + 1;
  std::vector<double> x, y;
  for (std::size_t i = 0; i < results.truth.size(); i += step) {
    x.push_back(results.truth[i]);
    y.push_back(results.predicted[i]);
  }
  const Range range = Range::of(results.truth).with(Range::of(results.predicted));
  Chart chart(
      {.id = id,
       .title = "Predicted against true values: " + results.name,
       .description = concat({"R squared is ", short_number(results.r2),
                              ". Points of a model without errors lie on the diagonal. ",
                              x.size() < results.truth.size() ? concat({x.size(), " of "}) : "",
                              count_of(std::ssize(results.truth), "value", "values")}),
       .x_label = "true",
       .y_label = "predicted"},
      Axis(range), Axis(range));
  const std::vector<double> ends{range.low, range.high};
  chart.line(ends, ends, "even");
  chart.dots(x, y, x.size() > 500 ? 1.6 : 2.5, "cloud");
  return concat({"<figure>", chart.finish(), "</figure>\n"});
}

/// How often predictions miss by how much. Residual: predicted less true.
[[nodiscard]] NN_COLD inline std::string residual_chart(const ValueResults& results,
                                                        const std::string& id) {
  constexpr std::size_t num_bars = 24;
  std::vector<double> residuals;
  for (std::size_t i = 0; i < results.truth.size(); ++i) {
    const double residual = results.predicted[i] - results.truth[i];
    if (is_finite(residual)) residuals.push_back(residual);
  }
  Range range = Range::of(residuals);
  if (!(range.high > range.low)) range = {range.low - 0.5, range.low + 0.5};
  const double width = (range.high - range.low) / num_bars;
  std::vector<double> counts(num_bars, 0);
  for (const double residual : residuals) {
    const auto bar = static_cast<std::size_t>(std::max(0.0, (residual - range.low) / width));
    counts[std::min(bar, num_bars - 1)] += 1;
  }
  Chart chart(
      {.id = id,
       .title = "Residuals: " + results.name,
       .description = concat({"From ", short_number(range.low), " to ", short_number(range.high),
                              "; mean absolute error ", short_number(results.mean_absolute_error)}),
       .x_label = "predicted less true",
       .y_label = "samples"},
      Axis(range, true), Axis(Range::of(counts).with({0, 1})));
  for (std::size_t i = 0; i < num_bars; ++i) {
    if (counts[i] == 0) continue;
    const double from = range.low + static_cast<double>(i) * width;
    chart.bar(
        from + 0.06 * width, from + 0.94 * width, counts[i], "bar",
        concat({"from ", short_number(from), " to ", short_number(from + width), ": ", counts[i]}));
  }
  return concat({"<figure>", chart.finish(), "</figure>\n"});
}

/// The values that predictions miss by most.
[[nodiscard]] NN_COLD inline std::string misses_table(const ValueResults& results, Index most) {
  std::vector<std::size_t> order(results.truth.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto error = [&](std::size_t i) {
    const double distance = std::abs(results.predicted[i] - results.truth[i]);
    return is_finite(distance) ? distance : std::numeric_limits<double>::max();
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return error(a) > error(b); });
  order.resize(std::min(order.size(), static_cast<std::size_t>(most)));
  Table table("Largest errors: " + results.name, {"No.", "True", "Predicted", "Error"});
  for (const std::size_t i : order) {
    table.add_row(concat(i), {short_number(results.truth[i]), short_number(results.predicted[i]),
                              short_number(results.predicted[i] - results.truth[i])});
  }
  return table.finish();
}

NN_COLD inline void append_values(std::string& page, const std::vector<ValueResults>& results) {
  constexpr Index most_misses = 10;
  page +=
      "<section aria-labelledby=\"values\">\n<h2 id=\"values\">Predicted values</h2>\n"
      "<p>The first chart has each sample by its true and its predicted value, the second how "
      "often "
      "predictions miss by how much.</p>\n";
  for (std::size_t k = 0; k < results.size(); ++k) {
    append(page, {"<h3>", escape(results[k].name), "</h3>\n<div class=\"charts\">\n",
                  scatter_chart(results[k], concat({"scatter-", k})),
                  residual_chart(results[k], concat({"residuals-", k})), "</div>\n",
                  misses_table(results[k], most_misses)});
  }
  page += "</section>\n";
}

}  // namespace nn::report
