// SPDX-License-Identifier: MIT
// Trains a network to read handwritten digits, tests it, shows what it misread, and saves it.
#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "mnist/interruption.hpp"
#include "mnist/learning_curve.hpp"
#include "mnist/members.hpp"
#include "mnist/mnist.hpp"
#include "mnist/page.hpp"
#include "mnist/recipe.hpp"
#include "mnist/report.hpp"
#include "mnist/results.hpp"
#include "mnist/terminal.hpp"
#include "mnist/training_options.hpp"
#include "nn/distributed/mpi.hpp"
#include "nn/io/atomic_file.hpp"
#include "nn/sequential.hpp"

namespace {

using mnist::DataSet;
using mnist::TrainingOptions;

/// The results of the model on the test images. Throws `std::runtime_error` if its training has
/// diverged: such a model must not replace a good one.
mnist::TestResult test(const nn::Model<float>& model, const DataSet& data,
                       const std::string& model_path) {
  mnist::TestResult result{.loss = model.evaluate(data.test_images, data.test_labels)["loss"],
                           .confusion = nn::ConfusionMatrix{},
                           .probabilities = model.predict(data.test_images)};
  if (!std::isfinite(result.loss) || !mnist::are_finite(result.probabilities)) {
    nn::refuse<std::runtime_error>(
        {"mnist_train",
         "finite results on the test images",
         {"a loss of ", result.loss},
         "the training diverged",
         {"try a smaller --learning-rate; nothing was written to ", model_path}});
  }
  result.confusion = nn::confusion_matrix(data.test_labels, result.probabilities);
  return result;
}

/// Trains one network; `title` says which of several, and is empty for a single one.
mnist::Member train(const TrainingOptions& options, const mnist::Recipe& recipe,
                    const DataSet& data, std::uint64_t seed, const std::string& title,
                    nn::mpi::Session& mpi) {
  mnist::Member member{.seed = seed, .model = make_model(recipe, data, seed)};
  const nn::Index num_samples = data.train_images.dimension(0);
  compile(member.model, recipe, nn::num_training_samples(num_samples, options.validation_split));
  if (!title.empty() && !options.quiet) std::printf("%s\n", title.c_str());
  std::fflush(stdout);  // so that a signal can't end the program before this is out
  std::vector<nn::Callback> callbacks{mnist::StopOnRequest{}};
  if (options.backup) callbacks.emplace_back(nn::BackupAndRestore{*options.backup});
  member.history =
      member.model.fit(data.train_images, data.train_labels,
                       {.batch_size = recipe.batch_size,
                        .epochs = recipe.epochs,
                        .verbose = options.quiet ? nn::Verbose::silent : nn::Verbose::automatic,
                        .callbacks = callbacks,
                        .validation_split = options.validation_split,
                        .communicator = mpi});
  if (mnist::stop_request() != 0) {
    std::printf("Stopped by a signal in epoch %lld of %d: testing and saving the model so far\n",
                static_cast<long long>(member.history.epochs().back()) + 1, recipe.epochs);
    std::fflush(stdout);
  } else if (!options.quiet) {
    const std::string curve =
        mnist::learning_curve(member.history, mnist::line_width(), mnist::takes_colours());
    if (!curve.empty()) std::printf("\n%s", curve.c_str());
  }
  return member;
}

/// Trains as many networks as the options say, or fewer after a signal, and tests those that are
/// not for an ensemble.
std::vector<mnist::Member> train_all(const TrainingOptions& options, const mnist::Recipe& recipe,
                                     const DataSet& data, nn::mpi::Session& mpi) {
  const int count = std::max(options.seeds, options.ensemble);
  std::vector<mnist::Member> members;
  // The first one is begun in any case: `fit` itself stops after a batch.
  for (int i = 0; i < count && (i == 0 || mnist::stop_request() == 0); ++i) {
    const std::uint64_t seed = options.seed + static_cast<std::uint64_t>(i);
    const std::string title =
        count == 1
            ? ""
            : nn::concat({i == 0 ? "" : "\n", "Training ", i + 1, " of ", count, ", seed ", seed});
    members.push_back(train(options, recipe, data, seed, title, mpi));
    if (options.seeds == 1) continue;
    members.back().test = test(members.back().model, data, options.model);
    std::printf("Seed %llu: accuracy %s, loss %s on the test images\n",
                static_cast<unsigned long long>(seed),
                mnist::percent(members.back().test->confusion.accuracy()).c_str(),
                nn::with_digits(members.back().test->loss, 4).c_str());
    if (i > 0) members.back().model = {};  // only the first is saved
  }
  return members;
}

/// All but the first of several processes train, and are silent.
void run(const TrainingOptions& options, const mnist::Recipe& recipe, nn::mpi::Session& mpi) {
  if (mpi.size() > 1 && options.seeds * options.ensemble > 1) {
    nn::refuse({"mnist_train", "one training where there are several processes",
                options.seeds * options.ensemble, "--seeds or --ensemble"});
  }
  if (mpi.leads()) {
    mnist::require_writable(options.model);
    for (const auto& file : {options.metrics, options.report, options.backup}) {
      if (file) mnist::require_writable(*file);
    }
  } else if (std::freopen("/dev/null", "w", stdout) == nullptr) {
    throw std::runtime_error("mnist_train: expected /dev/null, got none");
  }
  if (options.threads > 0) nn::set_num_threads(options.threads);

  const DataSet data = mnist::find_data(options.data, NN_MNIST_BUILD_DIR, options.seed);
  std::printf("Data: %s\nRecipe: %s\n", (data.drawn ? data.name : data.place).c_str(),
              describe(recipe).c_str());
  if (!options.quiet) {
    std::printf("%s\nProcessor: %s\n\n%s\n", describe(data).c_str(), nn::cpu().c_str(),
                make_model(recipe, data, options.seed).summary().c_str());
  }
  std::fflush(stdout);  // so that a signal can't end the program before this is out
  mnist::take_stop_requests();
  std::vector<mnist::Member> members = train_all(options, recipe, data, mpi);
  if (!mpi.leads()) return;
  const bool is_stopped = mnist::stop_request() != 0;
  const nn::Model<float> model = mnist::joined(members);
  const mnist::TestResult result =
      members[0].test ? *members[0].test : test(model, data, options.model);

  const char* images = data.drawn ? "drawn digits" : "images";
  std::printf("%sTest on %lld %s: accuracy %s, macro precision %s, macro recall %s, loss %s\n",
              options.quiet ? "" : "\n", static_cast<long long>(result.confusion.total()), images,
              mnist::percent(result.confusion.accuracy()).c_str(),
              mnist::percent(result.confusion.precision()).c_str(),
              mnist::percent(result.confusion.recall()).c_str(),
              nn::with_digits(result.loss, 4).c_str());
  if (!options.quiet) {
    const nn::Index line_width = mnist::line_width();
    std::printf("\n%s\n%s\n", mnist::class_tables(result.confusion, line_width).c_str(),
                mnist::misread_digits(data, result, line_width).c_str());
  }
  if (options.seeds > 1) std::printf("%s", mnist::describe_spread(members).c_str());
  model.save(options.model, {.notes = {{"trained_on", identity(data)}}});
  const mnist::Training training{.recipe = recipe,
                                 .seed = options.seed,
                                 .command = command_of(recipe, options),
                                 .history = members[0].history,
                                 .is_stopped = is_stopped,
                                 .members = &members};
  if (options.metrics) {
    const auto figures = mnist::report_to_json(data, model, training, result);
    nn::io::write_atomically(*options.metrics,
                             [&](auto& file) { file.write(figures.dump() + "\n"); });
  }
  if (options.report) mnist::write_page(*options.report, data, model, training, result);
  std::printf("Saved the model, trained on %s, to %s\n", data.name.c_str(), options.model.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error like any other,
  std::signal(SIGXFSZ, SIG_IGN);  // and so is a limit on the size of files
  TrainingOptions options;
  CLI::App app;
  mnist::declare(app, options);
  mnist::Recipe recipe;
  try {
    mnist::require_values(argc, argv);
    app.parse(argc, argv);
    recipe = mnist::recipe_of(options);
    mnist::require_own_places(std::array<mnist::Place, 4>{{{"--model", options.model},
                                                           {"--metrics", options.metrics},
                                                           {"--report", options.report},
                                                           {"--backup", options.backup}}});
  } catch (const CLI::CallForHelp&) {
    std::printf("%s", app.help().c_str());
    return mnist::finish_output("mnist_train");
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "mnist_train: %s; try --help\n", error.what());
    return 2;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  try {
    nn::mpi::Session mpi(argc, argv);
    run(options, recipe, mpi);
  } catch (const std::exception& error) {
    return mnist::fail("mnist_train", error);
  }
  const int status = mnist::finish_output("mnist_train");
  const int signal = mnist::stop_request();
  return status == 0 && signal != 0 ? 128 + signal : status;  // the convention of shells
}
