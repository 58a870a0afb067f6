// SPDX-License-Identifier: MIT
// What `fit`, `evaluate` and `predict` show while they run.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#include "nn/core/config.hpp"
#include "nn/training/scores.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace nn {

/// `automatic`: a bar on a terminal, else a line for each epoch.
enum class Verbose { automatic, silent, bar, line };

/// 4 decimals, scientific below 0.001, as Keras' progress bar.
[[nodiscard]] inline std::string readable_score(double value) {
  char text[32];
  const bool is_small = value != 0 && std::abs(value) < 1e-3;
  std::snprintf(text, sizeof text, is_small ? "%.4e" : "%.4f", value);
  return text;
}

namespace detail {

[[nodiscard]] inline bool is_terminal(std::FILE* stream) {
#if defined(__unix__) || defined(__APPLE__)
  return ::isatty(::fileno(stream)) == 1;
#else
  static_cast<void>(stream);
  return false;
#endif
}

/// One stretch of batches, an epoch or an evaluation, on a stream: a bar that is redrawn, or one
/// line.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  Progress(Verbose verbose, std::FILE* stream, Index num_batches)
      : style_(verbose != Verbose::automatic ? verbose
               : is_terminal(stream)         ? Verbose::bar
                                             : Verbose::line),
        stream_(stream),
        num_batches_(num_batches) {}

  /// A line above the bar, as "Epoch 2/5"; in line style it starts the line.
  [[gnu::cold, gnu::noinline]] void begin(const std::string& title) {
    title_ = title;
    start_ = last_drawn_ = Clock::now();
    if (style_ == Verbose::bar && !title.empty()) std::fprintf(stream_, "%s\n", title.c_str());
  }

  /// True if `update` would draw: the scores are worth computing.
  [[nodiscard]] bool is_due() const {
    return style_ == Verbose::bar && Clock::now() - last_drawn_ >= std::chrono::milliseconds(50);
  }

  [[gnu::cold, gnu::noinline]] void update(Index batches_done, Index samples_done,
                                           const Scores& scores) {
    last_drawn_ = Clock::now();
    const double elapsed = seconds();
    const double remaining = elapsed / static_cast<double>(batches_done) *
                             static_cast<double>(num_batches_ - batches_done);
    draw(batches_done,
         concat({"ETA ", readable_seconds(remaining), rate(samples_done), describe(scores)}));
  }

  /// The final state of the stretch. `training_seconds` leave validation out.
  [[gnu::cold, gnu::noinline]] void end(Index batches_done, Index samples_done,
                                        double training_seconds, const Scores& scores) {
    if (style_ == Verbose::silent) return;
    seconds_ = training_seconds;
    char per_step[32];
    std::snprintf(per_step, sizeof per_step, " %.0fms/step",
                  1e3 * training_seconds / static_cast<double>(std::max<Index>(batches_done, 1)));
    const std::string text = concat(
        {readable_seconds(training_seconds), per_step, rate(samples_done), describe(scores)});
    if (style_ == Verbose::bar) {
      draw(batches_done, text);
      std::fputc('\n', stream_);
    } else {
      std::fprintf(stream_, "%s%s%s\n", title_.c_str(), title_.empty() ? "" : " - ", text.c_str());
    }
    std::fflush(stream_);
  }

  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }

 private:
  [[nodiscard, gnu::cold, gnu::noinline]] static std::string readable_seconds(double seconds) {
    char text[32];
    if (seconds < 10) {
      std::snprintf(text, sizeof text, "%.1fs", seconds);
    } else if (seconds < 600) {
      std::snprintf(text, sizeof text, "%.0fs", seconds);
    } else {
      std::snprintf(text, sizeof text, "%.0fmin", seconds / 60);
    }
    return text;
  }
  [[nodiscard, gnu::cold, gnu::noinline]] std::string rate(Index samples_done) const {
    const double elapsed = seconds_ > 0 ? seconds_ : seconds();
    char text[48];
    std::snprintf(text, sizeof text, " - %.0f images/s",
                  static_cast<double>(samples_done) / std::max(elapsed, 1e-9));
    return text;
  }
  [[nodiscard, gnu::cold, gnu::noinline]] static std::string describe(const Scores& scores) {
    std::string text;
    for (const auto& [name, value] : scores) {
      append(text, {" - ", name, ": ", readable_score(value)});
    }
    return text;
  }
  [[gnu::cold, gnu::noinline]] void draw(Index batches_done, const std::string& text) {
    constexpr Index cells = 20;
    const Index filled = num_batches_ == 0 ? cells : cells * batches_done / num_batches_;
    const std::string bar(static_cast<std::size_t>(filled), '=');
    const std::string rest(static_cast<std::size_t>(cells - filled), '.');
    // \r and "erase to the end of the line" replace what was drawn before
    std::fprintf(stream_, "\r%lld/%lld [%s%s] %s\x1b[K", static_cast<long long>(batches_done),
                 static_cast<long long>(num_batches_), bar.c_str(), rest.c_str(), text.c_str());
    std::fflush(stream_);
  }

  Verbose style_;
  std::FILE* stream_;
  Index num_batches_;
  std::string title_;
  double seconds_ = 0;
  Clock::time_point start_, last_drawn_;
};

}  // namespace detail
}  // namespace nn
