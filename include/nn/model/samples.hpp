// SPDX-License-Identifier: MIT
// Data in the caller's memory, of any rank and type, as the container passes it on.
#pragma once

#include <cstdint>

#include "nn/core/tensor.hpp"
#include "nn/kernels/gather.hpp"

namespace nn {

/// Samples [N, ...] as float, double or bytes. Views the tensor it was made from; copies nothing.
class Samples {
 public:
  Samples() = default;

  template <TensorLike X>
  requires std::same_as < ScalarOf<X>,
  float > || std::same_as<ScalarOf<X>, double> ||
      std::same_as<ScalarOf<X>, std::uint8_t> Samples(
          const X& x)  // NOLINT(google-explicit-constructor): a tensor is a set of samples
      : data_(x.data()),
  type_(type_of<ScalarOf<X>>()), count_(x.dimension(0)), sample_shape_(sample_shape_of(x)) {}

  [[nodiscard]] Index count() const { return count_; }
  [[nodiscard]] const Shape& sample_shape() const { return sample_shape_; }
  [[nodiscard]] Shape shape() const { return sample_shape_.with_batch(count_); }

  /// Samples first .. first + count - 1 of these.
  [[nodiscard]] Samples slice(Index first, Index count) const {
    Samples part = *this;
    part.data_ =
        static_cast<const std::byte*>(data_) + first * sample_shape_.num_elements() * size();
    part.count_ = count;
    return part;
  }

  /// True if a batch in order can be read where it is, without a copy.
  template <Real T>
  [[nodiscard]] bool holds() const {
    return type_ == type_of<T>();
  }
  /// Throws `std::invalid_argument` for data that a model over T doesn't take.
  template <Real T>
  void check_type(const char* where) const {
    if (holds<T>() || type_ == Type::bytes) return;
    const char* mine = type_of<T>() == Type::float32 ? "float" : "double";
    refuse({where,
            {"samples of ", mine, " or std::uint8_t"},
            type_ == Type::float32 ? "float" : "double"});
  }

  /// The samples rows[0 .. count - 1] (null: the first `count`) as T: a pointer into the data where
  /// that works, else converted into `buffer` [count, ...].
  template <Real T>
  [[nodiscard]] const T* gather(const Index* rows, Index count, T* buffer) const {
    if (rows == nullptr && holds<T>()) return static_cast<const T*>(data_);
    const Index row_size = sample_shape_.num_elements();
    if (type_ == Type::bytes) {
      kernels::gather_rows(static_cast<const std::uint8_t*>(data_), row_size, rows, count, buffer);
    } else {
      kernels::gather_rows(static_cast<const T*>(data_), row_size, rows, count, buffer);
    }
    return buffer;
  }

 private:
  enum class Type { float32, float64, bytes, other };
  template <class T>
  [[nodiscard]] static constexpr Type type_of() {
    if (std::same_as<T, float>) return Type::float32;
    if (std::same_as<T, double>) return Type::float64;
    return std::same_as<T, std::uint8_t> ? Type::bytes : Type::other;
  }
  [[nodiscard]] Index size() const {  // bytes of one element
    return type_ == Type::bytes ? 1 : type_ == Type::float32 ? 4 : 8;
  }

  const void* data_ = nullptr;
  Type type_ = Type::float32;
  Index count_ = 0;
  Shape sample_shape_;
};

/// Class numbers [N] or [N, 1] in the caller's memory.
class LabelView {
 public:
  LabelView() = default;

  template <TensorLike Y>
  requires std::same_as<ScalarOf<Y>, std::int32_t> &&(Y::NumDimensions <= 2)
      LabelView(const Y& y)  // NOLINT(google-explicit-constructor): labels are labels
      : data_(y.data()), count_(y.dimension(0)) {
    if (y.size() != count_) {
      refuse<ShapeError>({"labels", "shape [N] or [N, 1]", shape_of(y).to_string(), "",
                          "give the number of each sample's class"});
    }
  }

  [[nodiscard]] const std::int32_t* data() const { return data_; }
  [[nodiscard]] Index count() const { return count_; }
  [[nodiscard]] LabelView slice(Index first, Index count) const {
    LabelView part = *this;
    part.data_ += first;
    part.count_ = count;
    return part;
  }

 private:
  const std::int32_t* data_ = nullptr;
  Index count_ = 0;
};

}  // namespace nn
