// SPDX-License-Identifier: MIT
// The command line of mnist_train.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "mnist/command_line.hpp"

namespace mnist {

struct TrainingOptions {
  std::optional<std::string> data;
  std::string recipe = "keras";
  std::optional<int> epochs;  // this and the next three: if empty, the recipe's
  std::optional<int> batch_size;
  std::optional<std::string> optimizer;
  std::optional<double> learning_rate;
  std::string precision = "float32";
  int threads = 0;  // 0: all cores
  std::uint64_t seed = 42;
  int seeds = 1;     // trainings with this seed and those behind it, to see how results vary
  int ensemble = 1;  // networks, with these seeds, whose mean is the model
  std::string model = "mnist.safetensors";
  double validation_split = 0;
  bool quiet = false;
  std::optional<std::string> backup;
  std::optional<std::string> metrics;
  std::optional<std::string> report;
};

/// Declares the options to the parser, which writes what it reads to `options`.
inline void declare(CLI::App& app, TrainingOptions& options) {
  const auto at_least_one = whole_number(1, 1'000'000'000);
  app.description("Trains a network to read handwritten digits, tests it and saves it.");
  app.footer(
      "SIGINT (Ctrl-C) or SIGTERM ends the training after the batch at hand: the model so far is\n"
      "tested and saved, and the exit status is 130 or 143. A second one ends the program at "
      "once.\n"
      "Built with MPI, mpirun -n 4 mnist_train trains in four processes, on a quarter of each "
      "batch "
      "each.");
  app.add_option(
         "--data", options.data,
         "folder with four files as MNIST has them, plain or .gz; images and classes may be others")
      ->type_name("DIR");
  app.add_option("--recipe", options.recipe,
                 "network and settings: keras, fast for 99 % after one epoch, or best, which takes "
                 "the longest")
      ->check(one_of({"keras", "fast", "best"}))
      ->capture_default_str();
  app.add_option("--epochs", options.epochs,
                 "passes over the training images [keras: 5, fast: 1, best: 15]")
      ->transform(without_leading_zeros)
      ->check(at_least_one);
  app.add_option("--batch-size", options.batch_size, "images in one update of the weights [128]")
      ->transform(without_leading_zeros)
      ->check(at_least_one);
  app.add_option("--learning-rate", options.learning_rate,
                 "step of the optimizer, for fast and best the highest [keras: 0.001, sgd 0.01; "
                 "fast: 0.01; "
                 "best: 0.004]")
      ->check(number_between(0, false, std::numeric_limits<double>::infinity()));
  app.add_option("--optimizer", options.optimizer, "rule of the updates [adam]")
      ->check(one_of({"adam", "sgd"}));
  app.add_option("--precision", options.precision, "in which the dense layers multiply in training")
      ->check(one_of({"float32", "bfloat16"}))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "threads to compute with [all cores]")
      ->transform(without_leading_zeros)
      ->check(whole_number(1, 1024));
  app.add_option("--seed", options.seed, "of initial weights, order of images and drawn digits")
      ->transform(without_leading_zeros)
      ->check(whole_number(0, INT64_MAX))
      ->capture_default_str();
  const auto member_count = whole_number(1, 16);  // as many as an Average layer takes
  auto* const seeds =
      app.add_option("--seeds", options.seeds,
                     "train so many times, with --seed and the numbers behind it: mean and 95 % "
                     "interval of the results; the first model is saved [1]")
          ->transform(without_leading_zeros)
          ->check(whole_number(1, 1000));
  auto* const ensemble =
      app.add_option("--ensemble", options.ensemble,
                     "train so many networks, likewise; the model is the mean of what they say [1]")
          ->transform(without_leading_zeros)
          ->check(member_count)
          ->excludes(seeds);
  app.add_option("--model", options.model, "where to save the trained model")
      ->type_name("FILE")
      ->check(file_name())
      ->capture_default_str();
  app.add_option("--backup", options.backup,
                 "keep the state of the training in FILE; started again after a crash, it goes on")
      ->type_name("FILE")
      ->check(file_name())
      ->excludes(seeds)
      ->excludes(ensemble);
  app.add_option("--validation-split", options.validation_split,
                 "share of the training images to watch instead, from 0 to below 1")
      ->check(number_between(0, true, 1))
      ->capture_default_str();
  app.add_flag("--quiet", options.quiet, "leave out all but the data, the recipe and the results");
  app.add_option("--metrics", options.metrics, "write all figures to FILE as JSON")
      ->type_name("FILE")
      ->check(file_name());
  app.add_option("--report", options.report,
                 "write a page to FILE: curves, confusion matrix, misread digits")
      ->type_name("FILE")
      ->check(file_name());
}

}  // namespace mnist
