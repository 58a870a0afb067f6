// SPDX-License-Identifier: MIT
// The model and the data that the benchmarks share.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <nn/sequential.hpp>

namespace bench {

/// Random images and labels in MNIST's shapes: what is timed doesn't depend on what they show.
struct Digits {
  nn::Tensor<std::uint8_t, 4> images;  // [N, 28, 28, 1]
  nn::Labels labels;                   // [N]

  explicit Digits(nn::Index count) : images(count, 28, 28, 1), labels(count) {
    const nn::Random random{1, {}};
    for (nn::Index i = 0; i < images.size(); ++i) {
      const double grey =
          4 * random.uniform(static_cast<std::uint64_t>(i)) - 3;  // three quarters black
      images.data()[i] = static_cast<std::uint8_t>(grey > 0 ? 255 * grey : 0);
    }
    for (nn::Index i = 0; i < count; ++i) labels(i) = static_cast<std::int32_t>(i % 10);
  }
};

/// The digit recogniser of the example, compiled.
inline nn::Sequential<float> digit_model() {
  nn::Sequential model{nn::Rescaling{1.0 / 255},
                       nn::Conv2D{32, {3, 3}, {.activation = nn::Activation::relu}}, nn::Flatten{},
                       nn::Dense{128, {.activation = nn::Activation::relu}},
                       nn::Dense{10, {.activation = nn::Activation::softmax}}};
  model.build({28, 28, 1}, {.seed = 42});
  model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{}, {nn::Accuracy{}});
  return model;
}

/// Random values in [-1, 1).
template <class T>
nn::AlignedArray<T> random_values(nn::Index count) {
  nn::AlignedArray<T> values(static_cast<std::size_t>(count));
  const nn::Random random{2, {}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<T>(2 * random.uniform(i) - 1);
  }
  return values;
}

/// Reports floating-point operations and bytes moved in one iteration as rates.
inline void count_work(benchmark::State& state, double operations, double num_bytes) {
  using benchmark::Counter;
  if (operations > 0) {
    state.counters["FLOP/s"] = Counter(operations, Counter::kIsIterationInvariantRate);
  }
  if (num_bytes > 0) {
    state.counters["B/s"] = Counter(num_bytes, Counter::kIsIterationInvariantRate);
  }
}

/// Uses as many threads as the benchmark's last argument says.
inline void set_threads(const benchmark::State& state, int argument) {
  nn::set_num_threads(static_cast<int>(state.range(static_cast<std::size_t>(argument))));
}

}  // namespace bench
