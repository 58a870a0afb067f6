// SPDX-License-Identifier: MIT
// Where the windows of poolings lie, on samples [steps, channels] (Axes = 1) and [height, width,
// channels] (Axes = 2). Kernels see a sequence as an image of width 1.
#pragma once

#include <iterator>
#include <type_traits>
#include <vector>

#include "nn/kernels/window_shape.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/sample_rank.hpp"
#include "nn/layer/sliding_window.hpp"

namespace nn {

/// Options of the poolings of images, with Keras' names and defaults.
struct Pooling2DOptions {
  Size2D strides = 0;                ///< pixels from one window to the next; 0: pool_size
  Padding padding = Padding::valid;  ///< `same`: windows cross the border, OH = ceil(H / stride)
};

/// Options of the poolings of sequences, with Keras' names and defaults.
struct Pooling1DOptions {
  Index strides = 0;  ///< steps from one window to the next; 0: pool_size
  Padding padding =
      Padding::valid;  ///< `same`: windows cross the ends, steps = ceil(steps / stride)
};

namespace detail {

/// The sizes of a pooling of x [N, ..., C] to y.
template <int Axes>
[[nodiscard]] kernels::Pooling2DShape pooling_shape(const auto& x, const auto& y) {
  constexpr int last = Axes == 2 ? 2 : 1;
  kernels::Pooling2DShape shape{};
  shape.batch = x.dimension(0);
  shape.height = x.dimension(1);
  shape.width = Axes == 2 ? x.dimension(last) : 1;
  shape.channels = x.dimension(Axes + 1);
  shape.out_height = y.dimension(1);
  shape.out_width = Axes == 2 ? y.dimension(last) : 1;
  return shape;
}

/// Windows of `pool_size`, every `strides`.
template <int NumAxes>
class SlidingWindows {
 public:
  static constexpr int axes = NumAxes;
  using Options = std::conditional_t<axes == 2, Pooling2DOptions, Pooling1DOptions>;
  using Size = std::conditional_t<axes == 2, Size2D, Index>;

  NN_COLD SlidingWindows(const char* layer, Size pool_size, const Options& options)
      : pool_size_(sizes(pool_size)),
        strides_(options.strides == Size(0) ? pool_size_ : sizes(options.strides)),
        padding_(options.padding) {
    require_numbers(layer, "a pool_size", pool_size_);
    require_numbers(layer, "strides", strides_);
    demand(padding_ != Padding::causal, layer, "padding valid or same", "causal");
  }

  [[nodiscard]] NN_COLD Shape output_shape(const char* layer, const Shape& sample) const {
    if constexpr (axes == 2) {
      const Size2D out = window_counts(layer, sample, vertical(), horizontal(), padding_);
      return {out.height, out.width, sample.back()};
    } else {
      return {window_count(layer, sample, vertical(), padding_), sample.back()};
    }
  }

  [[nodiscard]] kernels::Pooling2DShape shape(const auto& x, const auto& y) const {
    kernels::Pooling2DShape shape = pooling_shape<axes>(x, y);
    shape.pool_height = pool_size_.height;
    shape.pool_width = pool_size_.width;
    shape.stride_height = strides_.height;
    shape.stride_width = strides_.width;
    shape.pad_top = vertical().pad_before(shape.height, padding_);
    shape.pad_left = horizontal().pad_before(shape.width, padding_);
    return shape;
  }

  [[nodiscard]] NN_COLD Arguments arguments(const char* layer) const {
    Arguments result{layer};
    if constexpr (axes == 2) {
      result.set("pool_size", pool_size_).set("strides", strides_);
    } else {
      result.set("pool_size", pool_size_.height).set("strides", strides_.height);
    }
    return result.set("padding", padding_);
  }
  [[nodiscard]] NN_COLD static Size pool_size_from(const Arguments& a) {
    return size_from(a, "pool_size");
  }
  [[nodiscard]] NN_COLD static Options options_from(const Arguments& a) {
    Options options{.padding = a.get<Padding>("padding")};
    if (a.has("strides")) options.strides = size_from(a, "strides");
    return options;
  }

 private:
  [[nodiscard]] static Size2D sizes(Size size) {
    if constexpr (axes == 2) {
      return size;
    } else {
      return {size, 1};
    }
  }
  static void require_numbers(const char* layer, const char* what, Size2D numbers) {
    if constexpr (axes == 2) {
      require_window_numbers(layer, what, numbers);
    } else {
      require_window_number(layer, what, numbers.height);
    }
  }
  /// Keras writes the number of one axis as a list, too.
  [[nodiscard]] static Size size_from(const Arguments& a, const char* name) {
    if constexpr (axes == 1) {
      if (a.has_list(name)) {
        const auto list = a.get<std::vector<Index>>(name);
        if (list.size() == 1) return list[0];
        refuse({{a.owner(), ", argument '", name, "'"}, "one number", std::ssize(list)});
      }
    }
    return a.get<Size>(name);
  }
  [[nodiscard]] Window vertical() const { return {pool_size_.height, strides_.height}; }
  [[nodiscard]] Window horizontal() const { return {pool_size_.width, strides_.width}; }

  Size2D pool_size_;
  Size2D strides_;
  Padding padding_;
};

/// So many windows that share the image evenly: number i of n on a length h lies on the pixels from
/// floor(i h / n) to ceil((i + 1) h / n).
class SharedWindows {
 public:
  static constexpr int axes = 2;

  NN_COLD SharedWindows(const char* layer, Size2D output_size) : output_size_(output_size) {
    require_window_numbers(layer, "an output_size", output_size);
  }

  [[nodiscard]] NN_COLD Shape output_shape(const char* layer, const Shape& sample) const {
    require_sample_rank<axes>(layer, sample);
    demand<ShapeError>(sample.num_elements() > 0, layer, "images with pixels and channels",
                       sample.to_string());
    return {output_size_.height, output_size_.width, sample.back()};
  }

  [[nodiscard]] kernels::Pooling2DShape shape(const auto& x, const auto& y) const {
    kernels::Pooling2DShape shape = pooling_shape<axes>(x, y);
    shape.pool_height = ceil_div(shape.height, shape.out_height) + 1;  // at most
    shape.pool_width = ceil_div(shape.width, shape.out_width) + 1;
    shape.is_shared = true;
    return shape;
  }

  [[nodiscard]] NN_COLD Arguments arguments(const char* layer) const {
    return Arguments{layer}.set("output_size", output_size_);
  }

 private:
  Size2D output_size_;
};

}  // namespace detail
}  // namespace nn
