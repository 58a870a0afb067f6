// SPDX-License-Identifier: MIT
// Work that grows as a model and its file do: many layers, deep nests.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>

#include "nn/io/model_file.hpp"
#include "nn/layers/layers.hpp"
#include "nn/model/sequential.hpp"
#include "nn/training/predict.hpp"
#include "tests/io/temporary_folder.hpp"

namespace nn {
namespace {

/// Passes x on, counts how often it is asked for its shape, and keeps its number.
struct Asked {
  using Scalar = float;
  static inline int times = 0;
  static inline std::uint64_t last_number = 0;
  [[nodiscard]] static std::string name() { return "Asked"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return ++times, input; }
  void forward(ConstTensorMap<float, 2> x, TensorMap<float, 2> y, const Pass& pass) const {
    y = x;
    last_number = pass.layer;
  }
  void backward(ConstTensorMap<float, 2>, ConstTensorMap<float, 2>, TensorMap<float, 2> dy,
                TensorMap<float, 2> dx, const Pass&) const {
    dx = dy;
  }
};

#if defined(NN_SANITIZER)
constexpr double in_time = 120;
#else
constexpr double in_time = 20;  // seconds, where a square would take longer
#endif

/// The model inside of `depth` others.
Sequential<float> nest(Sequential<float> model, int depth) {
  for (int i = 0; i < depth; ++i) {
    Sequential<float> outer;
    outer.add(std::move(model));
    model = std::move(outer);
  }
  return model;
}

TEST_SUITE("model/growth") {
  TEST_CASE("regression: a layer in a deep nest is asked as often as one in a shallow one") {
    const auto times_at = [](int depth) {
      Sequential<float> model = nest(Sequential<float>{Asked{}, Dense{2}}, depth);
      Asked::times = 0;
      model.build({3});
      CHECK(model.num_layers() == 2);
      CHECK(model.output_shape() == Shape{2});
      return Asked::times;
    };
    CHECK(times_at(20) == times_at(1));
  }

  TEST_CASE("regression: layers have numbers of their own, however many there are") {
    Sequential<float> model;
    for (int i = 0; i <= 65536; ++i) model.add(Asked{});
    model.build({1});
    Tensor<float, 2> x(1, 1);
    x.setZero();
    static_cast<void>(model.predict(x));
    CHECK(Asked::last_number == 65536);
  }

  TEST_CASE("regression: many layers in a deep nest are loaded in time" *
            doctest::timeout(in_time)) {
    Sequential<float> inner;
    for (int i = 0; i < 10000; ++i) inner.add(Flatten{});
    Sequential<float> model = nest(std::move(inner), 29);
    model.build({4});
    const testing::TemporaryFolder folder;
    model.save(folder.path("model"));
    CHECK(Sequential<float>::load(folder.path("model")).num_layers() == 10000);
  }

  TEST_CASE("regression: many parameters are listed, summed up and saved in time" *
            doctest::timeout(in_time)) {
    Sequential<float> model;
    for (int i = 0; i < 7000; ++i) model.add(Dense{1});
    model.build({1});
    const std::string summary = model.summary();
    CHECK(summary.find("dense_6999 (Dense)   (None, 1)            2\n") != std::string::npos);
    CHECK(summary.find("Total params: 14,000 (54.69 KB)") != std::string::npos);
    const testing::TemporaryFolder folder;
    model.save(folder.path("model"));
    CHECK(Sequential<float>::load(folder.path("model")).count_parameters() == 14000);
  }

  TEST_CASE("Sequential: a part that gets another layer has another shape") {
    Sequential<float> model{Sequential{Dense{3}}, Dense{2}};
    model.build({4});
    Sequential<float> part = model.layer<Sequential<float>>(0);
    CHECK(part.output_shape({4}) == Shape{3});
    part.add(Dense{7});
    CHECK(part.output_shape({4}) == Shape{7});
    CHECK(part.num_layers() == 2);
  }
}

}  // namespace
}  // namespace nn
