// SPDX-License-Identifier: MIT
// What mnist_train trains, and how: a network and the settings that suit it.
#pragma once

#include <algorithm>
#include <string>

#include "mnist/mnist.hpp"
#include "mnist/training_options.hpp"
#include "nn/sequential.hpp"

namespace mnist {

/// `keras`: one convolution and two dense layers, as in Keras' introductions.
/// `fast`: a smaller network and one cycle of a high learning rate (Smith and Topin 2018), for 99 %
/// after one epoch.
/// `best`: four convolutions with batch normalization (Ioffe and Szegedy 2015), one cycle, images
/// that vary from epoch to epoch (Simard et al. 2003), and the average of the weights.
struct Recipe {
  std::string name;
  int epochs;
  int batch_size;
  std::string optimizer;
  double learning_rate;  // of a cycle the highest
  nn::ProductPrecision precision{};

  [[nodiscard]] bool is_fast() const { return name == "fast"; }
  [[nodiscard]] bool is_best() const { return name == "best"; }
  [[nodiscard]] bool has_cycle() const { return is_fast() || is_best(); }
  [[nodiscard]] const char* schedule() const { return has_cycle() ? "OneCycle" : "constant"; }
};

/// The recipe that the options name, with the settings that they replace. Throws
/// `std::invalid_argument` if they leave open which learning rate to use.
[[nodiscard]] inline Recipe recipe_of(const TrainingOptions& options) {
  Recipe recipe{"keras", 5, 128, "adam", 0.001};
  if (options.recipe == "fast") recipe = {"fast", 1, 128, "adam", 0.01};
  if (options.recipe == "best") recipe = {"best", 15, 128, "adam", 0.004};
  if (options.precision == "bfloat16") recipe.precision = nn::Precision::bfloat16;
  recipe.epochs = options.epochs.value_or(recipe.epochs);
  recipe.batch_size = options.batch_size.value_or(recipe.batch_size);
  recipe.optimizer = options.optimizer.value_or(recipe.optimizer);
  if (recipe.optimizer == "sgd" && !options.learning_rate) {
    if (recipe.has_cycle()) {
      nn::refuse({"mnist_train",
                  {"--learning-rate beside --recipe ", recipe.name, " --optimizer sgd"},
                  "none",
                  "the recipe's rate is for adam"});
    }
    recipe.learning_rate = 0.01;
  }
  recipe.learning_rate = options.learning_rate.value_or(recipe.learning_rate);
  return recipe;
}

/// "fast (1 epoch, batches of 128, adam, learning rate up to 0.01, float32)"
[[nodiscard]] inline std::string describe(const Recipe& recipe) {
  return nn::concat({recipe.name, " (", recipe.epochs, recipe.epochs == 1 ? " epoch" : " epochs",
                     ", batches of ", recipe.batch_size, ", ", recipe.optimizer, ", learning rate ",
                     recipe.has_cycle() ? "up to " : "", recipe.learning_rate, ", ",
                     to_string(recipe.precision), ")"});
}

/// The command that repeats the training, without paths of files.
[[nodiscard]] inline std::string command_of(const Recipe& recipe, const TrainingOptions& options) {
  std::string command = nn::concat(
      {"mnist_train --recipe ", recipe.name, " --epochs ", recipe.epochs, " --batch-size ",
       recipe.batch_size, " --optimizer ", recipe.optimizer, " --learning-rate ",
       recipe.learning_rate, " --precision ", to_string(recipe.precision), " --validation-split ",
       options.validation_split, " --threads ", nn::num_threads(), " --seed ", options.seed});
  if (options.seeds > 1) nn::append(command, {" --seeds ", options.seeds});
  if (options.ensemble > 1) nn::append(command, {" --ensemble ", options.ensemble});
  return command;
}

/// Appends a convolution with as many outputs, normalized, and a ReLU.
inline void add_block(nn::Sequential<float>& model, int filters, int kernel_size,
                      nn::Padding padding) {
  model.add(
      nn::Conv2D{filters, {kernel_size, kernel_size}, {.padding = padding, .use_bias = false}});
  model.add(nn::BatchNormalization{{.momentum = 0.9}});
  model.add(nn::ReLU{});
}

/// The network of `best`.
[[nodiscard]] inline nn::Sequential<float> make_best_model(const DataSet& data) {
  const nn::Shape image = nn::sample_shape_of(data.train_images);
  // On smaller images, unpadded windows would leave nothing.
  const nn::Padding padding =
      std::min(image[0], image[1]) < 20 ? nn::Padding::same : nn::Padding::valid;
  const nn::RandomWarpOptions black{.fill_mode = nn::FillMode::constant};
  nn::RandomWarpOptions whole_pixels = black;  // which do not blur
  whole_pixels.interpolation = nn::Interpolation::nearest;
  nn::Sequential model{
      nn::Rescaling{1.0 / 255},
      nn::RandomTranslation{0.08, 0.08, whole_pixels},
      nn::RandomRotation{10.0 / 360, black},
      nn::RandomZoom{0.1, 0.1, black},
      nn::ElasticDeformation{12, 4, black},
  };
  add_block(model, 32, 5, padding);
  model.add(nn::MaxPooling2D{});
  for (int i = 0; i < 3; ++i) add_block(model, 64, 3, padding);
  model.add(nn::MaxPooling2D{});
  model.add(nn::Flatten{});
  model.add(nn::Dropout{0.3});
  model.add(nn::Dense{128, {.use_bias = false}});
  model.add(nn::BatchNormalization{{.momentum = 0.9}});
  model.add(nn::ReLU{});
  model.add(nn::Dense{data.num_classes, {.activation = nn::Activation::softmax}});
  return model;
}

/// The recipe's network for images of this size, with first weights from `seed`.
[[nodiscard]] inline nn::Sequential<float> make_model(const Recipe& recipe, const DataSet& data,
                                                      std::uint64_t seed) {
  nn::Sequential<float> model;
  if (recipe.is_best()) {
    model = make_best_model(data);
  } else if (recipe.is_fast()) {
    // The mean and standard deviation of MNIST's pixels become 0 and 1.
    constexpr double mean = 0.1307, deviation = 0.3081;
    model = nn::Sequential{
        nn::Rescaling{1 / (255 * deviation), -mean / deviation},
        nn::Conv2D{16, {5, 5}},
        nn::MaxPooling2D{},
        nn::ReLU{},
        nn::Conv2D{32, {3, 3}},
        nn::MaxPooling2D{},
        nn::ReLU{},
        nn::Flatten{},
        nn::Dense{256, {.activation = nn::Activation::relu}},
        nn::Dense{data.num_classes, {.activation = nn::Activation::softmax}},
    };
  } else {
    model = nn::Sequential{
        nn::Rescaling{1.0 / 255},  // images are bytes
        nn::Conv2D{32, {3, 3}, {.activation = nn::Activation::relu}},
        nn::Flatten{},
        nn::Dense{128, {.activation = nn::Activation::relu}},
        nn::Dense{data.num_classes, {.activation = nn::Activation::softmax}},
    };
  }
  model.build(nn::sample_shape_of(data.train_images), {.seed = seed});
  return model;
}

/// Compiles for epochs of `num_samples` training images.
inline void compile(nn::Sequential<float>& model, const Recipe& recipe, nn::Index num_samples) {
  const nn::SparseCategoricalCrossentropy loss;
  nn::Hyperparameter rate = recipe.learning_rate;
  const nn::Index steps_per_epoch = (num_samples + recipe.batch_size - 1) / recipe.batch_size;
  const nn::Index steps = recipe.epochs * steps_per_epoch;
  if (recipe.has_cycle()) {
    rate = nn::OneCycle{recipe.learning_rate, steps, {.pct_start = 0.2}};
  }
  // The weights of the last steps, a twentieth of all, count most.
  const double ema_momentum = std::max(0.0, 1 - 20 / static_cast<double>(steps));
  const nn::CompileOptions options{.precision = recipe.precision};
  if (recipe.optimizer == "sgd") {
    model.compile(
        nn::SGD{{.learning_rate = rate, .use_ema = recipe.is_best(), .ema_momentum = ema_momentum}},
        loss, {nn::Accuracy{}}, options);
    return;
  }
  nn::AdamOptions adam{
      .learning_rate = rate, .use_ema = recipe.is_best(), .ema_momentum = ema_momentum};
  if (recipe.is_fast()) {
    adam.beta_1 = 0.7;
    adam.beta_2 = 0.9;
  }
  model.compile(nn::Adam{adam}, loss, {nn::Accuracy{}}, options);
}

}  // namespace mnist
