// SPDX-License-Identifier: MIT
// That TensorBoard itself reads these files is tested by tests/python.
#include "nn/callbacks/tensor_board.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/callbacks/callback_testing.hpp"
#include "tests/io/temporary_folder.hpp"

namespace nn {
namespace {

using testing::TemporaryFolder;
using testing::train_with;

std::uint64_t little_endian(const std::string& bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  }
  return value;
}

std::uint32_t masked(const std::string& bytes) {
  const std::uint32_t crc = detail::crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

/// The messages of a file's records, whose checksums are looked at.
std::vector<std::string> records_of(const std::string& path) {
  const std::string bytes = testing::read_text(path);
  std::vector<std::string> records;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = little_endian(bytes, at, 8);
    CHECK(little_endian(bytes, at + 8, 4) == masked(bytes.substr(at, 8)));
    records.push_back(bytes.substr(at + 12, size));
    CHECK(little_endian(bytes, at + 12 + size, 4) == masked(records.back()));
    at += size + 16;
  }
  return records;
}

/// A message's fields, of lengths below 128, as number and bytes.
std::vector<std::pair<int, std::string>> fields_of(const std::string& message) {
  std::vector<std::pair<int, std::string>> fields;
  for (std::size_t at = 0; at < message.size();) {
    const int key = message.at(at++);
    const int type = key & 7;
    std::size_t size = type == 1 ? 8 : type == 5 ? 4 : 1;
    if (type == 2) size = static_cast<unsigned char>(message.at(at++));
    fields.emplace_back(key >> 3, message.substr(at, size));
    at += size;
  }
  return fields;
}

/// "step tag value" of each value in the only file of a folder.
std::string values_of(const std::string& folder) {
  std::string text;
  const std::vector<std::string> records =
      records_of(std::filesystem::directory_iterator(folder)->path().string());
  CHECK(fields_of(records.at(0)).at(1) == std::pair{3, std::string{"brain.Event:2"}});
  for (std::size_t i = 1; i < records.size(); ++i) {
    const auto event = fields_of(records[i]);
    CHECK(event.at(0).first == 1);
    CHECK(event.at(2).first == 5);
    for (const auto& [number, value] : fields_of(event.at(2).second)) {
      CHECK(number == 1);
      const auto named = fields_of(value);
      const auto bits = static_cast<std::uint32_t>(little_endian(named.at(1).second, 0, 4));
      append(text, {int{event.at(1).second.at(0)}, " ", named.at(0).second, " ",
                    with_digits(std::bit_cast<float>(bits), 4), "\n"});
    }
  }
  return text;
}

TEST_SUITE("callbacks/tensor_board") {
  TEST_CASE("TensorBoard: the checksum is Castagnoli's") {
    CHECK(detail::crc32c("123456789") == 0xE3069283u);
    CHECK(detail::crc32c(std::string(32, '\0')) == 0x8A9136AAu);  // RFC 3720, B.4
  }

  TEST_CASE("TensorBoard: a message's bytes") {
    const detail::ProtobufMessage message =
        detail::ProtobufMessage().add_integer(2, 300).add_float(2, 1.0f).add_bytes(1, "ab");
    CHECK(message.bytes() == std::string("\x10\xAC\x02\x15\0\0\x80\x3F\x0A\x02"
                                         "ab",
                                         12));
  }

  TEST_CASE("TensorBoard: folders, tags and steps are those of Keras") {
    const TemporaryFolder folder;
    const std::string logs = folder.path("runs/logs");
    const History history = train_with(TensorBoard{logs}, 2);
    const auto line = [&](int epoch, const char* tag, const char* name) {
      return concat({epoch, " epoch_", tag, " ",
                     with_digits(static_cast<float>(history[name][std::size_t(epoch)]), 4), "\n"});
    };
    std::string training, validation;
    for (int epoch = 0; epoch < 2; ++epoch) {
      training += line(epoch, "loss", "loss") + line(epoch, "accuracy", "accuracy") +
                  concat({epoch, " epoch_learning_rate 0.5000\n"});
      validation += line(epoch, "loss", "val_loss") + line(epoch, "accuracy", "val_accuracy");
    }
    CHECK(values_of(logs + "/train") == training);
    CHECK(values_of(logs + "/validation") == validation);
  }

  TEST_CASE("TensorBoard: batches by their steps, and a file for each fit") {
    const TemporaryFolder folder;
    const TensorBoard board(folder.path(), {.update_freq = 1});
    static_cast<void>(train_with(board, 2, false));
    const std::string values = values_of(folder.path("train"));
    for (const char* step : {"0 batch_loss", "1 batch_loss", "2 batch_loss", "3 batch_loss"}) {
      CHECK(values.find(step) != values.npos);
    }
    CHECK(folder.names() == std::vector<std::string>{"train"});
    static_cast<void>(train_with(board, 1, false));
    const std::filesystem::directory_iterator files(folder.path("train"));
    CHECK(std::distance(begin(files), end(files)) == 2);
  }

  TEST_CASE("TensorBoard: refusals") {
    const TemporaryFolder folder;
    testing::write_text(folder.path("file"), "");
    CHECK_THROWS_WITH_AS(static_cast<void>(train_with(TensorBoard{folder.path("file")}, 1)),
                         (folder.path("file/train") +
                          ": expected a folder that can be made, got \"Not a directory\"")
                             .c_str(),
                         IoError);
    CHECK_THROWS_WITH_AS(TensorBoard("logs", {.update_freq = -1}),
                         "TensorBoard: expected an update_freq of 0 or more, got -1",
                         std::invalid_argument);
  }
}

}  // namespace
}  // namespace nn
