// SPDX-License-Identifier: MIT
// What a TensorBoard event file consists of: records, each a protobuf message of type Event.
//   file     record record ...
//   record   uint64 length | masked CRC-32C of the length | message | masked CRC-32C of the message
//   Event    1 wall_time (double), 2 step (int64), 3 file_version (string), 5 summary (Summary)
//   Summary  1 value (Value), repeated
//   Value    1 tag (string), 2 simple_value (float)
// All numbers are little-endian. (TensorFlow, tensorflow/core/util/event.proto, record_writer.h.)
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "nn/core/cold.hpp"

namespace nn::detail {

template <class Unsigned>
void append_little_endian(std::string& bytes, Unsigned value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
}

/// CRC-32C (Castagnoli), bit by bit: records of a run are short and few.
[[nodiscard]] NN_COLD inline std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
  }
  return ~crc;
}

/// A message's bytes, field by field.
class ProtobufMessage {
 public:
  NN_COLD ProtobufMessage& add_double(std::uint32_t field, double value) {
    append_varint(field << 3 | 1);
    append_little_endian(bytes_, std::bit_cast<std::uint64_t>(value));
    return *this;
  }
  NN_COLD ProtobufMessage& add_float(std::uint32_t field, float value) {
    append_varint(field << 3 | 5);
    append_little_endian(bytes_, std::bit_cast<std::uint32_t>(value));
    return *this;
  }
  NN_COLD ProtobufMessage& add_integer(std::uint32_t field, std::int64_t value) {
    append_varint(field << 3);
    append_varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  /// A string or a message.
  NN_COLD ProtobufMessage& add_bytes(std::uint32_t field, std::string_view value) {
    append_varint(field << 3 | 2);
    append_varint(value.size());
    bytes_ += value;
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void append_varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

/// An event as a record of a file.
[[nodiscard]] NN_COLD inline std::string event_record(const ProtobufMessage& event) {
  const auto append_checksum = [](std::string& record, std::string_view of) {
    const std::uint32_t crc = crc32c(of);
    append_little_endian(record, std::rotr(crc, 15) + 0xA282EAD8u);
  };
  std::string record;
  append_little_endian(record, std::uint64_t{event.bytes().size()});
  const std::string length = record;
  append_checksum(record, length);
  record += event.bytes();
  append_checksum(record, event.bytes());
  return record;
}

}  // namespace nn::detail
