// SPDX-License-Identifier: MIT
// Checks the segments of a JPEG before stb_image decodes them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mnist::detail {

/// Walks through the segments of a file as stb_image does, even if it is damaged.
class JpegSegments {
 public:
  explicit JpegSegments(const std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}

  [[nodiscard]] const char* fault() {
    constexpr int start_of_image = 0xd8, huffman_tables = 0xc4, start_of_scan = 0xda;
    if (at(0) != 0xff || next_marker() != start_of_image) return nullptr;
    int num_scans = 0;
    for (int marker = next_marker(); marker != end_of_image; marker = next_marker()) {
      const int length =
          at(place_) << 8 | at(place_ + 1);  // of the segment, these two bytes included
      // stb_image up to 2.27, that of Debian, does not check the number of codes and would write
      // beyond the end of its arrays.
      if (marker == huffman_tables && !are_short(place_ + 2, length - 2)) {
        return "a Huffman table of more than 256 codes";
      }
      // Each scan visits all pixels, though it may take hardly any bytes in the file.
      if (marker == start_of_scan && ++num_scans > max_scans) return "more than 32 scans";
      place_ += static_cast<std::size_t>(std::max(length, 2));
    }
    return nullptr;
  }

 private:
  static constexpr int end_of_image = 0xd9;
  static constexpr int max_scans = 32;  // four channels in the usual progression take 18

  /// The code of the next marker, or that of the end of the image if there is none. Moves `place_`
  /// after it, over the data between: there, a zero follows each byte 0xff that is no marker, and
  /// the markers 0xd0 to 0xd7 only restart the decoder.
  [[nodiscard]] int next_marker() {
    for (; place_ < bytes_.size(); ++place_) {
      const int code = at(place_ + 1);
      if (at(place_) != 0xff || code == 0 || code == 0xff || (code >= 0xd0 && code <= 0xd7)) {
        continue;
      }
      place_ += 2;
      return code;
    }
    return end_of_image;
  }

  /// Whether each table of a segment has at most 256 codes. A table consists of its number, the
  /// number of codes of 1 to 16 bits each, and a byte for each code. The last one may reach beyond
  /// the end of its segment: stb_image notices only after it has read it.
  [[nodiscard]] bool are_short(std::size_t place, int length) const {
    while (length > 0) {
      int num_codes = 0;
      for (std::size_t bits = 1; bits <= 16; ++bits) num_codes += at(place + bits);
      if (num_codes > 256) return false;
      length -= 17 + num_codes;
      place += static_cast<std::size_t>(17 + num_codes);
    }
    return true;
  }

  /// The byte at `place`; zero beyond the end, as in stb_image.
  [[nodiscard]] int at(std::size_t place) const {
    return place < bytes_.size() ? bytes_[place] : 0;
  }

  const std::vector<std::uint8_t>& bytes_;
  std::size_t place_ = 0;  // of the next byte to read
};

/// What in a JPEG would harm its decoder, or nullptr. Nullptr also for other kinds of files.
[[nodiscard]] inline const char* fault_of_jpeg(const std::vector<std::uint8_t>& bytes) {
  return JpegSegments(bytes).fault();
}

}  // namespace mnist::detail
