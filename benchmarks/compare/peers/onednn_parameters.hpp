// SPDX-License-Identifier: MIT
// Weights of the model on oneDNN, with Adam's moments and the copies that primitives read.
#pragma once

#include "onednn_tools.hpp"

namespace compare {

/// One step of Adam for one weight; the new value is returned.
[[nodiscard]] inline float adam(float w, float g, float& m, float& v, float rate) {
  m = beta1 * m + (1 - beta1) * g;
  v = beta2 * v + (1 - beta2) * g * g;
  return w - rate * m / (std::sqrt(v) + epsilon);
}

/// A small parameter: float values, and a bfloat16 copy where the primitives want one.
struct SmallParameter {
  Index size;
  float *w, *g, *m, *v;
  std::uint16_t* copy;

  SmallParameter(Index size_, float* w_, float* g_, std::uint16_t* copy_ = nullptr)
      : size(size_), w(w_), g(g_), copy(copy_) {
    m = static_cast<float*>(allocate(static_cast<std::size_t>(size) * sizeof(float)));
    v = static_cast<float*>(allocate(static_cast<std::size_t>(size) * sizeof(float)));
  }
  void update(float rate) {
    for (Index i = 0; i < size; ++i) w[i] = adam(w[i], g[i], m[i], v[i], rate);
    for (Index i = 0; copy != nullptr && i < size; ++i) copy[i] = to_bfloat16(w[i]);
  }
};

/// The first Dense's kernel [21632, 128], row-major: of the layouts tried, the fastest with two
/// threads. In bfloat16 the primitives read a copy in blocks, which the update writes; blocks of
/// 16 or 32 rows lie alike in memory, but only the latter are for AMX.
struct LargeParameter {
  memory used, gradient;  // what primitives read, and write
  float *w, *m, *v;
  bool is_bfloat16;

  explicit LargeParameter(bool bfloat16) : is_bfloat16(bfloat16) {
    const Descriptor plain({num_hidden, num_features}, Type::f32, Tag::io);
    gradient = make_memory(plain);
    m = values(make_memory(plain));
    v = values(make_memory(plain));
    const memory master = make_memory(plain);
    w = values(master);
    const bool has_amx = dnnl::get_effective_cpu_isa() == dnnl::cpu_isa::avx512_core_amx;
    const Tag blocks = has_amx ? Tag::OI16i64o2i : Tag::OI8i64o2i;
    used = bfloat16 ? make_memory({{num_hidden, num_features}, Type::bf16, blocks}) : master;
  }
  void update(float rate) { is_bfloat16 ? update_pairs(rate) : update_flat(rate); }

 private:
  void update_flat(float rate) {
    const float* g = values(gradient);
#pragma omp parallel for simd schedule(static)
    for (Index i = 0; i < num_features * num_hidden; ++i) {
      w[i] = adam(w[i], g[i], m[i], v[i], rate);
    }
  }
  /// Rows in pairs, as the copy has them: [2][21632 / 16][8][64][2]
  void update_pairs(float rate) {
    const float* g = values(gradient);
    auto* copy = values<std::uint32_t>(used);
#pragma omp parallel for schedule(static)
    for (Index pair = 0; pair < num_features / 2; ++pair) {
      for (Index half = 0; half < 2; ++half) {
        const Index even = 2 * pair * num_hidden + half * 64, odd = even + num_hidden;
        std::uint32_t* out = copy + half * (num_features / 2 * 64) + pair * 64;
#pragma GCC ivdep
        for (Index i = 0; i < 64; ++i) {
          const float a = w[even + i] =
              adam(w[even + i], g[even + i], m[even + i], v[even + i], rate);
          const float b = w[odd + i] = adam(w[odd + i], g[odd + i], m[odd + i], v[odd + i], rate);
          out[i] = bfloat16_bits(a) >> 16 | (bfloat16_bits(b) & 0xffff0000u);
        }
      }
    }
  }
};

}  // namespace compare
