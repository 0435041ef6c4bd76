#include <mae/io/files/protobuf.hpp>

#include <doctest/doctest.h>

using namespace mae;
using namespace std::string_literals;

TEST_CASE("fields are written as the format's own description shows them") {
  CHECK(ProtobufMessage().number(1, 150).bytes() == "\x08\x96\x01"s);  // its first example
  CHECK(ProtobufMessage().text(2, "testing").bytes() == "\x12\x07testing"s);
  CHECK(ProtobufMessage().message(3, ProtobufMessage().number(1, 150)).bytes() == "\x1a\x03\x08\x96\x01"s);
}

TEST_CASE("numbers of every length, negative ones in ten bytes, floats with the least byte first") {
  CHECK(ProtobufMessage().number(1, 0).bytes() == "\x08\x00"s);
  CHECK(ProtobufMessage().number(1, 127).bytes() == "\x08\x7f"s);
  CHECK(ProtobufMessage().number(1, 128).bytes() == "\x08\x80\x01"s);
  CHECK(ProtobufMessage().number(20, 1).bytes() == "\xa0\x01\x01"s);  // a key of two bytes
  CHECK(ProtobufMessage().number(1, -1).bytes() == "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s);
  CHECK(ProtobufMessage().number(1, INT64_MAX).bytes() == "\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f"s);
  CHECK(ProtobufMessage().real(2, 1.5f).bytes() == "\x15\x00\x00\xc0\x3f"s);
}

TEST_CASE("a message may end where its bytes begin") {
  CHECK(ProtobufMessage().begin(9, Index{1} << 31).bytes() == "\x4a\x80\x80\x80\x80\x08"s);
  CHECK(ProtobufMessage().text(1, "").size() == 2);
}
