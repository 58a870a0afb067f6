// SPDX-License-Identifier: MIT
// A page about a trained model: how it learned, where it errs, and what it looks at.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "nn/io/atomic_file.hpp"
#include "nn/report/figures_json.hpp"
#include "nn/report/page_style.hpp"

namespace nn {

namespace report {

/// A figure in large letters.
[[nodiscard]] inline std::string tile(const std::string& name, const std::string& value) {
  return concat({"<div><dt>", escape(name), "</dt><dd>", value, "</dd></div>\n"});
}

/// The figures that one looks for first.
[[nodiscard]] NN_COLD inline std::string tiles(const HtmlReport& report, const Results& results) {
  std::string html;
  const ConfusionMatrix& confusion = results.classes.confusion;
  if (confusion.total() > 0) {
    std::int64_t wrong = confusion.total();
    for (Index k = 0; k < confusion.classes(); ++k) wrong -= confusion(k, k);
    html += tile("Accuracy", percent(confusion.accuracy(), 2));
    html +=
        tile(concat({"Misread of ", with_separators(confusion.total())}), with_separators(wrong));
    html += tile("Macro F1", with_digits(confusion.f1(), 4));
  }
  if (results.classes.calibration) {
    html += tile("Calibration error", percent(results.classes.calibration->error, 2));
  }
  for (const auto& [name, value] : report.scores) {
    if (name == "accuracy" && confusion.total() > 0) continue;  // above
    html += tile(name, readable_score(value));
  }
  for (const ValueResults& each : results.values) {
    const std::string of = results.values.size() > 1 ? ", " + each.name : "";
    html += tile("R²" + of, with_digits(each.r2, 4));
    html += tile("Mean absolute error" + of, short_number(each.mean_absolute_error));
  }
  return html.empty() ? "" : concat({"<dl class=\"tiles\">\n", html, "</dl>\n"});
}

/// A command that breaks between words, not behind hyphens.
[[nodiscard]] NN_COLD inline std::string command_line(std::string_view command) {
  std::string html = "<code>";
  while (!command.empty()) {
    const std::string_view word = command.substr(0, command.find(' '));
    append(html, {"<span class=\"word\">", escape(word), "</span>"});
    command.remove_prefix(word.size());
    const std::size_t next = std::min(command.find_first_not_of(' '), command.size());
    html += command.substr(0, next);
    command.remove_prefix(next);
  }
  return html + "</code>";
}

[[nodiscard]] NN_COLD inline std::string facts(const HtmlReport& report) {
  std::string html;
  const auto add = [&html](const std::string& name, const std::string& text) {
    append(html, {"<dt>", escape(name), "</dt><dd>", text, "</dd>\n"});
  };
  if (!report.data.empty()) add("Data", escape(report.data));
  if (!report.command.empty()) add("Command", command_line(report.command));
  if (report.seed) add("Seed", concat(*report.seed));
  for (const auto& [name, text] : report.facts) add(name, escape(text));
  if (!report.history.seconds().empty()) {
    double total = 0;
    for (const double seconds : report.history.seconds()) total += seconds;
    add("Training", concat({count_of(std::ssize(report.history.epochs()), "epoch", "epochs"), ", ",
                            with_digits(total, 1), " s"}));
  }
  add("Machine", escape(cpu()));
  add("Version", "nn " + version());
  return concat({"<dl class=\"facts\">\n", html, "</dl>\n"});
}

/// Layers and, of a first convolution, kernels.
NN_COLD inline void append_model(std::string& page, const ReportedModel& model) {
  append(page, {"<section aria-labelledby=\"model\">\n<h2 id=\"model\">Model</h2>\n"
                "<pre tabindex=\"0\">",
                escape(model->summary()), "</pre>\n"});
  const Filters filters = model->first_filters();
  if (!filters.values.empty()) {
    append(page, {"<h3>Filters of the first convolution</h3>\n<p>",
                  filters.shape[2] == 3 ? "In colours, grey for a weight of 0."
                                        : "Blue: weights below 0. Orange: above. White: 0.",
                  filters.shape[3] > 64 ? " The first 64 are shown." : "",
                  "</p>\n<ul class=\"filters\">\n", show_filters(filters), "</ul>\n"});
  }
  page += "</section>\n";
}

/// Saliency maps of these samples, one after the other; empty where the model gives none.
[[nodiscard]] NN_COLD inline std::vector<double> saliency_of(const HtmlReport& report,
                                                             std::span<const Reading> readings,
                                                             const SamplePictures& pictures) {
  if (!report.model.is_given() || !pictures.is_given() || readings.empty()) return {};
  if (!report.model->has_gradients()) return {};
  std::vector<Index> rows;
  for (const Reading& reading : readings) rows.push_back(reading.sample);
  return report.model->input_gradient(pictures.gather(rows),
                                      pictures.sample_shape().with_batch(std::ssize(rows)),
                                      report.smooth_samples, report.seed.value_or(0));
}

/// Everything that can be said of the samples, checked.
[[nodiscard]] NN_COLD inline Results results_of(const HtmlReport& report) {
  constexpr const char* where = "html_report";
  demand(report.gallery_size >= 0, where, "a gallery_size of 0 or more", report.gallery_size);
  demand(report.samples_per_cell >= 0, where, "samples_per_cell of 0 or more",
         report.samples_per_cell);
  demand(report.smooth_samples >= 0, where, "smooth_samples of 0 or more", report.smooth_samples);
  Results results;
  Predictions predictions;
  std::vector<Index> classes;
  if (!report.targets.shape().empty()) {
    predictions = predictions_of(report);
    const Index count = report.samples.count();
    if (report.samples.data() != nullptr && count != predictions.rows) {
      refuse<ShapeError>({where, {predictions.rows, " samples, one for each target"}, count});
    }
    classes = classes_of(report.targets, predictions.cols);
  }
  results.classes = class_results_of(report, predictions, classes);
  if (predictions.rows > 0 && classes.empty()) {
    results.values = value_results_of(report.targets, predictions);
  }
  return results;
}

NN_COLD inline void append_galleries(std::string& page, const HtmlReport& report,
                                     const Results& results, const SamplePictures& pictures) {
  const Galleries& galleries = results.galleries;
  const bool has_maps = report.model.is_given() && report.model->has_gradients();
  const std::string maps =
      !has_maps || !pictures.is_given() ? ""
      : pictures.are_images()
          ? " Beside each sample, its saliency map: the brighter a pixel, the more it sways "
            "the score of the class that was read (SmoothGrad)."
          : " Below the numbers of each sample, those that sway the score of the class that "
            "was read the most (SmoothGrad).";
  if (!galleries.mistakes.empty()) {
    append_gallery(page, "mistakes", "Most confident mistakes",
                   "What the model was surest of and yet misread, the surest first." + maps,
                   results.classes, galleries.mistakes, pictures,
                   saliency_of(report, galleries.mistakes, pictures));
  }
  if (!galleries.uncertain.empty()) {
    append_gallery(page, "uncertain", "Least certain right answers",
                   "What the model read right, but only just, the least certain first.",
                   results.classes, galleries.uncertain, pictures,
                   saliency_of(report, galleries.uncertain, pictures));
  }
}

/// The links to the sections that a page has: its headings with an id.
[[nodiscard]] NN_COLD inline std::string contents_of(std::string_view body) {
  constexpr std::string_view start = "<h2 id=\"", end = "</h2>";
  std::string html = "<nav aria-label=\"Contents\"><ul>\n";
  for (std::size_t at = body.find(start); at != body.npos; at = body.find(start, at + 1)) {
    const std::size_t id = at + start.size(), quote = body.find('"', id);
    const std::size_t title = quote + 2, close = body.find(end, title);
    append(html, {"<li><a href=\"#", body.substr(id, quote - id), "\">",
                  body.substr(title, close - title), "</a></li>\n"});
  }
  return html + "</ul></nav>\n";
}

[[nodiscard]] NN_COLD inline std::string make_page(const HtmlReport& contents) {
  Results results = results_of(contents);
  SamplePictures pictures(contents.samples);
  results.galleries = galleries_of(results.classes, contents, pictures.num_bytes());
  std::vector<Index> shown;
  for (const auto* list : {&results.galleries.mistakes, &results.galleries.uncertain}) {
    for (const Reading& reading : *list) shown.push_back(reading.sample);
  }
  for (const auto& [cell, readings] : results.galleries.cells) {
    for (const Reading& reading : readings) shown.push_back(reading.sample);
  }
  if (pictures.is_given()) pictures.scale_to(pictures.gather(shown));

  std::string body;
  append_training(body, contents.history);
  const bool has_samples = !results.classes.readings.empty() && contents.samples_per_cell > 0;
  if (results.classes.confusion.total() > 0) {
    append_confusion(body, results.classes, has_samples);
    append_classes(body, results.classes);
  }
  if (results.classes.calibration) append_calibration(body, results.classes);
  append_galleries(body, contents, results, pictures);
  if (!results.values.empty()) append_values(body, results.values);
  if (contents.model.is_given()) append_model(body, contents.model);
  if (has_samples) append_cells(body, results.classes, results.galleries, pictures);
  const std::string title = escape(contents.title);
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n";
  append(page, {"<title>", title, "</title>\n<style>", page_style, "</style>\n</head>\n<body>\n"});
  append(page, {"<a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header>\n<h1>",
                title, "</h1>\n", tiles(contents, results), facts(contents), contents_of(body)});
  append(page, {"</header>\n<main id=\"content\">\n", body, "</main>\n"});
  append(page, {"<script type=\"application/json\" id=\"figures\">",
                escape_script(figures_json(contents, results)), "</script>\n</body>\n</html>\n"});
  return page;
}

}  // namespace report

/// The page as text: see `write_html_report`.
[[nodiscard]] NN_COLD inline std::string html_report(const HtmlReport& contents) {
  return report::make_page(contents);
}

/// Writes a page that needs nothing beside itself: curves of the training, confusion matrix, ratios
/// of classes, calibration, galleries of mistakes with saliency maps, samples of each cell of the
/// matrix, the first filters; for models of values, errors. The element `figures` has the figures
/// as JSON. The file is replaced as a whole.
///
/// Throws `IoError` where it can't be written; `ShapeError` and `std::invalid_argument` where the
/// parts don't belong together.
NN_COLD inline void write_html_report(const std::string& path, const HtmlReport& contents) {
  const std::string page = html_report(contents);
  io::write_atomically(path, [&page](io::AtomicFile& file) { file.write(page); });
}

}  // namespace nn
