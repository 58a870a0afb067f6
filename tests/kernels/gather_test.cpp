// SPDX-License-Identifier: MIT
#include "nn/kernels/rows/gather.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

using nn::Index;

namespace {

/// Rows without gaps.
template <class From, class T>
void gather_rows(const From* source, Index row_size, const Index* rows, Index count, T* batch) {
  const auto row_bytes = row_size * static_cast<Index>(sizeof(From));
  nn::kernels::gather_rows<T>({source, row_bytes, 1, row_size, &nn::kernels::read_row<From, T>},
                              rows, count, batch);
}

}  // namespace

TEST_SUITE("kernels/gather") {
  TEST_CASE_TEMPLATE("Gather: copies the rows in the order that is asked for", T, float, double) {
    const std::vector<T> source{0, 1, 10, 11, 20, 21};
    const std::vector<Index> rows{2, 0, 2};
    std::vector<T> batch(6);
    gather_rows(source.data(), 2, rows.data(), 3, batch.data());
    CHECK(batch == std::vector<T>{20, 21, 0, 1, 20, 21});
    gather_rows(source.data(), 2, nullptr, 3, batch.data());
    CHECK(batch == source);
  }

  TEST_CASE("Gather: bytes become 0 to 255") {
    const std::vector<std::uint8_t> source{0, 255, 128, 1};
    const Index row = 1;
    std::vector<float> batch(2);
    gather_rows(source.data(), 2, &row, 1, batch.data());
    CHECK(batch == std::vector<float>{128, 1});
    gather_rows(source.data(), 2, nullptr, 1, batch.data());
    CHECK(batch == std::vector<float>{0, 255});
  }

  TEST_CASE("Gather: integers become the same numbers, also from rows with gaps") {
    const std::vector<std::int32_t> source{1, 0, -2, 0, 0, 0, 3, 0, 16777216, 0, 0, 0};
    const std::vector<Index> rows{1, 0};
    std::vector<float> batch(4);
    nn::kernels::gather_rows<float>({source.data(), 6 * sizeof(std::int32_t), 2, 2,
                                     &nn::kernels::read_row<std::int32_t, float>},
                                    rows.data(), 2, batch.data());
    CHECK(batch == std::vector<float>{3, 16777216, 1, -2});
  }

  TEST_CASE("Gather: many rows arrive with any number of threads") {
    const Index num_rows = 1000, row_size = 100;
    std::vector<std::uint8_t> source(100000);
    for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<std::uint8_t>(i % 251);
    std::vector<Index> rows(1000);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<Index>((i * 7) % 1000);
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      const nn::testing::ThreadsForTest use(threads);
      auto batch = nn::testing::nan_values<double>(num_rows * row_size);
      gather_rows(source.data(), row_size, rows.data(), num_rows, batch.data());
      bool is_right = true;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto from = static_cast<std::size_t>(rows[i / 100]) * 100 + i % 100;
        is_right = is_right && batch[i] == static_cast<double>(source[from]);
      }
      CHECK(is_right);
    }
  }
}
