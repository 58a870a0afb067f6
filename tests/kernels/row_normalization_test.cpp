// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "nn/kernels/normalization/rows.hpp"
#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using nn::Isa;
using namespace nn::testing;
using namespace nn::kernels;

struct Sizes {
  Index rows, width;
};

/// Rows shorter than a vector, longer than those side by side, and longer than a block; few pieces
/// and the most.
constexpr Sizes all_sizes[] = {{0, 3},    {1, 1},    {5, 4},     {40, 16},  {9, 37},
                               {300, 67}, {70, 512}, {3, 20000}, {20000, 2}};

template <class T>
struct Operands {
  std::vector<T> x, dy, gamma, beta;
  explicit Operands(const Sizes& s)
      : x(random_values<T>(s.rows * s.width, 1)),
        dy(random_values<T>(s.rows * s.width, 2)),
        gamma(random_values<T>(s.width, 3)),
        beta(random_values<T>(s.width, 4)) {}

  [[nodiscard]] RowNorm<T> norm(const Sizes& s, bool centers, bool scales) const {
    return {.rows = s.rows,
            .width = s.width,
            .epsilon = T(1e-3),
            .centers = centers,
            .gamma = scales ? gamma.data() : nullptr,
            .beta = centers ? beta.data() : nullptr};
  }
};

/// y, mean, factor, dx, dgamma and dbeta of a matrix.
template <class T>
using Results = std::vector<std::vector<T>>;

template <class T>
Results<T> results_of_rows(const Operands<T>& o, const RowNorm<T>& norm, bool accumulate = false) {
  Results<T> all{nan_values<T>(norm.rows * norm.width),
                 nan_values<T>(norm.rows),
                 nan_values<T>(norm.rows),
                 nan_values<T>(norm.rows * norm.width),
                 std::vector<T>(o.gamma.size(), T(1)),
                 std::vector<T>(o.gamma.size(), T(2))};
  normalize_rows(norm, o.x.data(), all[0].data(), all[1].data(), all[2].data());
  normalize_rows_gradient<T>(norm, o.x.data(), o.dy.data(), all[1].data(), all[2].data(),
                             all[3].data(), all[4].data(), all[5].data(), accumulate);
  return all;
}

/// The same from kernels of one row.
template <class T, class Normalize, class Gradient>
Results<T> results_row_by_row(const Operands<T>& o, const RowNorm<T>& norm, Normalize normalize,
                              Gradient gradient) {
  Results<T> all{nan_values<T>(norm.rows * norm.width),
                 nan_values<T>(norm.rows),
                 nan_values<T>(norm.rows),
                 nan_values<T>(norm.rows * norm.width),
                 std::vector<T>(o.gamma.size(), T(0)),
                 std::vector<T>(o.gamma.size(), T(0))};
  for (Index i = 0; i < norm.rows; ++i) {
    const Index first = i * norm.width;
    T &mean = all[1][static_cast<std::size_t>(i)], &factor = all[2][static_cast<std::size_t>(i)];
    normalize(o.x.data() + first, all[0].data() + first, mean, factor);
    gradient(o.x.data() + first, o.dy.data() + first, mean, factor, all[3].data() + first,
             all[4].data(), all[5].data());
  }
  return all;
}

template <class T>
Results<T> naive_results(const Operands<T>& o, const RowNorm<T>& norm) {
  return results_row_by_row(
      o, norm,
      [&](const T* x, T* y, T& mean, T& factor) { naive::normalize_row(norm, x, y, mean, factor); },
      [&](const T* x, const T* dy, T mean, T factor, T* dx, T* dgamma, T* dbeta) {
        naive::normalize_row_gradient(norm, x, dy, mean, factor, dx, dgamma, dbeta);
      });
}

template <class T>
void check_close(const Results<T>& actual, const Results<T>& expected, const RowNorm<T>& norm) {
  // Rows of one or two elements may have variances near 0, and then large factors.
  const double factor = norm.width < 4 ? 50 : 4;
  const double of_rows = factor * sum_tolerance<T>(norm.width / 8 + 8);
  const double of_columns = factor * sum_tolerance<T>(norm.rows + 8);
  const double tolerances[] = {of_rows, of_rows, of_rows * 30, of_rows, of_columns, of_columns};
  for (std::size_t i = 0; i < actual.size(); ++i) {
    CAPTURE(i);
    CHECK(largest_difference(actual[i], expected[i]) <= tolerances[i]);
  }
}

}  // namespace

TEST_SUITE("kernels/row_normalization") {
  TEST_CASE_TEMPLATE("Rows: every instruction set agrees with the naive loops", T, float, double) {
    for (const Isa set : available_isas())
      for (const Index width : {1, 3, 8, 16, 37, 64, 129})
        for (const bool centers : {false, true})
          for (const bool scales : {false, true}) {
            CAPTURE(std::string{nn::to_string(set)});
            CAPTURE(width);
            CAPTURE(centers);
            CAPTURE(scales);
            const Sizes s{5, width};
            const Operands<T> o(s);
            const RowNorm<T> norm = o.norm(s, centers, scales);
            const Results<T> actual = results_row_by_row(
                o, norm,
                [&](const T* x, T* y, T& mean, T& own_factor) {
                  NN_DISPATCH_TO(set, normalize_row, norm, x, y, mean, own_factor);
                },
                [&](const T* x, const T* dy, T mean, T own_factor, T* dx, T* dgamma, T* dbeta) {
                  NN_DISPATCH_TO(set, normalize_row_gradient, norm, x, dy, mean, own_factor, dx,
                                 dgamma, dbeta);
                });
            check_close(actual, naive_results(o, norm), norm);
          }
  }

  TEST_CASE_TEMPLATE("Rows: whole matrices agree with the naive loops", T, float, double) {
    for (const Sizes& s : all_sizes) {
      CAPTURE(s.rows);
      CAPTURE(s.width);
      const Operands<T> o(s);
      const RowNorm<T> norm = o.norm(s, true, true);
      check_close(results_of_rows(o, norm), naive_results(o, norm), norm);
    }
  }

  TEST_CASE_TEMPLATE("Rows: any number of threads gives the same bits", T, float, double) {
    for (const Sizes& s : all_sizes) {
      CAPTURE(s.rows);
      CAPTURE(s.width);
      const Operands<T> o(s);
      const RowNorm<T> norm = o.norm(s, true, true);
      Results<T> expected;
      {
        const ThreadsForTest use(1);
        expected = results_of_rows(o, norm);
      }
      for (const int threads : {2, 3}) {
        const ThreadsForTest use(threads);
        CHECK(results_of_rows(o, norm) == expected);
      }
    }
  }

  TEST_CASE("Rows: gradients of parameters are added to what is there, where asked to") {
    const Sizes s{6, 5};
    const Operands<double> o(s);
    const RowNorm<double> norm = o.norm(s, true, true);
    const Results<double> assigned = results_of_rows(o, norm),
                          added = results_of_rows(o, norm, true);
    for (std::size_t j = 0; j < 5; ++j) {
      CHECK(added[4][j] == doctest::Approx(assigned[4][j] + 1));
      CHECK(added[5][j] == doctest::Approx(assigned[5][j] + 2));
    }
  }
}
