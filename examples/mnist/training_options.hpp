// SPDX-License-Identifier: MIT
// The command line of mnist_train.
#pragma once

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

namespace mnist {

struct TrainingOptions {
  std::optional<std::string> data;
  std::string recipe = "keras";
  std::optional<int> epochs;  // this and the next three: none for the recipe's
  std::optional<int> batch_size;
  std::optional<std::string> optimizer;
  std::optional<double> learning_rate;
  std::string precision = "float32";
  int threads = 0;  // 0: all cores
  std::uint64_t seed = 42;
  std::string model = "mnist.safetensors";
  double validation_split = 0;
  bool quiet = false;
  std::optional<std::string> metrics;
};

/// CLI11's own checks let NaN through, as it compares false with any bound, and some infinity.
inline std::string check_finite(const std::string& number) {
  return std::isfinite(std::strtod(number.c_str(), nullptr)) ? "" : "not finite: " + number;
}
inline std::string check_positive(const std::string& number) {
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  const bool is_positive = *end == '\0' && value > 0 && std::isfinite(value);
  return is_positive ? "" : "expected a number above 0, got " + number;
}

/// 010 is ten: CLI11 would read it as octal.
inline std::string without_leading_zeros(const std::string& number) {
  std::size_t first = 0;
  while (first + 1 < number.size() && number[first] == '0' && number[first + 1] >= '0' &&
         number[first + 1] <= '9') {
    ++first;
  }
  return number.substr(first);
}

/// The options as a parser; `options` receives what it reads.
inline void declare(CLI::App& app, TrainingOptions& options) {
  const auto at_least_one = CLI::Range(1, 1'000'000'000, "WHOLE NUMBER FROM 1");
  app.description("Trains a network to read handwritten digits, tests it and saves it.");
  app.add_option("--data", options.data, "folder with the four MNIST files, plain or .gz")
      ->type_name("DIR");
  app.add_option("--recipe", options.recipe,
                 "network and settings: keras, or fast for 99 % after one epoch")
      ->check(CLI::IsMember({"keras", "fast"}))
      ->capture_default_str();
  app.add_option("--epochs", options.epochs, "passes over the training images [keras: 5, fast: 1]")
      ->transform(without_leading_zeros)
      ->check(at_least_one);
  app.add_option("--batch-size", options.batch_size, "images in one update of the weights [128]")
      ->transform(without_leading_zeros)
      ->check(at_least_one);
  app.add_option("--learning-rate", options.learning_rate,
                 "step of the optimizer, for fast the highest [keras: 0.001, sgd 0.01; fast: 0.01]")
      ->check(check_positive);
  app.add_option("--optimizer", options.optimizer, "rule of the updates [adam]")
      ->check(CLI::IsMember({"adam", "sgd"}));
  app.add_option("--precision", options.precision, "in which the dense layers multiply in training")
      ->check(CLI::IsMember({"float32", "bfloat16"}))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "threads to compute with [all cores]")
      ->transform(without_leading_zeros)
      ->check(CLI::Range(1, 1024, "WHOLE NUMBER FROM 1 TO 1024"));
  app.add_option("--seed", options.seed, "of initial weights, order of images and drawn digits")
      ->transform(without_leading_zeros)
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{INT64_MAX}, "WHOLE NUMBER FROM 0"))
      ->capture_default_str();
  app.add_option("--model", options.model, "where to save the trained model")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--validation-split", options.validation_split,
                 "share of the training images to watch instead, from 0 to below 1")
      ->check(CLI::Range(0.0, 0.999999, "NUMBER FROM 0 TO BELOW 1"))
      ->check(check_finite)
      ->capture_default_str();
  app.add_flag("--quiet", options.quiet, "print the result only");
  app.add_option("--metrics", options.metrics, "write all figures to FILE as JSON")
      ->type_name("FILE");
}

}  // namespace mnist
