// SPDX-License-Identifier: MIT
#include "nn/core/shape.hpp"

#include <doctest/doctest.h>

#include <vector>

using nn::Shape;
using nn::Size2D;

TEST_SUITE("core/shape") {
  TEST_CASE("Shape: knows its axes, outermost first") {
    const Shape shape{2, 3, 4};
    CHECK(shape.rank() == 3);
    CHECK(shape[0] == 2);
    CHECK(shape.back() == 4);
    CHECK(shape.num_elements() == 24);
    CHECK(shape.to_string() == "[2, 3, 4]");
    CHECK(shape.with_batch(5) == Shape{5, 2, 3, 4});
    const std::vector<int> sizes{2, 3, 4};
    CHECK(Shape(sizes.begin(), sizes.end()) == shape);
  }

  TEST_CASE("Shape: without axes it has one element") {
    const Shape scalar;
    CHECK(scalar.empty());
    CHECK(scalar.num_elements() == 1);
    CHECK(scalar.to_string() == "[]");
    CHECK(scalar != Shape{1});
  }

  TEST_CASE("Shape: two are equal if all axes are") {
    CHECK(Shape{2, 3} == Shape{2, 3});
    CHECK(Shape{2, 3} != Shape{3, 2});
    CHECK(Shape{2} != Shape{2, 1});
  }

  TEST_CASE("Shape: an empty axis makes it empty, whatever the others are") {
    CHECK(Shape{0, nn::Index{1} << 40, nn::Index{1} << 40}.num_elements() == 0);
  }

  TEST_CASE("Shape: refuses negative sizes, too many axes and too many elements") {
    CHECK_THROWS_WITH_AS((Shape{3, -1}), "Shape: expected sizes of 0 or more, got -1",
                         nn::ShapeError);
    CHECK_THROWS_WITH_AS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}),
                         "Shape: expected at most 8 axes, got more", nn::ShapeError);
    const Shape huge{nn::Index{1} << 32, nn::Index{1} << 31};
    CHECK_THROWS_WITH_AS(static_cast<void>(huge.num_elements()),
                         "Shape: expected a number of elements that fits 63 bits, got "
                         "[4294967296, 2147483648]",
                         nn::ShapeError);
    CHECK(Shape{nn::Index{1} << 31, nn::Index{1} << 31}.num_elements() == nn::Index{1} << 62);
  }

  TEST_CASE("Size2D: one number means height and width") {
    const Size2D both = 3;
    CHECK(both == Size2D{3, 3});
    CHECK(both != Size2D{3, 2});
    CHECK(Size2D{3, 2}.to_string() == "(3, 2)");
    CHECK(Size2D{} == Size2D{1, 1});
  }
}
