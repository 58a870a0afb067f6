// SPDX-License-Identifier: MIT
// nn's side of the comparison.
#include <nn/sequential.hpp>

#include "convolutions.hpp"
#include "products.hpp"

namespace {

using compare::Report;
using compare::Task;

struct Samples {
  nn::Tensor<std::uint8_t, 4> x;  // [N, 28, 28, 1]
  nn::Labels y;                   // [N]
};

Samples read_samples(const char* set, nn::Index count) {
  const compare::Digits digits = compare::read_digits(set, count);
  Samples samples{nn::Tensor<std::uint8_t, 4>(digits.count(), 28, 28, 1),
                  nn::Labels(digits.count())};
  std::copy(digits.images.begin(), digits.images.end(), samples.x.data());
  std::copy(digits.labels.begin(), digits.labels.end(), samples.y.data());
  return samples;
}

nn::Sequential<float> make_model() {
  nn::Sequential model{nn::Rescaling{1.0 / 255},
                       nn::Conv2D{32, {3, 3}, {.activation = nn::Activation::relu}}, nn::Flatten{},
                       nn::Dense{128, {.activation = nn::Activation::relu}},
                       nn::Dense{10, {.activation = nn::Activation::softmax}}};
  model.build({28, 28, 1}, {.seed = 42});
  model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{}, {nn::Accuracy{}});
  return model;
}

nn::Sequential<float> make_deeper_model() {
  const nn::Conv2DOptions options{.padding = nn::Padding::same, .activation = nn::Activation::relu};
  nn::Sequential model{nn::Rescaling{1.0 / 255}};
  for (const nn::Index filters : {32, 64}) {
    model.add(nn::Conv2D{filters, 3, options});
    model.add(nn::Conv2D{filters, 3, options});
    model.add(nn::MaxPooling2D{2});
  }
  model.add(nn::Flatten{});
  model.add(nn::Dense{128, {.activation = nn::Activation::relu}});
  model.add(nn::Dense{10, {.activation = nn::Activation::softmax}});
  model.build({28, 28, 1}, {.seed = 42});
  model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{}, {nn::Accuracy{}});
  return model;
}

// Graphs came later than what --against may name.
#if __has_include(<nn/model/value.hpp>)
/// A convolution, with batch normalization behind it in place of a bias if that is asked for.
nn::Value<float> convolve(const nn::Value<float>& x, nn::Index filters, nn::Index size,
                          nn::Index strides, bool normalizes) {
  const auto y =
      x | nn::Conv2D{filters,
                     size,
                     {.strides = strides, .padding = nn::Padding::same, .use_bias = !normalizes}};
  return normalizes ? y | nn::BatchNormalization{} : y;
}

/// A residual network of 20 layers (He, Zhang, Ren and Sun 2015): three stages of three blocks.
nn::Model<float> make_residual_model(bool normalizes) {
  const nn::Input image{{28, 28, 1}};
  nn::Value<float> x =
      convolve(image | nn::Rescaling{1.0 / 255}, 16, 3, 1, normalizes) | nn::ReLU{};
  for (const nn::Index filters : {16, 32, 64}) {
    for (int block = 0; block < 3; ++block) {
      const bool shrinks = filters > 16 && block == 0;
      const nn::Index strides = shrinks ? 2 : 1;
      const auto hidden = convolve(x, filters, 3, strides, normalizes) | nn::ReLU{};
      const auto y = convolve(hidden, filters, 3, 1, normalizes);
      const auto shortcut = shrinks ? convolve(x, filters, 1, strides, normalizes) : x;
      x = nn::add({y, shortcut}) | nn::ReLU{};
    }
  }
  const auto classes =
      x | nn::GlobalAveragePooling2D{} | nn::Dense{10, {.activation = nn::Activation::softmax}};
  nn::Model<float> model(image, classes, {.seed = 42});
  model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{}, {nn::Accuracy{}});
  return model;
}
#endif

// The two that follow return false where this version of nn can't do it; they are templates so that
// it builds all the same.

/// Compiles anew, to compute in bfloat16.
template <class Model>
bool compile_bfloat16(Model& model) {
  const nn::Adam adam;
  const nn::SparseCategoricalCrossentropy loss;
  constexpr auto format = nn::Precision::bfloat16;
  if constexpr (requires { model.compile(adam, loss, {nn::Accuracy{}}, {.precision = format}); }) {
    model.compile(adam, loss, {nn::Accuracy{}}, {.precision = format});
    return true;
  }
  return false;
}

/// Converts the weights for inference.
template <class Model>
bool quantize(Model& model, nn::NumberFormat format) {
  if constexpr (requires { model.quantize(format); }) {
    model.quantize(format);
    return true;
  }
  return false;
}

template <class Model>
void run_epochs(const Task& task, const Report& report, Model model) {
  const Samples train = read_samples("train", task.images);
  const Samples test = read_samples("t10k", 10000);
  if (task.mode == "bf16" && !compile_bfloat16(model)) task.refuse();
  for (int epoch = 1; epoch <= task.epochs; ++epoch) {
    const double start = compare::now();
    model.fit(train.x, train.y,
              {.batch_size = compare::batch_size, .verbose = nn::Verbose::silent});
    const double seconds = compare::now() - start;
    report.print({{"epoch", epoch},
                  {"images", static_cast<double>(train.y.size())},
                  {"seconds", seconds},
                  {"accuracy", model.evaluate(test.x, test.y)["accuracy"]}});
  }
}

/// The median of predicting the first `count` test images.
double seconds_of_predict(const nn::Sequential<float>& model, nn::Index count,
                          nn::ProductPrecision precision = nn::Precision::float32) {
  const auto x = read_samples("t10k", count).x;
  nn::Tensor<float, 2> y;
  if (precision != nn::Precision::float32) {
    return compare::median_seconds(0.7, [&] { y = model.predict(x, {.precision = precision}); });
  }
  nn::Workspace workspace;
  return compare::median_seconds(0.7, [&] { model.predict(x, y, workspace); });
}

/// In bfloat16 there are two ways, and the quicker one counts.
void run_predict(const Task& task, const Report& report, nn::Index count) {
  std::vector<double> seconds;
  auto model = make_model();
  if (task.mode == "f32") seconds.push_back(seconds_of_predict(model, count));
  if (task.mode == "bf16") {
    seconds.push_back(seconds_of_predict(model, count, nn::Precision::bfloat16));
  }
  const auto format = task.mode == "int8" ? nn::Precision::int8 : nn::Precision::bfloat16;
  if (task.mode != "f32" && quantize(model, format)) {
    seconds.push_back(seconds_of_predict(model, count));
  }
  if (seconds.empty()) task.refuse();
  report.print({{"images", static_cast<double>(count)},
                {"seconds", *std::min_element(seconds.begin(), seconds.end())}});
}

void run_products(const Report& report) {
  using Matrix = nn::kernels::Matrix<const float>;
  const auto make = [](const compare::ProductShape& shape, const float* a, const float* b,
                       float* c) {
    const auto A =
        shape.a_transposed ? Matrix(a, shape.k, shape.m).transposed() : Matrix(a, shape.m, shape.k);
    const auto B =
        shape.b_transposed ? Matrix(b, shape.n, shape.k).transposed() : Matrix(b, shape.k, shape.n);
    return
        [=, C = nn::kernels::Matrix<float>(c, shape.m, shape.n)] { nn::kernels::product(A, B, C); };
  };
  compare::compare_products(report, make);
}

struct Convolution {
  nn::kernels::Conv2DShape shape;
  compare::Direction direction;
  compare::ConvolutionData& data;

  void operator()() const {
    const float *x = data.x.data(), *W = data.W.data(), *dy = data.dy.data();
    switch (direction) {
      case compare::Direction::forward:
        return nn::kernels::conv2d(shape, x, W, nullptr, nn::Activation::linear, data.y.data());
      case compare::Direction::input_gradient:
        return nn::kernels::conv2d_input_gradient(shape, dy, W, nullptr, data.dx.data());
      case compare::Direction::kernel_gradient:
        return nn::kernels::conv2d_kernel_gradient(shape, x, dy, data.dW.data(), nullptr, false);
    }
  }
  void finish() const {}
};

void run_convolutions(const Report& report) {
  compare::compare_convolutions(report, [](const compare::ConvolutionShape& s, auto direction,
                                           compare::ConvolutionData& data) {
    const nn::kernels::Conv2DShape shape{s.batch,  s.size,       s.size,       s.in,  s.kernel,
                                         s.kernel, s.out_size(), s.out_size(), s.out, s.stride,
                                         s.stride, s.pad,        s.pad};
    return Convolution{shape, direction, data};
  });
}

}  // namespace

int main(int argc, char** argv) {
  const Task task(argc, argv);
  nn::set_num_threads(task.threads);
  const Report report("nn",
                      std::to_string(NN_VERSION_MAJOR) + "." + std::to_string(NN_VERSION_MINOR) +
                          "." + std::to_string(NN_VERSION_PATCH),
                      task);
  const bool is_float = task.mode == "f32";
  if (task.work == "epoch" && task.mode != "int8") {
    run_epochs(task, report, make_model());
  } else if (task.work == "deeper" && is_float) {
    run_epochs(task, report, make_deeper_model());
#if __has_include(<nn/model/value.hpp>)
  } else if ((task.work == "resnet20" || task.work == "plain20") && is_float) {
    run_epochs(task, report, make_residual_model(task.work == "resnet20"));
#endif
  } else if (task.work == "predict") {
    run_predict(task, report, 10000);
  } else if (task.work == "image") {
    run_predict(task, report, 1);
  } else if (task.work == "product" && is_float) {
    run_products(report);
  } else if (task.work == "convolution" && is_float) {
    run_convolutions(report);
  } else {
    task.refuse();
  }
}
