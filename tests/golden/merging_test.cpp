// SPDX-License-Identifier: MIT
// Layers with several inputs against what Keras computes: result, gradient of each input.
#include "nn/merging/merging.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/golden/golden.hpp"
#include "tests/golden/keras_arguments.hpp"
#include "tests/golden/tally.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::first_difference;
using testing::Golden;

template <class L, Real T = typename L::Scalar>
void check_passes_of(const L& layer, const Golden& golden, const json& c,
                     const std::vector<Shape>& shapes) {
  const std::string name = c.at("name");
  const double tolerance = testing::tolerance_of<T>(c);
  std::vector<std::vector<T>> x, dx;
  std::vector<TensorRef<const T>> inputs;
  std::vector<TensorRef<T>> gradients;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    x.push_back(golden.array<T>(name + "/x" + std::to_string(i)));
    dx.emplace_back(x.back().size(), T(7));  // 7: it has to be assigned
    inputs.push_back({x[i].data(), shapes[i]});
    gradients.push_back({dx[i].data(), shapes[i]});
  }
  std::vector<T> dy = golden.array<T>(name + "/dy"), y(dy.size(), T(7));
  const Shape y_shape = testing::shape_from(c.at("output_shape"));
  const Pass pass{.training = true};
  layer.forward(inputs, {y.data(), y_shape}, pass);
  CHECK(first_difference(y, golden.array<T>(name + "/y"), tolerance) == "");
  layer.backward(inputs, {y.data(), y_shape}, {dy.data(), y_shape}, gradients, pass);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    CAPTURE(i);
    const std::vector<T> expected = golden.array<T>(name + "/dx" + std::to_string(i));
    CHECK(first_difference(dx[i], expected, tolerance) == "");
  }
}

/// Calls use(layer) with the layer that a file with these arguments would bring. Returns why there
/// is none, or "".
template <Real T, class Use>
std::string use_merging_layer(const json& c, const Use& use) {
  const std::string layer = c.at("layer");
  const testing::KerasArguments keras("layers", layer, c.at("config"));
#define NN_USE(L)                                                                             \
  if (L<T>::name() == layer) {                                                                \
    return keras.use_object([](const Arguments& a) { return L<T>::from_arguments(a); }, use); \
  }
  NN_FOR_EACH_MERGING(NN_USE)
#undef NN_USE
  return "no such layer";
}

/// Returns why the case can't be run, or "".
template <Real T>
std::string check_merging_case(const Golden& golden, const json& c) {
  CAPTURE(c.at("name").get<std::string>());
  CAPTURE(sizeof(T));
  std::vector<Shape> shapes, samples;
  for (const json& shape : c.at("input_shapes")) {
    shapes.push_back(testing::shape_from(shape));
    samples.emplace_back(shapes.back().begin() + 1, shapes.back().end());
  }
  const Shape y_shape = testing::shape_from(c.at("output_shape"));
  std::string refusal;
  std::string why_not = use_merging_layer<T>(c, [&](const auto& layer) {
    Shape output;
    try {
      output = layer.output_shape(samples);
    } catch (const ShapeError& error) {
      refusal = error.what();
      return;
    }
    CHECK(output.with_batch(y_shape[0]) == y_shape);
    check_passes_of(layer, golden, c, shapes);
  });
  return why_not.empty() ? refusal : why_not;
}

}  // namespace

TEST_SUITE("golden/merging") {
  TEST_CASE("Layers with several inputs: results and gradients are Keras'") {
    const Golden golden("merging");
    testing::Tally tally("merging");
    for (const json& c : golden.cases()) {
      const std::string why_not = check_merging_case<float>(golden, c);
      CHECK(check_merging_case<double>(golden, c) == why_not);
      tally.add(c.at("layer"), why_not);
    }
    tally.print();
    CHECK(tally.total() >= 40);
    CHECK(tally.num_run() == tally.total());
  }
}

}  // namespace nn
