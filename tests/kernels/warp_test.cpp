// SPDX-License-Identifier: MIT
#include "nn/kernels/warp/warp.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "nn/kernels/warp/displacement.hpp"
#include "tests/kernels/kernel_testing.hpp"

using nn::FillMode;
using nn::Index;
using nn::Interpolation;
using namespace nn::kernels;
using nn::testing::random_values;

namespace {

/// One row of pixels read at every half pixel from -2.5 on.
std::vector<double> read_row(FillMode mode, Interpolation interpolation) {
  const std::vector<double> x{1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  std::vector<double> y(16);
  const Affine2D map{.xx = 0.5, .x0 = -2.5, .yy = 0};
  // 3 wide, and the result 16: the kernel gives images of one size, so only 3 columns are read.
  std::vector<double> result;
  for (Index first = 0; first < 16; first += 3) {
    std::vector<double> part(3);
    const auto map_of = [&](Index) {
      Affine2D moved = map;
      moved.x0 += 0.5 * static_cast<double>(first);
      return moved;
    };
    warp<double>({1, {1, 3}, 1, mode, interpolation}, map_of, 9.0, x.data(), part.data());
    result.insert(result.end(), part.begin(), part.end());
  }
  result.resize(16);
  return result;
}

}  // namespace

TEST_SUITE("kernels/warp") {
  TEST_CASE("Warp: outside of an image it reads what the fill mode says") {
    // points            -2.5 -2 -1.5 -1 -0.5  0  0.5  1  1.5  2  2.5  3  3.5  4  4.5  5
    using Row = std::vector<double>;
    CHECK(read_row(FillMode::reflect, Interpolation::bilinear) ==
          Row{3, 2, 1.5, 1, 1, 1, 1.5, 2, 3, 4, 4, 4, 3, 2, 1.5, 1});
    CHECK(read_row(FillMode::wrap, Interpolation::bilinear) ==
          Row{1.5, 2, 3, 4, 2.5, 1, 1.5, 2, 3, 4, 2.5, 1, 1.5, 2, 3, 4});
    CHECK(read_row(FillMode::nearest, Interpolation::bilinear) ==
          Row{1, 1, 1, 1, 1, 1, 1.5, 2, 3, 4, 4, 4, 4, 4, 4, 4});
    CHECK(read_row(FillMode::constant, Interpolation::bilinear) ==
          Row{9, 9, 9, 9, 5, 1, 1.5, 2, 3, 4, 6.5, 9, 9, 9, 9, 9});
    CHECK(read_row(FillMode::constant, Interpolation::nearest) ==
          Row{9, 9, 9, 9, 1, 1, 2, 2, 4, 4, 9, 9, 9, 9, 9, 9});
  }

  TEST_CASE("Warp: between four pixels the nearer ones count more") {
    const std::vector<double> x{1, 2, 3, 5};
    std::vector<double> y(4);
    const auto map_of = [](Index) { return Affine2D{.xx = 0, .x0 = 0.25, .yy = 0, .y0 = 0.5}; };
    warp<double>({1, {2, 2}, 1}, map_of, 0.0, x.data(), y.data());
    // (1 0.75 + 2 0.25 + 3 0.75 + 5 0.25) / 2
    CHECK(y == std::vector<double>{2.375, 2.375, 2.375, 2.375});
  }

  TEST_CASE("Warp: points far away, and rows longer than a strip") {
    const WarpShape shape{2, {2, 3 * strip_size + 5}, 2, FillMode::constant};
    const auto x = random_values<float>(2 * shape.size(), 1);
    std::vector<float> y(x.size(), -1.0F);
    warp<float>(
        shape, [](Index) { return Affine2D{}; }, 7.0F, x.data(), y.data());
    CHECK(y == x);
    const auto away = [](Index n) { return Affine2D{.x0 = n == 0 ? 1e300 : -1e300, .y0 = 1e12}; };
    warp<float>(shape, away, 7.0F, x.data(), y.data());
    CHECK(std::count(y.begin(), y.end(), 7.0F) == std::ssize(y));
  }

  TEST_CASE("Warp: the gradient is the transpose") {
    for (const FillMode mode :
         {FillMode::reflect, FillMode::constant, FillMode::wrap, FillMode::nearest}) {
      CAPTURE(to_string(mode));
      const WarpShape shape{3, {5, 7}, 2, mode};
      const auto map_of = [](Index n) {
        return Affine2D{1.1, 0.3, -0.7 * static_cast<double>(n), -0.2, 0.9, 1.3};
      };
      const auto x = random_values<double>(3 * shape.size(), 1);
      const auto dy = random_values<double>(3 * shape.size(), 2);
      std::vector<double> y(x.size()), dx(x.size());
      warp<double>(shape, map_of, 0.0, x.data(), y.data());
      warp_gradient<double>(shape, map_of, dy.data(), dx.data());
      double y_dy = 0, x_dx = 0;  // <W x, dy> = <x, W^T dy>
      for (std::size_t i = 0; i < x.size(); ++i) {
        y_dy += y[i] * dy[i];
        x_dx += x[i] * dx[i];
      }
      CHECK(y_dy == doctest::Approx(x_dx).epsilon(1e-12));
    }
  }

  TEST_CASE("Warp: a map about the middle keeps the middle") {
    const Affine2D map = Affine2D{.xx = 0, .xy = -1, .yx = 1, .yy = 0}.about_middle({3, 5});
    CHECK(map.xy * 1 + map.x0 == 2);
    CHECK(map.yx * 2 + map.y0 == 1);
  }

  TEST_CASE("DisplacementField: is the Gaussian mean of its random numbers, zero outside") {
    const nn::Random random(3, {nn::RandomPurpose::augmentation, 1, 2});
    constexpr Index height = 5, width = 11;
    const auto points_of = [&](double deviation, double factor) {
      const DisplacementField field(random, 4, {height, width}, gaussian_weights(deviation, 1),
                                    gaussian_weights(deviation, factor));
      std::vector<double> moves;  // to the right, downwards
      for (Index row = 0; row < height; ++row) {
        Points points;
        field.find_points(row, 0, width, points);
        for (std::size_t col = 0; col < width; ++col) {
          moves.push_back(points.x[col] - static_cast<double>(col));
          moves.push_back(points.y[col] - static_cast<double>(row));
        }
      }
      return moves;
    };
    const std::vector<double> noise = points_of(0.1, 1);  // too narrow to smooth anything
    const auto [least, most] = std::minmax_element(noise.begin(), noise.end());
    CHECK(*least >= -1);
    CHECK(*least < -0.9);
    CHECK(*most < 1);
    CHECK(*most > 0.9);
    const std::vector<double> smooth = points_of(1.5, 3);
    const std::vector<float> weights = gaussian_weights(1.5, 1);
    const Index radius = std::ssize(weights) / 2;
    CHECK(radius == 5);
    struct Place {
      Index row, col, axis;
    };
    for (const Place& place : {Place{0, 0, 0}, Place{2, 5, 1}, Place{4, 10, 0}}) {
      CAPTURE(place.row);
      const auto [row, col, axis] = place;
      double sum = 0;
      for (Index i = std::max<Index>(0, row - radius); i < std::min(height, row + radius + 1);
           ++i) {
        for (Index j = std::max<Index>(0, col - radius); j < std::min(width, col + radius + 1);
             ++j) {
          sum += weights[static_cast<std::size_t>(i - row + radius)] *
                 weights[static_cast<std::size_t>(j - col + radius)] *
                 noise[static_cast<std::size_t>((i * width + j) * 2 + axis)];
        }
      }
      // The points are floats: about 10 plus the move.
      const double move = smooth[static_cast<std::size_t>((row * width + col) * 2 + axis)];
      CHECK(move == doctest::Approx(3 * sum).epsilon(1e-5));
    }
  }

  TEST_CASE("DisplacementField: images have fields of their own") {
    const nn::Random random(3, {nn::RandomPurpose::augmentation, 1, 2});
    const auto first_move = [&](Index sample) {
      const std::vector<float> weights = gaussian_weights(1, 1);
      const DisplacementField field(random, sample, {3, 3}, weights, weights);
      Points points;
      field.find_points(0, 0, 1, points);
      return points.x[0];
    };
    CHECK(first_move(0) != first_move(1));
    CHECK(first_move(0) == first_move(0));
  }

  TEST_CASE("gaussian_weights: sum to the factor, symmetric") {
    const std::vector<float> weights = gaussian_weights(4, 34);
    CHECK(weights.size() == 25);
    double sum = 0;
    for (const float weight : weights) sum += weight;
    CHECK(sum == doctest::Approx(34).epsilon(1e-6));
    CHECK(weights.front() == weights.back());
    CHECK(weights[12 + 4] / weights[12] == doctest::Approx(std::exp(-0.5)).epsilon(1e-6));
  }
}
