// SPDX-License-Identifier: MIT
// Samples to look at: the most confident mistakes, the least certain right answers, and a few of
// each cell of the confusion matrix.
#pragma once

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/report/class_sections.hpp"
#include "nn/report/sample_pictures.hpp"

namespace nn::report {

/// The samples that a page shows.
struct Galleries {
  std::vector<Reading> mistakes{};   // the most confident first
  std::vector<Reading> uncertain{};  // right, the least certain first
  std::map<Cell, std::vector<Reading>> cells{};
  bool cells_have_pictures = true;
};

/// Orders readings and cuts the list: by falling or by rising confidence, NaN last.
NN_COLD inline void keep_first(std::vector<Reading>& readings, bool falls, Index most) {
  std::stable_sort(readings.begin(), readings.end(), [falls](const Reading& a, const Reading& b) {
    if (is_nan(a.p_read) || is_nan(b.p_read)) return !is_nan(a.p_read) && is_nan(b.p_read);
    return falls ? a.p_read > b.p_read : a.p_read < b.p_read;
  });
  readings.resize(std::min(readings.size(), static_cast<std::size_t>(most)));
}

/// A sample of a cell takes `sample_bytes` of the page. Where there are many cells, each has fewer
/// samples; where there is no room for one each, they are numbers without pictures.
[[nodiscard]] NN_COLD inline Galleries galleries_of(const ClassResults& results,
                                                    const HtmlReport& report, Index sample_bytes) {
  constexpr Index cell_bytes = 1'800'000;
  Galleries galleries;
  for (const Reading& reading : results.readings) {
    (reading.is_right() ? galleries.uncertain : galleries.mistakes).push_back(reading);
  }
  const std::vector<Cell> cells = shown_cells(results.confusion);
  for (const Cell& cell : cells) galleries.cells[cell] = {};
  for (const Reading& reading : results.readings) {
    const auto found = galleries.cells.find({reading.truth, reading.read});
    if (found != galleries.cells.end()) found->second.push_back(reading);
  }
  const Index most = cell_bytes / sample_bytes / std::max<Index>(std::ssize(cells), 1);
  galleries.cells_have_pictures = most > 0;
  const Index kept = most > 0 ? std::min(report.samples_per_cell, most) : report.samples_per_cell;
  for (auto& [cell, readings] : galleries.cells) {
    keep_first(readings, cell.first != cell.second, kept);
  }
  keep_first(galleries.mistakes, true, report.gallery_size);
  keep_first(galleries.uncertain, false, report.gallery_size);
  return galleries;
}

/// A row of a card: what a class is to the sample, its name, its probability.
[[nodiscard]] inline std::string card_row(const char* role, const std::string& name, double p) {
  return concat(
      {"<div><dt>", role, "</dt><dd>", escape(name), "</dd><dd>", percent(p), "</dd></div>"});
}

/// A sample with its saliency map and what was read. `gradient`: empty where there is none.
[[nodiscard]] NN_COLD inline std::string card(const ClassResults& results, const Reading& reading,
                                              const SamplePictures& pictures,
                                              std::span<const double> gradient) {
  constexpr Index side = 63;
  std::string html = "<li>";
  if (pictures.is_given()) {
    const std::string words =
        concat({"Sample ", reading.sample, ", class ", results.name(reading.truth), ", read as ",
                results.name(reading.read)});
    append(html, {"<div class=\"pair\">", pictures.show(reading.sample, side, words)});
    if (!gradient.empty()) {
      html += pictures.show_saliency(gradient, side,
                                     concat({"Saliency map of sample ", reading.sample}));
    }
    html += "</div>";
  }
  html += "<dl>";
  html += card_row("true", results.name(reading.truth), reading.p_truth);
  if (!reading.is_right()) html += card_row("read", results.name(reading.read), reading.p_read);
  html += card_row("second", results.name(reading.second), reading.p_second);
  append(html, {"</dl><p class=\"no\">No. ", reading.sample, "</p></li>\n"});
  return html;
}

/// `gradients`: those of the samples one after the other; empty where there are none.
NN_COLD inline void append_gallery(std::string& page, const char* id, const char* title,
                                   const std::string& text, const ClassResults& results,
                                   std::span<const Reading> readings,
                                   const SamplePictures& pictures,
                                   std::span<const double> gradients) {
  append(page, {"<section aria-labelledby=\"", id, "\">\n<h2 id=\"", id, "\">", title, "</h2>\n<p>",
                text, "</p>\n<ul class=\"cards", has_long_names(results) ? " wide" : "", "\">\n"});
  const std::size_t size = readings.empty() ? 0 : gradients.size() / readings.size();
  for (std::size_t i = 0; i < readings.size(); ++i) {
    page += card(results, readings[i], pictures, gradients.subspan(i * size, size));
  }
  page += "</ul>\n</section>\n";
}

/// The samples that counts of the confusion matrix lead to.
NN_COLD inline void append_cells(std::string& page, const ClassResults& results,
                                 const Galleries& galleries, const SamplePictures& pictures) {
  constexpr Index side = 42;
  page +=
      "<section aria-labelledby=\"cells\">\n<h2 id=\"cells\">Samples of each cell</h2>\n"
      "<p>Of mistakes the most confident, of what was read right the least certain, each with its "
      "number and the probability of what was read. <a href=\"#confusion\">Back to the matrix</a>"
      "</p>\n<div class=\"cells\">\n";
  for (const auto& [cell, readings] : galleries.cells) {
    const std::int64_t count = results.confusion(cell.first, cell.second);
    append(page, {"<div class=\"cell\" id=\"", cell_id(cell), "\">\n<h3>",
                  escape(results.name(cell.first)),
                  cell.first == cell.second ? " read right" : " read as ",
                  cell.first == cell.second ? "" : escape(results.name(cell.second)),
                  " <span class=\"soft\">",
                  std::ssize(readings) < count ? concat({std::ssize(readings), " of "}) : "",
                  count_of(count, "sample", "samples"), "</span></h3>\n<ul class=\"thumbs\">"});
    for (const Reading& reading : readings) {
      page += "<li>";
      if (pictures.is_given() && galleries.cells_have_pictures) {
        page += pictures.show(reading.sample, side, concat({"Sample ", reading.sample}));
      }
      append(page, {"No. ", reading.sample, "<br/>", percent(reading.p_read), "</li>"});
    }
    page += "</ul>\n</div>\n";
  }
  page += "</div>\n</section>\n";
}

}  // namespace nn::report
