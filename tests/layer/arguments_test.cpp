// SPDX-License-Identifier: MIT
#include "nn/layer/arguments.hpp"

#include <doctest/doctest.h>

using nn::Arguments;
using nn::Index;
using nn::Size2D;

TEST_SUITE("layer/arguments") {
  TEST_CASE("Arguments: give back every kind of value") {
    const Arguments a = Arguments{"Own"}
                            .set("flag", true)
                            .set("count", 3)
                            .set("rate", 0.25f)
                            .set("text", "words")
                            .set("sizes", std::vector<Index>{1, 2, 3})
                            .set("kernel_size", Size2D{3, 2})
                            .set("strides", nn::Size3D{1, 2, 3})
                            .set("activation", nn::Activation::tanh)
                            .set("padding", nn::Padding::same)
                            .set("kernel_initializer", nn::Initializer{nn::HeNormal{}});
    CHECK(a.owner() == "Own");
    CHECK(a.values().size() == 10);
    CHECK(a.get<bool>("flag"));
    CHECK(a.get<Index>("count") == 3);
    CHECK(a.get<double>("rate") == 0.25);
    CHECK(a.get<double>("count") == 3);  // a whole number is a number
    CHECK(a.get<std::string>("text") == "words");
    CHECK(a.get<std::vector<Index>>("sizes") == std::vector<Index>{1, 2, 3});
    CHECK(a.get<Size2D>("kernel_size") == Size2D{3, 2});
    CHECK(a.get<Size2D>("count") == Size2D{3, 3});  // one number for both directions
    CHECK(a.get<nn::Size3D>("strides") == nn::Size3D{1, 2, 3});
    CHECK(a.get<nn::Size3D>("count") == nn::Size3D{3, 3, 3});
    CHECK(a.get<nn::Activation>("activation") == nn::Activation::tanh);
    CHECK(a.get<nn::Padding>("padding") == nn::Padding::same);
    CHECK(a.get<nn::Initializer>("kernel_initializer").to_string() == "he_normal");
    CHECK(a.has("flag"));
    CHECK_FALSE(a.has("other"));
  }

  TEST_CASE("Arguments: lists of numbers, whole or not, and one number alone") {
    using Numbers = std::vector<double>;
    const Arguments a = Arguments{"Own"}
                            .set("mean", Numbers{0.5, -2})
                            .set("whole", std::vector<Index>{3, 4})
                            .set("alone", 0.125);
    CHECK(a.get<Numbers>("mean") == Numbers{0.5, -2});
    CHECK(a.get<Numbers>("whole") == Numbers{3, 4});
    CHECK(a.get<Numbers>("alone") == Numbers{0.125});
    CHECK_THROWS_WITH_AS(
        static_cast<void>(a.get<std::vector<Index>>("mean")),
        "Own, argument 'mean': expected a list of whole numbers, got another kind of value",
        std::invalid_argument);
  }

  TEST_CASE("Arguments: know which of them nobody asked for") {
    const Arguments a = Arguments{"Own"}.set("asked", 1).set("got", 2).set("spare", 3);
    CHECK(a.unread() == std::vector<std::string>{"asked", "got", "spare"});
    CHECK(a.has("asked"));
    CHECK(a.get<Index>("got") == 2);
    CHECK_FALSE(a.has("other"));
    CHECK(a.unread() == std::vector<std::string>{"spare"});
  }

  TEST_CASE("Arguments: say which value is missing or wrong") {
    const Arguments a =
        Arguments{"Own"}.set("text", "gelu2").set("count", 1.5).set("sizes", std::vector<Index>{1});
    const auto check = [&](auto get, const char* sentence) {
      CHECK_THROWS_WITH_AS(static_cast<void>(get()), sentence, std::invalid_argument);
    };
    check([&] { return a.get<bool>("none"); },
          "Own, argument 'none': expected an argument of that name, got none");
    check([&] { return a.get<bool>("text"); },
          "Own, argument 'text': expected true or false, got another kind of value");
    check([&] { return a.get<Index>("count"); },
          "Own, argument 'count': expected a whole number, got another kind of value");
    check([&] { return a.get<double>("text"); },
          "Own, argument 'text': expected a number, got another kind of value");
    check([&] { return a.get<std::string>("count"); },
          "Own, argument 'count': expected a string, got another kind of value");
    check([&] { return a.get<std::vector<Index>>("count"); },
          "Own, argument 'count': expected a list of whole numbers, got another kind of value");
    check([&] { return a.get<Size2D>("text"); },
          "Own, argument 'text': expected a list of two whole numbers, got another kind of value");
    check([&] { return a.get<Size2D>("sizes"); },
          "Own, argument 'sizes': expected two numbers, got 1");
    check([&] { return a.get<nn::Size3D>("text"); },
          "Own, argument 'text': expected a list of whole numbers, got another kind of value");
    check([&] { return a.get<nn::Size3D>("sizes"); },
          "Own, argument 'sizes': expected three numbers, got 1");
    check([&] { return a.get<nn::Activation>("text"); },
          "Own, argument 'text': expected one of linear, relu, relu6, leaky_relu, elu, selu, gelu, "
          "gelu_tanh, silu, mish, sigmoid, tanh, softplus, softsign, hard_sigmoid, hard_silu, "
          "exponential, softmax, log_softmax, got 'gelu2'");
    check([&] { return a.get<nn::Padding>("text"); },
          "Own, argument 'text': expected one of valid, same, got 'gelu2'");
    check([&] { return Arguments{a}.set("count", 2); },
          "Own, argument 'count': expected one value, got another");
  }
}
