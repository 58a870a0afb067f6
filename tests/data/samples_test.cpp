// SPDX-License-Identifier: MIT
#include "nn/data/samples.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace nn {

TEST_SUITE("data/samples") {
  TEST_CASE("Samples: knows count and shapes, copies nothing") {
    Tensor<float, 4> x(5, 2, 3, 1);
    const Samples samples(x);
    CHECK(samples.count() == 5);
    CHECK(samples.sample_shape() == Shape{2, 3, 1});
    CHECK(samples.shape() == Shape{5, 2, 3, 1});
    CHECK(samples.gather<float>(nullptr, 5, nullptr) == x.data());
    CHECK(samples.slice(2, 2).gather<float>(nullptr, 2, nullptr) == x.data() + 12);
  }

  TEST_CASE("Samples: gathers rows in any order, bytes as numbers") {
    Tensor<std::uint8_t, 2> x(3, 2);
    x.setValues({{0, 1}, {2, 3}, {254, 255}});
    const std::vector<Index> rows{2, 0};
    std::vector<double> buffer(4);
    CHECK(Samples(x).gather<double>(rows.data(), 2, buffer.data()) == buffer.data());
    CHECK(buffer == std::vector<double>{254, 255, 0, 1});
    CHECK(Samples(x).slice(1, 2).gather<double>(nullptr, 2, buffer.data()) == buffer.data());
    CHECK(buffer == std::vector<double>{2, 3, 254, 255});
  }

  TEST_CASE("Samples: refuses another floating-point type than the model's") {
    const Tensor<float, 2> x(1, 1);
    const Samples samples(x);
    samples.check_type<float>("model");
    CHECK_THROWS_WITH_AS(
        samples.check_type<double>("model"),
        "model: expected samples of double, std::int32_t or std::uint8_t, got float",
        std::invalid_argument);
  }

  TEST_CASE("Samples: integers are numbers, those that the model's type holds") {
    Tensor<std::int32_t, 2> tokens(3, 2);
    tokens.setValues({{0, -1}, {16777216, -16777216}, {4, 5}});
    const std::vector<Index> rows{1, 0};
    std::vector<float> buffer(4);
    const Samples samples(tokens);
    samples.check_type<float>("model");
    CHECK(samples.gather<float>(rows.data(), 2, buffer.data()) == buffer.data());
    CHECK(buffer == std::vector<float>{16777216, -16777216, 0, -1});
    CHECK(samples.slice(2, 1).gather<float>(nullptr, 1, buffer.data()) == buffer.data());
    CHECK(buffer == std::vector<float>{4, 5, 0, -1});

    tokens(2, 1) = -16777217;
    CHECK_THROWS_WITH_AS(samples.check_type<float>("model"),
                         "model: expected integers from -16777216 to 16777216, which a float "
                         "holds, got -16777217 (sample 2); make a model of doubles",
                         std::invalid_argument);
    samples.slice(0, 2).check_type<float>("model");
    std::vector<double> doubles(6);
    samples.check_type<double>("model");
    CHECK(samples.gather<double>(nullptr, 3, doubles.data())[5] == -16777217);

    Eigen::MatrixXi by_columns(3, 2);
    by_columns << 0, 1, 2, 3, 4, 16777217;
    CHECK_THROWS_WITH_AS(Samples(by_columns).check_type<float>("model"),
                         "model: expected integers from -16777216 to 16777216, which a float "
                         "holds, got 16777217 (sample 2); make a model of doubles",
                         std::invalid_argument);
    Samples(by_columns).slice(0, 2).check_type<float>("model");
    CHECK(Samples(by_columns).gather<float>(rows.data(), 2, buffer.data()) == buffer.data());
    CHECK(buffer == std::vector<float>{2, 3, 0, 1});
  }

  TEST_CASE("Samples: a matrix of either order, a map and a block are rows of features") {
    Eigen::MatrixXf by_columns(3, 2);
    by_columns << 0, 1, 10, 11, 20, 21;
    const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> by_rows =
        by_columns;
    const std::vector<Index> rows{2, 0};
    const auto gathered = [&](const Samples& samples) {
      std::vector<float> buffer(4);
      const float* first = samples.gather<float>(rows.data(), 2, buffer.data());
      return std::vector<float>(first, first + 4);
    };
    const std::vector<float> expected{20, 21, 0, 1};
    CHECK(Samples(by_rows).sample_shape() == Shape{2});
    CHECK(Samples(by_rows).holds<float>());
    CHECK(Samples(by_rows).gather<float>(nullptr, 3, nullptr) == by_rows.data());
    CHECK_FALSE(Samples(by_columns).holds<float>());
    CHECK(gathered(by_rows) == expected);
    CHECK(gathered(by_columns) == expected);
    CHECK(gathered(Eigen::Map<const Eigen::MatrixXf>(by_columns.data(), 3, 2)) == expected);

    Eigen::MatrixXf larger(5, 4);
    larger.setConstant(-1);
    larger.block(1, 2, 3, 2) = by_columns;
    CHECK(gathered(larger.block(1, 2, 3, 2)) == expected);
    const Samples part = Samples(larger.block(1, 2, 3, 2)).slice(1, 2);
    std::vector<float> buffer(4);
    CHECK(part.gather<float>(nullptr, 2, buffer.data()) == buffer.data());
    CHECK(buffer == std::vector<float>{10, 11, 20, 21});
    const Eigen::VectorXf column = Eigen::VectorXf::Zero(7);
    CHECK(Samples(column).shape() == Shape{7, 1});
    CHECK(Samples(column).holds<float>());
  }

  TEST_CASE("Samples: a list has the shape that it is given") {
    const std::vector<float> values(12);
    const Samples samples(values, {2, 3, 2});
    CHECK(samples.count() == 2);
    CHECK(samples.sample_shape() == Shape{3, 2});
    CHECK(samples.gather<float>(nullptr, 2, nullptr) == values.data());
    const auto refuses = [&](const Shape& shape, const char* message) {
      CHECK_THROWS_WITH_AS(Samples(values, shape), message, ShapeError);
    };
    refuses({2, 3}, "samples: expected a shape [N, ...] of 12 elements, got [2, 3]");
    refuses({}, "samples: expected a shape [N, ...] of 12 elements, got []");
  }
}

}  // namespace nn
