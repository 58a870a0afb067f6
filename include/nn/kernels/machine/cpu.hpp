// SPDX-License-Identifier: MIT
// What the kernels run on, in words.
#pragma once

#include <string>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

#include <array>
#include <cstring>
#endif

#include "nn/core/parallel.hpp"
#include "nn/kernels/machine/isa.hpp"

namespace nn {
namespace detail {

/// The processor's name for itself, or "unknown processor".
[[nodiscard]] inline std::string processor_name() {
  std::string name;
#if defined(__x86_64__) || defined(__i386__)
  constexpr unsigned first_leaf = 0x80000002, last_leaf = 0x80000004;  // 16 letters each
  std::array<unsigned, 4> registers{};
  for (unsigned leaf = first_leaf; leaf <= last_leaf; ++leaf) {
    if (__get_cpuid(leaf, &registers[0], &registers[1], &registers[2], &registers[3]) == 0) break;
    std::array<char, sizeof registers> letters{};
    std::memcpy(letters.data(), registers.data(), sizeof registers);
    for (const char letter : letters) {
      const bool is_second_space = letter == ' ' && (name.empty() || name.back() == ' ');
      if (letter != '\0' && !is_second_space) name += letter;
    }
  }
  while (!name.empty() && name.back() == ' ') name.pop_back();
#endif
  return name.empty() ? "unknown processor" : name;
}

}  // namespace detail

/// What the kernels run on, for example "Intel(R) Xeon(R) Processor, 2 threads, avx512".
[[nodiscard]] inline std::string cpu() {
  const int threads = num_threads();
  return concat({detail::processor_name(), ", ", threads, threads == 1 ? " thread, " : " threads, ",
                 to_string(isa())});
}

}  // namespace nn
