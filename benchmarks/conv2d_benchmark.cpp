// SPDX-License-Identifier: MIT
// The convolution's kernels alone: forward, the input gradient and the kernel gradient.
#include "benchmarks/digit_model.hpp"

namespace {

/// Square images, kernels and strides; padding `same` or `valid`.
nn::kernels::Conv2DShape make_shape(const benchmark::State& state) {
  const nn::Index size = state.range(1), kernel = state.range(3), stride = state.range(5);
  const bool same = state.range(6) != 0;
  const nn::Index out = same ? (size + stride - 1) / stride : (size - kernel) / stride + 1;
  const nn::Index pad = same ? ((out - 1) * stride + kernel - size) / 2 : 0;
  return {.batch = state.range(0),
          .height = size,
          .width = size,
          .in_channels = state.range(2),
          .kernel_height = kernel,
          .kernel_width = kernel,
          .out_height = out,
          .out_width = out,
          .out_channels = state.range(4),
          .stride_height = stride,
          .stride_width = stride,
          .pad_top = pad,
          .pad_left = pad};
}

struct Operands {
  nn::kernels::Conv2DShape shape;
  nn::AlignedArray<float> x, W, b, y;

  explicit Operands(const benchmark::State& state)
      : shape(make_shape(state)),
        x(bench::random_values<float>(shape.batch * shape.input_size())),
        W(bench::random_values<float>(shape.patch_size() * shape.out_channels)),
        b(bench::random_values<float>(shape.out_channels)),
        y(bench::random_values<float>(shape.batch * shape.output_size())) {
    bench::set_threads(state, 7);
  }

  template <class Kernel>
  void run(benchmark::State& state, Kernel&& kernel) {
    for (auto _ : state) {
      kernel();
      benchmark::ClobberMemory();
    }
    const auto num_outputs = static_cast<double>(y.size());
    const auto num_elements = static_cast<double>(x.size() + W.size() + y.size());
    bench::count_work(state, 2 * num_outputs * static_cast<double>(shape.patch_size()),
                      sizeof(float) * num_elements);
  }
};

void conv2d(benchmark::State& state) {
  Operands on(state);
  on.run(state, [&] {
    nn::kernels::conv2d(on.shape, on.x.data(), on.W.data(), on.b.data(), nn::Activation::relu,
                        on.y.data());
  });
}

void conv2d_input_gradient(benchmark::State& state) {
  Operands on(state);
  nn::AlignedArray<float> dx(on.x.size());
  on.run(state, [&] {
    nn::kernels::conv2d_input_gradient(on.shape, on.y.data(), on.W.data(), on.x.data(), dx.data());
  });
}

void conv2d_kernel_gradient(benchmark::State& state) {
  Operands on(state);
  on.run(state, [&] {
    nn::kernels::conv2d_kernel_gradient(on.shape, on.x.data(), on.y.data(), on.W.data(),
                                        on.b.data(), false);
  });
}

void first_layers(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"batch", "size", "in", "kernel", "out", "stride", "same", "threads"})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
  for (const int threads : {1, 2}) {
    benchmark->Args({128, 28, 1, 3, 32, 1, 0, threads});  // of the digit recogniser
    benchmark->Args({256, 28, 1, 5, 24, 1, 0, threads});
    benchmark->Args({128, 32, 3, 3, 32, 1, 1, threads});
    benchmark->Args({32, 56, 3, 7, 64, 2, 1, threads});
  }
}

void later_layers(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"batch", "size", "in", "kernel", "out", "stride", "same", "threads"})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
  for (const int threads : {1, 2}) {
    benchmark->Args({256, 12, 24, 3, 32, 1, 0, threads});
    benchmark->Args({128, 14, 32, 3, 64, 1, 1, threads});
    benchmark->Args({128, 14, 64, 3, 64, 1, 1, threads});
    benchmark->Args({128, 14, 64, 3, 128, 2, 1, threads});
    benchmark->Args({128, 14, 64, 1, 256, 1, 1, threads});
    benchmark->Args({64, 7, 256, 3, 256, 1, 1, threads});
  }
}

BENCHMARK(conv2d)->Apply(first_layers)->Apply(later_layers);
BENCHMARK(conv2d_input_gradient)->Apply(later_layers);
BENCHMARK(conv2d_kernel_gradient)->Apply(first_layers)->Apply(later_layers);

}  // namespace
