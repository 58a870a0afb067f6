// SPDX-License-Identifier: MIT
#include "nn/data/labels.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace nn {

TEST_SUITE("data/labels") {
  TEST_CASE("LabelView: takes [N] and [N, 1], and refuses more") {
    Labels y(3);
    y.setValues({4, 5, 6});
    const LabelView labels(y);
    CHECK(labels.count() == 3);
    CHECK(labels.slice(1, 2).data()[1] == 6);
    CHECK(LabelView(TensorMap<std::int32_t, 2>(y.data(), 3, 1)).count() == 3);
    CHECK_THROWS_WITH_AS(
        LabelView(TensorMap<std::int32_t, 2>(y.data(), 1, 3)),
        "labels: expected shape [N] or [N, 1], got [1, 3]; give the number of each sample's class",
        ShapeError);
  }

  TEST_CASE("LabelView: takes Eigen vectors and lists") {
    Eigen::VectorXi y(3);
    y << 4, 5, 6;
    CHECK(LabelView(y).data() == y.data());
    CHECK(LabelView(y.tail(2)).data()[1] == 6);
    Eigen::MatrixXi table(3, 2);
    CHECK(LabelView(table.col(1)).data() == table.data() + 3);
    const std::vector<int> list{4, 5};
    CHECK(LabelView(list).count() == 2);
    const std::array<std::int32_t, 3> fixed{1, 2, 3};
    CHECK(LabelView(fixed).data() == fixed.data());
    CHECK(LabelView(std::span(list)).data() == list.data());

    Eigen::Matrix<int, 3, 2, Eigen::RowMajor> rows;
    CHECK_THROWS_WITH_AS(LabelView(rows.col(0)),
                         "labels: expected numbers that lie side by side, got a column of a larger "
                         "matrix; copy it",
                         ShapeError);
    CHECK_THROWS_WITH_AS(LabelView{table},
                         "labels: expected shape [N] or [N, 1], got [3, 2]; give the number of "
                         "each sample's class",
                         ShapeError);
  }

  TEST_CASE("LabelView: gathers chosen labels, and leaves those in order where they are") {
    const std::vector<int> list{4, 5, 6};
    const LabelView labels(list);
    const std::array<Index, 2> rows{2, 0};
    std::array<std::int32_t, 2> buffer{};
    CHECK(labels.gather(rows.data(), 2, buffer.data()) == buffer.data());
    CHECK(buffer == std::array<std::int32_t, 2>{6, 4});
    CHECK(labels.gather(nullptr, 2, buffer.data()) == list.data());
  }
}

}  // namespace nn
