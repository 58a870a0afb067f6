// SPDX-License-Identifier: MIT
// Every kernel in one small program, for the compilers to build: convolution, pooling, dropout and
// products in float, double and bfloat16, trained, quantized, saved and loaded.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nn/kernels/dropout/dropout.hpp>
#include <nn/sequential.hpp>
#include <vector>

namespace {

/// Pictures 8x8 with one bright row, which is the class.
template <class T>
nn::Tensor<T, 4> pictures(nn::Index count) {
  nn::Tensor<T, 4> x(count, 8, 8, 1);
  x.setZero();
  for (nn::Index i = 0; i < count; ++i) {
    for (nn::Index column = 0; column < 8; ++column) x(i, i % 4 * 2, column, 0) = 1;
  }
  return x;
}

template <class T>
bool learns(nn::ProductPrecision precision) {
  const nn::Tensor<T, 4> x = pictures<T>(64);
  nn::Labels y(64);
  for (nn::Index i = 0; i < 64; ++i) y(i) = static_cast<std::int32_t>(i % 4);
  nn::Sequential<T> model{nn::Conv2D<T>{8, {3, 3}, {.activation = nn::Activation::relu}},
                          nn::MaxPooling2D<T>{{2, 2}},
                          nn::Flatten<T>{},
                          nn::Dense<T>{16},
                          nn::ReLU<T>{},
                          nn::Dense<T>{4},
                          nn::Softmax<T>{}};
  model.build({8, 8, 1}, {.seed = 1});
  model.compile(nn::Adam{{.learning_rate = 0.01}}, nn::SparseCategoricalCrossentropy{},
                {nn::Accuracy{}}, {.precision = precision});
  model.fit(x, y, {.batch_size = 16, .epochs = 10, .verbose = nn::Verbose::silent});
  if (model.evaluate(x, y)["accuracy"] < 0.9) return false;
  if constexpr (std::same_as<T, float>) {
    const nn::Tensor<T, 2> before = model.predict(x);
    model.quantize(nn::NumberFormat::int8);
    const nn::Tensor<T, 2> after = model.predict(x);
    for (nn::Index i = 0; i < after.size(); ++i) {
      if (!(std::abs(after.data()[i] - before.data()[i]) < 0.1f)) return false;
    }
  }
  model.save("program.safetensors");
  const auto loaded = nn::Sequential<T>::load("program.safetensors");
  std::remove("program.safetensors");
  return loaded.count_parameters() == model.count_parameters();
}

/// Dropout keeps what it should, doubled.
template <class T>
bool drops() {
  constexpr nn::Index count = 1000;
  std::vector<T> x(count, T(1)), y(count);
  const nn::Random random{1, {nn::RandomPurpose::dropout}};
  nn::kernels::dropout(random, 0.5, count, x.data(), y.data());
  const auto dropped = std::count(y.begin(), y.end(), T(0));
  return dropped > 400 && dropped < 600 && std::count(y.begin(), y.end(), T(2)) == count - dropped;
}

/// Numbers that aren't finite are noticed, with -ffast-math too.
bool notices_nan() {
  nn::Tensor<float, 2> x(4, 2);
  x.setConstant(nn::not_a_number<float>);
  nn::Labels y(4);
  y.setZero();
  nn::Sequential model{nn::Dense{2}, nn::Softmax{}};
  model.compile(nn::SGD{}, nn::SparseCategoricalCrossentropy{});
  if (!model.fit(x, y, {.epochs = 1, .verbose = nn::Verbose::silent}).divergence()) return false;
  try {
    const nn::SGD endless{{.learning_rate = nn::infinity<double>}};
    return false;
  } catch (const std::invalid_argument&) {
    return true;
  }
}

}  // namespace

int main() {
  return notices_nan() && drops<float>() && drops<double>() &&
                 learns<float>(nn::Precision::float32) && learns<float>(nn::Precision::bfloat16) &&
                 learns<double>(nn::Precision::float32)
             ? 0
             : 1;
}
