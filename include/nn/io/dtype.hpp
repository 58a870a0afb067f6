// SPDX-License-Identifier: MIT
// Element types of tensors in files, and how their bytes become numbers.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "nn/core/cold.hpp"
#include "nn/core/config.hpp"
#include "nn/core/finite.hpp"
#include "nn/core/number_format.hpp"

namespace nn::io {

static_assert(std::endian::native == std::endian::little,
              "nn/io: tensors are stored little-endian and copied as they are");

template <class T, class... Others>
concept AnyOf = (std::same_as<T, Others> || ...);

/// A C++ number that tensors in files are written from or read into.
template <class T>
concept TensorNumber =
    AnyOf<T, float, double, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
          std::uint16_t, std::uint32_t, std::uint64_t>;

/// An element type by its name in safetensors.
struct Dtype {
  std::string_view name;
  std::uint64_t size = 0;  // bytes of one element
};

/// Every element type that safetensors knows.
inline constexpr std::array<Dtype, 15> dtypes{{{"BOOL", 1},
                                               {"U8", 1},
                                               {"I8", 1},
                                               {"F8_E5M2", 1},
                                               {"F8_E4M3", 1},
                                               {"I16", 2},
                                               {"U16", 2},
                                               {"F16", 2},
                                               {"BF16", 2},
                                               {"I32", 4},
                                               {"U32", 4},
                                               {"F32", 4},
                                               {"F64", 8},
                                               {"I64", 8},
                                               {"U64", 8}}};

/// The element type of that name, or null.
[[nodiscard]] constexpr const Dtype* find_dtype(std::string_view name) {
  for (const Dtype& dtype : dtypes) {
    if (dtype.name == name) return &dtype;
  }
  return nullptr;
}

/// The element type that stores `T` bit for bit.
template <TensorNumber T>
[[nodiscard]] constexpr const Dtype& dtype_of() {
  constexpr std::string_view floats[] = {"", "", "F32", "F64"};
  constexpr std::string_view integers[] = {"I8", "I16", "I32", "I64"};
  constexpr std::string_view naturals[] = {"U8", "U16", "U32", "U64"};
  constexpr auto power = std::bit_width(sizeof(T)) - 1;
  constexpr std::string_view name = std::floating_point<T>    ? floats[power]
                                    : std::signed_integral<T> ? integers[power]
                                                              : naturals[power];
  return *find_dtype(name);
}

/// The value of an IEEE 754 binary16 number.
[[nodiscard]] NN_COLD inline float decode_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const auto mantissa = static_cast<float>(bits & 1023);
  float magnitude = 0;
  if (exponent == 31) {
    // Infinity or NaN; the payload of a NaN becomes the highest bits of the float's.
    magnitude = std::bit_cast<float>(0x7F800000u | (static_cast<std::uint32_t>(bits & 1023) << 13));
  } else if (exponent == 0) {
    magnitude = std::ldexp(mantissa, -24);
  } else {
    magnitude = std::ldexp(mantissa + 1024.0f, exponent - 25);
  }
  return std::copysign(magnitude, bits >> 15 != 0 ? -1.0f : 1.0f);
}

/// Whether `T` can hold `value`: integers exactly, floating-point numbers rounded but not made
/// infinite.
template <TensorNumber T, TensorNumber Stored>
[[nodiscard]] bool is_representable(Stored value) {
  if constexpr (std::integral<T>) {
    return std::in_range<T>(value);
  } else if constexpr (std::same_as<T, float> && std::same_as<Stored, double>) {
    return !is_finite(value) || is_finite(static_cast<float>(value));
  } else {
    return true;
  }
}

/// Converts `count` stored elements, which need not be aligned, by `decode` and then to `T`.
/// Returns how many were converted: fewer than `count` where `T` cannot hold the next one.
template <class Stored, TensorNumber T, class Decode>
[[nodiscard]] NN_COLD Index convert_elements(const std::byte* bytes, Index count, T* out,
                                             Decode&& decode) {
  for (Index i = 0; i < count; ++i) {
    Stored stored;
    std::memcpy(&stored, bytes + i * static_cast<Index>(sizeof stored), sizeof stored);
    const auto value = decode(stored);
    if (!is_representable<T>(value)) return i;
    out[i] = static_cast<T>(value);
  }
  return count;
}

/// Whether elements of type `name` can become numbers of type `T`: integers can become any number,
/// fractions only floating-point ones, and 8-bit floats none.
template <TensorNumber T>
[[nodiscard]] constexpr bool is_convertible(std::string_view name) {
  return !name.starts_with("F8") && (std::floating_point<T> || !(name[0] == 'F' || name == "BF16"));
}

/// Converts `count` elements of the type called `name`. Needs `is_convertible<T>(name)`. Returns
/// how many were converted, as `convert_elements` does.
template <TensorNumber T>
[[nodiscard]] NN_COLD Index convert_tensor(std::string_view name, const std::byte* bytes,
                                           Index count, T* out) {
  if (name == dtype_of<T>().name) {
    if (count != 0) std::memcpy(out, bytes, static_cast<std::size_t>(count) * sizeof(T));
    return count;
  }
  const auto convert = [&]<class Stored>(Stored) {
    return convert_elements<Stored>(bytes, count, out, [](Stored stored) { return stored; });
  };
  if constexpr (std::floating_point<T>) {
    if (name == "F64") return convert(double{});
    if (name == "F32") return convert(float{});
    if (name == "F16") return convert_elements<std::uint16_t>(bytes, count, out, decode_half);
    if (name == "BF16") return convert_elements<std::uint16_t>(bytes, count, out, from_bfloat16);
  }
  if (name == "I8") return convert(std::int8_t{});
  if (name == "I16") return convert(std::int16_t{});
  if (name == "I32") return convert(std::int32_t{});
  if (name == "I64") return convert(std::int64_t{});
  if (name == "U16") return convert(std::uint16_t{});
  if (name == "U32") return convert(std::uint32_t{});
  if (name == "U64") return convert(std::uint64_t{});
  NN_ASSERT(name == "U8" || name == "BOOL");
  return convert(std::uint8_t{});
}

}  // namespace nn::io
