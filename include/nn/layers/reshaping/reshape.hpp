// SPDX-License-Identifier: MIT
// Reshape layer.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "nn/layer/layer.hpp"

namespace nn {

/// A sample's elements, in their order, under another shape (Keras: Reshape). One of its sizes may
/// be -1: as many as there are elements for. Nothing is moved: `nn::Reshape{{7, 7, -1}}`.
/// Shapes    x [N, ...]   y [N, target_shape]
/// Backward  dx = dy under the shape of x
/// Throws    std::invalid_argument for sizes below 1 but one of -1, and for more than 7 of them;
///           ShapeError for samples with another number of elements
template <Real T = float>
class Reshape {
 public:
  using Scalar = T;

  NN_COLD explicit Reshape(std::vector<Index> target_shape) : sizes_(std::move(target_shape)) {
    demand(std::ssize(sizes_) < Shape::max_rank, "Reshape", "a target_shape of at most 7 axes",
           std::ssize(sizes_));
    demand(std::count(sizes_.begin(), sizes_.end(), -1) <= 1, "Reshape", "at most one size of -1",
           std::count(sizes_.begin(), sizes_.end(), -1));
    for (const Index size : sizes_) {
      demand(size > 0 || size == -1, "Reshape", "sizes of 1 or more, or -1", size);
    }
  }

  [[nodiscard]] static std::string name() { return "Reshape"; }

  [[nodiscard]] NN_COLD Shape output_shape(const Shape& input) const {
    const Index wanted = input.num_elements();
    Shape known;
    for (const Index size : sizes_) known.push_back(std::max<Index>(size, 1));
    const Index rest = wanted / known.num_elements();  // for the size of -1
    Shape output;
    for (const Index size : sizes_) output.push_back(size == -1 ? rest : size);
    if (output.num_elements() == wanted) return output;
    std::string target = "(";
    for (const Index size : sizes_) append(target, {target.size() > 1 ? ", " : "", size});
    refuse<ShapeError>({"Reshape",
                        {"samples whose elements fill ", target, ")"},
                        {wanted, " elements"},
                        {"samples ", input.to_string()}});
  }

  static constexpr Promises promises{.reshapes = true};

  // A model never calls these: it passes the memory on.
  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    std::copy_n(x.data(), x.size(), y.data());
  }
  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2> dy, TensorMap<T, 2> dx,
                const Pass&) const {
    std::copy_n(dy.data(), dy.size(), dx.data());
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("target_shape", sizes_);
  }
  [[nodiscard]] static Reshape from_arguments(const Arguments& a) {
    return Reshape(a.get<std::vector<Index>>("target_shape"));
  }

 private:
  std::vector<Index> sizes_;
};

}  // namespace nn
