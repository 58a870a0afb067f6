// SPDX-License-Identifier: MIT
// Promises of a layer that a compiler refuses: a misspelt one, and one without another that it
// takes. error: no non-static data member named .*mask_dx|field designator 'mask_dx' error:
// expected updates_parameters beside gives_dx_in_columns
#include <nn/sequential.hpp>
#include <string>

struct Identity {
  using Scalar = float;
  std::string name() const { return "Identity"; }
  nn::Shape output_shape(const nn::Shape& sample_shape) const { return sample_shape; }
  void forward(nn::ConstTensorMap<float, 2> x, nn::TensorMap<float, 2> y, const nn::Pass&) const {
    y = x;
  }
  void backward(nn::ConstTensorMap<float, 2>, nn::ConstTensorMap<float, 2>,
                nn::TensorMap<float, 2> dy, nn::TensorMap<float, 2> dx, const nn::Pass&) const {
    dx = dy;
  }
};

struct WithPromises : Identity {
#ifdef NN_BAD
  static constexpr nn::Promises promises{.mask_dx = true};
#else
  static constexpr nn::Promises promises{};
#endif
};

struct WithColumns : Identity {
#ifdef NN_BAD
  static constexpr nn::Promises promises{.gives_dx_in_columns = true};
#else
  static constexpr nn::Promises promises{.masks_dx = false};
#endif
};

int main() {
  nn::Sequential<float> model;
  model.add(WithPromises{});
  model.add(WithColumns{});
  return 0;
}
