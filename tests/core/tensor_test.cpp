// SPDX-License-Identifier: MIT
#include "nn/core/tensor.hpp"

#include <doctest/doctest.h>

#include <array>

using nn::Shape;

TEST_SUITE("core/tensor") {
  TEST_CASE("Tensor: is row-major, the last axis innermost") {
    nn::Tensor<float, 2> x(2, 3);
    x.setValues({{1, 2, 3}, {4, 5, 6}});
    CHECK(x.data()[1] == 2);
    CHECK(x.data()[3] == 4);
  }

  TEST_CASE("shape_of: tells the sizes of tensors and maps") {
    const nn::Tensor<float, 3> x(4, 2, 3);
    CHECK(nn::shape_of(x) == Shape{4, 2, 3});
    CHECK(nn::sample_shape_of(x) == Shape{2, 3});
    CHECK(nn::sample_shape_of(nn::Labels(7)) == Shape{});
  }

  TEST_CASE("map_tensor: looks into memory without a copy") {
    std::array<double, 6> memory{1, 2, 3, 4, 5, 6};
    const auto map = nn::map_tensor<2>(memory.data(), Shape{2, 3});
    CHECK(map(1, 0) == 4);
    CHECK(map.data() == memory.data());
    const double* constant = memory.data();
    const auto view = nn::map_tensor<3>(constant, Shape{3, 1, 2});
    CHECK(view(2, 0, 1) == 6);
    CHECK(nn::shape_of(view) == Shape{3, 1, 2});
  }

  TEST_CASE("TensorLike: takes row-major tensors and maps, nothing else") {
    CHECK(nn::TensorLike<nn::Tensor<float, 4>>);
    CHECK(nn::TensorLike<nn::TensorMap<double, 2>>);
    CHECK(nn::TensorLike<nn::ConstTensorMap<std::uint8_t, 3>>);
    CHECK_FALSE(nn::TensorLike<Eigen::Tensor<float, 2, Eigen::ColMajor>>);
    CHECK_FALSE(nn::TensorLike<float*>);
    CHECK(std::same_as<nn::ScalarOf<nn::ConstTensorMap<float, 2>>, float>);
  }
}
