// SPDX-License-Identifier: MIT
// Matrix products in the shapes of training, and the update that follows them.
#include "benchmarks/digit_model.hpp"

namespace {

using nn::kernels::Matrix;

// c [m, n] = a [m, k] b [k, n]; `transposed`: 0 none, 1 a is stored [k, m], 2 b is stored [n, k]
template <class T>
void product(benchmark::State& state) {
  const nn::Index m = state.range(0), k = state.range(1), n = state.range(2);
  const auto transposed = state.range(3);
  bench::set_threads(state, 4);
  auto a = bench::random_values<T>(m * k);
  auto b = bench::random_values<T>(k * n);
  nn::AlignedArray<T> c(static_cast<std::size_t>(m * n));
  const auto A =
      transposed == 1 ? Matrix<T>(a.data(), k, m).transposed() : Matrix<T>(a.data(), m, k);
  const auto B =
      transposed == 2 ? Matrix<T>(b.data(), n, k).transposed() : Matrix<T>(b.data(), k, n);
  for (auto _ : state) {
    nn::kernels::product(A, B, Matrix<T>(c.data(), m, n));
    benchmark::ClobberMemory();
  }
  const auto size = static_cast<double>(m * k + k * n + m * n);
  bench::count_work(state, 2.0 * static_cast<double>(m * n * k), size * sizeof(T));
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"m", "k", "n", "transposed", "threads"})->UseRealTime();
  for (const int threads : {1, 2}) {
    benchmark->Args({128, 21632, 128, 0, threads});  // first Dense, forward
    benchmark->Args({21632, 128, 128, 1, threads});  // its weight gradient, x^T dz
    benchmark->Args({128, 128, 21632, 2, threads});  // its input gradient, dz W^T
    benchmark->Args({128, 128, 10, 0, threads});     // last Dense
    benchmark->Args({1, 21632, 128, 0, threads});    // one image
    benchmark->Args({1024, 1024, 1024, 0, threads});
  }
}

void adam_update(benchmark::State& state) {
  const nn::Index count = state.range(0);
  bench::set_threads(state, 1);
  auto w = bench::random_values<float>(count);
  const auto g = bench::random_values<float>(count);
  nn::AlignedArray<float> m(w.size()), v(w.size());
  for (auto _ : state) {
    nn::kernels::for_each_block(count, [&](nn::Index first, nn::Index size) {
      nn::kernels::adam_update<float>(size, w.data() + first, g.data() + first, m.data() + first,
                                      v.data() + first, {1e-3f, 0.1f, 1e-3f, 1e-7f});
    });
    benchmark::ClobberMemory();
  }
  bench::count_work(state, 0,
                    7.0 * sizeof(float) * static_cast<double>(count));  // 4 reads, 3 writes
}

BENCHMARK(product<float>)->Apply(shapes);
BENCHMARK(product<double>)->Apply(shapes);
BENCHMARK(adam_update)
    ->ArgNames({"count", "threads"})
    ->ArgsProduct({{2'770'634}, {1, 2}})
    ->UseRealTime();

}  // namespace
