// SPDX-License-Identifier: MIT
#include "nn/io/model_file.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nn/training/fit.hpp"
#include "nn/training/predict.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/testing/own_layers.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::random_tensor;
using testing::read_text;
using testing::Scale;
using testing::TemporaryFolder;
using testing::weights_of;
using testing::write_text;

/// Layers with and without parameters, options of every kind, and a nested model. (Each layer's own
/// test saves and loads it.)
Sequential<float> mixed_model() {
  Sequential<float> head{Dense{6, {.activation = Activation::tanh}}, Scale{0.5}};
  Sequential<float> model{
      Conv2D{2, {3, 2}, {.padding = Padding::same, .use_bias = false}}, Flatten{}, head,
      Dense{3, {.kernel_initializer = HeNormal{}, .bias_initializer = Constant{0.5}}}};
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

/// A layer with a long description.
template <Real T = float>
class Wordy {
 public:
  using Scalar = T;
  explicit Wordy(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] static std::string name() { return "Wordy"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }
  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const { y = x; }
  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2> dy, TensorMap<T, 2> dx,
                const Pass&) const {
    dx = dy;
  }
  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("text", text_); }
  [[nodiscard]] static Wordy from_arguments(const Arguments& arguments) {
    return Wordy{arguments.get<std::string>("text")};
  }

 private:
  std::string text_;
};

/// The file of `small_model` with another architecture and more metadata.
void write_with_architecture(const std::string& path, const std::string& architecture,
                             const std::map<std::string, std::string>& more = {}) {
  const Sequential<float> model = small_model();
  io::SafetensorsWriter writer;
  for (const auto& [name, text] : more) writer.set_metadata(name, text);
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

std::uint64_t seed_of(const Sequential<float>& model) {
  return detail::ModelAccess::network(model).seed();
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
  TEST_CASE("save, load: a model comes back bit for bit") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model.safetensors");
    const Sequential<float> model = mixed_model();
    model.save(path);
    const auto restored = Sequential<float>::load<Scale<float>>(path);
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
    const Sequential<float> model = mixed_model();
    model.save(folder.path("float"));
    const auto wide = Sequential<double>::load<Scale<double>>(folder.path("float"));
    wide.save(folder.path("double"));
    const auto narrow = Sequential<float>::load<Scale<float>>(folder.path("double"));
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
    const std::string known = io::known_layers<float>(io::FileLayers<float>{});
    CHECK(known.find("Dense, ") != std::string::npos);
    CHECK(known.ends_with(", Residual, Sequential, Model"));
    CHECK(
        message_of([&] { static_cast<void>(Sequential<float>::load(path)); }) ==
        path + ", architecture: expected layers among " + known +
            ", got \"Doubling\" (byte 202); name the library's other layers, "
            "load<nn::MoreLayers<float>>(path), or types of your own, load<MyLayer<float>>(path)");
  }

  TEST_CASE("load: refuses a type with the name of a layer of the library") {
    struct Dense : Doubling<float> {
      [[nodiscard]] static std::string name() { return "Dense"; }
      [[nodiscard]] static Dense from_arguments(const Arguments&) { return {}; }
    };
    CHECK_THROWS_WITH_AS(static_cast<void>(Sequential<float>::load<Dense>("no file")),
                         "Model::load: expected types whose names are not those of the "
                         "library's layers, got Dense",
                         std::invalid_argument);
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
    CHECK_THROWS_WITH_AS(deeper.save(folder.path("deeper")),
                         "Model::save: expected at most 30 models inside one another, got more",
                         std::invalid_argument);
    CHECK(folder.names() == std::vector<std::string>{"nested"});
  }

  TEST_CASE("save: refuses an unbuilt model") {
    const TemporaryFolder folder;
    CHECK_THROWS_WITH_AS(Sequential{Dense{3}}.save(folder.path("m")),
                         "Model::save: expected a built model, got one whose input shape is "
                         "not known; call build({height, width, channels}) or fit first",
                         std::invalid_argument);
    CHECK(folder.names().empty());
  }

  TEST_CASE("save: notes come back, but none may have the name of the model's own metadata") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model");
    Sequential<float> model = small_model();
    model.quantize(NumberFormat::int8);
    model.save(path, {.notes = {{"trained_on", "digits"}, {"seed", "of doubt"}}});
    const auto metadata = io::SafetensorsFile::read(path).metadata();
    CHECK(metadata.at("trained_on") == "digits");
    CHECK(metadata.at("seed") == "of doubt");
    CHECK(metadata.size() == 2 + std::size(io::own_metadata) - 1);  // without 'training'
    CHECK(Sequential<float>::load(path).weight_format() == NumberFormat::int8);
    const std::string before = read_text(path);
    for (const std::string name : io::own_metadata) {
      CAPTURE(name);
      CHECK(metadata.contains(name) == (name != "training"));
      CHECK_THROWS_WITH_AS(
          small_model().save(path, {.notes = {{"trained_on", "digits"}, {name, "bfloat16"}}}),
          ("Model::save: expected notes of other names than format, format_version, "
           "architecture, layout, weight_format, build_seed, training, got '" +
           name + "' (the model's own metadata); choose another name")
              .c_str(),
          std::invalid_argument);
      CHECK(read_text(path) == before);
    }
  }

  TEST_CASE("save: weights that are not finite have to be asked for") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model");
    Sequential<float> model = small_model();
    model.save(path);
    const std::string before = read_text(path);
    const auto& kernel = model.parameters().named()[0];
    kernel.value()(2) = std::nanf("");
    const auto refuses = [&](const auto& call, const char* where, const char* remedy) {
      CHECK_THROWS_WITH_AS(call(),
                           concat({where, ": expected finite weights, got infinity or NaN (",
                                   kernel.name, "[2]); the training has diverged; ", remedy})
                               .c_str(),
                           std::invalid_argument);
    };
    const char* const remedy = "to save it all the same, set allow_non_finite";
    refuses([&] { model.save(path); }, "Model::save", remedy);
    refuses([&] { model.save_weights(path); }, "Model::save_weights", remedy);
    refuses([&] { model.quantize(NumberFormat::int8); }, "Model::quantize",
            "quantize what it gave before");
    CHECK(read_text(path) == before);
    model.save(path, {.allow_non_finite = true});
    const auto restored = Sequential<float>::load(path);
    CHECK(std::isnan(restored.parameters().named()[0].value()(2)));
    model.save_weights(path, {.notes = {{"by", "hand"}}, .allow_non_finite = true});
    CHECK(io::SafetensorsFile::read(path).metadata().at("by") == "hand");
  }

  TEST_CASE("save, load: a MiB of architecture is the limit, both ways") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model");
    const auto model_with = [](std::size_t text_size) {
      Sequential<float> model{Wordy{std::string(text_size, 'x')}};
      model.build({4});
      return model;
    };
    const std::size_t rest = architecture(R"({"class_name":"Wordy","config":{"text":""}})").size();
    const std::size_t most = io::max_architecture_size - rest;
    model_with(most).save(path);
    const std::string before = read_text(path);
    CHECK(Sequential<float>::load<Wordy<float>>(path).size() == 1);
    CHECK(nn::load<Wordy<float>>(path).size() == 1);
    CHECK_THROWS_WITH_AS(model_with(most + 1).save(path),
                         "Model::save: expected an architecture of at most 1048576 "
                         "characters, got 1048577",
                         std::invalid_argument);
    CHECK(read_text(path) == before);
    CHECK(folder.names() == std::vector<std::string>{"model"});
  }

  TEST_CASE("save: names the layer, the argument or the note that JSON can't hold") {
    const TemporaryFolder folder;
    Sequential<float> model{Wordy{"a\xFF"}};
    model.build({4});
    CHECK(message_of([&] { model.save(folder.path("model")); }) ==
          "Wordy, argument 'text': expected a string in UTF-8, got other bytes (byte 1 of the "
          "string)");
    CHECK(message_of([] {
            const Arguments nan = Arguments{"Scale"}.set("factor", std::nan(""));
            static_cast<void>(io::arguments_to_json(nan));
          }) == "Scale, argument 'factor': expected a finite number, got NaN");
    CHECK(message_of([&] {
            small_model().save(folder.path("model"), {.notes = {{"by", "\xFF"}}});
          }) ==
          "metadata 'by': expected a string in UTF-8, got other bytes (byte 0 of the string)");
    CHECK(folder.names().empty());
  }

  TEST_CASE("save, load: a loaded model trains as the one in memory, random layers too") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model");
    const auto x = random_tensor<float, 4>({20, 8, 8, 1}, 9);
    const Labels y = testing::counted_labels(20, 3);
    Sequential<float> model = testing::image_model(42);
    model.save(path);
    auto restored = Sequential<float>::load<testing::RandomMask<float>>(path);
    Sequential<float> forgetful = testing::image_model(0);
    forgetful.load_weights(path);
    model.fit(x, y, {.batch_size = 8, .epochs = 2, .verbose = Verbose::silent});
    for (auto* other : {&restored, &forgetful}) {
      other->compile(Adam{{.learning_rate = 0.01}}, SparseCategoricalCrossentropy{}, {Accuracy{}});
      other->fit(x, y, {.batch_size = 8, .epochs = 2, .verbose = Verbose::silent});
    }
    CHECK(weights_of(restored) == weights_of(model));
    CHECK(weights_of(forgetful) != weights_of(model));
  }

  TEST_CASE("load: takes any seed that a model can have, and no other text for one") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model");
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{42}, ~std::uint64_t{0}}) {
      CAPTURE(seed);
      small_model(seed).save(path);
      CHECK(seed_of(Sequential<float>::load(path)) == seed);
    }
    const std::string text = architecture(dense("3") + "," + dense("2"));
    write_with_architecture(path, text);
    CHECK(seed_of(Sequential<float>::load(path)) == 0);
    for (const std::string seed :
         {"", " 7", "7 ", "+7", "-1", "0x7", "7.0", "seven", "18446744073709551616"}) {
      CAPTURE(seed);
      write_with_architecture(path, text, {{"build_seed", seed}});
      CHECK(message_of([&] { static_cast<void>(Sequential<float>::load(path)); }) ==
            path + ", build_seed: expected a whole number of 64 bits, got \"" + seed + "\"");
    }
  }

  TEST_CASE("load: refuses files of another version of the format") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model");
    const auto message = [&](const std::map<std::string, std::string>& more) {
      write_with_architecture(path, architecture(dense("3") + "," + dense("2")), more);
      return message_of([&] { static_cast<void>(Sequential<float>::load(path)); });
    };
    CHECK(message({}) == "no IoError");
    CHECK(message({{"format_version", "1"}}) == "no IoError");
    for (const std::string version : {"", "0", "5", "1.0", "10"}) {
      CAPTURE(version);
      CHECK(message({{"format_version", version}}) ==
            path + ": expected a format_version from '1' to '4', got \"" + version +
                "\"; the file is of another version of the library");
    }
  }

  TEST_CASE("load, load_weights: a tensor too many is refused before its data are read") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model");
    Sequential<float> model = small_model();
    model.save(path);
    std::string bytes = read_text(path);
    std::uint64_t header_size = 0;
    std::memcpy(&header_size, bytes.data(), 8);
    const std::uint64_t data_size = bytes.size() - 8 - header_size;
    const std::uint64_t extra_size = std::uint64_t{1} << 40;  // more than memory can give
    const std::string extra = ",\"extra\":{\"dtype\":\"U8\",\"shape\":[" +
                              std::to_string(extra_size) + "],\"data_offsets\":[" +
                              std::to_string(data_size) + ',' +
                              std::to_string(data_size + extra_size) + "]}";
    bytes.insert(bytes.rfind('}', 8 + header_size), extra);
    header_size += extra.size();
    std::memcpy(bytes.data(), &header_size, 8);
    write_text(path, bytes);
    // A hole in the file: nothing is written for it.
    std::filesystem::resize_file(path, bytes.size() + extra_size);
    const std::string sentence = path + ": expected 4 tensors, got 5; the file is of another model";
    CHECK(message_of([&] { static_cast<void>(Sequential<float>::load(path)); }) == sentence);
    CHECK(message_of([&] { model.load_weights(path); }) == sentence);
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
      return message_of([&] { static_cast<void>(Sequential<float>::load<Scale<float>>(path)); });
    };
    CHECK(message(architecture(dense("3") + "," + dense("2"))) == "no IoError");
    CHECK(message(architecture("")) ==
          where + ": Sequential: expected at least one layer, got none");
    CHECK(message(architecture(dense("\"many\"") + "," + dense("2"))) ==
          where + ": Dense, argument 'units': expected a whole number, got another kind of value");
    CHECK(message(architecture(R"({"class_name":"Scale","config":{}})")) ==
          where + ": Scale, argument 'factor': expected an argument of that name, got none");
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
    CHECK(message(architecture(R"({"config":{"factor":2},"class_name":"Scale"})")) ==
          path + ": expected 0 tensors, got 4; the file is of another model");
    CHECK(message(architecture(R"({"class_name":"Scale","config":{"factor":2,"factor":3}})")) ==
          where + ": expected every argument once, got \"factor\" twice (byte 107)");
    CHECK(message(architecture(R"({"class_name":"Scale","config":{"factor":2,"offset":1}})")) ==
          where +
              ": expected arguments that Scale has, got \"offset\" (byte 55); the file may "
              "be of a later version of the library");
    CHECK(message(architecture(R"({"class_name":"Scale","config":{"factor":null}})")) ==
          where +
              ": expected true, false, a number, a string or a list of numbers, got 'n' "
              "(byte 96)");
    CHECK(message(architecture(R"({"class_name":"Scale","layers":[]})")) ==
          where +
              ": expected class_name and config, or for Sequential and Residual layers, got other "
              "keys (byte "
              "55)");
    CHECK(message(architecture(R"({"class_name":"Scale","dtype":"F16"})")) ==
          where +
              ": expected class_name and config, layers or nodes, once each, got \"dtype\" (byte "
              "85)");
    CHECK(message(R"({"class_name":"Model"})") ==
          where +
              ": expected a Sequential with input_shape and layers, or a Model with nodes, got "
              "something else (byte 0)");
    CHECK(message(architecture(dense("3") + "," + dense("2")) + "x") ==
          where + ": expected nothing after the value, got 'x' (byte 332)");
    std::string many = R"({"class_name":"Scale","config":{"a0":1)";
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

  TEST_CASE("load_weights: a value that the model can't hold changes nothing") {
    const TemporaryFolder folder;
    const std::string path = folder.path("weights");
    Sequential<double> wide{Dense<double>{3}, Dense<double>{2}};
    wide.build({4}, {.seed = 7});
    wide.parameters().named()[2].value().data()[5] = 1e300;
    wide.save_weights(path);
    Sequential<float> model = small_model(8);
    const std::vector<float> before = weights_of(model);
    CHECK(message_of([&] { model.load_weights(path); }) ==
          path +
              ", tensor \"1.dense.kernel\": expected values in the range of F32, got one outside "
              "(element 5 of F64 [3, 2])");
    CHECK(weights_of(model) == before);
  }
}

}  // namespace nn
