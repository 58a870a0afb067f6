// SPDX-License-Identifier: MIT
// Quantised weights, in bfloat16 or int8, laid out for the product of
// kernels/quantized/product.hpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "nn/core/ceil_div.hpp"
#include "nn/core/cold.hpp"
#include "nn/core/finite.hpp"
#include "nn/core/memory.hpp"
#include "nn/core/number_format.hpp"
#include "nn/kernels/product/matrix.hpp"

namespace nn::kernels {

/// W [rows, cols] as bfloat16, or as int8 with a scale for each column: W(i, j) ~ q(i, j) scale(j),
/// scale(j) = max_i |W(i, j)| / 127, q rounded to nearest (symmetric quantisation for each channel,
/// Krishnamoorthi 2018). So |W - q scale| <= scale / 2 (1 + 2^-9). A scale has 16 significant bits,
/// which makes q scale a float exactly, and quantising it again changes nothing. A column with a
/// value that is not finite becomes NaN.
///
/// In memory: blocks of `depth` rows, each in panels of columns, each in cache lines of 16
/// words. A word of int8 has four rows of one column, so a line four rows of 16 columns; a word of
/// bfloat16 has columns j and j + 16 of one row, so a line one row of 32 columns.
class QuantizedMatrix {
 public:
  static constexpr Index depth = 1024;       ///< rows of a block; all but the last are full
  static constexpr Index line_words = 16;    ///< words of a cache line
  static constexpr Index int8_rows = 4;      ///< of a word
  static constexpr Index bfloat16_cols = 2;  ///< of a word, `line_words` apart
  static constexpr float largest_integer = 127;
  /// What kernels add to the other factor where they take it as unsigned.
  static constexpr std::int32_t unsigned_zero = 128;

  QuantizedMatrix() = default;
  /// `format` is bfloat16 or int8.
  NN_COLD QuantizedMatrix(NumberFormat format, Matrix<const float> W)
      : format_(format),
        rows_(W.rows),
        cols_(W.cols),
        data_(static_cast<std::size_t>(
            checked_product({elements_before(num_blocks()), element_bytes()}))) {
    if (is_int8()) {
      quantize(W);
    } else {
      round(W);
    }
  }

  [[nodiscard]] NumberFormat format() const { return format_; }
  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index cols() const { return cols_; }
  [[nodiscard]] Index num_blocks() const { return ceil_div(rows_, depth); }
  [[nodiscard]] Index block_rows(Index block) const {
    return std::min(depth, rows_ - block * depth);
  }
  /// Columns of a panel.
  [[nodiscard]] Index panel_cols() const {
    return is_int8() ? line_words : bfloat16_cols * line_words;
  }
  /// Columns, those included that fill up the last panel.
  [[nodiscard]] Index padded_cols() const { return round_up(cols_, panel_cols()); }
  /// Cache lines of a panel of a block: steps of a product.
  [[nodiscard]] Index steps(Index block) const { return ceil_div(block_rows(block), line_rows()); }
  /// A panel of a block, `steps` cache lines; the block's next panel follows.
  [[nodiscard, gnu::noinline]] const std::byte* panel(Index block, Index number) const {
    return data_.data() + elements_before(block) * element_bytes() +
           number * steps(block) * cache_line;
  }
  /// [padded_cols] of a block: -128 sum_i q(i, j), which takes back what factors with 128 added to
  /// them give too much. int8 only.
  [[nodiscard]] const std::int32_t* offsets(Index block) const {
    return offsets_.data() + block * padded_cols();
  }
  /// [padded_cols]; null for bfloat16.
  [[nodiscard]] const float* scales() const { return is_int8() ? scales_.data() : nullptr; }
  [[nodiscard]] Index num_bytes() const {
    return static_cast<Index>(data_.size() + sizeof(std::int32_t) * offsets_.size() +
                              sizeof(float) * scales_.size());
  }

  /// q(i, j), or the bits of a bfloat16.
  [[nodiscard]] std::int8_t integer(Index row, Index col) const {
    return std::bit_cast<std::int8_t>(data_[static_cast<std::size_t>(place_of(row, col))]);
  }
  [[nodiscard]] std::uint16_t bfloat16_bits(Index row, Index col) const {
    std::uint16_t bits = 0;
    std::memcpy(&bits, data_.data() + place_of(row, col) * element_bytes(), sizeof bits);
    return bits;
  }
  /// The weight that (row, col) stands for.
  [[nodiscard]] float value(Index row, Index col) const {
    if (is_int8()) {
      return static_cast<float>(integer(row, col)) * scales_[static_cast<std::size_t>(col)];
    }
    return from_bfloat16(bfloat16_bits(row, col));
  }

 private:
  [[nodiscard]] bool is_int8() const { return format_ == NumberFormat::int8; }
  [[nodiscard]] Index element_bytes() const { return is_int8() ? 1 : 2; }
  [[nodiscard]] Index line_rows() const { return is_int8() ? int8_rows : 1; }

  [[nodiscard]] Index elements_before(Index block) const {
    return std::min(block * depth, round_up(rows_, line_rows())) * padded_cols();
  }
  [[nodiscard, gnu::noinline]] Index place_of(Index row, Index col) const {
    const Index block = row / depth, step = row % depth / line_rows();
    const Index line = col / panel_cols() * steps(block) + step;
    const Index word = line * line_words + col % line_words;
    const Index in_word = is_int8() ? row % int8_rows : col / line_words % bfloat16_cols;
    return elements_before(block) + word * (is_int8() ? int8_rows : bfloat16_cols) + in_word;
  }

  void round(Matrix<const float> W) {
    for (Index i = 0; i < rows_; ++i) {
      for (Index j = 0; j < cols_; ++j) {
        const std::uint16_t bits = to_bfloat16(W(i, j));
        std::memcpy(data_.data() + place_of(i, j) * element_bytes(), &bits, sizeof bits);
      }
    }
  }

  void quantize(Matrix<const float> W) {
    const auto size = static_cast<std::size_t>(padded_cols());
    scales_ = AlignedArray<float>(size);
    offsets_ = AlignedArray<std::int32_t>(size * static_cast<std::size_t>(num_blocks()));
    for (Index j = 0; j < cols_; ++j) {
      std::uint32_t largest = 0;  // of the magnitudes' bits, which NaN and infinity exceed
      for (Index i = 0; i < rows_; ++i) {
        largest = std::max(largest, std::bit_cast<std::uint32_t>(std::abs(W(i, j))));
      }
      const float scale = rounded_scale(std::bit_cast<float>(largest) / largest_integer);
      scales_[static_cast<std::size_t>(j)] = scale;
      if (!(scale > 0)) continue;  // 0 or NaN: all q are 0
      for (Index i = 0; i < rows_; ++i) {
        const float nearest = std::nearbyint(W(i, j) / scale);
        const auto q =
            static_cast<std::int8_t>(std::clamp(nearest, -largest_integer, largest_integer));
        data_[static_cast<std::size_t>(place_of(i, j))] = std::bit_cast<std::byte>(q);
        offsets_[static_cast<std::size_t>(i / depth * padded_cols() + j)] -= unsigned_zero * q;
      }
    }
  }

  /// Rounded to 16 significant bits; 0 where it is too small for them, NaN where it is not finite.
  [[nodiscard]] static float rounded_scale(float scale) {
    if (!is_finite(scale)) return not_a_number<float>;
    if (scale < std::numeric_limits<float>::min()) return 0;
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(scale) + 0x80u) & ~0xFFu);
  }

  NumberFormat format_ = NumberFormat::bfloat16;
  Index rows_ = 0;
  Index cols_ = 0;
  AlignedArray<std::byte> data_;
  AlignedArray<float> scales_;
  AlignedArray<std::int32_t> offsets_;
};

}  // namespace nn::kernels
