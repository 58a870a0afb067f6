// SPDX-License-Identifier: MIT
// Product of two tensors along an axis of each.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "nn/core/checked.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/normalization/unit_length.hpp"
#include "nn/kernels/product/contraction.hpp"
#include "nn/layer/merged_elements.hpp"
#include "nn/layer/promises.hpp"

namespace nn {

/// The axes of a Dot, of its first input and of its second; one number means both. They count the
/// batch's, which is 0, and from the end if they are negative.
struct DotAxes {
  Index first;
  Index second;

  constexpr DotAxes(Index both)
      : first(both), second(both) {}  // NOLINT(google-explicit-constructor): 1 is {1, 1}
  constexpr DotAxes(Index of_first, Index of_second) : first(of_first), second(of_second) {}
};

/// Options of Dot, with Keras' names and defaults.
struct DotOptions {
  bool normalize = false;  ///< scale lines along the axes to length 1 first: y is their cosine
};

/// The product of two tensors, sample by sample, summed over an axis of each (Keras: Dot). Of
/// matrices, `Dot{{2, 1}}` is the matrix product x_1 x_2; of vectors, `Dot{1}` is x_1 . x_2.
///     y[n, a.., b..] = sum_k x_1[n, a.., k, ..a] x_2[n, b.., k, ..b]
/// Shapes    x_i [N, ...]   y [N, the other axes of x_1, those of x_2]; [N, 1] where there are none
/// Backward  dx_1 = sum over the axes of x_2 of dy x_2, and likewise dx_2
/// Normalize x_i / max(|x_i|, 1e-7) takes the place of x_i, with |x_i| along the axis
/// Throws    std::invalid_argument for axis 0; ShapeError unless there are two inputs, for samples
///           without the axes, and where the axes differ in size
template <Real T = float>
class Dot {
 public:
  using Scalar = T;

  NN_COLD explicit Dot(DotAxes axes, const DotOptions& options = {})
      : axes_(axes), options_(options) {
    demand(axes.first != 0 && axes.second != 0, "Dot", "axes of samples",
           "0, the axis of the batch");
  }

  [[nodiscard]] static std::string name() { return "Dot"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    require_two("Dot", inputs);
    const Index first = sample_axis("Dot", axes_.first, inputs[0]);
    const Index second = sample_axis("Dot", axes_.second, inputs[1]);
    if (inputs[0][first] != inputs[1][second]) {
      refuse<ShapeError>({"Dot",
                          {"one size along axis ", axes_.first, " of the first input and axis ",
                           axes_.second, " of the second"},
                          {inputs[0].to_string(), " and ", inputs[1].to_string()},
                          "axis 0 is that of the batch"});
    }
    Shape output;
    for (Index i = 0; i < inputs[0].rank(); ++i)
      if (i != first) output.push_back(inputs[0][i]);
    for (Index i = 0; i < inputs[1].rank(); ++i)
      if (i != second) output.push_back(inputs[1][i]);
    if (output.empty()) output.push_back(1);
    return output;
  }

  static constexpr Promises promises{.ignores_y = true};

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const {
    for_each_sample(x, [&](const Sample& s) {
      // y = x_1 x_2, summed over k
      kernels::contract(s.first, s.second, s.x_1, s.x_2, y.data + s.number * s.y_size());
    });
  }

  void backward(Tensors<const T> x, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass&) const {
    for_each_sample(x, [&](const Sample& s) {
      const kernels::Matrix<const T> dy_n(dy.data + s.number * s.y_size(), s.first.num_lines(),
                                          s.second.num_lines());
      // dx_1 = dy x_2
      if (dx[0].data != nullptr) {
        T* const to = dx[0].data + s.number * s.first.num_elements();
        kernels::contraction_gradient(s.first, s.second, s.x_2, dy_n, to);
        normalize_gradient(s.first, x[0], s.number, to);
      }
      // dx_2 = dy^T x_1
      if (dx[1].data != nullptr) {
        T* const to = dx[1].data + s.number * s.second.num_elements();
        kernels::contraction_gradient(s.second, s.first, s.x_1, dy_n.transposed(), to);
        normalize_gradient(s.second, x[1], s.number, to);
      }
    });
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}
        .set("axes", std::vector<Index>{axes_.first, axes_.second})
        .set("normalize", options_.normalize);
  }
  [[nodiscard]] static Dot from_arguments(const Arguments& a) {
    const auto axes = a.get<Size2D>("axes");  // one whole number, or two
    return Dot({axes.height, axes.width}, {.normalize = a.get<bool>("normalize")});
  }

 private:
  /// One sample of both inputs, scaled if the layer does that.
  struct Sample {
    Index number;
    kernels::MiddleAxis first, second;
    const T* x_1;
    const T* x_2;
    [[nodiscard]] Index y_size() const { return first.num_lines() * second.num_lines(); }
  };

  /// A sample of x, whose shape has the batch axis.
  [[nodiscard]] static kernels::MiddleAxis middle_axis(const Shape& x, Index axis) {
    const Index place = axis > 0 ? axis : axis + x.rank();
    kernels::MiddleAxis result{.size = x[place]};
    for (Index i = 1; i < x.rank(); ++i) {
      if (i != place) (i < place ? result.outer : result.inner) *= x[i];
    }
    return result;
  }

  template <class Body>
  void for_each_sample(Tensors<const T> x, const Body& body) const {
    const kernels::MiddleAxis first = middle_axis(x[0].shape, axes_.first);
    const kernels::MiddleAxis second = middle_axis(x[1].shape, axes_.second);
    const Index size_1 = first.num_elements(), size_2 = second.num_elements();
    const Index work = saturated_product({size_1, second.num_lines()});
    kernels::for_each_row(x[0].shape[0], work, [&](Index n) {
      Sample sample{n, first, second, x[0].data + n * size_1, x[1].data + n * size_2};
      if (!options_.normalize) return body(sample);
      const kernels::Scratch<T> scaled(kernels::ScratchUse::unit_lines, size_1 + size_2);
      kernels::to_unit_length(first, sample.x_1, scaled.data());
      kernels::to_unit_length(second, sample.x_2, scaled.data() + size_1);
      sample.x_1 = scaled.data();
      sample.x_2 = scaled.data() + size_1;
      body(sample);
    });
  }

  /// The gradient of scaled lines becomes that of the lines.
  void normalize_gradient(const kernels::MiddleAxis& axis, const TensorRef<const T>& x,
                          Index sample, T* dx) const {
    if (!options_.normalize) return;
    kernels::unit_length_gradient(axis, x.data + sample * axis.num_elements(), dx);
  }

  DotAxes axes_;
  DotOptions options_;
};

}  // namespace nn
