// SPDX-License-Identifier: MIT
// What layers with several inputs have in common.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>

#include "nn/core/error.hpp"
#include "nn/core/function_ref.hpp"
#include "nn/core/shape.hpp"
#include "nn/kernels/elementwise/pairwise.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/rows/broadcast.hpp"
#include "nn/layer/merging_layer.hpp"
#include "nn/layer/sample_axis.hpp"

namespace nn {

/// Throws `ShapeError` for fewer than two inputs.
NN_COLD inline void require_several(const char* where, std::span<const Shape> inputs) {
  if (inputs.size() < 2) refuse<ShapeError>({where, "two inputs or more", inputs.size()});
}

/// Throws `ShapeError` unless there are two inputs.
NN_COLD inline void require_two(const char* where, std::span<const Shape> inputs) {
  if (inputs.size() != 2) refuse<ShapeError>({where, "two inputs", inputs.size()});
}

namespace detail {

[[noreturn]] NN_COLD inline void refuse_shapes(const char* where, const Shape& first,
                                               const Shape& other) {
  refuse<ShapeError>({where,
                      {"inputs of one shape, ", first.to_string()},
                      other.to_string(),
                      "",
                      "give the branches equally many channels, and the same strides"});
}

}  // namespace detail

/// The shape that all inputs have. Throws `ShapeError` for fewer than two, and for different ones.
[[nodiscard]] NN_COLD inline Shape equal_shape(const char* where, std::span<const Shape> inputs) {
  require_several(where, inputs);
  for (const Shape& input : inputs) {
    if (input != inputs[0]) detail::refuse_shapes(where, inputs[0], input);
  }
  return inputs[0];
}

/// The shape that all inputs can be repeated to: along each axis they have one size, or size 1;
/// axes that an input lacks are in front. Throws `ShapeError` for fewer than two inputs, and where
/// sizes differ.
[[nodiscard]] NN_COLD inline Shape broadcast_shape(const char* where,
                                                   std::span<const Shape> inputs) {
  require_several(where, inputs);
  Index rank = 0;
  for (const Shape& input : inputs) rank = std::max(rank, input.rank());
  Shape result;
  for (Index axis = 0; axis < rank; ++axis) {
    Index size = 1;
    const Shape* first = nullptr;  // that has this size
    for (const Shape& input : inputs) {
      const Index own = axis + input.rank() - rank;
      if (own < 0 || input[own] == 1) continue;
      if (first != nullptr && input[own] != size) detail::refuse_shapes(where, *first, input);
      first = &input;
      size = input[own];
    }
    result.push_back(size);
  }
  return result;
}

/// Elements of a merge whose inputs have the shape of its result: all of a batch or, where shapes
/// differ, one sample whose inputs are repeated.
template <Real T>
class MergedPart {
 public:
  /// Elements of y: `count` from `first` on.
  Index first = 0;
  Index count = 0;

  /// Those of input i.
  [[nodiscard, gnu::noinline]] const T* x(std::size_t i) const {
    if (is_whole(i)) return x_[i].data + first;
    T* const repeated = memory_ + static_cast<Index>(i) * count;
    broadcast(i).repeat(own(x_, i), repeated);
    return repeated;
  }
  /// Where the gradient of input i goes; null: nowhere.
  [[nodiscard, gnu::noinline]] T* dx(std::size_t i) const {
    if (dx_[i].data == nullptr) return nullptr;
    return is_whole(i) ? dx_[i].data + first
                       : memory_ + (std::ssize(x_) + static_cast<Index>(i)) * count;
  }

  /// Calls body(part) for each part, on all threads, and then adds up gradients of repeated inputs;
  /// `dx` may be empty.
  [[gnu::noinline]] static void for_each(Tensors<const T> x, const Shape& y, Tensors<T> dx,
                                         FunctionRef<void(const MergedPart&)> body) {
    MergedPart whole(x, y, dx);
    whole.count = y.num_elements();
    bool all_whole = true;
    for (std::size_t i = 0; i < x.size(); ++i) all_whole &= whole.is_whole(i);
    if (all_whole) return body(whole);
    const Index batch = y[0], size = whole.count / std::max<Index>(batch, 1);
    kernels::for_each_row(batch, size, [&](Index n) {
      const kernels::Scratch<T> memory(kernels::ScratchUse::repeated, Index{2} * std::ssize(x),
                                       size);
      MergedPart part(x, y, dx);
      part.sample_ = n;
      part.first = n * size;
      part.count = size;
      part.memory_ = memory.data();
      body(part);
      for (std::size_t i = 0; i < dx.size(); ++i) {
        if (dx[i].data == nullptr || part.is_whole(i)) continue;
        part.broadcast(i).sum(part.dx(i), part.own(dx, i));
      }
    });
  }

 private:
  MergedPart(Tensors<const T> x, const Shape& y, Tensors<T> dx) : x_(x), dx_(dx), y_(y) {}

  [[nodiscard]] bool is_whole(std::size_t i) const { return x_[i].shape == y_; }
  /// Of one sample.
  [[nodiscard]] kernels::Broadcast broadcast(std::size_t i) const {
    const Shape& x = x_[i].shape;
    return {Shape(x.begin() + 1, x.end()), Shape(y_.begin() + 1, y_.end())};
  }
  /// This part's sample among the tensors' own elements.
  template <class U>
  [[nodiscard]] U* own(Tensors<U> tensors, std::size_t i) const {
    const TensorRef<U>& tensor = tensors[i];
    return tensor.data + sample_ * (tensor.size() / tensor.shape[0]);
  }

  Tensors<const T> x_;
  Tensors<T> dx_;
  const Shape& y_;  // with batch
  Index sample_ = 0;
  T* memory_ = nullptr;  // [2, inputs, count]: inputs and gradients, where repeated
};

/// y = (x_1 op x_2) op x_3 ..., element by element, where inputs are repeated to the shape of y.
template <kernels::Pairwise operation, Real T>
void merge_elements(Tensors<const T> x, const TensorRef<T>& y) {
  MergedPart<T>::for_each(x, y.shape, {}, [&](const MergedPart<T>& part) {
    T* const to = y.data + part.first;
    kernels::pairwise<operation>(part.count, part.x(0), part.x(1), to);
    for (std::size_t i = 2; i < x.size(); ++i) {
      kernels::pairwise<operation, T>(part.count, to, part.x(i), to);
    }
  });
}

/// dx_i = dy where x_i is y, in order: an element that one input took is 0 for those that follow,
/// also in dy.
template <Real T>
void hand_on_where_equal(Tensors<const T> x, const TensorRef<const T>& y, const TensorRef<T>& dy,
                         Tensors<T> dx) {
  MergedPart<T>::for_each(x, dy.shape, dx, [&](const MergedPart<T>& part) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      kernels::take_where_equal(part.count, part.x(i), y.data + part.first, dy.data + part.first,
                                part.dx(i));
    }
  });
}

}  // namespace nn
