// SPDX-License-Identifier: MIT
// Trains a network to read handwritten digits, tests it, shows what it misread, and saves it.
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "mnist/mnist.hpp"
#include "mnist/report.hpp"
#include "mnist/training_options.hpp"
#include "nn/io/atomic_file.hpp"
#include "nn/sequential.hpp"

namespace {

using mnist::DataSet;
using mnist::TrainingOptions;

/// A mistake in the place of a result file costs nothing now and all of the training later.
void require_writable(const std::string& path) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  if (std::filesystem::is_directory(path) || !std::filesystem::is_directory(folder)) {
    throw nn::IoError{nn::sentence({"mnist_train", "a file in a folder that exists", path})};
  }
}

nn::Sequential<float> make_model(const DataSet& data, std::uint64_t seed) {
  nn::Sequential model{
      nn::Rescaling{1.0 / 255},  // images are bytes
      nn::Conv2D{32, {3, 3}, {.activation = nn::Activation::relu}},
      nn::Flatten{},
      nn::Dense{128, {.activation = nn::Activation::relu}},
      nn::Dense{data.num_classes, {.activation = nn::Activation::softmax}},
  };
  model.build(nn::sample_shape_of(data.train_images), {.seed = seed});
  return model;
}

void compile(nn::Sequential<float>& model, const TrainingOptions& options) {
  const nn::SparseCategoricalCrossentropy loss;
  if (options.optimizer == "sgd") {
    model.compile(nn::SGD{{.learning_rate = options.learning_rate.value_or(0.01)}}, loss,
                  {nn::Accuracy{}});
  } else {
    model.compile(nn::Adam{{.learning_rate = options.learning_rate.value_or(0.001)}}, loss,
                  {nn::Accuracy{}});
  }
}

void run(const TrainingOptions& options) {
  require_writable(options.model);
  if (options.metrics) require_writable(*options.metrics);
  if (options.threads > 0) nn::set_num_threads(options.threads);

  const DataSet data = mnist::find_data(options.data, NN_MNIST_BUILD_DIR, options.seed);
  std::printf("Data: %s\n", data.origin.c_str());
  auto model = make_model(data, options.seed);
  if (!options.quiet) {
    std::printf("%s\nProcessor: %s\n\n%s\n", describe(data).c_str(), nn::cpu().c_str(),
                model.summary().c_str());
  }
  compile(model, options);
  const nn::History history =
      model.fit(data.train_images, data.train_labels,
                {.batch_size = options.batch_size,
                 .epochs = options.epochs,
                 .verbose = options.quiet ? nn::Verbose::silent : nn::Verbose::automatic,
                 .validation_split = options.validation_split});

  mnist::TestResult result{.loss = model.evaluate(data.test_images, data.test_labels)["loss"],
                           .confusion = nn::ConfusionMatrix{},
                           .probabilities = model.predict(data.test_images)};
  result.confusion = nn::confusion_matrix(data.test_labels, result.probabilities);
  const char* images = data.drawn ? "drawn digits" : "images";
  std::printf("%sTest on %lld %s: accuracy %s, macro precision %s, macro recall %s, loss %.4f\n",
              options.quiet ? "" : "\n", static_cast<long long>(result.confusion.total()), images,
              mnist::percent(result.confusion.accuracy()).c_str(),
              mnist::percent(result.confusion.precision()).c_str(),
              mnist::percent(result.confusion.recall()).c_str(), result.loss);
  if (!options.quiet) {
    std::printf("\n%s\n%s\n", mnist::confusion_table(result.confusion).c_str(),
                mnist::misread_digits(data, result).c_str());
  }
  model.save(options.model, {{"trained_on", data.origin}});
  if (options.metrics) {
    const auto report = mnist::report_to_json(data, model, options.seed, history, result);
    nn::io::write_atomically(*options.metrics,
                             [&](auto& file) { file.write(report.dump() + "\n"); });
  }
  std::printf("Saved the model, trained on %s, to %s\n", data.origin.c_str(),
              options.model.c_str());
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw nn::IoError{
        nn::sentence({"mnist_train", "a standard output that takes text", "an error"})};
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error like any other,
  std::signal(SIGXFSZ, SIG_IGN);  // and so is a limit on the size of files
  TrainingOptions options;
  CLI::App app;
  mnist::declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::printf("%s", app.help().c_str());
    return 0;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "mnist_train: %s; try --help\n", error.what());
    return 2;
  }
  try {
    run(options);
  } catch (const std::exception& error) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
