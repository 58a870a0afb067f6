// SPDX-License-Identifier: MIT
// What `fit` returns: the values of all epochs.
#pragma once

#include <concepts>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/core/config.hpp"
#include "nn/training/divergence.hpp"
#include "nn/training/scores.hpp"

namespace nn {

/// The course of a training run: for each name ("loss", "accuracy", "val_loss", …) the values of
/// all epochs that had it, as in Keras' `History.history`.
class History {
 public:
  History() = default;
  /// Of epochs that have run before. Each name has its values.
  NN_COLD History(std::vector<Index> epochs, std::vector<double> seconds,
                  std::vector<std::pair<std::string, std::vector<double>>> values)
      : epochs_(std::move(epochs)), seconds_(std::move(seconds)), columns_(std::move(values)) {}

  /// Throws `std::invalid_argument` for an unknown name; the message lists the known ones.
  [[nodiscard]] NN_COLD const std::vector<double>& operator[](std::string_view name) const {
    std::string known;
    for (const auto& [key, values] : columns_) {
      if (key == name) return values;
      append_listed(known, key);
    }
    refuse({"History", {"one of ", known.empty() ? "no names" : known}, {"'", name, "'"}});
  }

  /// Numbers of the epochs that ran, from 0.
  [[nodiscard]] const std::vector<Index>& epochs() const { return epochs_; }
  /// Wall-clock seconds of each epoch's training, without validation.
  [[nodiscard]] const std::vector<double>& seconds() const { return seconds_; }
  /// The first batch whose loss was not finite; "loss" is NaN or infinite in that epoch.
  [[nodiscard]] const std::optional<Divergence>& divergence() const { return divergence_; }
  /// Names and values in the order of their first appearance.
  [[nodiscard]] auto begin() const { return columns_.begin(); }
  [[nodiscard]] auto end() const { return columns_.end(); }

  NN_COLD void add(Index epoch, double seconds, const Scores& scores) {
    epochs_.push_back(epoch);
    seconds_.push_back(seconds);
    for (const auto& [name, value] : scores) column(name).push_back(value);
  }
  void set_divergence(const std::optional<Divergence>& divergence) { divergence_ = divergence; }

 private:
  std::vector<double>& column(const std::string& name) {
    for (auto& [key, values] : columns_) {
      if (key == name) return values;
    }
    return columns_.emplace_back(name, std::vector<double>{}).second;
  }

  std::vector<Index> epochs_;
  std::vector<double> seconds_;
  std::optional<Divergence> divergence_;
  std::vector<std::pair<std::string, std::vector<double>>> columns_;
};

/// A line for each name: "loss: 0.1812, 0.0546, 0.0291".
[[nodiscard]] NN_COLD inline std::string to_string(const History& history) {
  std::string text;
  for (const auto& [name, values] : history) {
    std::string listed;
    for (const double value : values) append_listed(listed, readable_score(value));
    append(text, {name, ": ", listed, '\n'});
  }
  return text;
}

/// Prints those lines. (A template, so that only programs that print need the stream's definition.)
template <std::same_as<char> Char>
std::basic_ostream<Char>& operator<<(std::basic_ostream<Char>& stream, const History& history) {
  return stream << to_string(history);
}

}  // namespace nn
