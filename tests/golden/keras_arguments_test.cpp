// SPDX-License-Identifier: MIT
// That no argument of a golden case is ignored, and no case skipped without a word.
#include "tests/golden/keras_arguments.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/golden/tally.hpp"

namespace nn {

using nlohmann::json;
using testing::KerasArguments;

TEST_SUITE("golden/keras_arguments") {
  /// Why the library can't make the layer.
  std::string why_no_layer(const std::string& layer, const json& config) {
    Sequential<float> model;
    std::string why_not = testing::add_layer(model, layer, config);
    CHECK(model.size() == (why_not.empty() ? 1 : 0));
    return why_not;
  }

  TEST_CASE("KerasArguments: a case gives some, Keras' defaults the others") {
    Sequential<double> model;
    CHECK(testing::add_layer(model, "Conv2D", {{"filters", 3}, {"kernel_size", {2, 3}}}) == "");
    CHECK(io::arguments_to_json(*model.layers()[0].arguments()) ==
          R"({"filters":3,"kernel_size":[2,3],"strides":[1,1],"padding":"valid",)"
          R"("dilation_rate":[1,1],"groups":1,"activation":"linear","use_bias":true,)"
          R"("kernel_initializer":"glorot_uniform","bias_initializer":"zeros"})");
  }

  TEST_CASE("KerasArguments: what the library does not read must be as it is by default") {
    const json conv2d{{"filters", 3}, {"kernel_size", 2}};
    const auto with = [&](const char* name, const json& value) {
      json config = conv2d;
      config[name] = value;
      return why_no_layer("Conv2D", config);
    };
    CHECK(with("groups", 3) == "");
    CHECK(with("trainable", true) == "");
    CHECK(with("trainable", false) == "argument 'trainable'");
    CHECK(with("data_format", nullptr) == "");
    CHECK(with("data_format", "channels_first") == "argument 'data_format'");
    CHECK(with("kernel_regularizer", {{"class_name", "L2"}}) == "argument 'kernel_regularizer'");
    CHECK(with("strides", nullptr) ==
          "Conv2D, argument 'strides': expected an argument of that name, got none");
    CHECK(with("activation", nullptr) == "");
    CHECK(with("padding", "causal") ==
          "Conv2D, argument 'padding': expected one of valid, same, got 'causal'");
    CHECK(why_no_layer("Conv2DLSTM", {}) == "no such layer");
  }

  TEST_CASE("KerasArguments: an argument that Keras' class does not have is an error") {
    CHECK_THROWS_WITH_AS(KerasArguments("layers", "Dense", {{"unit", 3}}),
                         "Keras' Dense has no argument 'unit'", std::logic_error);
  }

  TEST_CASE("KerasArguments: a class that can't be made from Keras' defaults is an error") {
    const auto read = [](const Arguments& a) { return a.get<Index>("other"); };
    const KerasArguments dense("layers", "Dense", {{"units", 3}});
    CHECK_THROWS_WITH_AS(static_cast<void>(dense.use_object(read, [](Index) {})),
                         "Dense, argument 'other': expected an argument of that name, got none",
                         std::invalid_argument);
  }

  TEST_CASE("Tally: names what was skipped, each reason once") {
    testing::Tally tally("things");
    CHECK(tally.text() == "golden things: 0 of 0 cases run");
    tally.add("A", "");
    CHECK(tally.text() == "golden things: 1 of 1 cases run");
    tally.add("C", "no such thing");
    tally.add("B", "no such thing");
    tally.add("C", "no such thing");
    tally.add("A", "argument 'b'");
    CHECK(tally.text() ==
          "golden things: 1 of 5 cases run; skipped: argument 'b': A 1; no such thing: B 1, C 2");
    CHECK(tally.num_run() == 1);
    CHECK(tally.total() == 5);
  }
}

}  // namespace nn
