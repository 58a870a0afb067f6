// SPDX-License-Identifier: MIT
// Trains a network to read handwritten digits, tests it, shows what it misread, and saves it.
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "mnist/interruption.hpp"
#include "mnist/mnist.hpp"
#include "mnist/recipe.hpp"
#include "mnist/report.hpp"
#include "mnist/results.hpp"
#include "mnist/terminal.hpp"
#include "mnist/training_options.hpp"
#include "nn/io/atomic_file.hpp"
#include "nn/sequential.hpp"

namespace {

using mnist::DataSet;
using mnist::TrainingOptions;

/// The results of the model on the test images. Throws `std::runtime_error` if its training has
/// diverged: such a model must not replace a good one.
mnist::TestResult test(nn::Sequential<float>& model, const DataSet& data,
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

void run(const TrainingOptions& options, const mnist::Recipe& recipe) {
  mnist::require_writable(options.model);
  if (options.metrics) mnist::require_writable(*options.metrics);
  if (options.threads > 0) nn::set_num_threads(options.threads);

  const DataSet data = mnist::find_data(options.data, NN_MNIST_BUILD_DIR, options.seed);
  std::printf("Data: %s\nRecipe: %s\n", (data.drawn ? data.name : data.place).c_str(),
              describe(recipe).c_str());
  auto model = make_model(recipe, data, options.seed);
  if (!options.quiet) {
    std::printf("%s\nProcessor: %s\n\n%s\n", describe(data).c_str(), nn::cpu().c_str(),
                model.summary().c_str());
  }
  const nn::Index num_samples = data.train_images.dimension(0);
  compile(model, recipe, nn::num_training_samples(num_samples, options.validation_split));
  std::fflush(stdout);  // so that a signal can't end the program before this is out
  mnist::take_stop_requests();
  const nn::History history =
      model.fit(data.train_images, data.train_labels,
                {.batch_size = recipe.batch_size,
                 .epochs = recipe.epochs,
                 .verbose = options.quiet ? nn::Verbose::silent : nn::Verbose::automatic,
                 .callbacks = {mnist::StopOnRequest{}},
                 .validation_split = options.validation_split});
  const bool is_stopped = mnist::stop_request() != 0;
  if (is_stopped) {
    std::printf("Stopped by a signal in epoch %lld of %d: testing and saving the model so far\n",
                static_cast<long long>(history.epochs().back()) + 1, recipe.epochs);
    std::fflush(stdout);
  }

  const mnist::TestResult result = test(model, data, options.model);
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
  model.save(options.model, {.notes = {{"trained_on", identity(data)}}});
  if (options.metrics) {
    const auto report = mnist::report_to_json(data, model,
                                              {.recipe = recipe,
                                               .seed = options.seed,
                                               .command = command_of(recipe, options),
                                               .history = history,
                                               .is_stopped = is_stopped},
                                              result);
    nn::io::write_atomically(*options.metrics,
                             [&](auto& file) { file.write(report.dump() + "\n"); });
  }
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
    mnist::require_two_places(options.model, options.metrics);
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
    run(options, recipe);
  } catch (const std::exception& error) {
    return mnist::fail("mnist_train", error);
  }
  const int status = mnist::finish_output("mnist_train");
  const int signal = mnist::stop_request();
  return status == 0 && signal != 0 ? 128 + signal : status;  // the convention of shells
}
