// SPDX-License-Identifier: MIT
// A layer that says how many results it has, but not what they are: there would be one.
// error: expected the functions of nn/layer/multi_tensor_layer.hpp beside num_results\(\)
#include <nn/sequential.hpp>
#include <span>
#include <string>

struct Identity {
  using Scalar = float;
  std::string name() const { return "Identity"; }
  nn::Index num_results() const { return 1; }
  nn::Shape output_shape(const nn::Shape& sample_shape) const { return sample_shape; }
#ifndef NN_BAD
  nn::Shape output_shape(std::span<const nn::Shape> shapes, nn::Index) const { return shapes[0]; }
#endif
  void forward(nn::ConstTensorMap<float, 2> x, nn::TensorMap<float, 2> y, const nn::Pass&) const {
    y = x;
  }
  void backward(nn::ConstTensorMap<float, 2>, nn::ConstTensorMap<float, 2>,
                nn::TensorMap<float, 2> dy, nn::TensorMap<float, 2> dx, const nn::Pass&) const {
    dx = dy;
  }
  void forward(nn::Tensors<const float> x, nn::Tensors<float> y, const nn::Pass&) const {
    y[0].rows() = x[0].rows();
  }
  void backward(nn::Tensors<const float>, nn::Tensors<const float>, nn::Tensors<float> dy,
                nn::Tensors<float> dx, const nn::Pass&) const {
    dx[0].rows() = dy[0].rows();
  }
};

int main() {
  nn::Sequential<float> model;
  model.add(Identity{});
  return 0;
}
