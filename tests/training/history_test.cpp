// SPDX-License-Identifier: MIT
#include "nn/training/history.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

namespace nn {

TEST_SUITE("training/scores") {
  TEST_CASE("Scores: values come back by name, in the order in which they were set") {
    Scores scores;
    CHECK(scores.empty());
    scores.set("loss", 0.5);
    scores.set("accuracy", 0.25);
    scores.set("loss", 0.75);
    CHECK(scores["loss"] == 0.75);
    CHECK(scores["accuracy"] == 0.25);
    std::vector<std::string> names;
    for (const auto& [name, value] : scores) names.push_back(name);
    CHECK(names == std::vector<std::string>{"loss", "accuracy"});
    REQUIRE(scores.find("accuracy") != nullptr);
    CHECK(*scores.find("accuracy") == 0.25);
    CHECK(scores.find("recall") == nullptr);
  }

  TEST_CASE("Scores: a stream prints names and values in a line") {
    Scores scores;
    std::ostringstream stream;
    stream << scores << '|';
    scores.set("loss", 0.000123456);
    stream << scores << '|';
    scores.set("accuracy", 0.98437);
    stream << scores;
    CHECK(stream.str() == "|loss: 1.2346e-04|loss: 1.2346e-04 - accuracy: 0.9844");
  }

  TEST_CASE("Scores: an unknown name is refused with those there are") {
    Scores scores;
    CHECK_THROWS_WITH_AS(static_cast<void>(scores["loss"]),
                         "Scores: expected one of no names, got 'loss'", std::invalid_argument);
    scores.set("loss", 1);
    scores.set("accuracy", 1);
    CHECK_THROWS_WITH_AS(static_cast<void>(scores["acc"]),
                         "Scores: expected one of loss, accuracy, got 'acc'",
                         std::invalid_argument);
  }
}

TEST_SUITE("training/history") {
  TEST_CASE("History: one value for each epoch that had it") {
    History history;
    for (const Index epoch : {3, 4}) {
      Scores scores;
      scores.set("loss", 10.0 - static_cast<double>(epoch));
      if (epoch == 4) scores.set("val_loss", 2);
      history.add(epoch, 0.5, scores);
    }
    CHECK(history.epochs() == std::vector<Index>{3, 4});
    CHECK(history.seconds() == std::vector<double>{0.5, 0.5});
    CHECK(history["loss"] == std::vector<double>{7, 6});
    CHECK(history["val_loss"] == std::vector<double>{2});
    std::vector<std::string> names;
    for (const auto& [name, values] : history) names.push_back(name);
    CHECK(names == std::vector<std::string>{"loss", "val_loss"});
  }

  TEST_CASE("History: a stream prints a line for each name") {
    History history;
    std::ostringstream stream;
    stream << history;
    CHECK(stream.str() == "");
    for (const Index epoch : {0, 1}) {
      Scores scores;
      scores.set("loss", 2.5 - static_cast<double>(epoch));
      if (epoch == 1) scores.set("val_loss", std::nan(""));
      history.add(epoch, 0.5, scores);
    }
    stream << history;
    CHECK(stream.str() == "loss: 2.5000, 1.5000\nval_loss: nan\n");
  }

  TEST_CASE("History: an unknown name is refused with those there are") {
    History history;
    CHECK_THROWS_WITH_AS(static_cast<void>(history["loss"]),
                         "History: expected one of no names, got 'loss'", std::invalid_argument);
    Scores scores;
    scores.set("loss", 1);
    scores.set("accuracy", 1);
    history.add(0, 1, scores);
    CHECK_THROWS_WITH_AS(static_cast<void>(history["val_loss"]),
                         "History: expected one of loss, accuracy, got 'val_loss'",
                         std::invalid_argument);
  }
}

}  // namespace nn
