// SPDX-License-Identifier: MIT
// The program of the documentation, with small data where it says "fill them", and a check of what
// it gives.
#include <nn/sequential.hpp>

namespace {

/// Images 28x28 with a bright column for each class.
void fill(nn::Tensor<float, 4>& x, nn::Labels& y, int count) {
  x.resize(count, 28, 28, 1);
  x.setZero();
  y.resize(count);
  for (int i = 0; i < count; ++i) {
    y(i) = i % 10;
    for (int row = 0; row < 28; ++row) x(i, row, 4 + 2 * (i % 10), 0) = 1;
  }
}

}  // namespace

// clang-format off: as the documentation has it
int main() {
  nn::Tensor<float, 4> x_train, x_test;  // Eigen::Tensor<float, 4, Eigen::RowMajor>, [N, H, W, C]
  nn::Labels y_train, y_test;            // Eigen::Tensor<std::int32_t, 1, Eigen::RowMajor>, [N]
  fill(x_train, y_train, 200);
  fill(x_test, y_test, 30);

  nn::Sequential model{
      nn::Conv2D{32,
                 {3, 3},
                 {.activation = nn::Activation::relu}},  // options after the required arguments
      nn::Flatten{},
      nn::Dense{128},
      nn::ReLU{},  // or as a layer of its own: same speed, same numbers
      nn::Dense{10},
      nn::Softmax{},
  };  // nn::Sequential<float>; nn::Conv2D<double>{…} gives a double model
  model.build({28, 28, 1},
              {.seed = 42});  // shape of one sample; without this line the first fit builds
  std::cout << model.summary();

  model.compile(nn::Adam{{.learning_rate = 1e-3f}}, nn::SparseCategoricalCrossentropy{},
                {nn::Accuracy{}, nn::Precision{},
                 nn::Recall{}});  // macro-averaged over classes, integer labels
  nn::History history =
      model.fit(x_train, y_train,
                {.batch_size = 128,
                 .epochs = 5,
                 .callbacks = {nn::EarlyStopping{
                     {.monitor = "val_loss", .patience = 2, .restore_best_weights = true}}},
                 .validation_split = 0.1f});
  nn::Scores scores = model.evaluate(x_test, y_test);  // scores["loss"], scores["accuracy"], …
  nn::Tensor<float, 2> probabilities =
      model.predict(x_test);  // const, thread-safe; predict<4>() for other ranks

  model.save("digits.safetensors");  // weights + architecture + preprocessing
  const auto restored = nn::Sequential<float>::load("digits.safetensors");

  const nn::Tensor<float, 2> again = restored.predict(x_test);
  for (nn::Index i = 0; i < again.size(); ++i) {
    if (again.data()[i] != probabilities.data()[i]) return 1;
  }
  return history["val_loss"].size() == 5 && scores["accuracy"] > 0.9 ? 0 : 1;
}
// clang-format on
