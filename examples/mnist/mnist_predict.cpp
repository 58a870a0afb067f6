// SPDX-License-Identifier: MIT
// Reads the digits in each picture with a trained model.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <numeric>
#include <string>
#include <vector>

#include "mnist/command_line.hpp"
#include "mnist/digit_image.hpp"
#include "mnist/digit_text.hpp"
#include "mnist/results.hpp"
#include "mnist/terminal.hpp"
#include "nn/io/safetensors.hpp"
#include "nn/sequential.hpp"

namespace {

/// Refuses a model of another kind, which would read anything into a picture.
void require_digit_model(const nn::Model<float>& model, const std::string& path) {
  // The mean of several networks, too, which `mnist_train --ensemble` makes.
  const bool gives_probabilities =
      model.activation() == nn::Activation::softmax ||
      (!model.layers().empty() && model.layers().back().name() == "Average");
  if (model.input_shape() == nn::Shape{28, 28, 1} && model.output_shape().rank() == 1 &&
      gives_probabilities) {
    return;
  }
  nn::refuse<nn::IoError>(
      {"mnist_predict",
       "a model that takes images [28, 28, 1] and gives a row of probabilities",
       {"one from ", model.input_shape().to_string(), " to ", model.output_shape().to_string(),
        gives_probabilities ? "" : " without a Softmax at its end"},
       path,
       "train one with mnist_train"});
}

/// "4 (98.7 %), then 9 (1.1 %), 7 (0.1 %)": the `most` likeliest classes of digit `index`.
std::string describe(const nn::Tensor<float, 2>& probabilities, nn::Index index, std::size_t most) {
  std::vector<nn::Index> order(static_cast<std::size_t>(probabilities.dimension(1)));
  std::iota(order.begin(), order.end(), nn::Index{0});
  std::stable_sort(order.begin(), order.end(), [&](nn::Index a, nn::Index b) {
    return probabilities(index, a) > probabilities(index, b);
  });
  std::string text;
  const std::size_t shown = std::min(order.size(), most);
  for (std::size_t rank = 0; rank < shown; ++rank) {
    const double percent = 100.0 * static_cast<double>(probabilities(index, order[rank]));
    nn::append(text, {rank == 0   ? ""
                      : rank == 1 ? ", then "
                                  : ", ",
                      order[rank], " (", nn::with_digits(percent, 1), " %)"});
  }
  return text;
}

/// Prints what is read in a picture, under the images if they are asked for: of one digit
/// "four.png: 4 (98.7 %), then 9 (1.1 %), 7 (0.1 %)", of several
/// "row.png: 47: 4 (98.7 %), 7 (99.9 %)".
void print(const std::string& path, const mnist::Images& images,
           const nn::Tensor<float, 2>& probabilities, bool shows_images) {
  const nn::Index num_digits = images.dimension(0);
  const bool is_single = num_digits == 1;
  std::string number;
  std::vector<std::string> readings;
  std::vector<nn::Index> indices;
  for (nn::Index i = 0; i < num_digits; ++i) {
    indices.push_back(i);
    readings.push_back(describe(probabilities, i, is_single ? 3 : 1));
    number += readings.back().substr(0, readings.back().find(' '));
  }
  if (shows_images) {
    const std::string text = is_single
                                 ? mnist::draw(images, 0)
                                 : mnist::draw_rows(images, indices, readings, mnist::line_width());
    std::printf("%s", text.c_str());
  }
  std::string listed;
  for (const std::string& reading : readings) nn::append_listed(listed, reading);
  if (!is_single) listed = number + ": " + listed;
  std::printf("%s: %s\n", path.c_str(), listed.c_str());
}

/// Prints the digits read in each picture. Returns the exit status: 1 if a picture could not be
/// read.
int run(const std::vector<std::string>& pictures, const std::string& model_path,
        bool shows_images) {
  const auto model = nn::load(model_path);
  require_digit_model(model, model_path);
  const auto metadata = nn::io::SafetensorsFile::read(model_path).metadata();
  const auto origin = metadata.find("trained_on");
  if (origin != metadata.end()) std::printf("Model trained on %s\n", origin->second.c_str());
  int status = 0;
  for (const std::string& path : pictures) {
    mnist::Images images;
    try {
      images = mnist::read_digits(path);
    } catch (const nn::IoError& error) {
      status = mnist::fail("mnist_predict", error);
      continue;  // go on with the others
    }
    const nn::Tensor<float, 2> probabilities = model.predict(images);  // [digits, classes]
    if (!mnist::are_finite(probabilities)) {
      nn::refuse<nn::IoError>({"mnist_predict", "a model that gives finite probabilities", "others",
                               model_path, "its training diverged: train one again"});
    }
    print(path, images, probabilities, shows_images);
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> pictures;
  std::string model = "mnist.safetensors";
  bool shows_images = isatty(STDOUT_FILENO) != 0;
  CLI::App app{
      "Reads the digits in each picture (PNG, JPEG or BMP): one, or several side by side; dark on\n"
      "light or light on dark; photographed on plain, ruled or squared paper, in a frame, in "
      "shadow."};
  app.add_option("IMAGE", pictures, "pictures of digits")->required();
  app.add_option("--model", model, "a file that mnist_train saved")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_flag("--show,!--no-show", shows_images,
               "draw each digit as the model sees it [on a terminal]");
  app.footer(
      "The exit status is 1 where one of the pictures could not be read; the others still are.");
  try {
    mnist::require_values(argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::printf("%s", app.help().c_str());
    return mnist::finish_output("mnist_predict");
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "mnist_predict: %s; try --help\n", error.what());
    return 2;
  }
  try {
    const int status = run(pictures, model, shows_images);
    return std::max(status, mnist::finish_output("mnist_predict"));
  } catch (const std::exception& error) {
    return mnist::fail("mnist_predict", error);
  }
}
