// SPDX-License-Identifier: MIT
// oneDNN's convolutions, with images and kernels in the layouts that are quickest.
#pragma once

#include "../convolutions.hpp"
#include "onednn_tools.hpp"

namespace compare {

/// One direction of a convolution, on memory of its own.
class OneDnnConvolution {
 public:
  /// `layout` of the images: any lets the library choose.
  OneDnnConvolution(const ConvolutionShape& s, Direction direction, ConvolutionData& data,
                    Tag layout)
      : direction_(direction), data_(&data) {
    const Descriptor x({s.batch, s.in, s.size, s.size}, Type::f32, layout);
    const Descriptor y({s.batch, s.out, s.out_size(), s.out_size()}, Type::f32, layout);
    const Descriptor kernel({s.out, s.in, s.kernel, s.kernel}, Type::f32, Tag::any);
    const memory::dims strides{s.stride, s.stride}, padding{s.pad, s.pad};
    constexpr auto direct = dnnl::algorithm::convolution_direct;
    const auto forward = describe_forward<Convolution>(false, Kind::forward_training, direct, x,
                                                       kernel, y, strides, padding, padding);
    if (direction == Direction::forward) {
      set_operation<Convolution>(forward, forward.src_desc(), forward.weights_desc(),
                                 forward.dst_desc(),
                                 {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST});
    } else if (direction == Direction::input_gradient) {
      const auto gradient = describe_backward<ConvolutionInputs>(forward, direct, x, kernel, y,
                                                                 strides, padding, padding);
      set_operation<ConvolutionInputs>(gradient, gradient.diff_src_desc(), gradient.weights_desc(),
                                       gradient.diff_dst_desc(),
                                       {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST});
    } else {
      const auto gradient = describe_backward<ConvolutionWeights>(forward, direct, x, kernel, y,
                                                                  strides, padding, padding);
      set_operation<ConvolutionWeights>(gradient, gradient.src_desc(), gradient.diff_weights_desc(),
                                        gradient.diff_dst_desc(),
                                        {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST});
    }
  }

  void operator()() const { operation_(); }

  /// Writes the result to the data, in plain layout.
  void finish() const {
    if (direction_ == Direction::forward) return copy(y_, plain(data_->y, y_, Tag::nhwc));
    if (direction_ == Direction::input_gradient) return copy(x_, plain(data_->dx, x_, Tag::nhwc));
    copy(kernel_, plain(data_->dW, kernel_, Tag::hwio));
  }

 private:
  using Arguments = std::array<int, 3>;  // of x, kernel and y

  template <class Primitive, class Description>
  void set_operation(const Description& description, const Descriptor& x, const Descriptor& kernel,
                     const Descriptor& y, const Arguments& arguments) {
    x_ = make_memory(x), kernel_ = make_memory(kernel), y_ = make_memory(y);
    copy(plain(data_->x, x_, Tag::nhwc), x_);
    copy(plain(data_->W, kernel_, Tag::hwio), kernel_);
    copy(plain(data_->dy, y_, Tag::nhwc), y_);
    operation_ = Operation(Primitive(description), description,
                           {{arguments[0], x_}, {arguments[1], kernel_}, {arguments[2], y_}});
  }
  /// `values` as memory of the same size as `like`.
  [[nodiscard]] static memory plain(AlignedValues& values, const memory& like, Tag tag) {
    return {Descriptor(like.get_desc().dims(), Type::f32, tag), engine(), values.data()};
  }
  static void copy(const memory& from, const memory& to) {
    reorder(dnnl::reorder(from, to), from, to);
  }

  Direction direction_;
  ConvolutionData* data_;
  memory x_, kernel_, y_;
  Operation operation_;
};

/// The quicker of the library's own layout and that of the plain images.
[[nodiscard]] inline OneDnnConvolution quickest_convolution(const ConvolutionShape& s,
                                                            Direction direction,
                                                            ConvolutionData& data) {
  const OneDnnConvolution own(s, direction, data, Tag::any), plain(s, direction, data, Tag::nhwc);
  return median_seconds(0.1, own) < median_seconds(0.1, plain) ? own : plain;
}

}  // namespace compare
