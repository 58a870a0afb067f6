// SPDX-License-Identifier: MIT
// The same layer in a model's brace list, behind a good one: the complaint still names what lacks.
// error: layer\.backward\(x, y, dy, dx, pass\)
#include <nn/sequential.hpp>
#include <string>

struct Identity {
  using Scalar = float;
  std::string name() const { return "Identity"; }
  nn::Shape output_shape(const nn::Shape& sample_shape) const { return sample_shape; }
  void forward(nn::ConstTensorMap<float, 2> x, nn::TensorMap<float, 2> y, const nn::Pass&) const {
    y = x;
  }
#ifndef NN_BAD
  void backward(nn::ConstTensorMap<float, 2>, nn::ConstTensorMap<float, 2>,
                nn::TensorMap<float, 2> dy, nn::TensorMap<float, 2> dx, const nn::Pass&) const {
    dx = dy;
  }
#endif
};

int main() {
  const nn::Sequential model{nn::Dense{3}, Identity{}};
  return model.is_built() ? 1 : 0;
}
