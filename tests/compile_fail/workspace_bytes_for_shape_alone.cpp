// SPDX-License-Identifier: MIT
// An optional member with a wrong signature: left out without a word, its memory would be missing.
// error: expected workspace_bytes\(const nn::Shape& x, bool training\) const
#include <nn/sequential.hpp>
#include <string>

struct Identity {
  using Scalar = float;
  std::string name() const { return "Identity"; }
  nn::Shape output_shape(const nn::Shape& sample_shape) const { return sample_shape; }
#ifdef NN_BAD
  nn::Index workspace_bytes(const nn::Shape& x) const { return x.num_elements(); }
#else
  nn::Index workspace_bytes(const nn::Shape& x, bool) const { return x.num_elements(); }
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
