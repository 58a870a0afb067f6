// SPDX-License-Identifier: MIT
// Samples in the caller's memory, of any rank and type.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "nn/data/views.hpp"
#include "nn/kernels/rows/gather.hpp"

namespace nn {

namespace detail {

template <class X>
inline constexpr bool has_sample_numbers =
    std::same_as<ScalarOf<X>, float> || std::same_as<ScalarOf<X>, double> ||
    std::same_as<ScalarOf<X>, std::int32_t> || std::same_as<ScalarOf<X>, std::uint8_t>;

/// What Samples can be made of without being told a shape.
template <class X>
concept SampleData = (TensorLike<X> || MatrixLike<X>)&&has_sample_numbers<X>;

/// Elements from one row of a matrix to the next, and from one of its columns to the next.
template <MatrixLike X>
[[nodiscard]] kernels::RowSteps steps_of(const X& x) {
  const Index row = X::IsRowMajor ? x.outerStride() : x.innerStride();
  const Index element = X::IsRowMajor ? x.innerStride() : x.outerStride();
  return {row, x.cols() == 1 ? 1 : element};
}

}  // namespace detail

/// Samples [N, ...] of float, double, std::int32_t (numbers of tokens, say) or std::uint8_t in the
/// caller's memory, which has to outlive the view. Copies nothing.
class Samples {
 public:
  Samples() = default;

  template <TensorLike X>
  requires detail::has_sample_numbers<X> Samples(
      const X& x)  // NOLINT(google-explicit-constructor): a tensor is a set of samples
      : Samples(x.data(), shape_of(x)) {}

  /// A matrix [N, features] in either order; a vector is a matrix of one column or row.
  template <MatrixLike X>
  requires detail::has_sample_numbers<X> Samples(
      const X& x)  // NOLINT(google-explicit-constructor): a matrix is a set of samples
      : Samples(x.data(), {x.rows(), x.cols()}, detail::steps_of(x)) {}

  /// A std::vector, std::array or std::span of numbers, with the shape [N, ...] that they stand
  /// for. Throws `ShapeError` for another number of elements.
  template <ListLike X>
  requires detail::has_sample_numbers<X> Samples(const X& values, const Shape& shape)
      : Samples(values.data(), shape) {
    if (!shape.empty() && shape.num_elements() == static_cast<Index>(values.size())) return;
    refuse<ShapeError>(
        {"samples", {"a shape [N, ...] of ", values.size(), " elements"}, shape.to_string()});
  }

  template <detail::SampleData X>
  requires(!detail::is_view<X>)
      Samples(const X&&) {  // NOLINT(google-explicit-constructor): a tensor is a set of samples
    refuse_what_dies<X>();
  }
  template <ListLike X>
  requires(!detail::is_view<X>) Samples(const X&&, const Shape&) { refuse_what_dies<X>(); }

  [[nodiscard]] const void* data() const { return data_; }
  [[nodiscard]] Index count() const { return count_; }
  [[nodiscard]] const Shape& sample_shape() const { return sample_shape_; }
  [[nodiscard]] Shape shape() const { return sample_shape_.with_batch(count_); }

  /// Samples first .. first + count - 1.
  [[nodiscard, gnu::noinline]] Samples slice(Index first, Index count) const {
    Samples part = *this;
    part.data_ = static_cast<const std::byte*>(data_) + first * steps_.row * element_bytes();
    part.count_ = count;
    return part;
  }

  /// Whether samples in order can be read where they are, without a copy.
  template <Real T>
  [[nodiscard]] bool holds() const {
    return type_ == type_of<T>() && is_contiguous();
  }
  /// Throws `std::invalid_argument` for a type that a model over T doesn't take, and for an integer
  /// that is no T: above 2^24, a float can't hold all of them.
  template <Real T>
  void check_type(const char* where) const {
    if (type_ == Type::integers) return check_integers<T>(where);
    if (type_ == type_of<T>() || type_ == Type::bytes) return;
    const char* mine = type_of<T>() == Type::float32 ? "float" : "double";
    refuse({where,
            {"samples of ", mine, ", std::int32_t or std::uint8_t"},
            type_ == Type::float32 ? "float" : "double"});
  }
  /// Throws `ShapeError` for samples of another shape.
  NN_COLD void check_shape(const char* where, const Shape& sample) const {
    if (sample_shape() == sample) return;
    refuse<ShapeError>({where,
                        {"samples of shape ", sample.to_string()},
                        sample_shape().to_string(),
                        {"x ", shape().to_string()}});
  }

  /// The samples rows[0 .. count - 1], or without `rows` (null) the first `count`, as T. Returns a
  /// pointer into the data where that works; else copies them into `buffer` [count, ...],
  /// converted.
  template <Real T>
  [[nodiscard, gnu::noinline]] const T* gather(const Index* rows, Index count, T* buffer) const {
    if (rows == nullptr && holds<T>()) return static_cast<const T*>(data_);
    // In the order of Type.
    static constexpr kernels::ReadRow<T> readers[] = {
        &kernels::read_row<float, T>, &kernels::read_row<double, T>,
        &kernels::read_row<std::int32_t, T>, &kernels::read_row<std::uint8_t, T>};
    kernels::gather_rows<T>({data_, steps_.row * element_bytes(), steps_.element,
                             sample_shape_.num_elements(), readers[static_cast<int>(type_)]},
                            rows, count, buffer);
    return buffer;
  }

 private:
  enum class Type { float32, float64, integers, bytes, other };
  template <class T>
  [[nodiscard]] static constexpr Type type_of() {
    if (std::same_as<T, float>) return Type::float32;
    if (std::same_as<T, double>) return Type::float64;
    if (std::same_as<T, std::int32_t>) return Type::integers;
    return std::same_as<T, std::uint8_t> ? Type::bytes : Type::other;
  }

  /// Samples without gaps between them.
  template <class Number>
  Samples(const Number* data, const Shape& shape)
      : Samples(data, shape, {sample_part(shape).num_elements(), 1}) {}
  template <class Number>
  Samples(const Number* data, const Shape& shape, kernels::RowSteps steps)
      : data_(data),
        type_(type_of<Number>()),
        count_(shape.empty() ? 0 : shape[0]),
        sample_shape_(sample_part(shape)),
        steps_(steps) {}

  [[nodiscard]] static Shape sample_part(const Shape& shape) {
    return {shape.begin() + (shape.empty() ? 0 : 1), shape.end()};
  }
  template <class X>
  static void refuse_what_dies() {
    static_assert(std::is_void_v<X>,
                  "nn: these samples die at the end of the line, and a view of them is kept; give "
                  "them a name that lives longer");
  }

  [[nodiscard]] Index element_bytes() const {
    return type_ == Type::bytes ? 1 : type_ == Type::float64 ? 8 : 4;
  }
  [[nodiscard]] bool is_contiguous() const {
    return steps_.element == 1 && steps_.row == sample_shape_.num_elements();
  }
  template <Real T>
  NN_COLD void check_integers(const char* where) const {
    constexpr int digits = std::numeric_limits<T>::digits;
    if (digits >= std::numeric_limits<std::int32_t>::digits) return;
    constexpr std::int32_t most = 1 << (digits % 32);
    const Index size = sample_shape_.num_elements();
    for (Index sample = 0; sample < count_; ++sample) {
      const auto* const row = static_cast<const std::int32_t*>(data_) + sample * steps_.row;
      for (Index i = 0; i < size; ++i) {
        const std::int32_t number = row[i * steps_.element];
        if (-most <= number && number <= most) continue;
        refuse({where,
                {"integers from ", -most, " to ", most, ", which a float holds"},
                number,
                {"sample ", sample},
                "make a model of doubles"});
      }
    }
  }

  const void* data_ = nullptr;
  Type type_ = Type::float32;
  Index count_ = 0;
  Shape sample_shape_;
  kernels::RowSteps steps_{0, 1};
};

namespace detail {

/// A view of the samples that a call was given. For anything else, the compiler's error is a
/// sentence.
template <class X>
[[nodiscard]] Samples samples_of(X&& x) {
  using Data = std::remove_cvref_t<X>;
  constexpr bool is_accepted = SampleData<Data> || std::same_as<Data, Samples>;
  static_assert(!ListLike<Data>,
                "nn: a list of numbers has no shape; write nn::Samples{values, {N, features}}");
  static_assert(is_accepted || ListLike<Data>,
                "nn: samples are a row-major tensor [N, ...] or an Eigen matrix [N, features] of "
                "float, double, std::int32_t or std::uint8_t");
  if constexpr (is_accepted) return Samples(std::forward<X>(x));
  return {};
}

}  // namespace detail
}  // namespace nn
