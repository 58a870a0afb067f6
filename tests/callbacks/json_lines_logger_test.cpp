// SPDX-License-Identifier: MIT
#include "nn/callbacks/json_lines_logger.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/callbacks/callback_testing.hpp"
#include "tests/io/temporary_folder.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::TemporaryFolder;
using testing::train_with;

std::vector<json> lines_of(const std::string& path) {
  std::istringstream text(testing::read_text(path));
  std::vector<json> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
  return lines;
}

/// Makes the accuracy infinite.
struct Infinite {
  JsonLinesLogger logger;
  void on_epoch_end(FitContext& context) {
    context.logs.set("accuracy", infinity<double>);
    logger.on_epoch_end(context);
  }
};

TEST_SUITE("callbacks/json_lines_logger") {
  TEST_CASE("JsonLinesLogger: an object for each epoch, whose numbers are those of the history") {
    const TemporaryFolder folder;
    const std::string path = folder.path("log.jsonl");
    const History history = train_with(JsonLinesLogger{path}, 2);
    const std::vector<json> lines = lines_of(path);
    REQUIRE(lines.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(lines[i].size() == 6);
      CHECK(lines[i].at("epoch") == i);
      CHECK(lines[i].at("learning_rate") == 0.5);
      for (const auto& [name, values] : history) CHECK(lines[i].at(name) == values[i]);
    }
    static_cast<void>(train_with(JsonLinesLogger{path, {.append = true}}, 1));
    CHECK(lines_of(path).size() == 3);
    static_cast<void>(train_with(JsonLinesLogger{path}, 1));
    CHECK(lines_of(path).size() == 1);
  }

  TEST_CASE("JsonLinesLogger: batches where they are asked for") {
    const TemporaryFolder folder;
    const std::string path = folder.path("log.jsonl");
    static_cast<void>(train_with(JsonLinesLogger{path, {.update_freq = 2}}, 2));
    const std::vector<json> lines = lines_of(path);
    REQUIRE(lines.size() == 4);  // of 2 batches in each epoch, the second one
    CHECK(lines[2].at("epoch") == 1);
    CHECK(lines[2].at("batch") == 1);
    CHECK_FALSE(lines[2].contains("val_loss"));
    CHECK_FALSE(lines[3].contains("batch"));
    CHECK(lines[3].at("loss") == lines[2].at("loss"));
  }

  TEST_CASE("JsonLinesLogger: null for what is not finite; refusals") {
    const TemporaryFolder folder;
    const std::string path = folder.path("log.jsonl");
    static_cast<void>(train_with(Infinite{JsonLinesLogger{path}}, 1));
    CHECK(lines_of(path).at(0).at("accuracy").is_null());
    CHECK_THROWS_WITH_AS(JsonLinesLogger("log.jsonl", {.update_freq = -1}),
                         "JsonLinesLogger: expected an update_freq of 0 or more, got -1",
                         std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(train_with(JsonLinesLogger{folder.path()}, 1)), IoError);
  }
}

}  // namespace
}  // namespace nn
