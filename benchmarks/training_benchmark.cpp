// SPDX-License-Identifier: MIT
// The digit model as a whole: a training step, an epoch, many images and one image.
#include <string>

#include "benchmarks/digit_model.hpp"

namespace {

void training_step(benchmark::State& state) {
  bench::set_threads(state, 1);
  const nn::Index batch_size = state.range(0);
  const bench::Digits digits(batch_size * 16);
  auto model = bench::digit_model();
  const nn::FitOptions epoch{.batch_size = batch_size, .verbose = nn::Verbose::silent};
  model.fit(digits.images, digits.labels, epoch);
  for (auto _ : state) model.fit(digits.images, digits.labels, epoch);
  state.SetItemsProcessed(state.iterations() * digits.labels.size());
  state.counters["step"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * 16,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void epoch(benchmark::State& state) {
  bench::set_threads(state, 0);
  const bench::Digits digits(60'000);
  auto model = bench::digit_model();
  for (auto _ : state) {
    model.fit(digits.images, digits.labels, {.batch_size = 128, .verbose = nn::Verbose::silent});
  }
  state.SetItemsProcessed(state.iterations() * digits.labels.size());
}

void predict_10000(benchmark::State& state) {
  bench::set_threads(state, 0);
  const bench::Digits digits(10'000);
  const auto model = bench::digit_model();
  nn::Tensor<float, 2> y;
  nn::Workspace workspace;
  for (auto _ : state) model.predict(digits.images, y, workspace);
  state.SetItemsProcessed(state.iterations() * digits.labels.size());
}

/// The latency of one image, with the weights stored in each format.
void predict_one(benchmark::State& state) {
  bench::set_threads(state, 1);
  const auto format = static_cast<nn::NumberFormat>(state.range(0));
  const bench::Digits digits(1);
  auto model = bench::digit_model();
  if (format != nn::NumberFormat::float32) model.quantize(format);
  state.SetLabel(std::string(nn::to_string(format)));
  nn::Tensor<float, 2> y;
  nn::Workspace workspace;
  for (auto _ : state) model.predict(digits.images, y, workspace);
}

BENCHMARK(training_step)
    ->ArgNames({"batch", "threads"})
    ->ArgsProduct({{32, 128}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(epoch)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kSecond)
    ->Iterations(1);
BENCHMARK(predict_10000)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(predict_one)
    ->ArgNames({"format", "threads"})
    ->ArgsProduct({{0, 1, 2}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
