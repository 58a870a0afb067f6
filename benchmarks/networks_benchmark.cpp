// SPDX-License-Identifier: MIT
// A training step of networks of other layers than the digit model's: forward, loss, backward,
// Adam.
#include <nn/layers/more_layers.hpp>

#include "benchmarks/digit_model.hpp"

namespace {

using nn::Activation;
using nn::Padding;

/// Of `model`, which reads samples of this shape and names ten classes.
template <int Rank>
void training_step_of(benchmark::State& state, nn::Sequential<float> model, const nn::Shape& sample,
                      nn::Index batch_size = 64) {
  bench::set_threads(state, 0);
  model.add(nn::Dense{10, {.activation = Activation::softmax}});
  model.build(sample, {.seed = 42});
  model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{});
  const auto values = bench::random_values<float>(batch_size * sample.num_elements());
  const nn::ConstTensorMap<float, Rank> x =
      nn::map_tensor<Rank, const float>(values.data(), sample.with_batch(batch_size));
  const bench::Digits digits(batch_size);
  for (auto _ : state) model.train_on_batch(x, digits.labels);
  state.SetItemsProcessed(state.iterations() * batch_size);
}

/// Three blocks as those of MobileNet (Howard et al. 2017).
void depthwise_step(benchmark::State& state) {
  nn::Sequential<float> model;
  for (int block = 0; block < 3; ++block) {
    model.add(nn::DepthwiseConv2D{3, {.padding = Padding::same, .use_bias = false}});
    model.add(nn::BatchNormalization{});
    model.add(nn::ReLU{});
    model.add(nn::Conv2D{128, 1, {.use_bias = false}});
    model.add(nn::BatchNormalization{});
    model.add(nn::ReLU{});
  }
  model.add(nn::GlobalAveragePooling2D{});
  training_step_of<4>(state, std::move(model), {32, 32, 64});
}

void conv1d_step(benchmark::State& state) {
  nn::Sequential<float> model;
  for (int layer = 0; layer < 3; ++layer) {
    model.add(nn::Conv1D{64, 5, {.padding = Padding::same, .activation = Activation::relu}});
  }
  model.add(nn::GlobalAveragePooling1D{});
  training_step_of<3>(state, std::move(model), {256, 32});
}

/// A perceptron with the layers of a transformer's feed-forward part.
void layer_normalization_step(benchmark::State& state) {
  nn::Sequential<float> model;
  for (int block = 0; block < 4; ++block) {
    model.add(nn::Dense{512});
    model.add(nn::LayerNormalization{});
    model.add(nn::ActivationLayer{Activation::gelu});
  }
  training_step_of<2>(state, std::move(model), {512}, 256);
}

void on_threads(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK(depthwise_step)->Apply(on_threads);
BENCHMARK(conv1d_step)->Apply(on_threads);
BENCHMARK(layer_normalization_step)->Apply(on_threads);

}  // namespace
