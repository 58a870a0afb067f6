// SPDX-License-Identifier: MIT
// Where the windows of a convolution or a pooling lie on one axis of an image.
#pragma once

#include <algorithm>
#include <string>

#include "nn/core/error.hpp"
#include "nn/core/shape.hpp"

namespace nn {

/// Border rule of windows: `valid` takes only full windows, `same` pads so that stride 1 keeps the
/// size. `causal`, of Conv1D alone, does so with all padding in front: a window ends where it
/// stands.
enum class Padding { valid, same, causal };

[[nodiscard]] constexpr const char* to_string(Padding padding) {
  return padding == Padding::valid ? "valid" : padding == Padding::same ? "same" : "causal";
}

/// Windows of `size` cells, `dilation` apart, every `stride` pixels.
struct Window {
  Index size;
  Index stride;
  Index dilation = 1;

  /// Pixels from the first cell to the last, both counted.
  [[nodiscard]] Index extent() const { return dilation * (size - 1) + 1; }

  /// Number of windows on `length` pixels: valid floor((length - extent) / stride) + 1, else
  /// ceil(length / stride). Zero or less where none fits.
  [[nodiscard]] Index count(Index length, Padding padding) const {
    if (padding != Padding::valid) return length / stride + (length % stride != 0 ? 1 : 0);
    return length < extent() ? 0 : (length - extent()) / stride + 1;
  }

  /// Padding before the first pixel. The odd pixel of `same` goes to the end, as in TensorFlow.
  [[nodiscard, gnu::noinline]] Index pad_before(Index length, Padding padding) const {
    if (padding == Padding::valid) return 0;
    if (padding == Padding::causal) return extent() - 1;
    return std::max<Index>((count(length, padding) - 1) * stride - length + extent(), 0) / 2;
  }
};

/// Largest size, stride and dilation of a window: with it, no arithmetic on windows overflows.
inline constexpr Index max_window_number = Index{1} << 20;

/// Throws `std::invalid_argument` unless the number is in 1 .. `max_window_number`. `what` names it
/// in the message.
inline void require_window_number(const char* where, const char* what, Index number) {
  if (number >= 1 && number <= max_window_number) return;
  refuse({where, {what, number < 1 ? " of 1 or more" : " of at most 1048576"}, number});
}
/// The same for each of several numbers.
inline void require_window_numbers(const char* where, const char* what, Size2D numbers) {
  const auto [least, most] = std::minmax(numbers.height, numbers.width);
  if (least >= 1 && most <= max_window_number) return;
  const char* rule = least < 1 ? " of 1 or more" : " of at most 1048576";
  refuse({where, {what, rule}, numbers.to_string()});
}
NN_COLD inline void require_window_numbers(const char* where, const char* what, Size3D numbers) {
  const auto [least, most] = std::minmax({numbers.depth, numbers.height, numbers.width});
  if (least >= 1 && most <= max_window_number) return;
  const char* rule = least < 1 ? " of 1 or more" : " of at most 1048576";
  refuse({where, {what, rule}, numbers.to_string()});
}

/// Steps after windows have slid over a sequence [steps, channels]. Throws `ShapeError` for samples
/// of another rank or without channels, and where no window fits.
[[nodiscard]] NN_COLD inline Index window_count(const std::string& where, const Shape& sequence,
                                                Window window, Padding padding) {
  if (sequence.rank() != 2) {
    refuse<ShapeError>({where, "samples [steps, channels]", sequence.to_string(), "",
                        "use sequences [N, steps, channels]"});
  }
  if (sequence.back() == 0) {
    refuse<ShapeError>({where, "samples with at least one channel", sequence.to_string()});
  }
  const Index count = window.count(sequence[0], padding);
  if (count <= 0) {
    refuse<ShapeError>({where,
                        {"a sequence of at least ", window.extent(), " steps"},
                        sequence.to_string(),
                        {"padding ", to_string(padding)},
                        "use smaller windows or longer sequences"});
  }
  return count;
}

/// Height and width after windows have slid over an image [height, width, channels]. Throws
/// `ShapeError` for samples of another rank or without channels, and where no window fits;
/// `std::invalid_argument` for causal padding.
[[nodiscard]] NN_COLD inline Size2D window_counts(const std::string& where, const Shape& image,
                                                  Window vertical, Window horizontal,
                                                  Padding padding) {
  demand(padding != Padding::causal, where.c_str(), "padding valid or same", "causal");
  if (image.rank() != 3) {
    refuse<ShapeError>({where, "samples [height, width, channels]", image.to_string(), "",
                        "use images [N, height, width, channels]"});
  }
  if (image.back() == 0) {
    refuse<ShapeError>({where, "samples with at least one channel", image.to_string()});
  }
  const Size2D counts{vertical.count(image[0], padding), horizontal.count(image[1], padding)};
  if (counts.height <= 0 || counts.width <= 0) {
    const Size2D extent{vertical.extent(), horizontal.extent()};
    refuse<ShapeError>({where,
                        {"an image of at least ", extent.to_string()},
                        image.to_string(),
                        "padding valid",
                        "use smaller windows or nn::Padding::same"});
  }
  return counts;
}

}  // namespace nn
