// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "nn/sequential.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/testing/allocations.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::random_tensor;
using testing::TemporaryFolder;

constexpr NumberFormat formats[] = {NumberFormat::bfloat16, NumberFormat::int8};

/// A convolution and two dense layers, one of them in a nested model.
Sequential<float> image_classifier() {
  Sequential<float> head{Dense{20, {.activation = Activation::relu}}};
  Sequential<float> model{Conv2D{2, 3}, Flatten{}, head, Dense{3}, Softmax{}};
  model.build({6, 6, 1}, {.seed = 5});
  return model;
}

Sequential<float> quantized(Sequential<float> model, NumberFormat format) {
  model.quantize(format);
  return model;
}

double largest_difference(const Tensor<float, 2>& a, const Tensor<float, 2>& b) {
  double largest = 0;
  for (Index i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double{a.data()[i]} - double{b.data()[i]}));
  }
  return largest;
}

bool has_bits_of(const Tensor<float, 2>& a, const Tensor<float, 2>& b) {
  return a.size() == b.size() && std::equal(a.data(), a.data() + a.size(), b.data());
}

}  // namespace

TEST_SUITE("model/quantize") {
  TEST_CASE("quantize: a dense layer stays within what the steps of its weights allow") {
    Sequential<float> model{Dense{7}};
    model.build({50}, {.seed = 1});
    const auto x = random_tensor<float, 2>({9, 50}, 2);
    const auto y = model.predict(x);
    double largest_weight = 0, largest_x = 0;
    for (Index i = 0; i < 50 * 7; ++i) {
      largest_weight =
          std::max(largest_weight, std::abs(double{model.parameters().named()[0].value()(i)}));
    }
    for (Index i = 0; i < x.size(); ++i) {
      largest_x = std::max(largest_x, std::abs(double{x.data()[i]}));
    }
    // Each of 50 terms is off by half a step of one factor times the other, for both factors.
    const double int8 = 50 * largest_x * largest_weight / 127 * 1.01;
    const double bfloat16 = 50 * largest_x * largest_weight / 256;
    CHECK(largest_difference(quantized(model, NumberFormat::int8).predict(x), y) <= int8);
    CHECK(largest_difference(quantized(model, NumberFormat::bfloat16).predict(x), y) <= bfloat16);
  }

  TEST_CASE("quantize: reaches nested models, leaves other layers, and keeps the names") {
    const Sequential<float> model = image_classifier();
    const auto x = random_tensor<float, 4>({5, 6, 6, 1}, 3);
    for (const NumberFormat format : formats) {
      CAPTURE(std::string{to_string(format)});
      const Sequential<float> short_model = quantized(model, format);
      CHECK(short_model.weight_format() == format);
      CHECK(short_model.count_parameters() == model.count_parameters());
      std::string kept;
      for (std::size_t i = 0; i < model.parameters().named().size(); ++i) {
        const auto& parameter = short_model.parameters().named()[i];
        CHECK(parameter.name == model.parameters().named()[i].name);
        if (parameter.quantized() == nullptr) kept += parameter.name + ' ';
      }
      CHECK(kept == "0.conv2d.kernel 0.conv2d.bias 2.sequential.0.dense.bias 3.dense.bias ");
      // Probabilities, a hundred roundings of at most 1/256 of the largest.
      CHECK(largest_difference(short_model.predict(x), model.predict(x)) <= 0.02);
    }
    CHECK(model.weight_format() == NumberFormat::float32);
  }

  TEST_CASE("quantize: samples give the same bits in batches of any size") {
    const auto x = random_tensor<float, 4>({5, 6, 6, 1}, 3);
    for (const NumberFormat format : formats) {
      const Sequential<float> model = quantized(image_classifier(), format);
      const auto whole = model.predict(x);
      CHECK(has_bits_of(model.predict(x, {.batch_size = 1}), whole));
      const Sequential<float> copy = model;
      CHECK(has_bits_of(copy.predict(x), whole));
    }
  }

  TEST_CASE("quantize: a model compiled before or after is evaluated") {
    const auto x = random_tensor<float, 4>({6, 6, 6, 1}, 3);
    Labels y(6);
    y.setValues({0, 1, 2, 0, 1, 2});
    Sequential<float> model = image_classifier();
    model.compile(Adam{}, SparseCategoricalCrossentropy{}, {Accuracy{}});
    const double loss = model.evaluate(x, y)["loss"];
    model.quantize(Precision::int8);
    CHECK(model.evaluate(x, y)["loss"] == doctest::Approx(loss).epsilon(0.02));
    model.compile(SGD{}, SparseCategoricalCrossentropy{});
    CHECK(model.evaluate(x, y)["loss"] == doctest::Approx(loss).epsilon(0.02));
  }

  TEST_CASE("quantize: with a workspace the second prediction allocates nothing") {
    if (!testing::counts_allocations) return;
    const auto x = random_tensor<float, 4>({1, 6, 6, 1}, 3);
    for (const NumberFormat format : formats) {
      const Sequential<float> model = quantized(image_classifier(), format);
      Tensor<float, 2> y(1, 3);
      Workspace workspace;
      model.predict(x, y, workspace);
      const Index before = testing::num_allocations();
      model.predict(x, y, workspace);
      CHECK(testing::num_allocations() == before);
    }
  }

  TEST_CASE("quantize: a saved model is loaded as it is, and its weights by a model of floats") {
    const TemporaryFolder folder;
    const auto x = random_tensor<float, 4>({5, 6, 6, 1}, 3);
    for (const NumberFormat format : formats) {
      CAPTURE(std::string{to_string(format)});
      const Sequential<float> model = quantized(image_classifier(), format);
      const std::string path = folder.path("model.safetensors");
      model.save(path);
      const auto loaded = Sequential<float>::load(path);
      CHECK(loaded.weight_format() == format);
      CHECK(has_bits_of(loaded.predict(x), model.predict(x)));

      const std::string message =
          concat({path, ": expected weights that a model of doubles can take, got ",
                  to_string(format), " weights; load it as nn::Model<float>"});
      CHECK_THROWS_WITH_AS(static_cast<void>(Sequential<double>::load(path)), message.c_str(),
                           IoError);

      Sequential<float> floats = image_classifier();
      model.save_weights(path);
      floats.load_weights(path);
      CHECK(floats.weight_format() == NumberFormat::float32);
      const auto& kernel = *model.parameters().named()[4].quantized();
      CHECK(floats.parameters().named()[4].value<2>()(11, 2) == kernel.value(11, 2));
    }
  }

  TEST_CASE("quantize: files without scales or of an unknown format are refused") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model.safetensors");
    const std::vector<std::int8_t> integers(12, 1);
    const std::vector<float> bias(3);
    io::SafetensorsWriter writer;
    writer.add("0.dense.kernel", {4, 3}, integers.data());
    writer.add("0.dense.bias", {3}, bias.data());
    writer.write(path);
    Sequential<float> model{Dense{3}};
    model.build({4});
    CHECK_THROWS_WITH_AS(model.load_weights(path),
                         (path + ": expected a tensor '0.dense.kernel_scale' F32 [3], got none "
                                 "('0.dense.kernel' is I8)")
                             .c_str(),
                         IoError);
    model.quantize(Precision::int8);
    model.save(path);
    std::string bytes = testing::read_text(path);
    bytes.replace(bytes.find("\"int8\""), 6, "\"int4\"");
    testing::write_text(path, bytes);
    CHECK_THROWS_WITH_AS(static_cast<void>(Sequential<float>::load(path)),
                         (path + ", weight_format: expected bfloat16 or int8, got 'int4'").c_str(),
                         IoError);
  }

  TEST_CASE("quantize: what it can't do is refused in a sentence") {
    Sequential<float> unbuilt{Dense{2}};
    CHECK_THROWS_WITH_AS(unbuilt.quantize(Precision::int8),
                         "Model::quantize: expected a built model, got one whose input shape "
                         "is not known; call build({height, width, channels}) or fit first",
                         std::invalid_argument);
    Sequential<float> model = image_classifier();
    CHECK_THROWS_WITH_AS(model.quantize(Precision::float32),
                         "Model::quantize: expected bfloat16 or int8, got float32",
                         std::invalid_argument);
    Sequential<double> doubles{Dense<double>{2}};
    doubles.build({3});
    CHECK_THROWS_WITH_AS(doubles.quantize(Precision::int8),
                         "Model::quantize: expected a model of floats, got one of another "
                         "scalar type",
                         std::invalid_argument);
  }

  TEST_CASE("quantize: a quantised model refuses what changes weights") {
    Sequential<float> model = image_classifier();
    model.compile(SGD{}, SparseCategoricalCrossentropy{});
    model.quantize(Precision::int8);
    const auto x = random_tensor<float, 4>({2, 6, 6, 1}, 3);
    Labels y(2);
    y.setZero();
    const auto sentence = [](const char* where) {
      return std::string(where) +
             ": expected a model with float32 weights, got int8 weights (quantised for "
             "inference); use a copy from before quantize";
    };
    CHECK_THROWS_WITH_AS(model.fit(x, y), sentence("Model::fit").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(model.train_on_batch(x, y), sentence("Model::train_on_batch").c_str(),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(model.quantize(Precision::int8), sentence("Model::quantize").c_str(),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(static_cast<void>(model.parameters()),
                         sentence("Model::parameters").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(model.load_weights("none"), sentence("Model::load_weights").c_str(),
                         std::invalid_argument);
    Workspace workspace;
    const Tensor<float, 2> dy = model.forward(x, workspace);
    CHECK_THROWS_WITH_AS(model.backward(dy, workspace), sentence("Model::backward").c_str(),
                         std::invalid_argument);
    const Sequential<float>& view = model;
    CHECK_THROWS_WITH_AS(
        static_cast<void>(view.parameters().named()[2].value()),
        "2.sequential.0.dense.kernel: expected a parameter that is not quantised, got int8; read "
        "it by quantized()",
        std::invalid_argument);
  }
}

}  // namespace nn
