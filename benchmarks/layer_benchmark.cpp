// SPDX-License-Identifier: MIT
// Each layer forward and backward, as part of a model, on a batch of 128.
#include "benchmarks/digit_model.hpp"

namespace {

constexpr nn::Index batch_size = 128;

/// Forward and backward of one layer behind a convolution, which wants its input gradient.
struct LayerBench {
  nn::Sequential<float> model;
  nn::Tensor<float, 4> x;
  nn::Workspace workspace;

  template <class L>
  LayerBench(L layer, const nn::Shape& sample)
      : model{nn::Conv2D{sample.back(), 1}, std::move(layer), nn::Flatten{}},
        x(batch_size, sample[0], sample[1], sample.back()) {
    model.build(sample);
    x.setRandom();
  }

  void run(benchmark::State& state, bool backward) {
    const auto y = model.forward(x, workspace);
    nn::Tensor<float, 2> dy(y.dimension(0), y.dimension(1));
    dy.setConstant(1e-3f);
    for (auto _ : state) {
      model.forward(x, workspace);
      if (backward) model.backward(dy, workspace);
    }
    state.SetItemsProcessed(state.iterations() * batch_size);
  }
};

template <class L>
void run_layer(benchmark::State& state, L layer, const nn::Shape& sample) {
  bench::set_threads(state, 1);
  LayerBench(std::move(layer), sample).run(state, state.range(0) != 0);
}

// A 1x1 convolution stands before each layer; this is what it costs alone.
void baseline(benchmark::State& state) { run_layer(state, nn::Flatten{}, {26, 26, 32}); }
void conv2d_3x3_32(benchmark::State& state) { run_layer(state, nn::Conv2D{32, 3}, {26, 26, 32}); }
void conv2d_5x5_24(benchmark::State& state) { run_layer(state, nn::Conv2D{24, 5}, {28, 28, 1}); }
void max_pooling2d(benchmark::State& state) { run_layer(state, nn::MaxPooling2D{}, {26, 26, 32}); }
void relu(benchmark::State& state) { run_layer(state, nn::ReLU{{.max_value = 6.0}}, {26, 26, 32}); }
void dropout(benchmark::State& state) { run_layer(state, nn::Dropout{0.5}, {26, 26, 32}); }
void softmax(benchmark::State& state) { run_layer(state, nn::Softmax{}, {26, 26, 32}); }
void rescaling(benchmark::State& state) { run_layer(state, nn::Rescaling{0.5}, {26, 26, 32}); }
void dense_128(benchmark::State& state) { run_layer(state, nn::Dense{128}, {26, 26, 32}); }

void both_ways(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"backward", "threads"})
      ->ArgsProduct({{0, 1}, {1, 2}})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

BENCHMARK(baseline)->Apply(both_ways);
BENCHMARK(conv2d_3x3_32)->Apply(both_ways);
BENCHMARK(conv2d_5x5_24)->Apply(both_ways);
BENCHMARK(max_pooling2d)->Apply(both_ways);
BENCHMARK(relu)->Apply(both_ways);
BENCHMARK(dropout)->Apply(both_ways);
BENCHMARK(softmax)->Apply(both_ways);
BENCHMARK(rescaling)->Apply(both_ways);
BENCHMARK(dense_128)->Apply(both_ways);

}  // namespace
