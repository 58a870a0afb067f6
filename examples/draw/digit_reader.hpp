// SPDX-License-Identifier: MIT
// Reads a digit from the paths of a pen, and keeps what each stage of the network makes of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "mnist/centre.hpp"
#include "mnist/pen.hpp"
#include "nn/sequential.hpp"

namespace draw {

/// A model that `page_model` has made, and what it has read last.
class DigitReader {
 public:
  /// Throws as `nn::Model::load` does.
  explicit DigitReader(const std::string& path) : model_(nn::Model<float>::load(path)) {}

  /// Reads what the strokes show, on paper that is 1 wide and high: the most likely digit, or -1
  /// for an empty page. Needs two points or more in each stroke.
  int read(const std::vector<mnist::Stroke>& strokes) {
    picture_.setZero();
    if (strokes.empty()) return -1;
    constexpr double least = 0.1;  // a dot, or what is hardly more, does not fill the picture
    mnist::centre_by_mass(mnist::ink_strokes(strokes, {}, least), picture_.data());
    model_.predict(picture_, std::tie(first_, second_, hidden_, digit_), workspace_);
    const float* const first = digit_.data();
    return static_cast<int>(std::max_element(first, first + digit_.size()) - first);
  }

  /// The picture that the network has seen. Shape [28, 28]
  [[nodiscard]] const std::uint8_t* picture() const { return picture_.data(); }
  /// What a stage has made of it: [12, 12, 16], [5, 5, 32], [256] and the probabilities [10].
  [[nodiscard]] const float* stage(int number) const {
    const float* const stages[] = {first_.data(), second_.data(), hidden_.data(), digit_.data()};
    return stages[number];
  }

 private:
  nn::Model<float> model_;
  nn::Workspace workspace_;
  nn::Tensor<std::uint8_t, 4> picture_{1, mnist::image_side, mnist::image_side, 1};
  nn::Tensor<float, 4> first_, second_;
  nn::Tensor<float, 2> hidden_, digit_;
};

}  // namespace draw
