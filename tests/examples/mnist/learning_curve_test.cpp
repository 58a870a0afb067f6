// SPDX-License-Identifier: MIT
#include "mnist/learning_curve.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace {

nn::History history_of(const std::vector<double>& losses,
                       const std::vector<double>& val_losses = {}) {
  std::vector<nn::Index> epochs;
  for (std::size_t i = 0; i < losses.size(); ++i) epochs.push_back(static_cast<nn::Index>(i));
  std::vector<std::pair<std::string, std::vector<double>>> values{{"loss", losses}};
  if (!val_losses.empty()) values.emplace_back("val_loss", val_losses);
  return {epochs, std::vector<double>(losses.size(), 1.0), values};
}

}  // namespace

TEST_SUITE("examples/mnist/learning_curve") {
  TEST_CASE("learning_curve: draws the losses on a logarithmic axis") {
    CHECK(mnist::learning_curve(history_of({1.28, 0.16, 0.01}, {0.64, 0.08, 0.02}), 40, false) ==
          "Loss by epoch: * training, o validation\n"
          "  1.280 |*\n"
          "        |o\n"
          "        |\n"
          "        |           *\n"
          "        |           o\n"
          "        |\n"
          "        |                       o\n"
          "  0.010 |                       *\n"
          "         1                      3\n");
  }

  TEST_CASE("learning_curve: no line is wider than it may be, however many epochs there are") {
    for (const nn::Index width : {20, 40, 80}) {
      for (const int num_epochs : {2, 5, 100, 1000}) {
        CAPTURE(width);
        CAPTURE(num_epochs);
        std::vector<double> losses;
        for (int i = 0; i < num_epochs; ++i) losses.push_back(1.0 / (1 + i));
        std::istringstream lines(mnist::learning_curve(history_of(losses), width, false));
        int count = 0;
        for (std::string line; std::getline(lines, line); ++count) {
          if (count > 0) CHECK(static_cast<nn::Index>(line.size()) <= width);
        }
        CHECK(count == 10);
      }
    }
  }

  TEST_CASE("learning_curve: colours where they are wanted, and then the same characters") {
    const nn::History history = history_of({2, 1}, {2, 1.5});
    const std::string plain = mnist::learning_curve(history, 40, false);
    std::string coloured = mnist::learning_curve(history, 40, true);
    CHECK(plain.find('\033') == std::string::npos);
    CHECK(coloured.find("\033[36m*\033[0m") != std::string::npos);
    for (const std::string code : {"\033[36m", "\033[33m", "\033[0m"}) {
      for (auto at = coloured.find(code); at != std::string::npos; at = coloured.find(code)) {
        coloured.erase(at, code.size());
      }
    }
    CHECK(coloured == plain);
  }

  TEST_CASE("learning_curve: one epoch is no curve, and what is not finite is left out") {
    CHECK(mnist::learning_curve(history_of({0.5}), 40, false) == "");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(mnist::learning_curve(history_of({nan, nan}), 40, false) == "");
    const std::string text = mnist::learning_curve(history_of({1, nan, 0.5}), 40, false);
    CHECK(text.starts_with("Loss by epoch: * training\n  1.000 |*\n"));
  }
}
