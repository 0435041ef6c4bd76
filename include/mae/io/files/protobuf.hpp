// The wire format of protocol buffers, as far as it takes to write it: a field is a key and a number, or a key, a
// length and as many bytes.
//
// A message is the bytes of its fields, in ascending order here, so that they are the bytes that protobuf itself
// writes. A message in a message is its bytes with their length in front: what is small is composed inside out; what is
// large, such as weights, need not be in memory: `begin` writes key and length of bytes that follow elsewhere.
// (Protocol Buffers, "Encoding": varints of seven bits a byte, least first; fixed numbers little-endian.)
#pragma once
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

class ProtobufMessage {
 public:
  /// An integer, enumeration or truth value. A negative one takes ten bytes.
  ProtobufMessage& number(int field, std::int64_t value) {
    key(field, 0);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  ProtobufMessage& real(int field, float value) {
    key(field, 5);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(bits >> shift & 255);
    return *this;
  }
  /// A string, or bytes.
  ProtobufMessage& text(int field, std::string_view value) {
    begin(field, static_cast<Index>(value.size()));
    bytes_ += value;
    return *this;
  }
  ProtobufMessage& message(int field, const ProtobufMessage& value) { return text(field, value.bytes_); }
  /// The beginning of `length` bytes that are written behind this message.
  ProtobufMessage& begin(int field, Index length) {
    key(field, 2);
    varint(static_cast<std::uint64_t>(length));
    return *this;
  }

  const std::string& bytes() const { return bytes_; }
  Index size() const { return static_cast<Index>(bytes_.size()); }

 private:
  void key(int field, unsigned wire) { varint(static_cast<std::uint64_t>(field) << 3 | wire); }
  void varint(std::uint64_t value) {
    for (; value >= 128; value >>= 7) bytes_ += static_cast<char>(value | 128);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace mae
MAE_PRECISE_END
