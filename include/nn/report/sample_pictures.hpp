// SPDX-License-Identifier: MIT
// Samples as a page shows them: pictures where they are images, else their numbers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/data/samples.hpp"
#include "nn/report/html_text.hpp"
#include "nn/report/png.hpp"
#include "nn/report/reported_model.hpp"

namespace nn::report {

/// Colours from one to the next in equal steps.
template <std::size_t count>
[[nodiscard]] NN_COLD Palette palette_between(const std::array<Color, count>& colors,
                                              std::size_t num_steps) {
  Palette palette{};
  for (std::size_t i = 0; i <= num_steps; ++i) {
    const double place = static_cast<double>(i * (count - 1)) / static_cast<double>(num_steps);
    const std::size_t before = std::min(static_cast<std::size_t>(place), count - 2);
    const double share = place - static_cast<double>(before);
    const auto mix = [share](std::uint8_t a, std::uint8_t b) {
      return static_cast<std::uint8_t>(std::lround((1 - share) * a + share * b));
    };
    const Color &a = colors[before], &b = colors[before + 1];
    palette[i] = {mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue)};
  }
  return palette;
}

/// From dark to bright, told apart without colours too.
[[nodiscard]] inline Palette brightness_palette() {
  return palette_between<6>({{{8, 8, 20},
                              {62, 22, 112},
                              {168, 42, 102},
                              {232, 108, 52},
                              {255, 202, 84},
                              {255, 250, 224}}},
                            15);
}
/// Blue below the middle, which is number 7, orange above it.
[[nodiscard]] inline Palette sign_palette() {
  return palette_between<5>(
      {{{0, 68, 136}, {92, 164, 214}, {247, 247, 247}, {240, 154, 84}, {166, 62, 0}}}, 14);
}

/// `<img>` of so many pixels on the page.
[[nodiscard]] NN_COLD inline std::string image(const std::string& png, Index height, Index width,
                                               const std::string& description) {
  return concat({"<img width=\"", width, "\" height=\"", height, "\" alt=\"", escape(description),
                 "\" src=\"", data_uri(png), "\"/>"});
}

/// What samples look like. Images are [H, W, 1 or 3], or [H, W] of at least 8 x 8.
class SamplePictures {
 public:
  SamplePictures() = default;
  NN_COLD explicit SamplePictures(const Samples& samples) : samples_(samples) {
    const Shape& shape = samples.sample_shape();
    const bool is_grey = shape.rank() == 2 && shape[0] >= 8 && shape[1] >= 8;
    const bool has_channels = shape.rank() == 3 && (shape[2] == 1 || shape[2] == 3);
    if ((!is_grey && !has_channels) || shape.num_elements() == 0) return;
    height_ = shape[0];
    width_ = shape[1];
    channels_ = is_grey ? 1 : shape[2];
    shrink_ = (std::max(height_, width_) + most_pixels - 1) / most_pixels;
  }

  [[nodiscard]] bool is_given() const { return samples_.data() != nullptr; }
  [[nodiscard]] bool are_images() const { return channels_ > 0; }
  /// Bytes that a picture takes in the page, with its caption.
  [[nodiscard]] Index num_bytes() const {
    return 400 + (are_images()
                      ? (100 + shrunk_side(height_) * (shrunk_side(width_) * channels_ + 1)) * 4 / 3
                      : 200);
  }

  /// The numbers of one sample.
  [[nodiscard]] NN_COLD std::vector<double> numbers(Index i) const {
    std::vector<double> numbers(static_cast<std::size_t>(samples_.sample_shape().num_elements()));
    const double* const first = samples_.slice(i, 1).gather<double>(nullptr, 1, numbers.data());
    if (first != numbers.data()) std::copy_n(first, numbers.size(), numbers.data());
    return numbers;
  }
  /// These samples side by side, for a model.
  [[nodiscard]] NN_COLD std::vector<double> gather(std::span<const Index> rows) const {
    std::vector<double> all;
    for (const Index row : rows) {
      const std::vector<double> sample = numbers(row);
      all.insert(all.end(), sample.begin(), sample.end());
    }
    return all;
  }
  [[nodiscard]] const Shape& sample_shape() const { return samples_.sample_shape(); }

  /// Which numbers are black and white: 0 and 1, or 0 and 255, where those of the samples lie
  /// between them; else the lowest and the highest.
  NN_COLD void scale_to(std::span<const double> values) {
    if (values.empty()) return;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    low_ = *low >= 0 && *high <= 255 ? 0 : *low;
    high_ = low_ != 0 || *high > 255 ? *high : *high <= 1 ? 1 : 255;
  }

  /// The sample as an element of the page, its longer side `side` pixels long.
  [[nodiscard]] NN_COLD std::string show(Index i, Index side,
                                         const std::string& description) const {
    const std::vector<double> values = numbers(i);
    if (!are_images()) return list(values);
    std::vector<std::uint8_t> pixels;
    for (const double value : shrunk(values, channels_)) {
      const double share = high_ > low_ ? (value - low_) / (high_ - low_) : 0;
      pixels.push_back(static_cast<std::uint8_t>(std::lround(255 * bounded(share))));
    }
    return sized(encode_png(pixels, shrunk_side(height_), shrunk_side(width_), channels_), side,
                 description);
  }

  /// The absolute values of a sample's gradient, the largest of the channels. The brightest are the
  /// uppermost percent.
  [[nodiscard]] NN_COLD std::string show_saliency(std::span<const double> gradient, Index side,
                                                  const std::string& description) const {
    if (!are_images()) return strongest(gradient);
    std::vector<double> strengths;
    for (std::size_t i = 0; i < gradient.size(); i += static_cast<std::size_t>(channels_)) {
      double largest = 0;
      for (const double slope : gradient.subspan(i, static_cast<std::size_t>(channels_))) {
        largest = std::max(largest, std::abs(slope));
      }
      strengths.push_back(largest);
    }
    strengths = shrunk(strengths, 1);
    std::vector<double> sorted = strengths;
    const auto uppermost = sorted.begin() + (std::ssize(sorted) - 1) * 99 / 100;
    std::nth_element(sorted.begin(), uppermost, sorted.end());
    const double most = *uppermost;
    std::vector<std::uint8_t> pixels;
    for (const double strength : strengths) {
      const double share = most > 0 ? strength / most : 0;
      pixels.push_back(static_cast<std::uint8_t>(std::lround(15 * bounded(share))));
    }
    return sized(
        encode_png(pixels, shrunk_side(height_), shrunk_side(width_), brightness_palette()), side,
        description);
  }

 private:
  static constexpr Index most_pixels = 64;  // of a side; larger pictures are shrunk

  /// NaN becomes 0.
  [[nodiscard]] static double bounded(double share) { return share > 0 ? std::min(share, 1.0) : 0; }
  [[nodiscard]] Index shrunk_side(Index size) const { return (size + shrink_ - 1) / shrink_; }

  /// Means of blocks of pixels.
  [[nodiscard]] NN_COLD std::vector<double> shrunk(const std::vector<double>& values,
                                                   Index channels) const {
    if (shrink_ == 1) return values;
    std::vector<double> sums(
        static_cast<std::size_t>(shrunk_side(height_) * shrunk_side(width_) * channels), 0);
    std::vector<double> counts = sums;
    for (Index i = 0; i < std::ssize(values); ++i) {
      const Index pixel = i / channels, row = pixel / width_ / shrink_;
      const Index column = pixel % width_ / shrink_;
      const auto to =
          static_cast<std::size_t>((row * shrunk_side(width_) + column) * channels + i % channels);
      sums[to] += values[static_cast<std::size_t>(i)];
      counts[to] += 1;
    }
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] /= counts[i];
    return sums;
  }

  [[nodiscard]] std::string sized(const std::string& png, Index side,
                                  const std::string& description) const {
    const Index longer = std::max(height_, width_);
    return image(png, std::max<Index>(side * height_ / longer, 1),
                 std::max<Index>(side * width_ / longer, 1), description);
  }

  [[nodiscard]] NN_COLD static std::string list(std::span<const double> values) {
    constexpr std::size_t most = 12;
    std::string text;
    for (const double value : values.first(std::min(most, values.size()))) {
      append_listed(text, short_number(value));
    }
    if (values.size() > most) append(text, {", … (", values.size(), " numbers)"});
    return concat({"<p class=\"numbers\">", text, "</p>"});
  }
  [[nodiscard]] NN_COLD static std::string strongest(std::span<const double> gradient) {
    std::vector<std::size_t> order(gradient.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const std::size_t count = std::min<std::size_t>(3, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count),
                      order.end(), [&](std::size_t a, std::size_t b) {
                        return std::abs(gradient[a]) > std::abs(gradient[b]);
                      });
    std::string text;
    for (const std::size_t i : std::span(order).first(count)) {
      append_listed(text, concat({"x[", i, "] ", short_number(gradient[i])}));
    }
    return concat({"<p class=\"numbers\">steepest in ", text, "</p>"});
  }

  Samples samples_;
  Index height_ = 0, width_ = 0, channels_ = 0, shrink_ = 1;
  double low_ = 0, high_ = 1;
};

/// The kernels of a convolution as pictures, at most 64 of them: of 3 channels in colours, else of
/// the mean of the channels, blue below 0 and orange above it.
[[nodiscard]] NN_COLD inline std::string show_filters(const Filters& filters) {
  constexpr Index most = 64;
  const Index height = filters.shape[0], width = filters.shape[1], channels = filters.shape[2];
  const Index count = filters.shape[3], size = height * width;
  double largest = 0;
  for (const double value : filters.values) {
    if (is_finite(value)) largest = std::max(largest, std::abs(value));
  }
  const auto share_of = [&](Index pixel, Index channel, Index filter) {  // from -1 to 1
    const auto place = static_cast<std::size_t>((pixel * channels + channel) * count + filter);
    const double value = filters.values[place];
    return largest > 0 && is_finite(value) ? value / largest : 0;
  };
  const Index side = std::max<Index>(48 / width, 1) * width;
  std::string html;
  for (Index filter = 0; filter < std::min(count, most); ++filter) {
    std::vector<std::uint8_t> pixels;
    for (Index pixel = 0; pixel < size; ++pixel) {
      double sum = 0;
      for (Index channel = 0; channel < channels; ++channel) {
        const double share = share_of(pixel, channel, filter);
        sum += share;
        if (channels == 3) {
          pixels.push_back(static_cast<std::uint8_t>(std::lround(127.5 + 127.5 * share)));
        }
      }
      const double mean = sum / static_cast<double>(channels);
      if (channels != 3) pixels.push_back(static_cast<std::uint8_t>(std::lround(7 + 7 * mean)));
    }
    const std::string png = channels == 3 ? encode_png(pixels, height, width, 3)
                                          : encode_png(pixels, height, width, sign_palette());
    append(html, {"<li>", image(png, side * height / width, side, concat({"Filter ", filter})),
                  "</li>\n"});
  }
  return html;
}

}  // namespace nn::report
