// SPDX-License-Identifier: MIT
// oneDNN 2.x and 3.x in few words: memory, primitives with their arguments bound, bfloat16.
#pragma once

#include <immintrin.h>
#include <sys/mman.h>

#include <cstring>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <string_view>
#include <unordered_map>

#include "../products.hpp"

namespace compare {

using dnnl::memory;
using Descriptor = memory::desc;
using Tag = memory::format_tag;
using Type = memory::data_type;
using Convolution = dnnl::convolution_forward;
using ConvolutionInputs = dnnl::convolution_backward_data;
using ConvolutionWeights = dnnl::convolution_backward_weights;
using Dense = dnnl::inner_product_forward;
using DenseData = dnnl::inner_product_backward_data;
using DenseWeights = dnnl::inner_product_backward_weights;
using Kind = dnnl::prop_kind;

[[nodiscard]] inline const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}
[[nodiscard]] inline dnnl::stream& stream() {
  static dnnl::stream stream(engine());
  return stream;
}

/// Zeroed memory until the program ends; large blocks on large pages where the system grants them.
[[nodiscard]] inline void* allocate(std::size_t num_bytes) {
  constexpr std::size_t page = std::size_t{1} << 21;
  const std::size_t alignment = num_bytes >= page / 2 ? page : 64;
  num_bytes = (std::max(num_bytes, alignment) + alignment - 1) / alignment * alignment;
  void* block = std::aligned_alloc(alignment, num_bytes);
  if (block == nullptr) stop("onednn: out of memory");
  if (alignment == page) madvise(block, num_bytes, MADV_HUGEPAGE);
  return std::memset(block, 0, num_bytes);
}
[[nodiscard]] inline memory make_memory(const Descriptor& descriptor) {
  return {descriptor, engine(), allocate(descriptor.get_size())};
}
template <class T = float>
[[nodiscard]] T* values(const memory& block) {
  return static_cast<T*>(block.get_data_handle());
}

/// A primitive with its arguments.
struct Operation {
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;

  Operation() = default;
  /// `description` also says what scratch memory the primitive wants.
  template <class Description>
  Operation(dnnl::primitive p, const Description& description, std::unordered_map<int, memory> a)
      : primitive(std::move(p)), arguments(std::move(a)) {
    arguments.emplace(DNNL_ARG_SCRATCHPAD, make_memory(description.scratchpad_desc()));
  }
  void operator()() const { primitive.execute(stream(), arguments); }
};

/// Memory and primitives of a forward pass for `count` images.
struct ForwardPass {
  Index count;
  memory x, z, h, logits;  // images, behind the convolution, behind the first Dense, scores
  std::vector<Operation> operations;
};

[[nodiscard]] inline dnnl::primitive_attr attributes(bool is_relu) {
  dnnl::primitive_attr result;
  result.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (is_relu) {
    dnnl::post_ops relu;
#if DNNL_VERSION_MAJOR >= 3
    relu.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
#else
    relu.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
#endif
    result.set_post_ops(relu);
  }
  return result;
}

/// The description of a forward primitive, with ReLU behind it or without. oneDNN 2 takes a
/// descriptor of the operation, oneDNN 3 its fields.
template <class Primitive, class... Fields>
[[nodiscard]] auto describe_forward(bool is_relu, const Fields&... fields) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine(), fields..., attributes(is_relu));
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(fields...),
                                            attributes(is_relu), engine());
#endif
}
/// The description of the backward primitive that belongs to `forward`.
template <class Primitive, class Forward, class... Fields>
[[nodiscard]] auto describe_backward(const Forward& forward, const Fields&... fields) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine(), fields..., forward, attributes(false));
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(fields...), attributes(false),
                                            engine(), forward);
#endif
}

/// Whether the library has nothing better for it than plain loops, a hundred times as slow.
template <class Description>
[[nodiscard]] bool is_reference(const Description& description) {
  return std::string_view(description.impl_info_str()).starts_with("ref");
}

/// The gradients of a Dense whose forward pass is described.
[[nodiscard]] inline Operation dense_weights(const Dense::primitive_desc& forward, const memory& x,
                                             const memory& dw, const memory& db, const memory& dy) {
  const auto description = describe_backward<DenseWeights>(forward, x.get_desc(), dw.get_desc(),
                                                           db.get_desc(), dy.get_desc());
  return {DenseWeights(description),
          description,
          {{DNNL_ARG_SRC, x},
           {DNNL_ARG_DIFF_WEIGHTS, dw},
           {DNNL_ARG_DIFF_BIAS, db},
           {DNNL_ARG_DIFF_DST, dy}}};
}
[[nodiscard]] inline Operation dense_data(const Dense::primitive_desc& forward, const memory& dx,
                                          const memory& kernel, const memory& dy) {
  const auto description =
      describe_backward<DenseData>(forward, dx.get_desc(), kernel.get_desc(), dy.get_desc());
  return {DenseData(description),
          description,
          {{DNNL_ARG_DIFF_SRC, dx}, {DNNL_ARG_WEIGHTS, kernel}, {DNNL_ARG_DIFF_DST, dy}}};
}

/// The bits of x rounded to bfloat16, ties to even, in the upper half.
[[nodiscard]] inline std::uint32_t bfloat16_bits(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits + 0x7fff + (bits >> 16 & 1);
}
[[nodiscard]] inline std::uint16_t to_bfloat16(float x) {
  return static_cast<std::uint16_t>(bfloat16_bits(x) >> 16);
}

[[nodiscard]] inline std::unordered_map<int, memory> from_to(const memory& from, const memory& to) {
  return {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
}
/// Runs a reorder that was made for these two.
inline void reorder(const dnnl::primitive& primitive, const memory& from, const memory& to) {
  primitive.execute(stream(), from_to(from, to));
}

}  // namespace compare
