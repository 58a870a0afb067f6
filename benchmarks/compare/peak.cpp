// SPDX-License-Identifier: MIT
// What this machine can do at most: multiply-adds in registers, of bfloat16 in tiles where there
// are any, and bytes read from memory.    peak peak f32|bf16|int8|memory THREADS
#include <immintrin.h>
#if defined(__AMX_BF16__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <array>
#include <thread>
#include <tuple>

#include "common.hpp"

namespace {

using compare::Index;

/// Repeats `multiply_add` on sums that do not wait for each other, more of them than latency times
/// throughput; returns the operations done, `per_vector` for each vector.
template <class Vector, class MultiplyAdd>
double run_chains(double per_vector, Vector zero, const MultiplyAdd& multiply_add) {
  constexpr Index repeats = 10'000'000, num_sums = 16;
  const auto step = [&](Vector& sum) {
    sum = multiply_add(sum);
    __asm__ volatile("" : "+v"(sum));  // in a register, and not optimised away
  };
  const auto run = [&](auto... sums) {  // variables of their own: an array would go to memory
    for (Index i = 0; i < repeats; ++i) (step(sums), ...);
  };
  std::array<Vector, num_sums> sums;
  sums.fill(zero);
  std::apply(run, sums);
  return per_vector * static_cast<double>(repeats * num_sums);
}

double run_float() {
#if defined(__AVX512F__)
  const __m512 x = _mm512_set1_ps(1.0f);
  return run_chains(32, _mm512_setzero_ps(),
                    [&](__m512 sum) { return _mm512_fmadd_ps(x, x, sum); });
#elif defined(__FMA__)
  const __m256 x = _mm256_set1_ps(1.0f);
  return run_chains(16, _mm256_setzero_ps(),
                    [&](__m256 sum) { return _mm256_fmadd_ps(x, x, sum); });
#else
  return 0;
#endif
}

#if defined(__AMX_BF16__)
/// In tiles of 16 rows of 64 bytes. Returns 0 where the system does not grant them.
double run_tiles() {
  constexpr long request_permission = 0x1023, tile_data = 18;
  if (syscall(SYS_arch_prctl, request_permission, tile_data) != 0) return 0;
  static constexpr struct {
    std::uint8_t palette, start_row, reserved[14];
    std::uint16_t row_bytes[16];
    std::uint8_t rows[16];
  } configuration{1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
  _tile_loadconfig(&configuration);
  constexpr Index repeats = 1'000'000;
  for (Index i = 0; i < repeats; ++i) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_release();
  return 4.0 * 2 * 16 * 16 * 32 * static_cast<double>(repeats);
}
#endif

double run_bfloat16() {
#if defined(__AMX_BF16__)
  if (const double operations = run_tiles(); operations > 0) return operations;
#endif
#if defined(__AVX512BF16__)
  const __m512bh x = _mm512_cvtne2ps_pbh(_mm512_set1_ps(1.0f), _mm512_set1_ps(1.0f));
  return run_chains(64, _mm512_setzero_ps(),
                    [&](__m512 sum) { return _mm512_dpbf16_ps(sum, x, x); });
#else
  return 0;
#endif
}

double run_int8() {
#if defined(__AVX512VNNI__)
  const __m512i x = _mm512_set1_epi8(1);
  return run_chains(128, _mm512_setzero_si512(),
                    [&](__m512i sum) { return _mm512_dpbusd_epi32(sum, x, x); });
#else
  return 0;
#endif
}

/// Reads `values` eight times; returns the bytes.
double read_memory(const std::vector<std::uint64_t>& values) {
  constexpr int passes = 8;
  for (int pass = 0; pass < passes; ++pass) {
    std::uint64_t bits = 0;
    for (const std::uint64_t value : values) bits |= value;
    __asm__ volatile("" : : "r"(bits) : "memory");
  }
  return passes * 8.0 * static_cast<double>(values.size());
}

/// The best rate of `threads` threads that all do `work(thread)`, in 1e9 a second.
template <class Work>
double best_rate(int threads, const Work& work) {
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<double> amounts(static_cast<std::size_t>(threads));
    std::vector<std::thread> team;
    const double start = compare::now();
    for (std::size_t i = 0; i < amounts.size(); ++i) {
      team.emplace_back([&, i] { amounts[i] = work(i); });
    }
    double amount = 0;
    for (std::size_t i = 0; i < amounts.size(); ++i) {
      team[i].join();
      amount += amounts[i];
    }
    best = std::max(best, amount / (compare::now() - start) * 1e-9);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const compare::Task task(argc, argv);
  const compare::Report report("machine", "", task);
  if (task.mode == "memory") {
    const std::vector<std::vector<std::uint64_t>> blocks(
        static_cast<std::size_t>(task.threads),
        std::vector<std::uint64_t>(std::size_t{1} << 24, 1));  // 128 MB each, beyond the caches
    report.print({{"gbytes", best_rate(task.threads, [&](std::size_t thread) {
                     return read_memory(blocks[thread]);
                   })}});
    return 0;
  }
  const auto run = task.mode == "int8" ? run_int8 : task.mode == "bf16" ? run_bfloat16 : run_float;
  const double rate = best_rate(task.threads, [&](std::size_t) { return run(); });
  if (rate == 0) task.refuse();
  report.print({{"gflops", rate}});
}
