// SPDX-License-Identifier: MIT
#include "nn/model/samples.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

namespace nn {

TEST_SUITE("model/samples") {
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
    CHECK_THROWS_WITH_AS(samples.check_type<double>("model"),
                         "model: expected samples of double or std::uint8_t, got float",
                         std::invalid_argument);
  }

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
}

}  // namespace nn
