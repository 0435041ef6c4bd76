// CRC-32 by wide products against zlib's.
#include <mae/io/tensors/crc32.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using mae::crc32_of, mae::Index;

TEST_CASE("the check value of CRC-32, and that of no bytes") {
  CHECK(crc32_of(0, "123456789", 9) == 0xCBF43926);
  CHECK(crc32_of(7, nullptr, 0) == 7);
}

TEST_CASE("any length from any place, in one piece or in several") {
  std::vector<unsigned char> bytes(20000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(i * i * 7 + i / 256);
  for (const Index length : {1, 255, 256, 1023, 1024, 1025, 1279, 1280, 5000, 19999})
    for (const std::uint32_t before : {0u, 1u, 0xffffffffu, 0x12345678u}) {
      CAPTURE(length);
      const unsigned char* const from = bytes.data() + length % 2;
      const auto wanted = static_cast<std::uint32_t>(::crc32(before, from, static_cast<unsigned>(length)));
      CHECK(crc32_of(before, from, length) == wanted);
      const Index first = length * 3 / 4;
      CHECK(crc32_of(crc32_of(before, from, first), from + first, length - first) == wanted);
    }
}

TEST_CASE("each bit counts") {
  std::string bytes(2048, 'x');
  const std::uint32_t whole = crc32_of(0, bytes.data(), 2048);
  for (std::size_t i = 0; i < bytes.size(); i += 37) {
    bytes[i] = static_cast<char>(bytes[i] ^ (1 << i % 8));
    CHECK(crc32_of(0, bytes.data(), 2048) != whole);
    bytes[i] = static_cast<char>(bytes[i] ^ (1 << i % 8));
  }
}
