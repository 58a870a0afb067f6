// SPDX-License-Identifier: MIT
// What mnist_train trains, and how: a network and the settings that suit it.
#pragma once

#include <string>

#include "mnist/mnist.hpp"
#include "mnist/training_options.hpp"
#include "nn/sequential.hpp"

namespace mnist {

/// `keras`: one convolution and two dense layers, as in Keras' introductions.
/// `fast`: a smaller network and one cycle of a high learning rate (Smith and Topin 2018), for 99 %
/// after one epoch.
struct Recipe {
  std::string name;
  int epochs;
  int batch_size;
  std::string optimizer;
  double learning_rate;  // fast: the highest of the cycle
  nn::ProductPrecision precision{};

  [[nodiscard]] bool is_fast() const { return name == "fast"; }
  [[nodiscard]] const char* schedule() const { return is_fast() ? "OneCycle" : "constant"; }
};

/// The recipe that the options name, with the settings that they replace. Throws
/// `std::invalid_argument` if they leave open which learning rate to use.
[[nodiscard]] inline Recipe recipe_of(const TrainingOptions& options) {
  Recipe recipe = options.recipe == "fast" ? Recipe{"fast", 1, 128, "adam", 0.01}
                                           : Recipe{"keras", 5, 128, "adam", 0.001};
  if (options.precision == "bfloat16") recipe.precision = nn::Precision::bfloat16;
  recipe.epochs = options.epochs.value_or(recipe.epochs);
  recipe.batch_size = options.batch_size.value_or(recipe.batch_size);
  recipe.optimizer = options.optimizer.value_or(recipe.optimizer);
  if (recipe.optimizer == "sgd" && !options.learning_rate) {
    if (recipe.is_fast()) {
      nn::refuse({"mnist_train", "--learning-rate beside --recipe fast --optimizer sgd", "none",
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
                     recipe.is_fast() ? "up to " : "", recipe.learning_rate, ", ",
                     to_string(recipe.precision), ")"});
}

/// The command that repeats the training, without paths of files.
[[nodiscard]] inline std::string command_of(const Recipe& recipe, const TrainingOptions& options) {
  return nn::concat({"mnist_train --recipe ", recipe.name, " --epochs ", recipe.epochs,
                     " --batch-size ", recipe.batch_size, " --optimizer ", recipe.optimizer,
                     " --learning-rate ", recipe.learning_rate, " --precision ",
                     to_string(recipe.precision), " --validation-split ", options.validation_split,
                     " --threads ", nn::num_threads(), " --seed ", options.seed});
}

/// The recipe's network for images of this size, with first weights from `seed`.
[[nodiscard]] inline nn::Sequential<float> make_model(const Recipe& recipe, const DataSet& data,
                                                      std::uint64_t seed) {
  nn::Sequential<float> model;
  if (recipe.is_fast()) {
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
  if (recipe.is_fast()) {
    const nn::Index steps = (num_samples + recipe.batch_size - 1) / recipe.batch_size;
    rate = nn::OneCycle{recipe.learning_rate, recipe.epochs * steps, {.pct_start = 0.2}};
  }
  const nn::CompileOptions options{.precision = recipe.precision};
  if (recipe.optimizer == "sgd") {
    model.compile(nn::SGD{{.learning_rate = rate}}, loss, {nn::Accuracy{}}, options);
  } else if (recipe.is_fast()) {
    model.compile(nn::Adam{{.learning_rate = rate, .beta_1 = 0.7, .beta_2 = 0.9}}, loss,
                  {nn::Accuracy{}}, options);
  } else {
    model.compile(nn::Adam{{.learning_rate = rate}}, loss, {nn::Accuracy{}}, options);
  }
}

}  // namespace mnist
