// SPDX-License-Identifier: MIT
#include "nn/data/sample_weights.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <vector>

#include "nn/data/data_set.hpp"

namespace nn {

TEST_SUITE("data/sample_weights") {
  TEST_CASE("SampleWeights: of lists, tensors and Eigen's vectors, sliced and gathered") {
    const std::vector<double> list{1, 2, 3};
    const SampleWeights weights(list);
    CHECK(weights.is_given());
    CHECK(weights.shape() == Shape{3});
    CHECK(weights.numbers_per_sample() == 1);
    const Index rows[] = {1, 0};
    float two[2];
    CHECK(weights.slice(1, 2).gather(rows, 2, two) == two);
    CHECK(two[0] == 3);
    CHECK(two[1] == 2);

    const Tensor<float, 2> positions(4, 5);
    CHECK(SampleWeights(positions).count() == 4);
    CHECK(SampleWeights(positions).numbers_per_sample() == 5);
    const Eigen::VectorXf vector = Eigen::VectorXf::Ones(6);
    CHECK(SampleWeights(vector).shape() == Shape{6, 1});
  }

  TEST_CASE("SampleWeights: those that nobody gave stay so") {
    const SampleWeights none;
    CHECK_FALSE(none.is_given());
    CHECK_FALSE(none.slice(3, 2).is_given());
  }

  TEST_CASE("DataSet: a slice has the samples with their targets and weights") {
    const Eigen::MatrixXf x = Eigen::MatrixXf::Zero(3, 2);
    const std::vector<int> y{4, 5, 6};
    const std::vector<float> weights{1, 2, 3};
    const DataSet part = DataSet{x, y, weights}.slice(1, 2);
    CHECK(part.count() == 2);
    CHECK(part.y[0].class_of(1, 0) == 6);
    float unused;
    CHECK(*part.weights.gather(nullptr, 2, &unused) == 2);
  }
}

}  // namespace nn
