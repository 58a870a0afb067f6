// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <vector>

#include "nn/kernels/bfloat16/bfloat16.hpp"
#include "nn/kernels/product/gradients.hpp"
#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using namespace nn::testing;
using namespace nn::kernels;

struct Size {
  Index n, k, m;
};

template <class T>
struct Gradients {
  std::vector<T> dx, dW;
};

/// Keeps what it reads, and whether it came as promised.
template <class T>
class KeepingReader final : public ColumnReader<T> {
 public:
  KeepingReader(Index unit, const Size& size)
      : ColumnReader<T>(unit), size_(size), dx(nan_values<T>(size.n * size.k)) {}

  void begin(Index num_runs) override {
    ++begins;
    ends_of_runs_.assign(static_cast<std::size_t>(num_runs), -1);
  }
  void read(Index run, Index first, Matrix<const T> columns) override {
    Index& end_of_run = ends_of_runs_.at(static_cast<std::size_t>(run));
    const bool follows = end_of_run < 0 || end_of_run == first;
    if (!follows || first % this->unit() != 0 || columns.cols % this->unit() != 0) ++surprises;
    end_of_run = first + columns.cols;
    for (Index i = 0; i < columns.rows; ++i) {
      for (Index j = 0; j < columns.cols; ++j) {
        dx[static_cast<std::size_t>(i * size_.k + first + j)] = columns(i, j);
      }
    }
  }
  void end() override { ++ends; }

 private:
  Size size_;
  std::vector<Index> ends_of_runs_;

 public:
  std::vector<T> dx;
  int begins = 0, ends = 0;
  std::atomic<int> surprises = 0;
};

template <class T>
struct Operands {
  Size size;
  nn::ProductPrecision precision{};
  std::vector<T> x = random_values<T>(size.n * size.k, 1);
  std::vector<T> W = random_values<T>(size.k * size.m, 2);
  std::vector<T> dz = random_values<T>(size.n * size.m, 3);
  std::vector<nn::Bfloat16> rounded_x{};

  /// From now on x is given in bfloat16.
  void round_x() {
    for (T& element : x) {
      rounded_x.push_back(nn::to_bfloat16(element));
      element = std::numeric_limits<T>::quiet_NaN();
    }
  }
  [[nodiscard]] Operand<T> given_x() const {
    if (rounded_x.empty()) return Matrix<const T>(x.data(), size.n, size.k);
    return Operand<T>(Matrix<const nn::Bfloat16>(rounded_x.data(), size.n, size.k));
  }

  [[nodiscard]] Gradients<T> separate(bool is_masked) const {
    Gradients<T> result{nan_values<T>(size.n * size.k), nan_values<T>(size.k * size.m)};
    const Matrix<const T> x_view(x.data(), size.n, size.k), W_view(W.data(), size.k, size.m);
    const Matrix<const T> dz_view(dz.data(), size.n, size.m);
    product(dz_view, W_view.transposed(), Matrix<T>(result.dx.data(), size.n, size.k),
            {.mask = is_masked ? x_view : Matrix<const T>(), .precision = precision});
    product(x_view.transposed(), dz_view, Matrix<T>(result.dW.data(), size.k, size.m),
            {.precision = precision});
    return result;
  }
  /// The walk, whose pieces of W are spoilt as soon as they are finished.
  [[nodiscard]] Gradients<T> in_one_walk(bool is_masked, ColumnReader<T>* reader = nullptr) const {
    Gradients<T> result{nan_values<T>(size.n * size.k), nan_values<T>(size.k * size.m)};
    std::vector<T> spoilt = W;
    const std::vector<T> moments = W;
    product_gradients_in_pieces(
        given_x(), Matrix<const T>(spoilt.data(), size.k, size.m),
        Matrix<const T>(dz.data(), size.n, size.m),
        reader == nullptr ? Matrix<T>(result.dx.data(), size.n, size.k) : Matrix<T>(),
        {.masks_dx = is_masked, .precision = precision}, {moments.data(), nullptr},
        [&](Index first, const T* gradients, Index count) {
          std::copy_n(gradients, count, result.dW.data() + first);
          std::fill_n(spoilt.data() + first, count, T(1e30));
        },
        reader);
    return result;
  }
};

}  // namespace

TEST_SUITE("kernels/product_gradients") {
  TEST_CASE_TEMPLATE("product_gradients: has the bits of two products, for any number of threads",
                     T, float, double) {
    for (const Size& size :
         {Size{1, 1, 1}, {3, 5, 2}, {7, 97, 10}, {16, 1000, 3}, {33, 2111, 70}, {300, 129, 128}}) {
      CAPTURE(size.n);
      CAPTURE(size.k);
      CAPTURE(size.m);
      const Operands<T> operands{size};
      for (const bool is_masked : {false, true}) {
        CAPTURE(is_masked);
        const Gradients<T> expected = operands.separate(is_masked);
        for (const int threads : {1, 2, 3}) {
          CAPTURE(threads);
          const ThreadsForTest use(threads);
          const Gradients<T> actual = operands.in_one_walk(is_masked);
          CHECK(largest_difference(actual.dx, expected.dx) == 0);
          CHECK(largest_difference(actual.dW, expected.dW) == 0);
        }
      }
    }
  }

  TEST_CASE("product_gradients: in bfloat16 has the bits of two products in bfloat16") {
    // The last two are deeper than what is packed at a time.
    for (const Size& size :
         {Size{3, 5, 2}, {16, 1000, 3}, {300, 129, 128}, {600, 40, 20}, {20, 40, 600}}) {
      CAPTURE(size.k);
      const Operands<float> operands{size, bfloat16_products}, floats{size};
      const auto expected = operands.separate(true), actual = operands.in_one_walk(true);
      CHECK(largest_difference(actual.dx, expected.dx) == 0);
      CHECK(largest_difference(actual.dW, expected.dW) == 0);
      CHECK(largest_difference(actual.dW, floats.in_one_walk(true).dW) > 0);
      KeepingReader<float> reader(1, size);
      static_cast<void>(operands.in_one_walk(true, &reader));
      CHECK(largest_difference(reader.dx, expected.dx) == 0);
      if (!takes_bfloat16(bfloat16_products)) continue;
      Operands<float> rounded = operands;
      rounded.round_x();
      const auto of_rounded = rounded.in_one_walk(true);
      CHECK(largest_difference(of_rounded.dx, expected.dx) == 0);
      CHECK(largest_difference(of_rounded.dW, expected.dW) == 0);
      KeepingReader<float> another(1, size);
      static_cast<void>(rounded.in_one_walk(true, &another));
      CHECK(largest_difference(another.dx, expected.dx) == 0);
    }
  }

  TEST_CASE_TEMPLATE("product_gradients: a reader gets the bits of dx in whole units", T, float,
                     double) {
    struct Case {
      Size size;
      Index unit;
    };
    for (const Case& c : {Case{{1, 1, 1}, 1},
                          {{3, 40, 2}, 5},
                          {{7, 97, 10}, 1},
                          {{16, 1056, 3}, 32},
                          {{300, 448, 128}, 112}}) {
      CAPTURE(c.size.k);
      const Operands<T> operands{c.size};
      for (const bool is_masked : {false, true}) {
        CAPTURE(is_masked);
        const Gradients<T> expected = operands.separate(is_masked);
        for (const int threads : {1, 3}) {
          const ThreadsForTest use(threads);
          KeepingReader<T> reader(c.unit, c.size);
          const Gradients<T> actual = operands.in_one_walk(is_masked, &reader);
          CHECK(largest_difference(reader.dx, expected.dx) == 0);
          CHECK(largest_difference(actual.dW, expected.dW) == 0);
          CHECK(reader.surprises == 0);
          CHECK(reader.begins == 1);
          CHECK(reader.ends == 1);
        }
      }
    }
  }

  TEST_CASE_TEMPLATE("product_gradients: a step takes each gradient once", T, float, double) {
    struct Step {
      std::vector<T>& W;
      explicit operator bool() const { return true; }
      [[nodiscard]] std::array<const T*, 2> moments() const { return {W.data(), nullptr}; }
      void operator()(Index first, const T* gradients, Index count) const {
        for (Index i = 0; i < count; ++i) W[static_cast<std::size_t>(first + i)] -= gradients[i];
      }
    };
    for (const Size& size : {Size{40, 300, 20}, {300, 40, 20}}) {  // in pieces, and not
      CAPTURE(size.n);
      const Operands<T> operands{size};
      const Gradients<T> expected = operands.separate(true);
      std::vector<T> W = operands.W, dW = nan_values<T>(size.k * size.m);
      std::vector<T> dx = nan_values<T>(size.n * size.k);
      product_gradients<T>(operands.given_x(), Matrix<const T>(W.data(), size.k, size.m),
                           Matrix<const T>(operands.dz.data(), size.n, size.m),
                           {.dx = Matrix<T>(dx.data(), size.n, size.k), .is_masked = true},
                           {.dW = Matrix<T>(dW.data(), size.k, size.m), .accumulate = true}, {},
                           Step{W});
      CHECK(largest_difference(dx, expected.dx) == 0);
      std::vector<T> updated = operands.W;
      for (std::size_t i = 0; i < updated.size(); ++i) updated[i] -= expected.dW[i];
      CHECK(largest_difference(W, updated) == 0);
    }
  }

  TEST_CASE("product_gradients: leaves dx out where nobody wants it") {
    const Operands<float> operands{{5, 40, 6}};
    std::vector<float> dW = nan_values<float>(40 * 6);
    product_gradients_in_pieces(Matrix<const float>(operands.x.data(), 5, 40),
                                Matrix<const float>(operands.W.data(), 40, 6),
                                Matrix<const float>(operands.dz.data(), 5, 6), Matrix<float>(), {},
                                {}, [&](Index first, const float* gradients, Index count) {
                                  std::copy_n(gradients, count, dW.data() + first);
                                });
    CHECK(largest_difference(dW, operands.separate(false).dW) == 0);
  }
}
