// SPDX-License-Identifier: MIT
// How many cases of a family the library runs, and why not the others.
#pragma once

#include <cstdio>
#include <map>
#include <string>

namespace nn::testing {

/// Counts the cases of a family. A case that is not run has a reason, and is named with it.
class Tally {
 public:
  explicit Tally(std::string family) : family_(std::move(family)) {}

  /// One case, called `kind` among those of the same reason. An empty reason: the case was run.
  void add(const std::string& kind, const std::string& why_not) {
    ++total_;
    if (!why_not.empty()) ++skipped_[why_not][kind];
    num_run_ += why_not.empty();
  }

  [[nodiscard]] int num_run() const { return num_run_; }
  [[nodiscard]] int total() const { return total_; }

  /// golden layers: 2 of 5 cases run; skipped: no such layer: GRU 1, LSTM 1; argument 'axis': ELU 1
  [[nodiscard]] std::string text() const {
    std::string text = "golden " + family_ + ": " + std::to_string(num_run_) + " of " +
                       std::to_string(total_) + " cases run";
    const char* between = "; skipped: ";
    for (const auto& [reason, kinds] : skipped_) {
      text += between + reason;
      between = ": ";
      for (const auto& [kind, count] : kinds) {
        text += between + kind + " " + std::to_string(count);
        between = ", ";
      }
      between = "; ";
    }
    return text;
  }
  void print() const { std::printf("%s\n", text().c_str()); }

 private:
  std::string family_;
  int num_run_ = 0;
  int total_ = 0;
  std::map<std::string, std::map<std::string, int>> skipped_;  // [reason][kind]
};

}  // namespace nn::testing
