// SPDX-License-Identifier: MIT
#include "nn/training/progress.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <regex>
#include <string>

#include "nn/training/fit.hpp"
#include "nn/training/predict.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::NumberedSamples;

/// A stream that is no terminal, and what was written to it.
class Paper {
 public:
  Paper() : stream(std::tmpfile()) { REQUIRE(stream != nullptr); }
  Paper(const Paper&) = delete;
  Paper& operator=(const Paper&) = delete;
  ~Paper() { std::fclose(stream); }

  [[nodiscard]] std::string text() const {
    std::string all;
    std::rewind(stream);
    for (int c = std::fgetc(stream); c != EOF; c = std::fgetc(stream)) {
      all += static_cast<char>(c);
    }
    return all;
  }

  std::FILE* stream;
};

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

// "0.0s 1ms/step - 12345 images/s - loss: 2.3026 - recorder: 0.0000 ..."
const std::string numbers =
    R"(\d+\.\ds \d+ms/step - \d+ images/s - loss: \d\.\d{4} - recorder: 0\.0000)"
    R"( - val_loss: \d\.\d{4} - val_recorder: 0\.0000)";

}  // namespace

TEST_SUITE("training/progress") {
  TEST_CASE("Progress: numbers have four decimals, small ones an exponent") {
    CHECK(readable_score(0.98765) == "0.9877");
    CHECK(readable_score(12.5) == "12.5000");
    CHECK(readable_score(0) == "0.0000");
    CHECK(readable_score(0.001) == "0.0010");
    CHECK(readable_score(0.00012345) == "1.2345e-04");
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
    const std::regex last("\r2/2 \\[={20}\\] " + numbers + "\x1b\\[K\n$");
    CHECK(std::regex_search(text, last));
  }

  TEST_CASE("Progress: a bar that is under way shows how far and how long") {
    const Paper paper;
    detail::Progress progress(Verbose::bar, paper.stream, 8);
    progress.begin("Epoch 1/1");
    Scores scores;
    scores.set("loss", 0.5);
    progress.update(2, 64, scores);
    const std::string text = paper.text();
    CAPTURE(text);
    CHECK(std::regex_match(
        text,
        std::regex("Epoch 1/1\n\r2/8 \\[={5}\\.{15}\\] ETA \\d+\\.\\ds - \\d+ images/s - loss: "
                   "0\\.5000\x1b\\[K")));
  }

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
    const std::string time = R"(\d+\.\ds \d+ms/step - \d+ images/s)";
    CHECK(std::regex_match(
        text, std::regex(time + R"( - loss: \d\.\d{4} - recorder: 0\.0000)" + "\n" + time + "\n")));
  }
}

}  // namespace nn
