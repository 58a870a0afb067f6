// SPDX-License-Identifier: MIT
// How a camera was held, by the Exif data of a JPEG.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace mnist::detail {

/// Reads numbers of 2 and 4 bytes within a part of a file. Nothing for those beyond its end.
class ExifBytes {
 public:
  ExifBytes(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), size_(size) {}

  void set_little_endian(bool is_little) { is_little_ = is_little; }

  [[nodiscard]] std::optional<std::uint32_t> number(std::size_t place, std::size_t length) const {
    if (place > size_ || length > size_ - place) return {};
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < length; ++i) {
      value = value << 8 | bytes_[place + (is_little_ ? length - 1 - i : i)];
    }
    return value;
  }

 private:
  const std::uint8_t* bytes_;
  std::size_t size_;
  bool is_little_ = false;
};

/// The orientation that a block of Exif data names, 1 to 8; 1, which is upright, if it names none.
/// The block is a TIFF file (JEITA CP-3451, Exif 2.3): byte order, 42, the place of a list, and
/// there the number of its entries and the entries, 12 bytes each.
[[nodiscard]] inline int orientation_in(const std::uint8_t* block, std::size_t size) {
  constexpr int upright = 1;
  constexpr std::uint32_t orientation = 0x112, short_number = 3;
  ExifBytes bytes(block, size);
  const auto order = bytes.number(0, 2);
  if (order != 0x4949u && order != 0x4d4du) return upright;  // "II" or "MM"
  bytes.set_little_endian(order == 0x4949u);
  const auto list = bytes.number(4, 4);
  if (bytes.number(2, 2) != 42u || !list) return upright;
  const auto num_entries = bytes.number(*list, 2);
  if (!num_entries) return upright;
  for (std::size_t i = 0; i < *num_entries; ++i) {
    const std::size_t entry = std::size_t{*list} + 2 + 12 * i;
    const auto tag = bytes.number(entry, 2);
    if (!tag) return upright;
    if (*tag != orientation) continue;
    const auto value = bytes.number(entry + 8, 2);
    const bool is_valid =
        bytes.number(entry + 2, 2) == short_number && value && *value >= 1 && *value <= 8;
    return is_valid ? static_cast<int>(*value) : upright;
  }
  return upright;
}

/// The orientation of a JPEG, 1 to 8; 1 for all other files. Looks at the segments in front of the
/// pixels, each of which names its length.
[[nodiscard]] inline int orientation_of(const std::vector<std::uint8_t>& file) {
  using namespace std::string_view_literals;
  constexpr auto name = "Exif\0\0"sv;
  constexpr std::uint8_t app1 = 0xe1, start_of_scan = 0xda;
  if (file.size() < 2 || file[0] != 0xff || file[1] != 0xd8) return 1;
  std::size_t place = 2;
  while (file.size() - place >= 4 && file[place] == 0xff && file[place + 1] != start_of_scan) {
    const std::size_t length = std::size_t{file[place + 2]} << 8 | file[place + 3];
    const std::size_t rest = file.size() - place - 2;
    if (length < 2 || length > rest) return 1;
    const std::string_view content(reinterpret_cast<const char*>(&file[place + 4]), length - 2);
    if (file[place + 1] == app1 && content.starts_with(name)) {
      return orientation_in(&file[place + 4] + name.size(), content.size() - name.size());
    }
    place += 2 + length;
  }
  return 1;
}

}  // namespace mnist::detail
