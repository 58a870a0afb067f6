// SPDX-License-Identifier: MIT
#include "nn/merging/add.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace {

using nn::Add;
using nn::Shape;
using nn::ShapeError;
using nn::TensorRef;

}  // namespace

TEST_SUITE("merging/add") {
  TEST_CASE("Add: sums any number of tensors, and hands dy on to those that ask for it") {
    const std::vector<double> a{1, 2, 3, 4}, b{10, 20, 30, 40}, c{100, 200, 300, 400};
    std::vector<double> y(4), dy{5, 6, 7, 8}, da(4), dc(4);
    const Shape shape{2, 2};
    const TensorRef<const double> x[] = {{a.data(), shape}, {b.data(), shape}, {c.data(), shape}};
    const Add<double> add;
    add.forward(x, {y.data(), shape}, {});
    CHECK(y == std::vector<double>{111, 222, 333, 444});
    add.forward({x, 2}, {y.data(), shape}, {});
    CHECK(y == std::vector<double>{11, 22, 33, 44});
    const TensorRef<double> dx[] = {{da.data(), shape}, {nullptr, shape}, {dc.data(), shape}};
    add.backward(x, {y.data(), shape}, {dy.data(), shape}, dx, {});
    CHECK(da == std::vector<double>{5, 6, 7, 8});
    CHECK(dc == std::vector<double>{5, 6, 7, 8});
  }

  TEST_CASE("Add: takes two inputs or more, of one shape") {
    const Add<float> add;
    const Shape same[] = {{2, 3}, {2, 3}}, different[] = {{2, 3}, {3, 2}};
    CHECK(add.output_shape(same) == Shape{2, 3});
    CHECK_THROWS_WITH_AS(static_cast<void>(add.output_shape({same, 1})),
                         "Add: expected two inputs or more, got 1", ShapeError);
    CHECK_THROWS_WITH_AS(static_cast<void>(add.output_shape(different)),
                         "Add: expected inputs of one shape, [2, 3], got [3, 2]; give the branches "
                         "equally many channels, and the same strides",
                         ShapeError);
  }
}
