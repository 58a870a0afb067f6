// SPDX-License-Identifier: MIT
// Elastic deformation layer.
#pragma once

#include <string>
#include <vector>

#include "nn/kernels/warp/displacement.hpp"
#include "nn/layer/augmentation/random_warp.hpp"

namespace nn {

/// Bends each image of a training batch like a sheet of rubber (Simard, Steinkraus and Platt 2003);
/// identity at inference.
///     y[n,p] = x[n, p + alpha G_sigma * u]     u uniform in [-1, 1] for each pixel and direction
/// G_sigma is a Gaussian with a standard deviation of `sigma` pixels, so neighbours move alike;
/// pixels move by some 0.16 alpha / sigma. The defaults are the paper's for 28x28 digits. u is a
/// function of (seed, layer, step, n) alone.
/// Shapes    x [N, H, W, C]   y like x
/// Backward  dx gets dy at the pixels that were read, by their shares
/// Cost      12 sigma products for each pixel and direction
/// Throws    std::invalid_argument for an alpha that is not in 0 .. 10^6, a sigma that is not in
///           0.1 .. 1000, a negative seed and a fill_value that is not finite; ShapeError for
///           samples that are not [H, W, C]
template <Real T = float>
class ElasticDeformation {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD explicit ElasticDeformation(double alpha = 34, double sigma = 4,
                                      const RandomWarpOptions& options = {})
      : alpha_(alpha), sigma_(sigma), warp_("ElasticDeformation", options) {
    demand(alpha >= 0 && alpha <= 1e6, "ElasticDeformation", "an alpha in 0 .. 10^6", alpha);
    demand(sigma >= 0.1 && sigma <= 1000, "ElasticDeformation", "a sigma in 0.1 .. 1000", sigma);
    weights_ = kernels::gaussian_weights(sigma, 1);
    scaled_weights_ = kernels::gaussian_weights(sigma, alpha);
  }

  [[nodiscard]] static std::string name() { return "ElasticDeformation"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    return detail::RandomWarp<T>::output_shape(name(), input);
  }

  static constexpr Promises promises{.is_identity_at_inference = true, .ignores_y = true};

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass) const {
    // y[p] = x[map(p)]
    warp_.forward(x, y, pass, map());
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4>, TensorMap<T, 4> dy,
                TensorMap<T, 4> dx, const Pass& pass) const {
    // dx[map(p)] += dy[p]
    warp_.backward(x, dy, dx, pass, map());
  }

  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    arguments.set("alpha", alpha_).set("sigma", sigma_);
    warp_.describe(arguments);
    return arguments;
  }
  [[nodiscard]] NN_COLD static ElasticDeformation from_arguments(const Arguments& a) {
    return ElasticDeformation(a.get<double>("alpha"), a.get<double>("sigma"),
                              detail::RandomWarp<T>::options_from(a));
  }

 private:
  /// p' = p + alpha G_sigma * u
  [[nodiscard]] auto map() const {
    return [this](const Random& random, Index n, const kernels::ImageSize& image) {
      return kernels::DisplacementField(random, n, image, weights_, scaled_weights_);
    };
  }

  double alpha_;
  double sigma_;
  std::vector<float> weights_;         // of the Gaussian [2 radius + 1]
  std::vector<float> scaled_weights_;  // times alpha
  detail::RandomWarp<T> warp_;
};

}  // namespace nn
