// SPDX-License-Identifier: MIT
// A layer that says how values flow forward, but not how gradients flow back.
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
  nn::Sequential<float> model;
  model.add(Identity{});
  return 0;
}
