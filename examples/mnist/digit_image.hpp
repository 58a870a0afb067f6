// SPDX-License-Identifier: MIT
// Reads the digits from a picture file, in the form of MNIST.
#pragma once

#include <cstdint>
#include <filesystem>
#include <new>

#include "mnist/centre.hpp"
#include "mnist/idx.hpp"
#include "mnist/picture/decode.hpp"
#include "mnist/picture/digit_ink.hpp"
#include "mnist/picture/find.hpp"
#include "mnist/picture/light.hpp"
#include "mnist/picture/paper.hpp"
#include "mnist/picture/polarity.hpp"
#include "nn/core/tensor.hpp"

namespace mnist {
namespace detail {

/// The digits in a picture, transparent parts of which show `paper`, 0 to 255. Shape [N, 28, 28, 1]
[[nodiscard]] inline Images digits_on(const Picture& picture, int paper) {
  // Twenty times a digit of the size that MNIST's have, and four times.
  constexpr nn::Index largest_side = 512, smallest_side = 128;
  const Colours stored = shrink(picture, paper, largest_side);
  const nn::Index times = enlargement(stored, smallest_side);
  Colours colours = upright(enlarge(stored, times), picture.orientation);
  const Polarity polarity = polarity_of(brightness(colours));
  if (polarity.is_ink_light) colours = negative(colours);
  Light light = least_colour(colours);
  if (polarity.is_filled) light = with_margin(light);
  const Finding finding = find_digits(light, times);
  Images images(static_cast<nn::Index>(finding.digits.size()), image_side, image_side, 1);
  std::uint8_t* image = images.data();
  for (const Piece& digit : finding.digits) {
    centre_by_mass(scaled_digit(digit, finding.ink, times), image);
    image += image_side * image_side;
  }
  return images;
}

}  // namespace detail

/// Reads the digits of a picture, left to right, and brings each into the form of MNIST: white ink
/// on black, scaled by area into a box of 20x20, with its centre of mass in the middle of 28x28.
/// Shape [N, 28, 28, 1], N >= 1
/// The digits may be dark on light or light on dark, in any colour, anywhere in the picture and of
/// any size. Shadows, printed lines, frames and the table around the sheet are left out. Takes PNG,
/// JPEG, turned as its Exif data say, and BMP. Transparent parts count as white paper, or as black
/// if all else is white. Throws `IoError` for a file that is no such picture, one without a digit,
/// one of more than 64 megapixels or 512 MiB, and where memory runs out.
[[nodiscard]] inline Images read_digits(const std::filesystem::path& path) try {
  const detail::Picture picture = detail::decode(path);
  for (const int paper : {255, 0}) {
    Images images = detail::digits_on(picture, paper);
    if (images.dimension(0) > 0) return images;
  }
  detail::refuse(path, "a digit", "a picture with no digit found",
                 "the ink must stand out from the paper");
} catch (const std::bad_alloc&) {
  detail::refuse(path, "memory for the picture", "none");
}

}  // namespace mnist
