// SPDX-License-Identifier: MIT
#include "nn/data/targets.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace nn {
namespace {

std::vector<std::int32_t> gathered_classes(const Targets& y, const std::vector<Index>& rows) {
  std::vector<std::int32_t> all(rows.size() * static_cast<std::size_t>(y.numbers_per_sample()));
  CHECK(y.gather_classes(rows.data(), static_cast<Index>(rows.size()), all.data()) == all.data());
  return all;
}

std::vector<float> gathered_values(const Targets& y, const std::vector<Index>& rows) {
  std::vector<float> all(rows.size() * static_cast<std::size_t>(y.numbers_per_sample()));
  CHECK(y.gather_values(rows.data(), static_cast<Index>(rows.size()), all.data()) == all.data());
  return all;
}

}  // namespace

TEST_SUITE("data/targets") {
  TEST_CASE("Targets: integers are class numbers, of any rank") {
    Labels y(3);
    y.setValues({4, 5, 6});
    const Targets labels(y);
    CHECK(labels.kind() == TargetKind::classes);
    CHECK(labels.shape() == Shape{3});
    CHECK(labels.count() == 3);
    CHECK(labels.slice(1, 2).class_of(1, 0) == 6);
    CHECK(labels.slice(1, 2).shape() == Shape{2});
    const Targets table(TensorMap<std::int32_t, 2>(y.data(), 1, 3));
    CHECK(table.shape() == Shape{1, 3});
    CHECK(table.numbers_per_sample() == 3);
    CHECK(table.class_of(0, 2) == 6);
  }

  TEST_CASE("Targets: takes Eigen vectors and lists of class numbers") {
    Eigen::VectorXi y(3);
    y << 4, 5, 6;
    std::int32_t unused;
    CHECK(Targets(y).gather_classes(nullptr, 3, &unused) == y.data());
    CHECK(Targets(y).shape() == Shape{3, 1});
    CHECK(Targets(y.tail(2)).class_of(1, 0) == 6);
    const std::vector<int> list{4, 5};
    CHECK(Targets(list).shape() == Shape{2});
    const std::array<std::int32_t, 3> fixed{1, 2, 3};
    CHECK(Targets(fixed).gather_classes(nullptr, 3, &unused) == fixed.data());
    CHECK(Targets(std::span(list)).count() == 2);
  }

  TEST_CASE("Targets: class numbers of a matrix, in either order and spread out") {
    Eigen::MatrixXi table(3, 2);  // column-major
    table << 1, 2, 3, 4, 5, 6;
    CHECK(gathered_classes(table, {2, 0}) == std::vector<std::int32_t>{5, 6, 1, 2});
    CHECK(gathered_classes(Targets(table).slice(1, 2), {0}) == std::vector<std::int32_t>{3, 4});
    const Eigen::Matrix<int, 3, 2, Eigen::RowMajor> rows = table;
    CHECK(gathered_classes(Targets(rows.col(1)), {2, 0}) == std::vector<std::int32_t>{6, 2});
    std::array<std::int32_t, 6> buffer{};
    CHECK(Targets(rows).gather_classes(nullptr, 3, buffer.data()) == rows.data());
    CHECK(Targets(table).gather_classes(nullptr, 3, buffer.data()) == buffer.data());
    CHECK(buffer == std::array<std::int32_t, 6>{1, 2, 3, 4, 5, 6});
  }

  TEST_CASE("Targets: float, double and bytes are values, converted to the model's type") {
    Tensor<double, 2> prices(3, 2);
    prices.setValues({{1, 2}, {3, 4}, {5, 6}});
    const Targets values(prices);
    CHECK(values.kind() == TargetKind::values);
    CHECK(values.shape() == Shape{3, 2});
    CHECK(gathered_values(values, {2, 0}) == std::vector<float>{5, 6, 1, 2});
    CHECK(gathered_values(values.slice(1, 2), {0}) == std::vector<float>{3, 4});
    std::array<double, 6> unused;
    CHECK(values.gather_values(nullptr, 3, unused.data()) == prices.data());

    const Tensor<std::uint8_t, 1> bits = Tensor<std::uint8_t, 1>(2).setConstant(1);
    CHECK(gathered_values(Targets(bits), {0, 1}) == std::vector<float>{1, 1});
    const std::vector<float> list{7, 8, 9};
    CHECK(Targets(list).shape() == Shape{3});
    CHECK(gathered_values(Targets(list), {2, 1}) == std::vector<float>{9, 8});
    Eigen::MatrixXf matrix(2, 2);  // column-major
    matrix << 1, 2, 3, 4;
    CHECK(gathered_values(Targets(matrix), {1, 0}) == std::vector<float>{3, 4, 1, 2});
  }

  TEST_CASE("Targets: a list may stand for any shape of as many elements") {
    const std::vector<float> values{1, 2, 3, 4, 5, 6};
    const Targets y(values, {3, 2});
    CHECK(y.shape() == Shape{3, 2});
    CHECK(gathered_values(y, {1}) == std::vector<float>{3, 4});
    const std::vector<int> labels{1, 2, 3, 4};
    CHECK(gathered_classes(Targets(labels, {2, 2}), {1}) == std::vector<std::int32_t>{3, 4});
    CHECK_THROWS_WITH_AS(Targets(labels, {2, 3}),
                         "targets: expected a shape [N, ...] of 4 elements, got [2, 3]",
                         ShapeError);
  }

  TEST_CASE("Targets: none are a view too") {
    const Targets none;
    CHECK(none.count() == 0);
    CHECK(none.slice(0, 0).count() == 0);
    const Labels empty(0);
    CHECK(Targets(empty).slice(0, 0).count() == 0);
  }
}

}  // namespace nn
