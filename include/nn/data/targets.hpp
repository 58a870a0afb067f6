// SPDX-License-Identifier: MIT
// What a model should give for its samples, in the caller's memory: class numbers or values.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "nn/data/samples.hpp"
#include "nn/data/target_kind.hpp"

namespace nn {

namespace detail {

template <class Y>
inline constexpr bool has_class_numbers = std::same_as<ScalarOf<Y>, std::int32_t>;

/// What Targets can be made of.
template <class Y>
concept TargetData = (TensorLike<Y> || MatrixLike<Y> || ListLike<Y>)&&(has_class_numbers<Y> ||
                                                                       has_sample_numbers<Y>);

}  // namespace detail

/// Targets in the caller's memory, which has to outlive the view: class numbers of std::int32_t, as
/// [N], [N, 1] or one for each position of a sample [N, positions], or values of float, double or
/// std::uint8_t, shaped like the model's output [N, ...]. A tensor, an Eigen matrix or vector, or a
/// list of numbers [N]. Copies nothing.
class Targets {
 public:
  Targets() = default;

  template <TensorLike Y>
  requires detail::TargetData<Y> Targets(
      const Y& y)  // NOLINT(google-explicit-constructor): a tensor is a set of targets
      : Targets(y, shape_of(y), {sample_part(shape_of(y)).num_elements(), 1}) {}
  template <MatrixLike Y>
  requires detail::TargetData<Y> Targets(
      const Y& y)  // NOLINT(google-explicit-constructor): a matrix is a set of targets
      : Targets(y, {y.rows(), y.cols()}, detail::steps_of(y)) {}
  template <ListLike Y>
  requires detail::TargetData<Y> Targets(
      const Y& y)  // NOLINT(google-explicit-constructor): a list is a set of targets
      : Targets(y, {static_cast<Index>(y.size())}, {1, 1}) {}
  /// A list of numbers with the shape [N, ...] that they stand for. Throws `ShapeError` for another
  /// number of elements.
  template <ListLike Y>
  requires detail::TargetData<Y> Targets(const Y& y, const Shape& shape)
      : Targets(y, shape, {sample_part(shape).num_elements(), 1}) {
    if (!shape.empty() && shape.num_elements() == static_cast<Index>(y.size())) return;
    refuse<ShapeError>(
        {"targets", {"a shape [N, ...] of ", y.size(), " elements"}, shape.to_string()});
  }

  template <detail::TargetData Y>
  requires(!detail::is_view<Y>)
      Targets(const Y&&) {  // NOLINT(google-explicit-constructor): a tensor is a set of targets
    static_assert(!detail::TargetData<Y>,
                  "nn: these targets die at the end of the line, and a view of them is kept; give "
                  "them a name that lives longer");
  }

  [[nodiscard]] TargetKind kind() const { return kind_; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  /// Number of samples.
  [[nodiscard]] Index count() const { return shape_.empty() ? 0 : shape_[0]; }
  /// Numbers of one sample.
  [[nodiscard]] Index numbers_per_sample() const { return sample_part(shape_).num_elements(); }

  /// The targets of samples first .. first + count - 1.
  [[nodiscard, gnu::noinline]] Targets slice(Index first, Index count) const {
    Targets part = *this;
    part.shape_ = sample_part(shape_).with_batch(count);
    if (kind_ == TargetKind::values) {
      part.values_ = values_.slice(first, count);
    } else if (count > 0) {
      part.classes_ += first * steps_.row;
    }
    return part;
  }

  /// Class number i of a sample.
  [[nodiscard]] std::int32_t class_of(Index sample, Index i) const {
    return classes_[sample * steps_.row + i * steps_.element];
  }
  /// Class numbers of the samples rows[0 .. count - 1], copied into `buffer`; without `rows` (null)
  /// of the first `count`, where they are if they lie side by side.
  [[nodiscard]] const std::int32_t* gather_classes(const Index* rows, Index count,
                                                   std::int32_t* buffer) const {
    const Index size = numbers_per_sample();
    if (rows == nullptr && steps_.row == size && steps_.element == 1) return classes_;
    for (Index i = 0; i < count; ++i) {
      const Index sample = rows == nullptr ? i : rows[i];
      for (Index k = 0; k < size; ++k) buffer[i * size + k] = class_of(sample, k);
    }
    return buffer;
  }
  /// Values of these samples as T; see Samples::gather.
  template <Real T>
  [[nodiscard]] const T* gather_values(const Index* rows, Index count, T* buffer) const {
    return values_.gather(rows, count, buffer);
  }

 private:
  [[nodiscard]] static Shape sample_part(const Shape& shape) {
    return {shape.begin() + (shape.empty() ? 0 : 1), shape.end()};
  }

  template <class Y>
  Targets(const Y& y, const Shape& shape, kernels::RowSteps steps) : shape_(shape), steps_(steps) {
    if constexpr (detail::has_class_numbers<Y>) {
      kind_ = TargetKind::classes;
      classes_ = y.data();
    } else if constexpr (ListLike<Y>) {
      values_ = Samples(y, shape);  // checks the shape
    } else {
      values_ = Samples(y);
    }
  }

  TargetKind kind_ = TargetKind::values;
  Shape shape_;
  const std::int32_t* classes_ = nullptr;
  kernels::RowSteps steps_{0, 1};  // of the class numbers
  Samples values_;
};

namespace detail {

/// A view of the targets that a call was given. For anything else, the compiler's error is a
/// sentence.
template <class Y>
[[nodiscard]] Targets targets_of(Y&& y) {
  using Data = std::remove_cvref_t<Y>;
  constexpr bool is_accepted = TargetData<Data> || std::same_as<Data, Targets>;
  static_assert(is_accepted,
                "nn: targets are class numbers, counted from 0, of type std::int32_t, or values of "
                "float, double or std::uint8_t: a row-major tensor, an Eigen matrix or vector, or "
                "a list [N]");
  if constexpr (is_accepted) return Targets(std::forward<Y>(y));
  return {};
}

}  // namespace detail
}  // namespace nn
