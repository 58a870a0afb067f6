// SPDX-License-Identifier: MIT
// An optional member with a wrong signature: left out without a word, the state would never change.
// error: expected update_state\(const nn::Shape& x, const nn::Pass& pass\)
#include <nn/sequential.hpp>
#include <string>

struct Identity {
  using Scalar = float;
  std::string name() const { return "Identity"; }
  nn::Shape output_shape(const nn::Shape& sample_shape) const { return sample_shape; }
#ifdef NN_BAD
  void update_state(const nn::Pass&) {}
#else
  void update_state(const nn::Shape&, const nn::Pass&) {}
#endif
  void forward(nn::ConstTensorMap<float, 2> x, nn::TensorMap<float, 2> y, const nn::Pass&) const {
    y = x;
  }
  void backward(nn::ConstTensorMap<float, 2>, nn::ConstTensorMap<float, 2>,
                nn::TensorMap<float, 2> dy, nn::TensorMap<float, 2> dx, const nn::Pass&) const {
    dx = dy;
  }
};

int main() {
  nn::Sequential<float> model;
  model.add(Identity{});
  return 0;
}
