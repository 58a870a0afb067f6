// SPDX-License-Identifier: MIT
#include "nn/kernels/machine/scratch.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <limits>
#include <new>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "nn/kernels/bfloat16/bfloat16.hpp"
#include "nn/kernels/conv2d/conv2d.hpp"
#include "nn/kernels/conv2d/gradient_reader.hpp"
#include "nn/kernels/product/gradients.hpp"
#include "nn/kernels/quantized/product.hpp"
#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using namespace nn::kernels;
using namespace nn::testing;

bool all_are_free() {
  for (int use = 0; use < static_cast<int>(ScratchUse::count); ++use) {
    if (!is_free(static_cast<ScratchUse>(use))) return false;
  }
  return true;
}

/// Convolution and its gradients, with padding and a cell that meets no pixel.
void convolve() {
  for (const Index channels : {3, 9}) {  // few and many
    const Conv2DShape s{.batch = 2,
                        .height = 7,
                        .width = 6,
                        .in_channels = channels,
                        .kernel_height = 3,
                        .kernel_width = 3,
                        .out_height = 7,
                        .out_width = 6,
                        .out_channels = 20,
                        .stride_height = 1,
                        .stride_width = 1,
                        .pad_top = 8,
                        .pad_left = 1,
                        .dilation_height = 8};
    const auto x = random_values<float>(s.batch * s.input_size(), 1);
    const auto W = random_values<float>(s.patch_size() * s.out_channels, 2);
    std::vector<float> y(static_cast<std::size_t>(s.batch * s.output_size()));
    std::vector<float> dx(x.size()), dW(W.size());
    conv2d(s, x.data(), W.data(), nullptr, nn::Activation::relu, y.data());
    conv2d_input_gradient(s, y.data(), W.data(), nullptr, dx.data());
    conv2d_kernel_gradient(s, x.data(), y.data(), dW.data(), nullptr, false);
    if (!takes_bfloat16(bfloat16_products)) continue;
    std::vector<nn::Bfloat16> rounded(y.size());
    conv2d(s, x.data(), W.data(), nullptr, nn::Activation::relu, rounded.data(), bfloat16_products);
  }
}

/// A product, both of its gradients in one walk, and sums of columns.
void multiply(const nn::ProductPrecision& precision) {
  const Index n = 20, k = 2100, m = 50;
  const auto x = random_values<float>(n * k, 1), W = random_values<float>(k * m, 2);
  std::vector<float> z(static_cast<std::size_t>(n * m)), dx(x.size());
  const Matrix<const float> x_view(x.data(), n, k), W_view(W.data(), k, m);
  const Matrix<float> z_view(z.data(), n, m);
  product(x_view, W_view, z_view, {.precision = precision});
  product_gradients_in_pieces(x_view, W_view, z_view, Matrix<float>(dx.data(), n, k),
                              {.precision = precision}, {}, [](Index, const float*, Index) {});
  column_sums(x_view, dx.data(), false);
}

void multiply_quantized() {
  const Index rows = 60, cols = 40;
  const auto W = random_values<float>(rows * cols, 1);
  const std::vector<float> x(rows, 1e38f);  // whose sums no float can hold
  std::vector<float> y(cols);
  for (const auto format : {nn::NumberFormat::bfloat16, nn::NumberFormat::int8}) {
    const QuantizedMatrix quantized(format, Matrix<const float>(W.data(), rows, cols));
    quantized_product(Matrix<const float>(x.data(), 1, rows), quantized,
                      Matrix<float>(y.data(), 1, cols));
  }
}

}  // namespace

TEST_SUITE("kernels/scratch") {
  TEST_CASE("Scratch: a use is free again once its lease has ended") {
    REQUIRE(is_free(ScratchUse::windows));
    {
      const Scratch<float> lease(ScratchUse::windows, Index{3}, Index{5});
      CHECK(reinterpret_cast<std::uintptr_t>(lease.data()) % nn::cache_line == 0);
      CHECK(!is_free(ScratchUse::windows));
    }
    CHECK(is_free(ScratchUse::windows));
    const Scratch<double> next(ScratchUse::windows, Index{1});
    CHECK(!is_free(ScratchUse::windows));
  }

  TEST_CASE("Scratch: two uses at once have memory of their own") {
    const Scratch<int> a(ScratchUse::packed_a, Index{100}), b(ScratchUse::packed_b, Index{100});
    std::fill_n(a.data(), 100, 1);
    std::fill_n(b.data(), 100, 2);
    CHECK(std::count(a.data(), a.data() + 100, 1) == 100);
    CHECK(is_free(ScratchUse::shared_a));
  }

  TEST_CASE("Scratch: memory is kept between leases, and grows only") {
    const auto address = [](Index size) { return Scratch<char>(ScratchUse::windows, size).data(); };
    const char* const large = address(1 << 16);
    CHECK(address(1) == large);
    CHECK(address(1 << 16) == large);
    const Scratch<char> larger(ScratchUse::windows, Index{1} << 20);
    std::fill_n(larger.data(), 1 << 20,
                'x');  // an error of the address sanitizer, had it not grown
  }

  TEST_CASE("Scratch: a lease that is handed on ends once, with its last owner") {
    Scratch<float> last;
    CHECK(last.data() == nullptr);
    {
      Scratch<float> first(ScratchUse::windows, Index{10});
      const float* const data = first.data();
      Scratch<float> second = std::move(first);
      CHECK(second.data() == data);
      last = std::move(second);
      CHECK(last.data() == data);
    }
    CHECK(!is_free(ScratchUse::windows));
    last = {};
    CHECK(is_free(ScratchUse::windows));
  }

  TEST_CASE("Scratch: where memory runs out, the use stays free") {
    const Index too_much = std::numeric_limits<Index>::max();
    CHECK_THROWS_AS(Scratch<char>(ScratchUse::windows, too_much), std::bad_alloc);
    CHECK(is_free(ScratchUse::windows));
  }

  TEST_CASE("Scratch: each thread has memory of its own" * doctest::skip(!has_threads)) {
    const Scratch<int> ours(ScratchUse::windows, Index{1});
    bool was_free = false;
    const int* theirs = nullptr;
    std::thread([&] {
      was_free = is_free(ScratchUse::windows);
      theirs = Scratch<int>(ScratchUse::windows, Index{1}).data();
    }).join();
    CHECK(was_free);
    CHECK(theirs != ours.data());
    CHECK(!is_free(ScratchUse::windows));
  }

#if !defined(NDEBUG) && !defined(NN_SANITIZER)
  TEST_CASE("Scratch: an assertion stops a use that is leased twice at once") {
    const auto signal_of = [](ScratchUse second) {
      const pid_t child = ::fork();
      if (child == 0) {
        ::close(STDERR_FILENO);  // where the assertion speaks
        std::signal(SIGABRT, SIG_DFL);
        const Scratch<int> lease(ScratchUse::windows, Index{1}), other(second, Index{1});
        ::_exit(0);
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    };
    CHECK(signal_of(ScratchUse::windows) == SIGABRT);
    CHECK(signal_of(ScratchUse::pixels) == 0);
  }
#endif

  TEST_CASE("kernels: end all of their leases") {
    convolve();
    CHECK(all_are_free());
    multiply({});
    CHECK(all_are_free());
    multiply(bfloat16_products);
    CHECK(all_are_free());
    multiply_quantized();
    CHECK(all_are_free());
  }

  TEST_CASE("Conv2DGradientReader: ends its leases with the sums, and where a piece throws") {
    const ThreadsForTest use(1);  // so that all leases are this thread's
    const Conv2DShape s{.batch = 2,
                        .height = 5,
                        .width = 5,
                        .in_channels = 1,
                        .kernel_height = 2,
                        .kernel_width = 2,
                        .out_height = 4,
                        .out_width = 4,
                        .out_channels = 16,
                        .stride_height = 1,
                        .stride_width = 1,
                        .pad_top = 0,
                        .pad_left = 0};
    const auto x = random_values<float>(s.batch * s.input_size(), 1);
    const auto flat = random_values<float>(s.batch * s.output_size(), 2);
    const auto W = random_values<float>(s.output_size() * 3, 3), dz = random_values<float>(6, 4);
    std::vector<float> dW(64);
    Conv2DGradientReader<float> reader(nn::isa(), s, x.data(), dW.data(), nullptr, false);
    const auto walk = [&](bool throws) {
      product_gradients_in_pieces<float>(
          Matrix<const float>(flat.data(), s.batch, s.output_size()),
          Matrix<const float>(W.data(), s.output_size(), 3),
          Matrix<const float>(dz.data(), s.batch, 3), Matrix<float>(), {}, {},
          [&](Index, const float*, Index) {
            CHECK(!is_free(ScratchUse::sums_of_runs));
            if (throws) throw std::runtime_error("a piece");
          },
          &reader);
    };
    walk(false);
    CHECK(all_are_free());
    CHECK_THROWS_AS(walk(true), std::runtime_error);
    CHECK(all_are_free());
  }
}
