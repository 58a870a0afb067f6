// SPDX-License-Identifier: MIT
// Class numbers in the caller's memory.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>

#include "nn/data/views.hpp"

namespace nn {

namespace detail {

template <class Y>
inline constexpr bool has_class_numbers = std::same_as<ScalarOf<Y>, std::int32_t>;

/// What a LabelView can be made of.
template <class Y>
concept LabelData = (TensorLike<Y> || MatrixLike<Y> || ListLike<Y>)&&has_class_numbers<Y>;

}  // namespace detail

/// Class numbers [N] or [N, 1] in the caller's memory, which has to outlive the view: a tensor, an
/// Eigen vector or a std::vector<int>. Throws `ShapeError` for another shape.
class LabelView {
 public:
  LabelView() = default;

  template <TensorLike Y>
  requires detail::has_class_numbers<Y> LabelView(
      const Y& y)  // NOLINT(google-explicit-constructor): labels are labels
      : data_(y.data()), count_(y.dimension(0)) {
    require_one_column(shape_of(y));
  }
  template <MatrixLike Y>
  requires detail::has_class_numbers<Y> LabelView(
      const Y& y)  // NOLINT(google-explicit-constructor): labels are labels
      : data_(y.data()), count_(y.rows()) {
    require_one_column({y.rows(), y.cols()});
    if (count_ < 2 || (Y::IsRowMajor ? y.outerStride() : y.innerStride()) == 1) return;
    refuse<ShapeError>({.where = "labels",
                        .expected = "numbers that lie side by side",
                        .got = "a column of a larger matrix",
                        .remedy = "copy it"});
  }
  template <ListLike Y>
  requires detail::has_class_numbers<Y> LabelView(
      const Y& y)  // NOLINT(google-explicit-constructor): labels are labels
      : data_(y.data()), count_(static_cast<Index>(y.size())) {}

  template <detail::LabelData Y>
  requires(!detail::is_view<Y>)
      LabelView(const Y&&) {  // NOLINT(google-explicit-constructor): labels are labels
    static_assert(!detail::LabelData<Y>,
                  "nn: these labels die at the end of the line, and a view of them is kept; give "
                  "them a name that lives longer");
  }

  [[nodiscard]] const std::int32_t* data() const { return data_; }
  [[nodiscard]] Index count() const { return count_; }
  [[nodiscard]] LabelView slice(Index first, Index count) const {
    LabelView part = *this;
    part.data_ += first;
    part.count_ = count;
    return part;
  }
  /// The labels rows[0 .. count - 1], copied into `buffer`; without `rows` (null) the first
  /// `count`, where they are.
  [[nodiscard]] const std::int32_t* gather(const Index* rows, Index count,
                                           std::int32_t* buffer) const {
    if (rows == nullptr) return data_;
    std::transform(rows, rows + count, buffer, [this](Index row) { return data_[row]; });
    return buffer;
  }

 private:
  static void require_one_column(const Shape& shape) {
    if (shape.rank() <= 2 && shape.num_elements() == shape[0]) return;
    refuse<ShapeError>({.where = "labels",
                        .expected = "shape [N] or [N, 1]",
                        .got = shape.to_string(),
                        .remedy = "give the number of each sample's class"});
  }

  const std::int32_t* data_ = nullptr;
  Index count_ = 0;
};

namespace detail {

/// A view of the labels that a call was given. For anything else, the compiler's error is a
/// sentence.
template <class Y>
[[nodiscard]] LabelView labels_of(Y&& y) {
  using Data = std::remove_cvref_t<Y>;
  constexpr bool is_accepted = LabelData<Data> || std::same_as<Data, LabelView>;
  static_assert(is_accepted,
                "nn: labels are class numbers, counted from 0, of type std::int32_t: an "
                "nn::Labels, a std::vector<int> or an Eigen::VectorXi");
  if constexpr (is_accepted) return LabelView(std::forward<Y>(y));
  return {};
}

}  // namespace detail
}  // namespace nn
