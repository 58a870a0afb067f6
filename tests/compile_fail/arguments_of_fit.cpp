// SPDX-License-Identifier: MIT
// What `fit` doesn't take is named in a sentence.
// error: nn: targets are class numbers, counted from 0, of type std::int32_t, or values of float
// error: nn: a list of numbers has no shape; write nn::Samples
// error: nn: samples are a row-major tensor \[N, ...\] or an Eigen matrix
// error: nn: without targets beside it, this has to be a source of samples
// error: nn: a callback is a class with one or more of the hooks on_train_begin
#include <cstdint>
#include <nn/sequential.hpp>
#include <vector>

struct Hooked {
  void on_epoch_end(nn::FitContext&) {}
};
struct Misspelt {
  void on_epoch_ends(nn::FitContext&) {}
};

struct Source {
  nn::Index size() const { return 4; }
  nn::Shape sample_shape() const { return {2}; }
  void read(nn::Index, std::span<float>, nn::TargetRow<float> y) const { y.set_class(0); }
};
struct WithoutShape {
  nn::Index size() const { return 4; }
  void read(nn::Index, std::span<float>, nn::TargetRow<float> y) const { y.set_class(0); }
};

int main() {
  nn::Sequential model{nn::Dense{2}, nn::Softmax{}};
  const Eigen::MatrixXf x(4, 2);
  const std::vector<int> y(4);
  const std::vector<float> numbers(8);
  model.fit(x, y, {.callbacks = {Hooked{}, nn::EarlyStopping{}}});
  model.fit(nn::Samples{numbers, {4, 2}}, Eigen::VectorXi(4), {.class_weight = {{1, 2.0}}});
  const std::vector<float> weights(4);
  model.fit(x, y, {.sample_weight = weights});
  model.fit(Source{}, {.epochs = 2, .validation_split = 0.5, .prefetch = 1});
  const nn::FitOptions options;
  model.fit(Source{}, options);
#ifdef NN_BAD
  model.fit(WithoutShape{}, {.epochs = 2});
  model.fit(x, std::vector<std::int64_t>(4));
  model.fit(numbers, y);
  model.fit(Eigen::Matrix<std::int64_t, 4, 2>(), y);
  model.fit(x, y, {.callbacks = {Misspelt{}}});
  model.fit(x, y, {.callbacks = {[](nn::FitContext&) {}}});
#endif
  return 0;
}
