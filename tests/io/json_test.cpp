// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "nn/io/json_reader.hpp"
#include "nn/io/json_text.hpp"

namespace {

using nn::IoError;
using nn::io::JsonKind;
using nn::io::JsonNumber;
using nn::io::JsonReader;
using Peer = nlohmann::ordered_json;

/// The message that `action` throws; empty if it throws nothing.
template <class Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

/// The next value, as nlohmann-json holds it.
Peer read_value(JsonReader& reader) {
  switch (reader.peek()) {
    case JsonKind::null:
      reader.read_null();
      return nullptr;
    case JsonKind::boolean:
      return reader.read_boolean();
    case JsonKind::string:
      return reader.read_string();
    case JsonKind::number: {
      const JsonNumber number = reader.read_number();
      return number.is_integer ? Peer(number.integer) : Peer(number.real);
    }
    case JsonKind::array: {
      Peer items = Peer::array();
      reader.read_array([&] { items.push_back(read_value(reader)); });
      return items;
    }
    case JsonKind::object:
      break;
  }
  Peer members = Peer::object();
  reader.read_object([&](const std::string& key) { members[key] = read_value(reader); });
  return members;
}

Peer read_json(const std::string& text) {
  const std::string where = "a.json";
  JsonReader reader(text, where);
  Peer value = read_value(reader);
  reader.finish();
  return value;
}

std::string error_of_text(const std::string& text) {
  return error_of([&] { static_cast<void>(read_json(text)); });
}

/// The value as the library writes it.
void append_value(std::string& text, const Peer& value) {
  if (value.is_object() || value.is_array()) {
    text += value.is_object() ? '{' : '[';
    for (const auto& [key, item] : value.items()) {
      if (value.is_object()) {
        nn::io::append_key(text, key);
      } else {
        nn::io::append_comma(text);
      }
      append_value(text, item);
    }
    text += value.is_object() ? '}' : ']';
  } else if (value.is_string()) {
    nn::io::append_quoted(text, value.get<std::string>());
  } else if (value.is_number_float()) {
    nn::io::append_number(text, value.get<double>());
  } else if (value.is_number()) {
    nn::append(text, value.get<std::int64_t>());
  } else {
    text += value.is_null() ? "null" : value.get<bool>() ? "true" : "false";
  }
}

class RandomDocuments {
 public:
  explicit RandomDocuments(std::uint32_t seed) : generator_(seed) {}

  [[nodiscard]] std::uint64_t below(std::uint64_t count) { return generator_() % count; }

  [[nodiscard]] Peer value(int depth) {
    switch (below(depth == 0 ? 5 : 7)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<std::int64_t>(generator_() >> below(64));
      case 3:
        return number();
      case 4:
        return string();
      case 5: {
        Peer items = Peer::array();
        for (std::uint64_t left = below(5); left > 0; --left) items.push_back(value(depth - 1));
        return items;
      }
      default:
        break;
    }
    Peer members = Peer::object();
    for (std::uint64_t left = below(5); left > 0; --left) members[string()] = value(depth - 1);
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
  TEST_CASE("json_text: members, items and numbers, with the commas between them") {
    std::string text = "{";
    nn::io::append_key(text, "name");
    nn::io::append_quoted(text, "dense");
    nn::io::append_key(text, "shape");
    nn::io::append_list(text, std::vector<nn::Index>{28, -1});
    nn::io::append_key(text, "empty");
    nn::io::append_list(text, nn::Shape{});
    nn::io::append_key(text, "rates");
    text += '[';
    for (const double rate : {1.0, -0.0, 1e22, 1e-7, 0.1, 5e-324}) {
      nn::io::append_comma(text);
      nn::io::append_number(text, rate);
    }
    text += "]}";
    CHECK(
        text ==
        R"({"name":"dense","shape":[28,-1],"empty":[],"rates":[1.0,-0.0,1e+22,1e-07,0.1,5e-324]})");
  }

  TEST_CASE("json_text: what the format cannot hold is not written") {
    std::string text;
    CHECK(error_of([&] { nn::io::append_number(text, std::nan("")); }) ==
          "JSON: expected a finite number, got NaN");
    CHECK(error_of([&] { nn::io::append_number(text, -HUGE_VAL); }) ==
          "JSON: expected a finite number, got -infinity");
    CHECK(error_of([&] { nn::io::append_quoted(text, "a\xFF"); }) ==
          "JSON: expected a string in UTF-8, got other bytes (byte 1 of the string)");
  }

  TEST_CASE("abbreviate: long or broken text is cut and cleaned") {
    CHECK(nn::io::abbreviate(std::string(100, 'a')) == "\"" + std::string(60, 'a') + "\"...");
    CHECK(nn::io::abbreviate("\xFF\n") == "\"?\\n\"");
  }

  TEST_CASE("json: random documents are written and read as by nlohmann-json") {
    RandomDocuments documents(42);
    for (int i = 0; i < 2'000; ++i) {
      const Peer document = documents.value(5);
      std::string text;
      append_value(text, document);
      CAPTURE(text);
      REQUIRE(Peer::parse(text) == document);
      for (const std::string& spelling :
           {text, document.dump(), document.dump(2), document.dump(-1, ' ', true)}) {
        REQUIRE(read_json(spelling) == document);
      }
    }
  }

  TEST_CASE("JsonReader: an integer beyond 64 bits becomes a double") {
    CHECK(read_json("9223372036854775807") == Peer(INT64_MAX));
    CHECK(read_json("-9223372036854775808") == Peer(INT64_MIN));
    CHECK(read_json("9223372036854775808").is_number_float());
    CHECK(read_json("9223372036854775808") == Peer(9223372036854775808.0));
  }

  TEST_CASE("JsonReader: read_integer refuses other numbers") {
    const std::string where = "a.json";
    JsonReader reader("[-3, 2.5]", where);
    std::vector<std::int64_t> numbers;
    CHECK(error_of([&] { reader.read_array([&] { numbers.push_back(reader.read_integer()); }); }) ==
          "a.json: expected a whole number of at most 63 bits, got another number (byte 5)");
    CHECK(numbers == std::vector<std::int64_t>{-3});
  }

  TEST_CASE("JsonReader: accepts and refuses the same texts as nlohmann-json") {
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
      if (is_accepted) CHECK(read_json(text) == Peer::parse(text));
    }
  }

  TEST_CASE("JsonReader: texts with a byte flipped or cut short are judged as by nlohmann-json") {
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
        if (is_accepted) REQUIRE(read_json(flipped) == Peer::parse(flipped));
      }
    }
  }

  TEST_CASE("JsonReader: errors name the text, the rule and the byte") {
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
    };
    for (const auto& [text, expected] : cases) {
      CHECK(error_of_text(text) == "a.json: expected " + expected);
    }
  }

  TEST_CASE("JsonReader: 64 arrays and objects inside one another are the limit") {
    const auto nested = [](std::size_t depth) {
      return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(read_json(nested(64)).dump() == nested(64));
    CHECK(error_of_text(nested(65)) ==
          "a.json: expected at most 64 arrays and objects inside one another, got more (byte 64)");
    CHECK_FALSE(error_of_text(std::string(1'000'000, '[')).empty());
  }

  TEST_CASE("JsonReader: arrays side by side do not count as nested") {
    std::string text = "[[]";
    for (int i = 0; i < 200; ++i) text += ",[],{}";
    CHECK(read_json(text + "]").size() == 401);
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
          const JsonNumber number = reader.read_number();
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
