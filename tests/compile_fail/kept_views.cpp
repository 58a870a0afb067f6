// SPDX-License-Identifier: MIT
// A view that is kept, of data that are gone before it is used.
// error: nn: these samples die at the end of the line
// error: nn: these targets die at the end of the line
// error: nn: these weights die at the end of the line
// error: nn: this source dies at the end of the line
// error: refuse_what_dies.*Eigen::Matrix<float
#include <nn/sequential.hpp>
#include <vector>

nn::Tensor<float, 2> load_x() { return nn::Tensor<float, 2>(4, 2); }
std::vector<int> load_y() { return {0, 1, 0, 1}; }

struct Zeros {
  nn::Index size() const { return 4; }
  nn::Shape sample_shape() const { return {2}; }
  void read(nn::Index, std::span<float>, nn::TargetRow<float> y) const { y.set_class(0); }
};

int main() {
  const auto x = load_x();
  const auto y = load_y();
  nn::FitOptions options{.validation_data = {x, y}};
  const Zeros zeros;
  options.validation_data = zeros;
  const nn::Tensor<float, 2> p(4, 2);
  static_cast<void>(nn::confusion_matrix(load_y(), p));  // lives as long as the call
  const nn::Sequential model{nn::Dense{2}};
  nn::Workspace workspace;  // backward looks at x again
  static_cast<void>(model.forward(x, workspace));
#ifdef NN_BAD
  options.validation_data = {load_x(), y};
  options.validation_data = {x, load_y()};
  options.validation_data = Zeros{};
  options.sample_weight = std::vector<float>(4);
  static_cast<void>(model.forward(Eigen::MatrixXf(4, 2), workspace));
#endif
  return options.validation_data.is_given() ? 0 : 1;
}
