// SPDX-License-Identifier: MIT
// What `fit`, `evaluate` and `predict` show while they run.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "nn/core/config.hpp"
#include "nn/core/text.hpp"
#include "nn/training/scores.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/ioctl.h>
#include <unistd.h>
#endif

namespace nn {

/// `automatic`: a bar on a terminal, else a line for each epoch.
enum class Verbose { automatic, silent, bar, line };

namespace detail {

/// True for a terminal that can erase a line.
[[nodiscard]] NN_COLD inline bool is_terminal(std::FILE* stream) {
#if defined(__unix__) || defined(__APPLE__)
  if (::isatty(::fileno(stream)) != 1) return false;
  const char* const kind = std::getenv("TERM");
  return kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
#else
  static_cast<void>(stream);
  return false;
#endif
}

/// Characters in a line of the terminal; 80 where that is unknown.
[[nodiscard]] NN_COLD inline std::size_t line_width(std::FILE* stream) {
#if defined(__unix__) || defined(__APPLE__)
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#else
  static_cast<void>(stream);
#endif
  return 80;
}

/// Shows the progress of an epoch or an evaluation on a stream: as a bar that is redrawn, or as one
/// line at the end.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  Progress(Verbose verbose, std::FILE* stream, Index num_batches)
      : style_(stream == nullptr               ? Verbose::silent
               : verbose != Verbose::automatic ? verbose
               : is_terminal(stream)           ? Verbose::bar
                                               : Verbose::line),
        stream_(stream),
        num_batches_(num_batches) {}

  /// Starts the clock. The title, as "Epoch 2/5", is a line above the bar, or the start of the
  /// line.
  NN_COLD void begin(const std::string& title) {
    title_ = title;
    start_ = last_drawn_ = Clock::now();
    if (style_ == Verbose::bar && !title.empty()) std::fprintf(stream_, "%s\n", title.c_str());
  }

  /// Whether it is time to draw the bar again: only then call `show`, with results that cost time.
  [[nodiscard]] bool is_due() const {
    return style_ == Verbose::bar && Clock::now() - last_drawn_ >= std::chrono::milliseconds(50);
  }

  NN_COLD void show(Index batches_done, Index samples_done, const Scores& scores) {
    last_drawn_ = Clock::now();
    const double elapsed = seconds();
    const double remaining = elapsed / static_cast<double>(batches_done) *
                             static_cast<double>(num_batches_ - batches_done);
    // A line that wraps could not be redrawn.
    const std::size_t room = line_width(stream_) - 1;
    const std::string text =
        concat({"ETA ", readable_seconds(remaining), rate(samples_done), describe(scores)});
    draw(line(batches_done, text, room).substr(0, room));
  }

  /// Shows the final state, with a note at the end. `training_seconds` leave validation out.
  NN_COLD void end(Index batches_done, Index samples_done, double training_seconds,
                   const Scores& scores, const std::string& note = "") {
    if (style_ == Verbose::silent) return;
    seconds_ = training_seconds;
    const double milliseconds =
        1e3 * training_seconds / static_cast<double>(std::max<Index>(batches_done, 1));
    const bool is_short = milliseconds < 1;
    const std::string per_step = with_digits(is_short ? 1e3 * milliseconds : milliseconds, 0);
    const std::string text =
        concat({readable_seconds(training_seconds), ' ', per_step, is_short ? "us/step" : "ms/step",
                rate(samples_done), describe(scores), note.empty() ? "" : " - ", note});
    if (style_ == Verbose::bar) {
      draw(line(batches_done, text, line_width(stream_) - 1));  // not cut, as it stays
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
  [[nodiscard]] NN_COLD static std::string readable_seconds(double seconds) {
    if (seconds < 10) return with_digits(seconds, 1) + 's';
    return seconds < 600 ? with_digits(seconds, 0) + 's' : with_digits(seconds / 60, 0) + "min";
  }
  [[nodiscard]] NN_COLD std::string rate(Index samples_done) const {
    const double elapsed = seconds_ > 0 ? seconds_ : seconds();
    const double samples_per_second = static_cast<double>(samples_done) / std::max(elapsed, 1e-9);
    return concat({" - ", with_digits(samples_per_second, 0), " samples/s"});
  }
  [[nodiscard]] NN_COLD static std::string describe(const Scores& scores) {
    return scores.empty() ? "" : " - " + to_string(scores);
  }
  /// "12/50 [====................] text"; the bar is shorter where `room` is scarce.
  [[nodiscard]] NN_COLD std::string line(Index batches_done, const std::string& text,
                                         std::size_t room) const {
    std::string all = concat({batches_done, "/", num_batches_, " ["});
    const std::size_t others = all.size() + 2 + text.size();
    const auto cells =
        static_cast<Index>(std::clamp<std::size_t>(room - std::min(room, others), 5, 20));
    const Index filled = num_batches_ == 0 ? cells : cells * batches_done / num_batches_;
    all.append(static_cast<std::size_t>(filled), '=');
    all.append(static_cast<std::size_t>(cells - filled), '.');
    return all.append("] ").append(text);
  }
  void draw(const std::string& text) {
    // \r and "erase to the end of the line" replace what was drawn before.
    std::fprintf(stream_, "\r%s\x1b[K", text.c_str());
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
