// SPDX-License-Identifier: MIT
#include "nn/io/model_file.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "nn/training/predict.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::random_tensor;
using testing::read_text;
using testing::TemporaryFolder;
using testing::weights_of;
using testing::write_text;

/// Every layer type that the library has, with a nested model.
Sequential<float> every_layer() {
  Sequential<float> head{Dense{6, {.activation = Activation::tanh}}, ReLU{{.max_value = 0.5}}};
  Sequential<float> model{
      Rescaling{0.5, 0.25},
      Conv2D{2, {3, 2}, {.padding = Padding::same, .use_bias = false}},
      MaxPooling2D{{2, 2}, {.strides = Size2D{1, 2}}},
      Flatten{},
      Dropout{0.25},
      head,
      Dense{3, {.kernel_initializer = HeNormal{}, .bias_initializer = Constant{0.5}}},
      Softmax{}};
  model.build({6, 6, 1}, {.seed = 3});
  return model;
}

/// Two dense layers on samples [4].
Sequential<float> small_model(std::uint64_t seed = 1) {
  Sequential<float> model{Dense{3}, Dense{2}};
  model.build({4}, {.seed = seed});
  return model;
}

/// A layer of a user's own.
template <Real T = float>
class Doubling {
 public:
  using Scalar = T;
  [[nodiscard]] static std::string name() { return "Doubling"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }
  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const { y = x + x; }
  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2> dy, TensorMap<T, 2> dx,
                const Pass&) const {
    dx = dy + dy;
  }
  [[nodiscard]] Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] static Doubling from_arguments(const Arguments&) { return {}; }
};

/// The file of `small_model` with another architecture.
void write_with_architecture(const std::string& path, const std::string& architecture) {
  const Sequential<float> model = small_model();
  io::SafetensorsWriter writer;
  writer.set_metadata("format", "nn.sequential");
  writer.set_metadata("architecture", architecture);
  for (const auto& parameter : model.parameters()) {
    writer.add(parameter.name, parameter.shape, parameter.value().data());
  }
  writer.write(path);
}

std::string dense(const std::string& units) {
  return R"({"class_name":"Dense","config":{"units":)" + units +
         R"(,"activation":"linear","use_bias":true,"kernel_initializer":"zeros",)"
         R"("bias_initializer":"zeros"}})";
}

std::string architecture(const std::string& layers, const std::string& input = "[4]") {
  return R"({"class_name":"Sequential","input_shape":)" + input + R"(,"layers":[)" + layers + "]}";
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const IoError& error) {
    return error.what();
  }
  return "no IoError";
}

}  // namespace

TEST_SUITE("io/model_file") {
  TEST_CASE("save, load: a model of all layers comes back bit for bit") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model.safetensors");
    const Sequential<float> model = every_layer();
    model.save(path);
    const auto restored = Sequential<float>::load(path);
    CHECK(restored.summary() == model.summary());
    CHECK(weights_of(restored) == weights_of(model));
    const auto x = random_tensor<float, 4>({5, 6, 6, 1}, 8);
    const auto expected = model.predict(x), y = restored.predict(x);
    CHECK(std::equal(y.data(), y.data() + y.size(), expected.data()));
    CHECK_FALSE(restored.is_compiled());
    // What was loaded is saved as the same file.
    restored.save(folder.path("again"));
    CHECK(read_text(folder.path("again")) == read_text(path));
  }

  TEST_CASE("save, load: a float file fills a double model, and comes back") {
    const TemporaryFolder folder;
    const Sequential<float> model = every_layer();
    model.save(folder.path("float"));
    const auto wide = Sequential<double>::load(folder.path("float"));
    wide.save(folder.path("double"));
    const auto narrow = Sequential<float>::load(folder.path("double"));
    CHECK(weights_of(narrow) == weights_of(model));
  }

  TEST_CASE("load: knows a user's own layer by its type") {
    const TemporaryFolder folder;
    const std::string path = folder.path("own");
    Sequential<float> model{Dense{3}, Doubling{}};
    model.build({4});
    model.save(path);
    const auto restored = Sequential<float>::load<Doubling<float>>(path);
    const auto x = random_tensor<float, 2>({2, 4}, 1);
    CHECK(restored.predict(x)(1, 2) == model.predict(x)(1, 2));
    CHECK(
        message_of([&] { static_cast<void>(Sequential<float>::load(path)); }) ==
        path +
            ", architecture: expected layers among Conv2D, Dense, Dropout, Flatten, "
            "MaxPooling2D, ReLU, Rescaling, Softmax, Sequential, got \"Doubling\" (byte 202); name "
            "types of your own: load<MyLayer<float>>(path)");
  }

  TEST_CASE("save, load: 30 models inside one another are the limit, both ways") {
    const TemporaryFolder folder;
    const std::string path = folder.path("nested");
    Sequential<float> model{Dense{2}};
    for (int depth = 1; depth < 30; ++depth) {
      Sequential<float> outer;
      outer.add(std::move(model));
      model = std::move(outer);
    }
    model.build({4});
    model.save(path);
    CHECK(weights_of(Sequential<float>::load(path)) == weights_of(model));
    Sequential<float> deeper;
    deeper.add(std::move(model));
    deeper.build({4});
    CHECK_THROWS_WITH_AS(
        deeper.save(folder.path("deeper")),
        "Sequential::save: expected at most 30 models inside one another, got more",
        std::invalid_argument);
    CHECK(folder.names() == std::vector<std::string>{"nested"});
  }

  TEST_CASE("save: refuses an unbuilt model") {
    const TemporaryFolder folder;
    CHECK_THROWS_WITH_AS(Sequential{Dense{3}}.save(folder.path("m")),
                         "Sequential::save: expected a built model, got one whose input shape is "
                         "not known; call build({height, width, channels}) or fit first",
                         std::invalid_argument);
    CHECK(folder.names().empty());
  }

  TEST_CASE("save: an unwritable place leaves everything alone") {
    const TemporaryFolder folder;
    const std::string path = folder.path("missing/model");
    CHECK_THROWS_AS(small_model().save(path), IoError);
    CHECK(folder.names().empty());
  }

  TEST_CASE("load: a file torn at any length is refused") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model"), torn = folder.path("torn");
    Sequential<float> model = small_model();
    model.save(path);
    const std::string bytes = read_text(path);
    const std::vector<float> before = weights_of(model);
    for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 16) {
      CAPTURE(length);
      write_text(torn, bytes.substr(0, length));
      CHECK_THROWS_AS(static_cast<void>(Sequential<float>::load(torn)), IoError);
      CHECK_THROWS_AS(model.load_weights(torn), IoError);
      CHECK(weights_of(model) == before);
    }
  }

  TEST_CASE("load: refuses files of something else") {
    const TemporaryFolder folder;
    const std::string path = folder.path("weights");
    const auto load = [&] { static_cast<void>(Sequential<float>::load(path)); };
    small_model().save_weights(path);
    CHECK(message_of(load) ==
          path +
              ": expected metadata 'architecture', got none; build the model yourself and use "
              "load_weights");
    io::SafetensorsWriter writer;
    writer.set_metadata("architecture", "{}");
    writer.write(path);
    CHECK(message_of(load) == path + ": expected format 'nn.sequential', got none");
    writer.set_metadata("format", "pt");
    writer.write(path);
    CHECK(message_of(load) == path + ": expected format 'nn.sequential', got 'pt'");
  }

  TEST_CASE("load: refuses architectures that don't hold") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model"), where = path + ", architecture";
    const auto message = [&](const std::string& text) {
      write_with_architecture(path, text);
      return message_of([&] { static_cast<void>(Sequential<float>::load(path)); });
    };
    CHECK(message(architecture(dense("3") + "," + dense("2"))) == "no IoError");
    CHECK(message(architecture("")) ==
          where + ": Sequential: expected at least one layer, got none");
    CHECK(message(architecture(dense("\"many\"") + "," + dense("2"))) ==
          where + ": Dense, argument 'units': expected a whole number, got another kind of value");
    CHECK(message(architecture(R"({"class_name":"Dropout","config":{}})")) ==
          where + ": Dropout, argument 'rate': expected an argument of that name, got none");
    CHECK(message(architecture(dense("-3"))) ==
          where + ": Dense: expected a positive number of units, got -3");
    // Nothing of this size may be asked of memory.
    CHECK(message(architecture(dense("1000000000000") + "," + dense("2"))) ==
          path +
              ": expected '0.dense.kernel' of shape [4, 1000000000000], got [4, 3]; the file is "
              "of another model");
    CHECK(message(architecture(dense("3") + "," + dense("2"), "[9]")) ==
          path +
              ": expected '0.dense.kernel' of shape [9, 3], got [4, 3]; the file is of another "
              "model");
    CHECK(message(architecture(dense("3"))) ==
          path + ": expected 2 tensors, got 4; the file is of another model");
    CHECK(message(architecture(dense("3") + "," + dense("2") + "," + dense("2"))) ==
          path +
              ": expected a tensor '2.dense.kernel', got none (4 tensors); the file is of another "
              "model");
    CHECK(message(architecture(dense("3") + "," + dense("2"), "[-1]")) ==
          where + ": expected a whole number of 0 or more, got -1 (byte 42)");
    CHECK(message(architecture(R"({"config":{"rate":0.5},"class_name":"Dropout"})")) ==
          path + ": expected 0 tensors, got 4; the file is of another model");
    CHECK(message(architecture(R"({"class_name":"Dropout","config":{"rate":0.5,"rate":0.1}})")) ==
          where + ": expected every argument once, got \"rate\" twice (byte 107)");
    CHECK(message(architecture(R"({"class_name":"Dropout","config":{"rate":null}})")) ==
          where +
              ": expected true, false, a number, a string or a list of whole numbers, got 'n' "
              "(byte 96)");
    CHECK(message(architecture(R"({"class_name":"Dropout","layers":[]})")) ==
          where +
              ": expected class_name and config, or for Sequential layers, got other keys (byte "
              "55)");
    CHECK(message(architecture(R"({"class_name":"Dropout","dtype":"F16"})")) ==
          where + ": expected class_name and config or layers, once each, got \"dtype\" (byte 87)");
    CHECK(message(R"({"class_name":"Model"})") ==
          where + ": expected \"Sequential\", got \"Model\" (byte 14)");
    CHECK(message(architecture(dense("3") + "," + dense("2")) + "x") ==
          where + ": expected nothing after the value, got 'x' (byte 332)");
    std::string many = R"({"class_name":"Dropout","config":{"a0":1)";
    for (int i = 1; i <= 100; ++i) many += ",\"a" + std::to_string(i) + "\":1";
    CHECK(message(architecture(many + "}}")) ==
          where + ": Arguments: expected at most 100 of one layer, got more");
    CHECK(message(std::string((1 << 20) + 1, ' ')) ==
          where + ": expected at most 1048576 characters, got 1048577");
    for (const char* garbage : {"", "not JSON", "[]", "{}", "{\"layers\":3}", "{\"layers\":[3]}",
                                "{\"layers\":[{}]}", "{\"layers\":[{\"class_name\":3}]}"}) {
      CAPTURE(garbage);
      const std::string text = message(garbage);
      CHECK(text.starts_with(where));
      CHECK(text.find(": expected ") != std::string::npos);
    }
  }

  TEST_CASE("load_weights: takes what save and save_weights wrote") {
    const TemporaryFolder folder;
    const Sequential<float> model = small_model(7);
    model.save_weights(folder.path("weights"));
    model.save(folder.path("model"));
    for (const char* name : {"weights", "model"}) {
      CAPTURE(name);
      Sequential<float> other = small_model(8);
      CHECK(weights_of(other) != weights_of(model));
      other.load_weights(folder.path(name));
      CHECK(weights_of(other) == weights_of(model));
    }
  }

  TEST_CASE("load_weights: a file of another model changes nothing") {
    const TemporaryFolder folder;
    const std::string path = folder.path("weights");
    Sequential<float> model = small_model();
    const std::vector<float> before = weights_of(model);
    const auto refuses = [&](const std::string& complaint) {
      CHECK(message_of([&] { model.load_weights(path); }) == path + complaint);
      CHECK(weights_of(model) == before);
    };
    Sequential<float> other{Dense{3}, Dense{5}};
    other.build({4});
    other.save_weights(path);
    refuses(
        ": expected '1.dense.kernel' of shape [3, 2], got [3, 5]; the file is of another model");
    Sequential<float> shorter{Dense{3}};
    shorter.build({4});
    shorter.save_weights(path);
    refuses(
        ": expected a tensor '1.dense.kernel', got none (2 tensors); the file is of another model");
    Sequential<float> longer{Dense{3}, Dense{2}, Dense{1}};
    longer.build({4});
    longer.save_weights(path);
    refuses(": expected 4 tensors, got 6; the file is of another model");
  }
}

}  // namespace nn
