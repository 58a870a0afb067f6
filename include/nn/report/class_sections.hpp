// SPDX-License-Identifier: MIT
// Which class was read as which, how well each one is read, and whether probabilities are true.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "nn/report/class_results.hpp"
#include "nn/report/svg_chart.hpp"
#include "nn/report/table.hpp"

namespace nn::report {

/// True and read class.
using Cell = std::pair<Index, Index>;

[[nodiscard]] inline std::string cell_id(const Cell& cell) {
  return concat({"cell-", cell.first, "-", cell.second});
}

/// Up to so many classes the matrix is shown whole; above, its largest cells beside the diagonal.
inline constexpr Index most_matrix_classes = 40;

/// The cells that the page shows, which link to samples: all that are not 0, or the most frequent
/// mistakes.
[[nodiscard]] NN_COLD inline std::vector<Cell> shown_cells(const ConfusionMatrix& confusion) {
  constexpr std::size_t most_mistakes = 50;
  std::vector<Cell> cells;
  const bool is_whole = confusion.classes() <= most_matrix_classes;
  for (Index t = 0; t < confusion.classes(); ++t) {
    for (Index p = 0; p < confusion.classes(); ++p) {
      if (confusion(t, p) > 0 && (is_whole || t != p)) cells.emplace_back(t, p);
    }
  }
  if (is_whole) return cells;
  std::stable_sort(cells.begin(), cells.end(), [&](const Cell& a, const Cell& b) {
    return confusion(a.first, a.second) > confusion(b.first, b.second);
  });
  cells.resize(std::min(cells.size(), most_mistakes));
  return cells;
}

/// The share of its row, 0 for an empty one.
[[nodiscard]] inline double row_share(const ConfusionMatrix& confusion, const Cell& cell) {
  const auto support =
      static_cast<double>(std::max<std::int64_t>(confusion.support(cell.first), 1));
  return static_cast<double>(confusion(cell.first, cell.second)) / support;
}

/// A count that links to the samples of its cell, where they are known.
[[nodiscard]] NN_COLD inline std::string cell_link(const ClassResults& results, const Cell& cell,
                                                   bool has_samples) {
  const std::int64_t count = results.confusion(cell.first, cell.second);
  const std::string words = concat({with_separators(count), " of class ", results.name(cell.first),
                                    " read as ", results.name(cell.second), ", ",
                                    percent(row_share(results.confusion, cell)), " of the row"});
  if (!has_samples) return concat({"<span title=\"", escape(words), "\">", count, "</span>"});
  return concat({"<a href=\"#", cell_id(cell), "\" title=\"", escape(words), "\" aria-label=\"",
                 escape(words), "\">", count, "</a>"});
}

/// Whether names need more room than numbers.
[[nodiscard]] NN_COLD inline bool has_long_names(const ClassResults& results) {
  return std::any_of(results.names.begin(), results.names.end(),
                     [](const std::string& name) { return name.size() > 4; });
}

[[nodiscard]] NN_COLD inline std::string matrix_table(const ClassResults& results,
                                                      bool has_samples) {
  const ConfusionMatrix& confusion = results.confusion;
  // Mistakes are few: beside the most frequent one, the eye tells them apart by the square root.
  double most_missed = 0;
  for (const Cell& cell : shown_cells(confusion)) {
    if (cell.first != cell.second) most_missed = std::max(most_missed, row_share(confusion, cell));
  }
  std::string html = concat(
      {"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Confusion matrix\">"
       "<table class=\"matrix",
       has_long_names(results) ? " tall" : "",
       "\">\n<caption>Counts by true and by read class</caption>\n<thead><tr><td></td>"});
  for (Index p = 0; p < confusion.classes(); ++p) {
    append(html, {"<th scope=\"col\"><span>", escape(results.name(p)), "</span></th>"});
  }
  html += "</tr></thead>\n<tbody>\n";
  for (Index t = 0; t < confusion.classes(); ++t) {
    append(html, {"<tr><th scope=\"row\">", escape(results.name(t)), "</th>"});
    for (Index p = 0; p < confusion.classes(); ++p) {
      if (confusion(t, p) == 0) {
        html += "<td>0</td>";
        continue;
      }
      const double share = row_share(confusion, {t, p});
      const double strength = 0.55 * (t == p ? share : std::sqrt(share / most_missed));
      append(html, {"<td class=\"", t == p ? "r" : "w",
                    "\" style=\"--s:", with_digits(std::max(strength, 0.04), 2), "\">",
                    cell_link(results, {t, p}, has_samples), "</td>"});
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

[[nodiscard]] NN_COLD inline std::string mistakes_table(const ClassResults& results,
                                                        bool has_samples) {
  Table table("The most frequent mistakes",
              {"True class", "Read as", "Samples", "Share of the class"});
  for (const Cell& cell : shown_cells(results.confusion)) {
    table.add_row(escape(results.name(cell.first)),
                  {escape(results.name(cell.second)), cell_link(results, cell, has_samples),
                   percent(row_share(results.confusion, cell))});
  }
  return table.finish();
}

NN_COLD inline void append_confusion(std::string& page, const ClassResults& results,
                                     bool has_samples) {
  const bool is_whole = results.confusion.classes() <= most_matrix_classes;
  page += "<section aria-labelledby=\"confusion\">\n<h2 id=\"confusion\">Confusion matrix</h2>\n";
  if (is_whole) {
    page +=
        "<p>Rows are true classes, columns those that were read. Colours stand for the share of "
        "the row: <span class=\"key r\"></span> read right, up "
        "to "
        "all of it; <span class=\"key w\"></span> misread, up to the most frequent mistake (by the "
        "square root, so that rare ones show).";
  } else {
    append(page,
           {"<p>With ", results.confusion.classes(), " classes the matrix would be hard to read."});
  }
  append(page,
         {has_samples ? " A count leads to its samples." : "", "</p>\n",
          is_whole ? matrix_table(results, has_samples) : mistakes_table(results, has_samples),
          "</section>\n"});
}

/// Precision, recall, F1 and support of each class.
NN_COLD inline void append_classes(std::string& page, const ClassResults& results) {
  const ConfusionMatrix& confusion = results.confusion;
  Table table("Ratios of each class", {"Class", "Precision", "Recall", "F1", "Support"});
  const auto add_row = [&table](const std::string& name, double precision, double recall, double f1,
                                std::int64_t support) {
    table.add_row(escape(name), {with_digits(precision, 4), with_digits(recall, 4),
                                 with_digits(f1, 4), with_separators(support)});
  };
  for (Index k = 0; k < confusion.classes(); ++k) {
    add_row(results.name(k), confusion.precision(k), confusion.recall(k), confusion.f1(k),
            confusion.support(k));
  }
  table.begin_summary();
  add_row("Mean", confusion.precision(), confusion.recall(), confusion.f1(), confusion.total());
  add_row("Weighted mean", confusion.precision(Average::weighted),
          confusion.recall(Average::weighted), confusion.f1(Average::weighted), confusion.total());
  page +=
      "<section aria-labelledby=\"classes\">\n<h2 id=\"classes\">Classes</h2>\n"
      "<p>Precision: of the samples read as a class, the share that is of it. Recall: of the "
      "samples of a class, the share read as it. F1: their harmonic mean. The weighted mean counts "
      "a class by its support.</p>\n";
  page += table.finish() + "</section>\n";
}

[[nodiscard]] NN_COLD inline std::string calibration_chart(const Calibration& calibration) {
  Chart chart({.id = "reliability",
               .title = "Accuracy by confidence",
               .description = concat({"Expected calibration error ", percent(calibration.error, 2),
                                      ". A model whose probabilities are true follows the "
                                      "diagonal."}),
               .x_label = "confidence",
               .y_label = "accuracy"},
              Axis({0, 1}, true), Axis({0, 1}, true));
  const std::vector<double> ends{0, 1};
  chart.line(ends, ends, "even");
  std::vector<double> x, y;
  for (const CalibrationBin& bin : calibration.bins) {
    if (bin.count == 0) continue;
    x.push_back(bin.confidence);
    y.push_back(bin.accuracy);
  }
  chart.line(x, y, "first");
  chart.dots(x, y, 4, "first");
  return concat({"<figure>", chart.finish(), "</figure>\n"});
}

/// The reliability curve: is a share p of what is read with probability p right?
NN_COLD inline void append_calibration(std::string& page, const ClassResults& results) {
  const Calibration& calibration = *results.calibration;
  Table table("Samples by confidence", {"Confidence", "Samples", "Mean", "Accuracy"});
  for (std::size_t i = 0; i < Calibration::num_bins; ++i) {
    const CalibrationBin& bin = calibration.bins[i];
    if (bin.count == 0) continue;
    table.add_row(concat({10 * i, " to ", 10 * (i + 1), "\xC2\xA0%"}),
                  {with_separators(bin.count), percent(bin.confidence), percent(bin.accuracy)});
  }
  page +=
      "<section aria-labelledby=\"calibration\">\n<h2 id=\"calibration\">Calibration</h2>\n"
      "<p>Of the samples that are read with a confidence of 80 %, 80 % should be right. The "
      "expected calibration error, the mean gap between the two, is ";
  append(
      page,
      {percent(calibration.error, 2), ".",
       results.are_logits ? " The model gives scores; a softmax made probabilities of them." : "",
       "</p>\n<div class=\"columns\">\n", calibration_chart(calibration), table.finish(),
       "</div>\n</section>\n"});
}

}  // namespace nn::report
