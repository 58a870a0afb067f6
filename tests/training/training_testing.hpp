// SPDX-License-Identifier: MIT
// What the tests of training share: small data, a small model, and parts that record what training
// does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/core/random.hpp"
#include "nn/layers/layers.hpp"
#include "nn/losses/sparse_categorical_crossentropy.hpp"
#include "nn/metrics/accuracy.hpp"
#include "nn/model/sequential.hpp"
#include "nn/optimizers/adam.hpp"
#include "tests/testing/own_layers.hpp"

namespace nn::testing {

/// Uniform in [-1, 1).
template <Real T, int Rank>
Tensor<T, Rank> random_tensor(const Shape& shape, std::uint64_t seed) {
  const Random random(seed, {RandomPurpose::user});
  Tensor<T, Rank> x(dimensions_of<Rank>(shape));
  for (Index i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<T>(2 * random.uniform(static_cast<std::uint64_t>(i)) - 1);
  }
  return x;
}

/// 0, 1, 2, ... modulo `classes`.
inline Labels counted_labels(Index count, Index classes) {
  Labels y(count);
  for (Index i = 0; i < count; ++i) y(i) = static_cast<std::int32_t>(i % classes);
  return y;
}

/// Images 8x8 in three classes; layers of every kind that a classifier has, a random one too.
inline Sequential<float> image_model(std::uint64_t seed = 1) {
  Sequential<float> model{Conv2D{2, 3, {.activation = Activation::relu}},
                          MaxPooling2D{},
                          Flatten{},
                          Dense{8},
                          ReLU{},
                          RandomMask{0.3},
                          Dense{3},
                          Softmax{}};
  model.build({8, 8, 1}, {.seed = seed});
  model.compile(Adam{{.learning_rate = 0.01}}, SparseCategoricalCrossentropy{}, {Accuracy{}});
  return model;
}

template <Real T>
std::vector<T> weights_of(const Model<T>& model) {
  const auto& block = model.parameters();
  return {block.values(), block.values() + block.num_values()};
}

/// An optimizer that wants all gradients at once.
template <class Optimizer>
struct WholeStep {
  Optimizer optimizer;
  [[nodiscard]] std::string name() const { return optimizer.name(); }
  [[nodiscard]] double learning_rate() const { return optimizer.learning_rate(); }
  void set_learning_rate(double rate) { optimizer.set_learning_rate(rate); }
  void step(ParameterBlock<float>& block) { optimizer.step(block); }
};

/// A metric that records the labels of each batch. With as many classes as samples, and the number
/// of each sample as its label, they tell which samples a batch had.
struct Recorder {
  std::vector<std::vector<std::int32_t>>* batches;

  [[nodiscard]] std::string name() const { return "recorder"; }
  void reset() {}
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    batches->emplace_back(batch.labels, batch.labels + batch.rows);
  }
  [[nodiscard]] double result() const { return 0; }
};

/// An optimizer that leaves the weights alone.
struct Still {
  double rate = 0.5;

  [[nodiscard]] std::string name() const { return "still"; }
  [[nodiscard]] double learning_rate() const { return rate; }
  void set_learning_rate(double value) { rate = value; }
  template <Real T>
  void step(ParameterBlock<T>&) const {}
};

/// Samples [count, 2] whose labels are their numbers, and a model with as many classes.
struct NumberedSamples {
  explicit NumberedSamples(Index count, std::uint64_t seed = 1)
      : x(random_tensor<float, 2>({count, 2}, 5)), y(counted_labels(count, count)) {
    model.add(Dense{count});
    model.build({2}, {.seed = seed});
    model.compile(Still{}, SparseCategoricalCrossentropy{{.from_logits = true}},
                  {Recorder{&batches}});
  }
  NumberedSamples(const NumberedSamples&) = delete;
  NumberedSamples& operator=(const NumberedSamples&) = delete;

  Tensor<float, 2> x;
  Labels y;
  std::vector<std::vector<std::int32_t>> batches;
  Sequential<float> model;
};

/// The concatenation of batches first .. last - 1.
inline std::vector<std::int32_t> joined(const std::vector<std::vector<std::int32_t>>& batches,
                                        std::size_t first, std::size_t last) {
  std::vector<std::int32_t> all;
  for (std::size_t i = first; i < last; ++i) {
    all.insert(all.end(), batches.at(i).begin(), batches.at(i).end());
  }
  return all;
}

}  // namespace nn::testing
