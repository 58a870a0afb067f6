// SPDX-License-Identifier: MIT
#include "nn/io/safetensors.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/io/temporary_folder.hpp"

namespace {

using nn::Index;
using nn::IoError;
using nn::Shape;
using nn::io::SafetensorsFile;
using nn::io::SafetensorsWriter;
using nn::io::TensorEntry;
using nn::testing::read_text;
using nn::testing::TemporaryFolder;
using nn::testing::write_text;

/// The bytes of a file: the size of this header, the header, and `data`.
std::string file_of(const std::string& header, const std::string& data = {}) {
  const std::uint64_t size = header.size();
  std::string bytes(sizeof size, '\0');
  std::memcpy(bytes.data(), &size, sizeof size);
  return bytes + header + data;
}

/// The message that reading throws, without the path in front; empty if the file is accepted.
std::string error_of_read(const std::string& path) {
  try {
    (void)SafetensorsFile::read(path);
  } catch (const IoError& error) {
    const std::string text = error.what();
    REQUIRE(text.starts_with(path));
    return text.substr(path.size());
  }
  return {};
}

class FileInMemory {
 public:
  [[nodiscard]] std::string error_of(const std::string& bytes) const {
    write_text(folder_.path("a"), bytes);
    return error_of_read(folder_.path("a"));
  }
  [[nodiscard]] SafetensorsFile read(const std::string& bytes) const {
    write_text(folder_.path("a"), bytes);
    return SafetensorsFile::read(folder_.path("a"));
  }

 private:
  TemporaryFolder folder_;
};

template <class T>
std::vector<T> values_of(const SafetensorsFile& file, const std::string& name) {
  const TensorEntry& entry = file.at(name);
  std::vector<T> values(static_cast<std::size_t>(entry.shape.num_elements()));
  file.copy_to(entry, values.data());
  return values;
}

/// A file of one tensor, with the bytes of `stored` as its data.
template <class Stored>
std::string file_of_one(const std::string& dtype, const std::vector<Stored>& stored) {
  std::string data(stored.size() * sizeof(Stored), '\0');
  std::memcpy(data.data(), stored.data(), data.size());
  return file_of("{\"x\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + std::to_string(stored.size()) +
                     "],\"data_offsets\":[0," + std::to_string(data.size()) + "]}}",
                 data);
}

template <class T>
std::string error_of_copy(const SafetensorsFile& file) {
  try {
    (void)values_of<T>(file, "x");
  } catch (const IoError& error) {
    const std::string text = error.what();
    return text.substr(text.find(", tensor"));
  }
  return {};
}

/// A small valid file with everything in it: metadata, a scalar, an empty tensor, several types.
std::string valid_file() {
  return file_of(R"({"__metadata__":{"format":"nn","k":""},)"
                 R"("w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
                 R"("e":{"dtype":"F64","shape":[0,3],"data_offsets":[16,16]},)"
                 R"("s":{"dtype":"I32","shape":[],"data_offsets":[16,20]}}    )",
                 std::string(20, '\x3f'));
}

/// Checks that an accepted file is consistent.
void check_consistent(const SafetensorsFile& file, std::size_t file_size) {
  std::size_t bytes = 0;
  for (const TensorEntry& entry : file.tensors()) {
    const nn::io::Dtype* const dtype = nn::io::find_dtype(entry.dtype.name);
    REQUIRE(dtype != nullptr);
    REQUIRE(file.data(entry).size() ==
            static_cast<std::size_t>(entry.shape.num_elements()) * dtype->size);
    REQUIRE(file.find(entry.name) == &entry);
    bytes += file.data(entry).size();
    unsigned sum = 0;  // reads every byte, for the sanitizers
    for (const std::byte byte : file.data(entry)) sum += std::to_integer<unsigned>(byte);
    REQUIRE(sum <= 255 * file.data(entry).size());
  }
  REQUIRE(bytes <= file_size);
}

}  // namespace

TEST_SUITE("io/safetensors") {
  TEST_CASE("SafetensorsWriter: writes the bytes that the format asks for") {
    const TemporaryFolder folder;
    const std::array<float, 2> kernel{1.0f, -2.0f};
    const std::array<double, 1> step{0.5};
    const std::array<std::uint8_t, 3> bytes{1, 2, 255};
    const std::array<std::int64_t, 1> count{-1};
    SafetensorsWriter writer;
    writer.set_metadata("version", "0");
    writer.set_metadata("version", "1");
    writer.set_metadata("layout", "a\"b");
    writer.add("pixels", {3}, bytes.data());
    writer.add("b.kernel", {1, 2}, kernel.data());
    writer.add("a.empty", {0, 2}, static_cast<const float*>(nullptr));
    writer.add("step", Shape{}, step.data());
    writer.add("count", {1}, count.data());

    writer.write(folder.path("a"));

    const std::string header = R"({"__metadata__":{"layout":"a\"b","version":"1"},)"
                               R"("step":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
                               R"("count":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},)"
                               R"("b.kernel":{"dtype":"F32","shape":[1,2],"data_offsets":[16,24]},)"
                               R"("a.empty":{"dtype":"F32","shape":[0,2],"data_offsets":[24,24]},)"
                               R"("pixels":{"dtype":"U8","shape":[3],"data_offsets":[24,27]}})";
    const std::string data(
        "\0\0\0\0\0\0\xe0\x3f"
        "\xff\xff\xff\xff\xff\xff\xff\xff"
        "\0\0\x80\x3f"
        "\0\0\0\xc0"
        "\1\2\xff",
        27);
    const std::size_t padding = (8 - header.size() % 8) % 8;
    REQUIRE(padding != 0);
    CHECK(read_text(folder.path("a")) == file_of(header + std::string(padding, ' '), data));
  }

  TEST_CASE("SafetensorsWriter: files without tensors are valid, with metadata and without") {
    const TemporaryFolder folder;
    SafetensorsWriter writer;
    writer.write(folder.path("a"));
    CHECK(read_text(folder.path("a")) == file_of("{}      "));
    CHECK(SafetensorsFile::read(folder.path("a")).tensors().empty());

    writer.set_metadata("\xC3\xA4", "\n");
    writer.write(folder.path("a"));
    CHECK(SafetensorsFile::read(folder.path("a")).metadata().at("\xC3\xA4") == "\n");
  }

  TEST_CASE("SafetensorsWriter: pads the header to a multiple of 8, with less than 8 spaces") {
    const TemporaryFolder folder;
    for (std::size_t length = 1; length <= 8; ++length) {
      CAPTURE(length);
      SafetensorsWriter writer;
      writer.set_metadata(std::string(length, 'k'), "v");
      writer.write(folder.path("a"));
      const std::string bytes = read_text(folder.path("a"));
      CHECK(bytes.size() % 8 == 0);
      CHECK(bytes.size() - bytes.find_last_not_of(' ') - 1 < 8);
    }
  }

  TEST_CASE("SafetensorsWriter: what it writes comes back bit for bit") {
    const TemporaryFolder folder;
    std::mt19937_64 generator(3);
    for (int round = 0; round < 20; ++round) {
      CAPTURE(round);
      std::vector<std::vector<double>> wide(generator() % 6);
      std::vector<std::vector<std::int32_t>> narrow(generator() % 6);
      SafetensorsWriter writer;
      const auto fill = [&](auto& tensors, const std::string& prefix) {
        for (std::size_t i = 0; i < tensors.size(); ++i) {
          const auto rows = static_cast<Index>(generator() % 4);
          tensors[i].resize(static_cast<std::size_t>(rows) * 3);
          for (auto& value : tensors[i]) {
            const std::uint64_t bits = generator();
            std::memcpy(&value, &bits, sizeof value);
          }
          writer.add(prefix + std::to_string(i), {rows, 3}, tensors[i].data());
        }
      };
      fill(narrow, "a");
      fill(wide, "b");
      writer.write(folder.path("a"));

      const SafetensorsFile file = SafetensorsFile::read(folder.path("a"));

      REQUIRE(file.tensors().size() == wide.size() + narrow.size());
      const auto compare = [&](const auto& tensors, const std::string& prefix) {
        for (std::size_t i = 0; i < tensors.size(); ++i) {
          const TensorEntry& entry = file.at(prefix + std::to_string(i));
          REQUIRE(entry.shape == Shape{static_cast<Index>(tensors[i].size() / 3), 3});
          REQUIRE(file.data(entry).size() == tensors[i].size() * sizeof tensors[i][0]);
          if (file.data(entry).empty()) continue;
          REQUIRE(std::memcmp(file.data(entry).data(), tensors[i].data(),
                              file.data(entry).size()) == 0);
          REQUIRE(reinterpret_cast<std::uintptr_t>(file.data(entry).data()) %
                      sizeof tensors[i][0] ==
                  0);
        }
      };
      compare(narrow, "a");
      compare(wide, "b");
    }
  }

  TEST_CASE("SafetensorsFile: finds its tensors after a move, and is not copied") {
    static_assert(!std::is_copy_constructible_v<SafetensorsFile> &&
                  !std::is_copy_assignable_v<SafetensorsFile>);
    const TemporaryFolder folder;
    const std::vector<float> values{1, 2, 3};
    SafetensorsWriter writer;
    writer.add("x", {3}, values.data());
    writer.write(folder.path("a"));
    auto file = std::make_unique<SafetensorsFile>(SafetensorsFile::read(folder.path("a")));
    const SafetensorsFile moved = std::move(*file);
    file.reset();
    std::vector<float> found(3);
    moved.copy_to(moved.at("x"), found.data());
    CHECK(found == values);
  }

  TEST_CASE("regression: a tensor of more bytes than can be counted is refused when it is added") {
    SafetensorsWriter writer;
    const double none = 0;
    CHECK_THROWS_WITH_AS(writer.add("w", {nn::Index{1} << 40, nn::Index{1} << 22}, &none),
                         "SafetensorsWriter, tensor \"w\": expected a number of bytes that fits 63 "
                         "bits, got F64 [1099511627776, 4194304]",
                         IoError);
  }

  TEST_CASE("SafetensorsWriter: refuses names that are taken or not text") {
    const float value = 1;
    SafetensorsWriter writer;
    writer.add("w", Shape{}, &value);
    CHECK_THROWS_WITH_AS(writer.add("w", Shape{}, &value),
                         "SafetensorsWriter: expected a name that no other tensor has, got \"w\"",
                         std::invalid_argument);
    CHECK_THROWS_AS(writer.add("__metadata__", Shape{}, &value), std::invalid_argument);

    const TemporaryFolder folder;
    writer.add("\xFF", Shape{}, &value);
    CHECK_THROWS_WITH_AS(writer.write(folder.path("a")),
                         "JSON: expected a string in UTF-8, got other bytes (byte 0 of the string)",
                         IoError);
    CHECK(folder.names().empty());
  }

  TEST_CASE("SafetensorsFile: lists tensors in the order of their data and finds them by name") {
    const FileInMemory memory;
    const SafetensorsFile file = memory.read(valid_file());

    REQUIRE(file.tensors().size() == 3);
    auto tensor = file.tensors().begin();
    CHECK(tensor++->name == "w");
    CHECK(tensor++->name == "e");
    CHECK(tensor->name == "s");
    CHECK(file.at("e").shape == Shape{0, 3});
    CHECK(file.at("s").shape == Shape{});
    CHECK(file.at("s").dtype.name == "I32");
    CHECK(values_of<std::int32_t>(file, "s") == std::vector<std::int32_t>{0x3f3f3f3f});
    CHECK(file.metadata() == std::map<std::string, std::string>{{"format", "nn"}, {"k", ""}});
    CHECK(file.find("") == nullptr);
    CHECK(file.find("z") == nullptr);
    std::string error;
    try {
      (void)file.at("x");
    } catch (const IoError& caught) {
      error = caught.what();
    }
    CHECK(error.ends_with("/a: expected a tensor \"x\", got 3 tensors of other names"));
  }

  TEST_CASE("SafetensorsFile: a moved file still owns its tensors") {
    const FileInMemory memory;
    SafetensorsFile file = memory.read(valid_file());
    const SafetensorsFile moved = std::move(file);
    CHECK(values_of<std::int32_t>(moved, "s") == std::vector<std::int32_t>{0x3f3f3f3f});
  }

  TEST_CASE("SafetensorsFile: the header can be read alone, and the data after it") {
    const TemporaryFolder folder;
    const std::string path = folder.path("a");
    write_text(path, valid_file());
    nn::io::InputFile input(path);
    SafetensorsFile file = SafetensorsFile::read_header(input, path);
    CHECK(file.metadata() == SafetensorsFile::read(path).metadata());
    CHECK(file.tensors().size() == 3);
    CHECK(file.find("s") != nullptr);
    file.read_data(input);
    CHECK(values_of<std::int32_t>(file, "s") == std::vector<std::int32_t>{0x3f3f3f3f});
  }

  TEST_CASE("SafetensorsFile: data that is not aligned is read all the same") {
    const FileInMemory memory;
    const SafetensorsFile file =
        memory.read(file_of(R"({"p":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                            R"("x":{"dtype":"F64","shape":[1],"data_offsets":[1,9]}})",
                            std::string("\7\0\0\0\0\0\0\xf0\x3f", 9)));
    CHECK(values_of<double>(file, "x") == std::vector<double>{1.0});
    CHECK(values_of<float>(file, "x") == std::vector<float>{1.0f});
  }

  TEST_CASE("SafetensorsFile: half and bfloat16 numbers convert exactly") {
    const FileInMemory memory;
    const float infinity = std::numeric_limits<float>::infinity();
    const std::vector<std::uint16_t> halves{0x0000, 0x3C00, 0xC000, 0x7BFF, 0x0400, 0x0001,
                                            0x83FF, 0x3555, 0x7C00, 0xFC00, 0x8000};
    const std::vector<float> expected{
        0,           1,        -2,        65504, 0x1p-14f, 0x1p-24f, -1023 * 0x1p-24f,
        0x1.554p-2f, infinity, -infinity, -0.0f};
    const std::vector<float> values =
        values_of<float>(memory.read(file_of_one("F16", halves)), "x");
    CHECK(values == expected);
    CHECK(std::signbit(values.back()));
    CHECK(std::isnan(values_of<float>(
        memory.read(file_of_one("F16", std::vector<std::uint16_t>{0x7E00})), "x")[0]));

    const std::vector<std::uint16_t> brains{0x3F80, 0xC040, 0x7F7F, 0xFF80, 0x0001};
    CHECK(values_of<double>(memory.read(file_of_one("BF16", brains)), "x") ==
          std::vector<double>{1, -3, 0x1.fep127, -static_cast<double>(infinity), 0x1p-133});
  }

  TEST_CASE("SafetensorsFile: integers convert to every type that holds them") {
    const FileInMemory memory;
    const auto small = [&](const std::string& bytes) { return memory.read(bytes); };
    using Int64s = std::vector<std::int64_t>;
    CHECK(values_of<std::int64_t>(small(file_of_one<std::int8_t>("I8", {-128, 127})), "x") ==
          Int64s{-128, 127});
    CHECK(values_of<std::int64_t>(small(file_of_one<std::uint8_t>("BOOL", {0, 1})), "x") ==
          Int64s{0, 1});
    CHECK(values_of<std::int64_t>(small(file_of_one<std::int16_t>("I16", {-32768})), "x") ==
          Int64s{-32768});
    CHECK(values_of<std::int64_t>(small(file_of_one<std::uint16_t>("U16", {65535})), "x") ==
          Int64s{65535});
    CHECK(values_of<std::int64_t>(small(file_of_one<std::uint32_t>("U32", {4294967295u})), "x") ==
          Int64s{4294967295});
    CHECK(values_of<std::uint8_t>(small(file_of_one<std::int64_t>("I64", {0, 255})), "x") ==
          std::vector<std::uint8_t>{0, 255});
    CHECK(values_of<float>(small(file_of_one<std::int32_t>("I32", {-3})), "x") ==
          std::vector<float>{-3});
    CHECK(error_of_copy<std::int32_t>(small(file_of_one<std::int64_t>("I64", {1, 1LL << 31}))) ==
          ", tensor \"x\": expected values in the range of I32, got one outside (element 1 of I64 "
          "[2])");
    CHECK(error_of_copy<std::uint8_t>(small(file_of_one<std::int8_t>("I8", {-1}))) ==
          ", tensor \"x\": expected values in the range of U8, got one outside (element 0 of I8 "
          "[1])");
    CHECK(error_of_copy<std::int64_t>(small(file_of_one<std::uint64_t>("U64", {~0ull}))) ==
          ", tensor \"x\": expected values in the range of I64, got one outside (element 0 of U64 "
          "[1])");
  }

  TEST_CASE("SafetensorsFile: floating-point numbers do not become integers or infinite") {
    const FileInMemory memory;
    const double infinity = std::numeric_limits<double>::infinity();
    const SafetensorsFile wide = memory.read(file_of_one<double>("F64", {0.1, -infinity, 1e39}));
    CHECK(error_of_copy<float>(wide) ==
          ", tensor \"x\": expected values in the range of F32, got one outside (element 2 of F64 "
          "[3])");
    CHECK(error_of_copy<std::int64_t>(wide) ==
          ", tensor \"x\": expected a dtype that converts to I64, got F64");
    CHECK(values_of<double>(wide, "x") == std::vector<double>{0.1, -infinity, 1e39});
    const SafetensorsFile rounded = memory.read(file_of_one<double>("F64", {0.1, -infinity}));
    CHECK(values_of<float>(rounded, "x") ==
          std::vector<float>{0.1f, -std::numeric_limits<float>::infinity()});
    for (const std::string dtype : {"F16", "BF16", "F32"}) {
      CAPTURE(dtype);
      const std::size_t bytes = dtype == "F32" ? 4 : 2;
      const SafetensorsFile file = memory.read(file_of("{\"x\":{\"dtype\":\"" + dtype +
                                                           "\",\"shape\":[1],\"data_offsets\":[0," +
                                                           std::to_string(bytes) + "]}}",
                                                       std::string(bytes, '\0')));
      CHECK(error_of_copy<std::int32_t>(file) ==
            ", tensor \"x\": expected a dtype that converts to I32, got " + dtype);
    }
    const SafetensorsFile tiny = memory.read(file_of_one<std::uint8_t>("F8_E4M3", {1}));
    CHECK(error_of_copy<float>(tiny) ==
          ", tensor \"x\": expected a dtype that converts to F32, got F8_E4M3");
  }

  TEST_CASE("SafetensorsFile: every kind of damage has its sentence") {
    const FileInMemory memory;
    const std::string torn = "; the file is torn or not safetensors";
    const auto one = [](const std::string& members, const std::string& data = {}) {
      return file_of("{\"w\":{" + members + "}}", data);
    };
    const std::string dtypes =
        "BOOL U8 I8 F8_E5M2 F8_E4M3 I16 U16 F16 BF16 I32 U32 F32 F64 I64 U64";
    struct Damage {
      std::string bytes;
      std::string error;
    };
    const std::vector<Damage> table{
        {"", ": expected at least 8 bytes for the header's size, got 0" + torn},
        {"1234567", ": expected at least 8 bytes for the header's size, got 7" + torn},
        {std::string("\0\x10\0\0\0\0\0\0", 8) + std::string(92, ' '),
         ": expected a header of at most 92 bytes, got 4096 (bytes 0-7)" + torn},
        {std::string(8, '\xff') + "{}",
         ": expected a header of at most 2 bytes, got 18446744073709551615 (bytes 0-7)" + torn},
        {file_of(""), ", header: expected a header that starts with {, got the end (byte 0)"},
        {file_of(" {}"), ", header: expected a header that starts with {, got ' ' (byte 0)"},
        {file_of("[]"), ", header: expected a header that starts with {, got '[' (byte 0)"},
        {file_of("{"), ", header: expected a key in double quotes, got the end (byte 1)"},
        {file_of("{} x"), ", header: expected nothing after the value, got 'x' (byte 3)"},
        {file_of("{\"\xff\":1}"), ", header: expected valid UTF-8, got byte value 0xFF (byte 2)"},
        {file_of("{\"w\":1}"), ", header: expected an object, got '1' (byte 5)"},
        {file_of(R"({"__metadata__":[]})"), ", header: expected an object, got '[' (byte 16)"},
        {file_of(R"({"__metadata__":{"a":1}})"), ", header: expected a string, got '1' (byte 21)"},
        {file_of(R"({"__metadata__":{"a":"","a":""}})"),
         ", header: expected every key of the metadata once, got \"a\" twice (byte 28)"},
        {file_of(R"({"__metadata__":{},"__metadata__":{}})"),
         ", header: expected one __metadata__, got two (byte 34)"},
        {one(R"("dtype":"F32","shape":[0])"),
         ", header: expected dtype, shape and data_offsets of tensor \"w\", got not all three "
         "(byte "
         "31)"},
        {one(R"("dtype":"F32","strides":[1])"),
         ", header: expected dtype, shape and data_offsets, once each, got \"strides\" (byte 30)"},
        {one(R"("dtype":"F32","dtype":"F32")"),
         ", header: expected dtype, shape and data_offsets, once each, got \"dtype\" (byte 28)"},
        {one(R"("dtype":32)"), ", header: expected a dtype in double quotes, got '3' (byte 14)"},
        {one(R"("dtype":"F33")"),
         ", header: expected one of the dtypes " + dtypes + ", got \"F33\" (byte 14)"},
        {one(R"("shape":2)"), ", header: expected an array, got '2' (byte 14)"},
        {one(R"("shape":[-1])"),
         ", header: expected a whole number of 0 or more, got -1 (byte 15)"},
        {one(R"("shape":[1.0])"),
         ", header: expected a whole number of at most 63 bits, "
         "got another number (byte 15)"},
        {one(R"("shape":[9223372036854775808])"),
         ", header: expected a whole number of at most 63 bits, got another number "
         "(byte "
         "15)"},
        {one(R"("shape":["2"])"),
         ", header: expected a whole number of 0 or more, got '\"' (byte 15)"},
        {one(R"("shape":[1,1,1,1,1,1,1,1,1])"),
         ", header: expected at most 8 axes, got more (byte 31)"},
        {one(R"("data_offsets":[0])"), ", header: expected two data_offsets, got 1 (byte 23)"},
        {one(R"("data_offsets":[0,4,8])"),
         ", header: expected two data_offsets, got more (byte 26)"},
        {one(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])", "abc"),
         ", tensor \"w\": expected an end within the 3 bytes of data, got 4 (data_offsets [0, 4])" +
             torn},
        {one(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])", "abcd"),
         ", tensor \"w\": expected offsets in order, got the end before the begin (data_offsets "
         "[4, "
         "0])" +
             torn},
        {one(R"("dtype":"F32","shape":[2,3],"data_offsets":[0,4])", "abcd"),
         ", tensor \"w\": expected 24 bytes for F32 [2, 3], got 4 (data_offsets [0, 4])" + torn},
        {one(R"("dtype":"F32","shape":[1],"data_offsets":[1,5])", "abcde"),
         ", tensor \"w\": expected to begin at byte 0, where the tensor before it ends, got 1 "
         "(data_offsets [1, 5])" +
             torn},
        {one(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])", "abcdefg"),
         ": expected tensors that fill the 7 bytes of data, got 4 bytes" + torn},
        {file_of("{}", "a"),
         ": expected tensors that fill the 1 bytes of data, got 0 bytes" + torn},
        {one(R"("dtype":"F64","shape":[4611686018427387904,2],"data_offsets":[0,0])"),
         ", tensor \"w\": expected a number of bytes that fits 63 bits, got F64 "
         "[4611686018427387904, 2]"},
        {one(R"("dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0])"),
         ", tensor \"w\": expected a number of bytes that fits 63 bits, got U8 [4294967296, "
         "4294967296]"},
    };
    for (const Damage& damage : table) CHECK(memory.error_of(damage.bytes) == damage.error);
  }

  TEST_CASE("SafetensorsFile: tensors that overlap, leave a hole or share a name are refused") {
    const FileInMemory memory;
    const auto two = [](const std::string& name, int begin, int end, const std::string& data) {
      return file_of(R"({"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},")" + name +
                         R"(":{"dtype":"U8","shape":[)" + std::to_string(end - begin) +
                         R"(],"data_offsets":[)" + std::to_string(begin) + ',' +
                         std::to_string(end) + "]}}",
                     data);
    };
    CHECK(memory.error_of(two("v", 4, 8, "abcdefgh")).empty());
    CHECK(memory.error_of(two("v", 3, 8, "abcdefgh")) ==
          ", tensor \"v\": expected to begin at byte 4, where the tensor before it ends, got 3 "
          "(data_offsets [3, 8]); the file is torn or not safetensors");
    CHECK(memory.error_of(two("v", 5, 8, "abcdefgh")) ==
          ", tensor \"v\": expected to begin at byte 4, where the tensor before it ends, got 5 "
          "(data_offsets [5, 8]); the file is torn or not safetensors");
    CHECK(memory.error_of(two("v", 0, 4, "abcd")) ==
          ", tensor \"w\": expected to begin at byte 4, where the tensor before it ends, got 0 "
          "(data_offsets [0, 4]); the file is torn or not safetensors");
    CHECK(memory.error_of(two("w", 4, 8, "abcdefgh")) ==
          ", tensor \"w\": expected a name of its own, got one that another tensor has");
  }

  TEST_CASE("SafetensorsFile: an empty tensor may stand anywhere between others, not inside one") {
    const FileInMemory memory;
    const auto with_empty_at = [](int byte) {
      const std::string at = std::to_string(byte);
      return file_of(R"({"e":{"dtype":"F32","shape":[0],"data_offsets":[)" + at + ',' + at +
                         R"(]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                     "abcd");
    };
    CHECK(memory.error_of(with_empty_at(0)).empty());
    CHECK(memory.error_of(with_empty_at(4)).empty());
    CHECK_FALSE(memory.error_of(with_empty_at(2)).empty());
  }

  TEST_CASE("SafetensorsFile: a header cut at any length, or a file, is refused") {
    const FileInMemory memory;
    const std::string bytes = valid_file();
    REQUIRE(memory.error_of(bytes).empty());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CAPTURE(size);
      REQUIRE_FALSE(memory.error_of(bytes.substr(0, size)).empty());
    }
    CHECK_FALSE(memory.error_of(bytes + '\0').empty());
  }

  TEST_CASE("SafetensorsFile: whatever bits are flipped, a file is refused or hangs together") {
    const FileInMemory memory;
    const std::string bytes = valid_file();
    int num_refused = 0;
    const auto try_to_read = [&](const std::string& damaged) {
      try {
        check_consistent(memory.read(damaged), damaged.size());
      } catch (const IoError&) {
        ++num_refused;
      }
    };
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        try_to_read(damaged);
      }
    }
    std::mt19937 generator(11);
    for (int round = 0; round < 1000; ++round) {
      std::string damaged = bytes;
      for (auto left = generator() % 4 + 1; left > 0; --left) {
        damaged[8 + generator() % (bytes.size() - 8)] = static_cast<char>(generator());
      }
      try_to_read(damaged);
    }
    CHECK(num_refused > 1000);  // most damage is noticed; in names and data it can't be
  }

  TEST_CASE("SafetensorsFile: a huge file is judged by its header, before memory is asked for") {
    const TemporaryFolder folder;
    const std::string path = folder.path("a");
    write_text(path, file_of("{}"));
    const std::uint64_t size = std::uint64_t{1} << 40;
    REQUIRE(::truncate(path.c_str(), static_cast<off_t>(size)) == 0);
    CHECK(error_of_read(path) ==
          ": expected tensors that fill the 1099511627766 bytes of data, got 0 "
          "bytes; the file is torn or not safetensors");
    const std::uint64_t header_size = 100'000'001;
    std::string start(8, '\0');
    std::memcpy(start.data(), &header_size, 8);
    write_text(path, start);
    REQUIRE(::truncate(path.c_str(), static_cast<off_t>(size)) == 0);
    CHECK(error_of_read(path) ==
          ": expected a header of at most 100000000 bytes, got 100000001 (bytes "
          "0-7); the file is torn or not safetensors");
  }

  TEST_CASE("regression: files of other programs are called by their names") {
    const FileInMemory memory;
    const std::string zip = std::string("PK\x03\x04", 4) + std::string(26, '\x14');
    const std::string onnx = "\x08\x0a\x12\x07pytorch";
    struct Foreign {
      std::string front, name;
    };
    const std::vector<Foreign> table{
        {"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras' .h5"},
        {zip + "metadata.json", "a .keras file (a zip archive)"},
        {zip + "model/config.json", "a .keras file (a zip archive)"},
        {zip + "arr_0.npy", "a NumPy .npz file (a zip archive)"},
        {zip + "archive/data.pkl", "a PyTorch file (a zip archive)"},
        {zip + "readme.txt", "a zip archive, as .keras, .npz and PyTorch's files are"},
        {"\x93NUMPY\x01", "a NumPy .npy file"},
        {"\x80\x02\x8a\x0al\xfc\x9c", "a Python pickle, as PyTorch wrote"},
        {"\x80\x04\x95", "a Python pickle"},
        {onnx, "an ONNX file"},
        {"\x1c" + std::string(3, '\0') + "TFL3", "a TensorFlow Lite file"},
        {"GGUF\x03", "a GGUF file"},
        {"\x1f\x8b\x08", "a gzip file"},
        {"{\"model\": 1}", "a JSON file"}};
    for (const Foreign& file : table) {
      CAPTURE(file.name);
      CHECK(memory.error_of(file.front + std::string(200, '\xff')) ==
            ": expected a safetensors file, got " + file.name +
                "; write its weights anew, in Python by safetensors.numpy.save_file");
    }
    // The first 8 bytes of a gzip file may be the size of a header that fits the file.
    const std::string gzip("\x1f\x8b\x08\0\0\0\0\0", 8);
    CHECK(memory.error_of(gzip + std::string(600'000, '\xff'))
              .starts_with(": expected a safetensors file, got a gzip file;"));
  }

  TEST_CASE("SafetensorsFile: only regular files are read") {
    const TemporaryFolder folder;
    REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
    CHECK(error_of_read(folder.path("none")) ==
          ": expected a file that can be read, got \"No such file or directory\"");
    CHECK(error_of_read(folder.path()) == ": expected a regular file, got a directory");
    CHECK(error_of_read(folder.path("pipe")) == ": expected a regular file, got a pipe");
    CHECK(error_of_read("/dev/zero") == ": expected a regular file, got a device");
  }

  TEST_CASE("SafetensorsFile: a long name is cut in the message") {
    const FileInMemory memory;
    const std::string error = memory.error_of(file_of(
        "{\"" + std::string(5000, 'n') + R"(":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})"));
    CHECK(
        error.starts_with(", tensor \"" + std::string(60, 'n') + "\"...: expected an end within"));
    CHECK(error.size() < 200);
  }
}
