// SPDX-License-Identifier: MIT
#include "nn/training/progress.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <regex>
#include <string>

#include "nn/io/model_file.hpp"
#include "nn/testing/findings.hpp"
#include "nn/training/fit.hpp"
#include "nn/training/predict.hpp"
#include "tests/core/decimal_comma.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/training/paper.hpp"
#include "tests/training/training_testing.hpp"

#if defined(__linux__)
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#endif

namespace nn {
namespace {

using testing::NumberedSamples;
using testing::Paper;

/// Scores of one half.
Scores halves(std::initializer_list<const char*> names) {
  Scores scores;
  for (const char* name : names) scores.set(name, 0.5);
  return scores;
}

/// Draws a bar after 7 of 8 batches without samples, which looks the same at any speed.
void draw_under_way(std::FILE* stream, const Scores& scores) {
  detail::Progress progress(Verbose::bar, stream, 8);
  progress.begin("");
  progress.show(7, 0, scores);
}

#if defined(__linux__)
/// A terminal that the test reads. `stream` is null where the system has none to give.
class Terminal {
 public:
  explicit Terminal(unsigned short columns) : screen_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    if (screen_ < 0 || ::grantpt(screen_) != 0 || ::unlockpt(screen_) != 0) return;
    const int line = ::open(::ptsname(screen_), O_RDWR | O_NOCTTY);
    if (line < 0) return;
    winsize size{};
    size.ws_row = 24;
    size.ws_col = columns;
    ::ioctl(line, TIOCSWINSZ, &size);
    stream = ::fdopen(line, "w");
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    if (stream != nullptr) std::fclose(stream);
    if (screen_ >= 0) ::close(screen_);
  }

  /// The text written to it, up to `end`; less if nothing more comes for a second.
  [[nodiscard]] std::string text(const char* end) const {
    std::string all;
    pollfd waiting{.fd = screen_, .events = POLLIN, .revents = 0};
    char letter = 0;
    while (!all.ends_with(end) && ::poll(&waiting, 1, 1000) == 1 &&
           ::read(screen_, &letter, 1) == 1) {
      all += letter;
    }
    return all;
  }

  std::FILE* stream = nullptr;

 private:
  int screen_;
};

/// Sets or removes TERM in the environment for its lifetime.
class TerminalKind {
 public:
  explicit TerminalKind(const char* kind) {
    if (const char* before = std::getenv("TERM")) before_ = before;
    set(kind);
  }
  TerminalKind(const TerminalKind&) = delete;
  TerminalKind& operator=(const TerminalKind&) = delete;
  ~TerminalKind() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static void set(const char* kind) {
    kind != nullptr ? ::setenv("TERM", kind, 1) : ::unsetenv("TERM");
  }
  std::optional<std::string> before_;
};
#endif

/// What two epochs of fit show.
std::string shown_by_fit(Verbose verbose) {
  const Paper paper;
  NumberedSamples data(10);
  data.model.fit(data.x, data.y,
                 {.batch_size = 4,
                  .epochs = 2,
                  .verbose = verbose,
                  .validation_split = 0.2,
                  .stream = paper.stream});
  return paper.text();
}

// "0.0s 1ms/step - 12345 samples/s - loss: 2.3026 - recorder: 0.0000 ..."
const std::string numbers =
    R"(\d+\.\ds \d+[mu]s/step - \d+ samples/s - loss: \d\.\d{4} - recorder: 0\.0000)"
    R"( - val_loss: \d\.\d{4} - val_recorder: 0\.0000)";

}  // namespace

TEST_SUITE("training/progress") {
  TEST_CASE("Progress: numbers have four decimals, small ones an exponent") {
    CHECK(readable_score(0.98765) == "0.9877");
    CHECK(readable_score(12.5) == "12.5000");
    CHECK(readable_score(0) == "0.0000");
    CHECK(readable_score(0.001) == "0.0010");
    CHECK(readable_score(0.00012345) == "1.2345e-04");
    CHECK(readable_score(-std::nan("")) == "nan");
    CHECK(readable_score(-0.0005) == "-5.0000e-04");
  }

  TEST_CASE("Progress: silent shows nothing") { CHECK(shown_by_fit(Verbose::silent) == ""); }

  TEST_CASE("Progress: line shows one line for each epoch") {
    const std::string text = shown_by_fit(Verbose::line);
    CAPTURE(text);
    CHECK(std::regex_match(
        text, std::regex("Epoch 1/2 - " + numbers + "\nEpoch 2/2 - " + numbers + "\n")));
  }

  TEST_CASE("Progress: automatic shows lines where there is no terminal") {
    const std::string text = shown_by_fit(Verbose::automatic);
    CAPTURE(text);
    CHECK(std::regex_match(
        text, std::regex("Epoch 1/2 - " + numbers + "\nEpoch 2/2 - " + numbers + "\n")));
  }

  TEST_CASE("Progress: a bar is full at the end, below its epoch's number") {
    const std::string text = shown_by_fit(Verbose::bar);
    CAPTURE(text);
    CHECK(text.starts_with("Epoch 1/2\n\r"));
    CHECK(text.find("\nEpoch 2/2\n\r") != std::string::npos);
    const std::regex last("\r2/2 \\[={5}\\] " + numbers + "\x1b\\[K\n$");
    CHECK(std::regex_search(text, last));
  }

  TEST_CASE("Progress: a bar that is under way shows how far and how long") {
    const Paper paper;
    detail::Progress progress(Verbose::bar, paper.stream, 8);
    progress.begin("Epoch 1/1");
    Scores scores;
    scores.set("loss", 0.5);
    progress.show(2, 64, scores);
    const std::string text = paper.text();
    CAPTURE(text);
    CHECK(std::regex_match(
        text,
        std::regex("Epoch 1/1\n\r2/8 \\[={5}\\.{15}\\] ETA \\d+\\.\\ds - \\d+ samples/s - loss: "
                   "0\\.5000\x1b\\[K")));
  }

  TEST_CASE("Progress: a bar under way leaves room for the numbers, and its line never wraps") {
    const Paper shorter, cut;
    draw_under_way(shorter.stream, halves({"loss", "accuracy"}));
    CHECK(
        shorter.text() ==  // 79 characters, where the width is not known
        "\r7/8 [==============..] ETA 0.0s - 0 samples/s - loss: 0.5000 - accuracy: 0.5000\x1b[K");
    draw_under_way(cut.stream, halves({"loss", "accuracy", "precision"}));
    CHECK(
        cut.text() ==
        "\r7/8 [====.] ETA 0.0s - 0 samples/s - loss: 0.5000 - accuracy: 0.5000 - precisio\x1b[K");
  }

  TEST_CASE("Progress: the last line of a bar is whole, as it stays") {
    const Paper paper;
    detail::Progress progress(Verbose::bar, paper.stream, 8);
    progress.begin("");
    progress.end(8, 0, 0, halves({"loss", "accuracy", "precision"}));
    CHECK(
        paper.text() ==
        "\r8/8 [=====] 0.0s 0us/step - 0 samples/s - loss: 0.5000 - accuracy: 0.5000 - precision: "
        "0.5000\x1b[K\n");
  }

  TEST_CASE("regression: no line, table or file follows the locale") {
    const auto everything = [] {
      const Paper paper;
      detail::Progress progress(Verbose::line, paper.stream, 8);
      progress.begin("Epoch 1/1");
      progress.end(8, 0, 0, halves({"loss"}));
      const testing::TemporaryFolder folder;
      Sequential<float> model{testing::Scale{1.5}, Dense{1234}, testing::RandomMask{0.125}};
      model.build({3}, {.seed = 1});
      model.save(folder.path("model"));
      return paper.text() + model.summary() + concat(0.5) + readable_score(1e-5) +
             testing::to_text(0.5) + testing::read_text(folder.path("model"));
    };
    const std::string before = everything();
    CHECK(before.starts_with("Epoch 1/1 - 0.0s 0us/step - 0 samples/s - loss: 0.5000\n"));
    const testing::DecimalComma comma;
    if (comma.is_here) CHECK(everything() == before);
  }

#if defined(__linux__)
  TEST_CASE("Progress: a bar has the width of its terminal") {
    const Scores scores = halves({"loss", "accuracy", "precision", "recall"});
    const Terminal wide(120), narrow(40);
    if (wide.stream == nullptr || narrow.stream == nullptr) return;  // no terminals here
    draw_under_way(wide.stream, scores);
    CHECK(wide.text("\x1b[K") ==
          "\r7/8 [================...] ETA 0.0s - 0 samples/s - loss: 0.5000 - accuracy: 0.5000 - "
          "precision: 0.5000 - recall: 0.5000\x1b[K");
    draw_under_way(narrow.stream, scores);
    CHECK(narrow.text("\x1b[K") == "\r7/8 [====.] ETA 0.0s - 0 samples/s - lo\x1b[K");
  }

  TEST_CASE("Progress: automatic is a bar on a terminal, and lines on one that can't erase") {
    const Terminal terminal(80);
    if (terminal.stream == nullptr) return;  // no terminals here
    const auto shown = [&](const char* kind) {
      const TerminalKind term(kind);
      detail::Progress progress(Verbose::automatic, terminal.stream, 8);
      progress.begin("");
      progress.end(8, 0, 0, halves({"loss"}));
      return terminal.text("\r\n");
    };
    const std::string line = "0.0s 0us/step - 0 samples/s - loss: 0.5000";
    CHECK(shown("xterm") == "\r8/8 [====================] " + line + "\x1b[K\r\n");
    CHECK(shown("dumb") == line + "\r\n");
    CHECK(shown("") == line + "\r\n");
    CHECK(shown(nullptr) == line + "\r\n");
  }
#endif

  TEST_CASE("Progress: evaluate and predict are silent unless asked") {
    NumberedSamples data(10);
    const Paper silent, paper;
    static_cast<void>(data.model.evaluate(data.x, data.y, {.stream = silent.stream}));
    static_cast<void>(data.model.predict(data.x, {.stream = silent.stream}));
    CHECK(silent.text() == "");
    static_cast<void>(
        data.model.evaluate(data.x, data.y, {.verbose = Verbose::line, .stream = paper.stream}));
    static_cast<void>(
        data.model.predict(data.x, {.verbose = Verbose::line, .stream = paper.stream}));
    const std::string text = paper.text();
    CAPTURE(text);
    const std::string time = R"(\d+\.\ds \d+[mu]s/step - \d+ samples/s)";
    CHECK(std::regex_match(
        text, std::regex(time + R"( - loss: \d\.\d{4} - recorder: 0\.0000)" + "\n" + time + "\n")));
  }
}

}  // namespace nn
