// SPDX-License-Identifier: MIT
// Charts as SVG that stands in a page.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/report/html_text.hpp"

namespace nn::report {

/// An interval of numbers on an axis.
struct Range {
  double low = 0, high = 1;

  /// The smallest one with all finite numbers; 0 to 1 where there is none.
  [[nodiscard]] NN_COLD static Range of(std::span<const double> numbers) {
    bool is_empty = true;
    Range range;
    for (const double number : numbers) {
      if (!is_finite(number)) continue;
      range.low = is_empty ? number : std::min(range.low, number);
      range.high = is_empty ? number : std::max(range.high, number);
      is_empty = false;
    }
    return range;
  }
  [[nodiscard]] Range with(const Range& other) const {
    return {std::min(low, other.low), std::max(high, other.high)};
  }
};

/// An axis whose ends are round numbers, and the numbers that it shows.
class Axis {
 public:
  /// `is_exact`: the ends are those of the range.
  NN_COLD explicit Axis(Range range, bool is_exact = false) : low_(range.low), high_(range.high) {
    if (!is_finite(high_ - low_)) {  // what lies outside is not seen
      low_ /= 4;
      high_ /= 4;
    }
    const double size_of_ends = std::max(std::abs(low_), std::abs(high_));
    if (!(high_ - low_ > std::max(1e-12 * size_of_ends, 1e-200))) {
      const double room = size_of_ends < 1e-200 ? 0.5 : size_of_ends / 2;
      low_ -= room;
      high_ += room;
    }
    const double wanted = (high_ - low_) / (is_exact ? 6 : 4);
    const double size = std::pow(10, std::floor(std::log10(wanted)));
    const double steps = wanted / size;
    step_ = size * (steps < 1.5 ? 1 : steps < 3.5 ? 2 : steps < 7.5 ? 5 : 10);
    digits_ = std::clamp(static_cast<int>(-std::floor(std::log10(step_) + 1e-9)), 0, 12);
    if (is_exact) return;
    low_ = std::floor(low_ / step_ + 1e-9) * step_;
    high_ = std::ceil(high_ / step_ - 1e-9) * step_;
  }

  /// Where a number lies: 0 at the lower end, 1 at the upper one.
  [[nodiscard]] double place(double number) const { return (number - low_) / (high_ - low_); }
  [[nodiscard]] NN_COLD std::vector<double> ticks() const {
    std::vector<double> numbers;
    const double first = std::ceil(low_ / step_ - 1e-9);
    for (int i = 0; i < 20 && (first + i) * step_ <= high_ + step_ * 1e-9; ++i) {
      numbers.push_back((first + i) * step_);
    }
    return numbers;
  }
  [[nodiscard]] std::string label(double number) const {
    const bool is_large = std::abs(number) >= 1e6;
    return is_large ? short_number(number) : with_digits(number == 0 ? 0 : number, digits_);
  }

 private:
  double low_, high_, step_ = 1;
  int digits_ = 0;
};

/// What a chart says beside its data. `description` tells its content to those who don't see it.
struct ChartText {
  std::string id, title, description, x_label{}, y_label{};
};

/// A chart of fixed size whose elements take their colours from classes of the page's style.
class Chart {
 public:
  static constexpr double width = 360, height = 240;

  NN_COLD Chart(const ChartText& text, const Axis& x, const Axis& y, bool has_whole_x = false)
      : x_(x), y_(y) {
    const std::string id = escape(text.id);
    append(svg_, {"<svg class=\"chart\" viewBox=\"0 0 360 240\" role=\"img\" aria-labelledby=\"",
                  id, "-title ", id, "-desc\">\n<title id=\"", id, "-title\">", escape(text.title),
                  "</title>\n<desc id=\"", id, "-desc\">", escape(text.description), "</desc>\n"});
    for (const double tick : y.ticks()) {
      const std::string at = number(y_of(tick));
      append(svg_, {"<path class=\"grid\" d=\"M", number(left), " ", at, "H", number(right),
                    "\"/><text class=\"tick\" text-anchor=\"end\" x=\"", number(left - 6),
                    "\" y=\"", number(y_of(tick) + 4), "\">", y.label(tick), "</text>\n"});
    }
    for (const double tick : x.ticks()) {
      if (has_whole_x && tick != std::floor(tick)) continue;
      append(svg_, {"<text class=\"tick\" text-anchor=\"middle\" x=\"", number(x_of(tick)),
                    "\" y=\"", number(bottom + 16), "\">",
                    has_whole_x ? with_digits(tick, 0) : x.label(tick), "</text>\n"});
    }
    append(svg_, {"<path class=\"axis\" d=\"M", number(left), " ", number(bottom), "H",
                  number(right), "\"/>\n"});
    label("middle", (left + right) / 2, height - 6, text.x_label);
    label("start", 4, 12, text.y_label);
  }

  /// A line through the points that are finite.
  NN_COLD void line(std::span<const double> x, std::span<const double> y, const char* style) {
    std::string path;
    bool is_drawing = false;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool is_point = is_finite(x[i]) && is_finite(y[i]);
      if (is_point)
        append(path, {is_drawing ? "L" : "M", number(x_of(x[i])), " ", number(y_of(y[i]))});
      is_drawing = is_point;
    }
    if (path.empty()) return;
    append(svg_, {"<path class=\"line ", style, "\" d=\"", path, "\"/>\n"});
  }
  NN_COLD void dots(std::span<const double> x, std::span<const double> y, double radius,
                    const char* style) {
    append(svg_, {"<g class=\"dots ", style, "\">"});
    for (std::size_t i = 0; i < x.size(); ++i) dot(x[i], y[i], radius);
    svg_ += "</g>\n";
  }
  /// A dot of a group that `dots` opened, or of its own.
  NN_COLD void dot(double x, double y, double radius) {
    if (!is_finite(x) || !is_finite(y)) return;
    append(svg_, {"<circle cx=\"", number(x_of(x)), "\" cy=\"", number(y_of(y)), "\" r=\"",
                  number(radius), "\"/>"});
  }
  /// A bar from the x-axis up to y.
  NN_COLD void bar(double from, double to, double y, const char* style, const std::string& title) {
    if (!is_finite(y)) return;
    const double start = x_of(from), end = x_of(to), upper = y_of(y);
    append(svg_, {"<rect class=\"", style, "\" x=\"", number(start), "\" y=\"", number(upper),
                  "\" width=\"", number(std::max(end - start, 0.5)), "\" height=\"",
                  number(std::max(bottom - upper, 0.0)), "\"><title>", escape(title),
                  "</title></rect>\n"});
  }
  /// An upright line with a word at its upper end.
  NN_COLD void mark(double x, const std::string& word) {
    const double at = x_of(x);
    const bool is_right = at > (left + right) / 2;
    append(svg_, {"<path class=\"mark\" d=\"M", number(at), " ", number(top), "V", number(bottom),
                  "\"/>"});
    label(is_right ? "end" : "start", at + (is_right ? -5 : 5), top + 9, word);
  }
  /// The names of lines, each with a piece of it, above the plot.
  NN_COLD void legend(std::span<const std::pair<std::string, const char*>> names) {
    double end = right;
    for (std::size_t i = names.size(); i-- > 0;) {
      const auto& [name, style] = names[i];
      const double start = end - 6.2 * static_cast<double>(name.size()) - 4;
      label("start", start, 12, name);
      append(svg_, {"<path class=\"line ", style, "\" d=\"M", number(start - 26), " 8H",
                    number(start - 6), "\"/>\n"});
      end = start - 36;
    }
  }

  [[nodiscard]] std::string finish() const { return svg_ + "</svg>\n"; }

 private:
  static constexpr double left = 46, right = width - 12, top = 26, bottom = height - 40;

  [[nodiscard]] static std::string number(double value) {
    std::string text = with_digits(value, 1);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
  }
  [[nodiscard]] double x_of(double x) const { return left + (right - left) * x_.place(x); }
  [[nodiscard]] double y_of(double y) const { return bottom - (bottom - top) * y_.place(y); }
  NN_COLD void label(const char* anchor, double x, double y, const std::string& text) {
    if (text.empty()) return;
    append(svg_, {"<text class=\"label\" text-anchor=\"", anchor, "\" x=\"", number(x), "\" y=\"",
                  number(y), "\">", escape(text), "</text>\n"});
  }

  Axis x_, y_;
  std::string svg_;
};

}  // namespace nn::report
