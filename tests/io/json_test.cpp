// SPDX-License-Identifier: MIT
#include "nn/io/json.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using nn::IoError;
using nn::io::Json;
using nn::io::JsonKind;
using nn::io::JsonReader;
using Peer = nlohmann::ordered_json;

/// The sentence that `action` throws; empty where it throws nothing.
template <class Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

std::string error_of_text(const std::string& text) {
  return error_of([&] { (void)Json::parse(text, "a.json"); });
}

Peer to_peer(const Json& value) {
  switch (value.kind()) {
    case JsonKind::null:
      return nullptr;
    case JsonKind::boolean:
      return value.as_boolean();
    case JsonKind::string:
      return value.as_string();
    case JsonKind::number:
      return value.is_integer() ? Peer(value.as_integer()) : Peer(value.as_number());
    case JsonKind::array: {
      Peer items = Peer::array();
      for (const Json& item : value.as_array()) items.push_back(to_peer(item));
      return items;
    }
    case JsonKind::object:
      break;
  }
  Peer members = Peer::object();
  for (const auto& [key, member] : value.as_object()) members[key] = to_peer(member);
  return members;
}

class RandomDocuments {
 public:
  explicit RandomDocuments(std::uint32_t seed) : generator_(seed) {}

  [[nodiscard]] std::uint64_t below(std::uint64_t count) { return generator_() % count; }

  [[nodiscard]] Json value(int depth) {
    switch (below(depth == 0 ? 5 : 7)) {
      case 0:
        return {};
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<std::int64_t>(generator_() >> below(64));
      case 3:
        return number();
      case 4:
        return string();
      case 5: {
        Json items = Json::array();
        for (std::uint64_t left = below(5); left > 0; --left) items.push_back(value(depth - 1));
        return items;
      }
      default:
        break;
    }
    Json members = Json::object();
    for (std::uint64_t left = below(5); left > 0; --left) members.set(string(), value(depth - 1));
    return members;
  }

  /// Any finite bit pattern, so that subnormals and extremes come up.
  [[nodiscard]] double number() {
    const auto candidate = std::bit_cast<double>(generator_());
    return std::isfinite(candidate) ? candidate : 0.5;
  }

  [[nodiscard]] std::string string() {
    const std::vector<std::string> pieces{"a",
                                          "Z",
                                          " ",
                                          "\"",
                                          "\\",
                                          "/",
                                          "\n",
                                          "\x01",
                                          "\x7f",
                                          std::string(1, '\0'),
                                          "\xC3\xBC",
                                          "\xE2\x82\xAC",
                                          "\xF0\x9F\x98\x80",
                                          "\xEF\xBF\xBF"};
    std::string text;
    for (std::uint64_t left = below(8); left > 0; --left) text += pieces[below(pieces.size())];
    return text;
  }

 private:
  std::mt19937_64 generator_;
};

}  // namespace

TEST_SUITE("io/json") {
  TEST_CASE("Json: writes a document compactly and in the order of insertion") {
    Json document = Json::object({{"name", "dense"}, {"units", 128}, {"rate", 0.1f}});
    document.set("shape", Json::array(28, 28, 1));
    document.set("name", nullptr);
    document.set("empty", Json::array(Json::array(), Json::object(), true, false));

    CHECK(document.dump() ==
          R"({"name":null,"units":128,"rate":0.1,"shape":[28,28,1],"empty":[[],{},true,false]})");
  }

  TEST_CASE("Json: doubles keep a point or an exponent, integers have none") {
    CHECK(Json::array(1, 1.0, -0.0, 1e22, 1e-7, 0.1, 5e-324, std::int64_t{INT64_MIN}).dump() ==
          "[1,1.0,-0.0,1e+22,1e-07,0.1,5e-324,-9223372036854775808]");
  }

  TEST_CASE("Json: an integer beyond 64 bits becomes a double") {
    CHECK(Json::parse("9223372036854775807") == Json{INT64_MAX});
    CHECK(Json::parse("9223372036854775808") == Json{9223372036854775808.0});
    CHECK(Json::parse("-9223372036854775808") == Json{INT64_MIN});
  }

  TEST_CASE("Json: an unsigned integer beyond 63 bits is refused, not rounded") {
    CHECK(Json{std::uint64_t{INT64_MAX}}.as_integer() == INT64_MAX);
    CHECK_THROWS_WITH_AS((void)Json{UINT64_MAX},
                         "JSON: expected an integer of at most 63 bits, got 18446744073709551615",
                         std::invalid_argument);
  }

  TEST_CASE("Json: every float comes back as the same float") {
    std::mt19937 generator(7);
    for (int i = 0; i < 20'000; ++i) {
      const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(generator()));
      if (!std::isfinite(value)) continue;
      CAPTURE(value);
      const Json read = Json::parse(Json{value}.dump());
      REQUIRE(std::bit_cast<std::uint32_t>(static_cast<float>(read.as_number())) ==
              std::bit_cast<std::uint32_t>(value));
    }
  }

  TEST_CASE("Json: random documents come back equal, here and through nlohmann-json") {
    RandomDocuments documents(42);
    for (int i = 0; i < 2'000; ++i) {
      const Json document = documents.value(5);
      const std::string text = document.dump();
      CAPTURE(text);
      REQUIRE(Json::parse(text) == document);
      const Peer peer = Peer::parse(text);
      REQUIRE(peer == to_peer(document));
      for (const std::string& spelling : {peer.dump(), peer.dump(2), peer.dump(-1, ' ', true)}) {
        REQUIRE(Json::parse(spelling) == document);
      }
    }
  }

  TEST_CASE("Json: accepts and refuses the same texts as nlohmann-json") {
    const std::vector<std::string> texts{"",
                                         " ",
                                         "null",
                                         "true",
                                         "false",
                                         "nul",
                                         "True",
                                         "nulll",
                                         "0",
                                         "-0",
                                         "-",
                                         "+1",
                                         "01",
                                         "-01",
                                         "1.",
                                         ".5",
                                         "1.5",
                                         "1e",
                                         "1e+",
                                         "1e5",
                                         "1E-05",
                                         "1.e5",
                                         "0x10",
                                         "NaN",
                                         "Infinity",
                                         "-Infinity",
                                         "1e309",
                                         "-1e309",
                                         "1_000",
                                         "[]",
                                         "[",
                                         "]",
                                         "[1,]",
                                         "[,1]",
                                         "[1 2]",
                                         "[1,2]",
                                         "[[]",
                                         "{}",
                                         "{",
                                         "{\"a\"}",
                                         "{\"a\":}",
                                         "{\"a\":1,}",
                                         "{a:1}",
                                         "{'a':1}",
                                         "{\"a\":1 \"b\":2}",
                                         "{1:2}",
                                         "{\"\":0}",
                                         "[] []",
                                         "[]x",
                                         "// c\n1",
                                         "/* c */ 1",
                                         "1 // c",
                                         "\"\"",
                                         "\"",
                                         "\"a",
                                         "'a'",
                                         "\"\\\"",
                                         "\"\\a\"",
                                         "\"\\/\"",
                                         "\"\\u12\"",
                                         "\"\\u12G4\"",
                                         "\"\\u00e4\"",
                                         "\"\\u0000\"",
                                         "\"\\ud83d\\ude00\"",
                                         "\"\\ud83d\"",
                                         "\"\\ude00\"",
                                         "\"\\ud83d\\u0041\"",
                                         "\"\\ud83dx\"",
                                         "\"\\U0041\"",
                                         "\"\t\"",
                                         "\"\n\"",
                                         "\"\x7f\"",
                                         std::string{"\"\0\"", 3},
                                         " \t\r\n1 \t\r\n",
                                         "\f1",
                                         "\v1",
                                         "\xC2\xA0"
                                         "1",
                                         "\"\xC3\xBC\"",
                                         "\"\xC3\"",
                                         "\"\xBC\"",
                                         "\"\xC0\xAF\"",
                                         "\"\xC1\xBF\"",
                                         "\"\xE0\x9F\xBF\"",
                                         "\"\xE0\xA0\x80\"",
                                         "\"\xED\x9F\xBF\"",
                                         "\"\xED\xA0\x80\"",
                                         "\"\xEE\x80\x80\"",
                                         "\"\xF0\x8F\xBF\xBF\"",
                                         "\"\xF0\x90\x80\x80\"",
                                         "\"\xF4\x8F\xBF\xBF\"",
                                         "\"\xF4\x90\x80\x80\"",
                                         "\"\xF5\x80\x80\x80\"",
                                         "\"\xE2\x82\"",
                                         "\"\xE2\x82x\"",
                                         "\"\xF0\x9F\x98\"",
                                         "\"\xFF\"",
                                         "\xFF"};
    for (const std::string& text : texts) {
      CAPTURE(text);
      const bool is_accepted = error_of_text(text).empty();
      CHECK(is_accepted == Peer::accept(text));
      if (is_accepted) CHECK(to_peer(Json::parse(text)) == Peer::parse(text));
    }
  }

  TEST_CASE("Json: texts with a byte flipped or cut short are judged as by nlohmann-json") {
    const std::string text =
        R"({"layers":[{"name":"d\u00fcnn\n","units":12,"rate":-0.5e-3,"bias":true},null,[[]]],)"
        R"("\ud83d\ude00":""})";
    REQUIRE(Peer::accept(text));
    for (std::size_t at = 0; at < text.size(); ++at) {
      CAPTURE(at);
      REQUIRE_FALSE(error_of_text(text.substr(0, at)).empty());
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped = text;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        CAPTURE(flipped);
        const bool is_accepted = error_of_text(flipped).empty();
        REQUIRE(is_accepted == Peer::accept(flipped));
        if (is_accepted) REQUIRE(to_peer(Json::parse(flipped)) == Peer::parse(flipped));
      }
    }
  }

  TEST_CASE("Json: errors name the text, the rule and the byte") {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "a value, got the end (byte 0)"},
        {"[1,]", "a value, got ']' (byte 3)"},
        {"[1 2]", "a comma or ], got '2' (byte 3)"},
        {"{\"a\" 1}", "a colon after the key, got '1' (byte 5)"},
        {"{a", "a key in double quotes, got 'a' (byte 1)"},
        {"nul", "null, got 'n' (byte 0)"},
        {"fals", "true or false, got 'f' (byte 0)"},
        {"1 x", "nothing after the value, got 'x' (byte 2)"},
        {std::string{"1\0", 2}, "nothing after the value, got byte value 0x00 (byte 1)"},
        {"01", "nothing after the value, got '1' (byte 1)"},
        {"1.x", "a digit after the decimal point, got 'x' (byte 2)"},
        {"1e", "a digit in the exponent, got the end (byte 2)"},
        {"[1e400]", "a number in the range of a double, got \"1e400\" (byte 1)"},
        {"1e-400", "a number in the range of a double, got \"1e-400\" (byte 0)"},
        {"\"ab", "a closing quote, got the end (byte 3)"},
        {"\"\n\"", "an escape for a control character, got byte value 0x0A (byte 1)"},
        {"\"\xFF\"", "valid UTF-8, got byte value 0xFF (byte 1)"},
        {"\"\\x\"", R"(one of \" \\ \/ \b \f \n \r \t \u, got 'x' (byte 2))"},
        {"\"\\u12x4\"", "four hexadecimal digits after \\u, got 'x' (byte 5)"},
        {"\"ab\\udc00\"", "a high and a low surrogate together, got one alone (byte 3)"},
        {"[{\"a\":1,\"b\":2,\"a\":3}]", "every key of an object once, got \"a\" twice (byte 1)"},
    };
    for (const auto& [text, expected] : cases) {
      CHECK(error_of_text(text) == "a.json: expected " + expected);
    }
  }

  TEST_CASE("Json: 64 arrays and objects inside one another are the limit, both ways") {
    const auto nested = [](int depth) {
      const auto count = static_cast<std::size_t>(depth);
      return std::string(count, '[') + std::string(count, ']');
    };
    Json deepest = Json::parse(nested(64));
    CHECK(deepest.dump() == nested(64));
    CHECK(error_of_text(nested(65)) ==
          "a.json: expected at most 64 arrays and objects inside one another, got more (byte 64)");
    CHECK_FALSE(error_of_text(std::string(1'000'000, '[')).empty());
    CHECK(error_of([&] { (void)Json::array(std::move(deepest)).dump(); }) ==
          "JSON: expected at most 64 arrays and objects inside one another, got more");
  }

  TEST_CASE("Json: arrays side by side do not count as nested") {
    std::string text = "[[]";
    for (int i = 0; i < 200; ++i) text += ",[],{}";
    CHECK(Json::parse(text + "]").as_array().size() == 401);
  }

  TEST_CASE("Json: what the format cannot hold is not written") {
    CHECK(error_of([] { (void)Json{std::nan("")}.dump(); }) ==
          "JSON: expected a finite number, got NaN");
    CHECK(error_of([] { (void)Json{-HUGE_VAL}.dump(); }) ==
          "JSON: expected a finite number, got -infinity");
    CHECK(error_of([] { (void)Json{"a\xFF"}.dump(); }) ==
          "JSON: expected a string in UTF-8, got other bytes (byte 1 of the string)");
  }

  TEST_CASE("Json: typed access returns the value") {
    const Json document =
        Json::parse(R"({"units":128,"rate":0.5,"bias":true,"name":"d","list":[1]})");

    CHECK(document.at("units").as_integer() == 128);
    CHECK(document.at("units").as_number() == 128.0);
    CHECK(document.at("rate").as_number() == 0.5);
    CHECK(document.at("bias").as_boolean());
    CHECK(document.at("name").as_string() == "d");
    CHECK(document.at("list").as_array().front() == Json{1});
    CHECK(document.find("units") == &document.at("units"));
    CHECK(document.find("unit") == nullptr);
    CHECK(Json{1}.find("units") == nullptr);
  }

  TEST_CASE("Json: typed access refuses other kinds and missing keys with a sentence") {
    const Json document = Json::parse(R"({"units":1.5,"name":"d"})");

    CHECK(error_of([&] { (void)document.at("units").as_integer("Dense, units"); }) ==
          "Dense, units: expected an integer, got 1.5");
    CHECK(error_of([&] { (void)document.at("name").as_number(); }) ==
          "JSON: expected a number, got \"d\"");
    CHECK(error_of([&] { (void)Json{1}.as_boolean(); }) == "JSON: expected true or false, got 1");
    CHECK(error_of([&] { (void)document.as_array(); }) ==
          "JSON: expected an array, got an object with \"units\", \"name\"");
    CHECK(error_of([&] { (void)Json::array(1, 2).as_object(); }) ==
          "JSON: expected an object, got an array of 2");
    CHECK(error_of([&] { (void)Json{}.as_string(); }) == "JSON: expected a string, got null");
    CHECK(error_of([&] { (void)Json{std::nan("")}.as_string(); }) ==
          "JSON: expected a string, got NaN");
    CHECK(error_of([&] { (void)document.at("rate", "Dropout"); }) ==
          "Dropout: expected an object with the key \"rate\", got an object with \"units\", "
          "\"name\"");
    CHECK(error_of([&] { (void)Json::object().at("rate"); }) ==
          "JSON: expected an object with the key \"rate\", got an object without keys");
    CHECK(error_of([] { Json{1}.push_back(2); }) == "JSON: expected an array, got 1");
    CHECK(error_of([] { Json{1}.set("a", 2); }) == "JSON: expected an object, got 1");
  }

  TEST_CASE("Json: long or broken text is cut and cleaned in messages") {
    CHECK(error_of([] { (void)Json{std::string(100, 'a')}.as_integer(); }) ==
          "JSON: expected an integer, got \"" + std::string(60, 'a') + "\"...");
    CHECK(error_of([] { (void)Json{"\xFF\n"}.as_integer(); }) ==
          "JSON: expected an integer, got \"?\\n\"");
  }

  TEST_CASE("JsonReader: reads without building, and tells where it stands") {
    const std::string where = "a.json";
    JsonReader reader(R"( {"sizes" : [1, 2.5], "name": "x"} )", where);
    std::vector<double> sizes;
    std::vector<std::string> keys;
    reader.read_object([&](const std::string& key) {
      keys.push_back(key);
      if (key == "name") {
        CHECK(reader.read_string() == "x");
      } else {
        reader.read_array([&] {
          const nn::io::JsonNumber number = reader.read_number();
          sizes.push_back(number.is_integer ? static_cast<double>(number.integer) : number.real);
        });
      }
    });
    reader.finish();
    CHECK(sizes == std::vector<double>{1, 2.5});
    CHECK(keys == std::vector<std::string>{"sizes", "name"});

    JsonReader other("[true]", where);
    CHECK(error_of([&] { other.read_array([&] { (void)other.read_string(); }); }) ==
          "a.json: expected a string, got 't' (byte 1)");
  }
}
