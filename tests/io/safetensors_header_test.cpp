#include <mae/io/tensors/safetensors_header.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using test::contains;

namespace {

// The error on parsing `header` in a file "x" with so many bytes of data; empty if it is valid.
std::string error_with(const std::string& header, mae::Index data_bytes) {
  return test::error_of([&] { mae::detail::parse_header("x", header, data_bytes); });
}

struct Row {
  std::string header;
  mae::Index data_bytes;
  std::string message;  // a part of the error
};

std::string a(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"a":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

// Two tensors of two bytes each.
std::string ab(const std::string& first, const std::string& second) {
  return R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)" + first +
         R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + second + "}}";
}

void check_refused(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const std::string error = error_with(row.header, row.data_bytes);
    INFO(row.header.substr(0, 200), " gave ", error);
    CHECK(error.rfind("mae: x: ", 0) == 0);
    CHECK(contains(error, row.message));
  }
}

const std::string f32 = "\"F32\"";

}  // namespace

TEST_CASE("valid headers") {
  CHECK(error_with("{}", 0) == "");
  CHECK(error_with(R"({"__metadata__":{}}   )", 0) == "");
  CHECK(error_with(a(f32, "[2]", "[0,8]"), 8) == "");
  CHECK(error_with(a(f32, "[]", "[0,4]"), 4) == "");
  CHECK(error_with(a(f32, "[0, 9]", "[0,0]"), 0) == "");
  CHECK(error_with(ab("[2,4]", "[0,2]"), 4) == "");
}

TEST_CASE("text that is not an object of JSON is refused") {
  check_refused({{"", 0, "does not start with '{'"},
                 {" {}", 0, "does not start with '{'"},
                 {"[]", 0, "does not start with '{'"},
                 {"{} x", 0, "malformed JSON at byte 4"},
                 {std::string("{}\0{}", 5), 0, "a zero byte"},
                 {"{\"a\xff\":1}", 0, "malformed JSON"},
                 {R"({"a":1e999})", 0, "malformed JSON"},
                 {std::string(100000, '{'), 0, "malformed JSON"},
                 {"{\"a\":" + std::string(100000, '['), 0, "found an array for the key 'a'"}});
}

TEST_CASE("values of the wrong type are refused") {
  check_refused(
      {{R"({"a":1})", 0, "found a number for the key 'a', expected an object for each tensor"},
       {R"({"a":null})", 0, "found null"},
       {R"({"a":true})", 0, "found a boolean"},
       {R"({"__metadata__":{"a":1}})", 0, "x: __metadata__: found a number for the key 'a', expected strings"},
       {R"({"__metadata__":{"a":{}}})", 0, "expected strings as metadata"},
       {R"({"__metadata__":[]})", 0, "found an array"},
       {a("1", "[2]", "[0,8]"), 8, "tensor 'a': found a number for the key 'dtype', expected dtype a string"},
       {a(f32, "2", "[0,8]"), 8, "found a number for the key 'shape'"},
       {a(f32, "[-2]", "[0,8]"), 8, "found a negative number for the key 'shape', expected a shape of whole numbers"},
       {a(f32, "[2.0]", "[0,8]"), 8, "found a fraction"},
       {a(f32, "[\"2\"]", "[0,8]"), 8, "found a string"},
       {a(f32, "[[2]]", "[0,8]"), 8, "found an array"},
       {a(f32, "[9223372036854775808]", "[0,8]"), 8, "found the number 9223372036854775808"},
       {a(f32, "[99999999999999999999]", "[0,8]"), 8, "beyond 64 bits"},
       {a(f32, "[2]", "[0,-8]"), 8, "expected data_offsets of two whole numbers"},
       {a(f32, "[2]", "[8]"), 8, "found 1 data_offsets, expected two"},
       {a(f32, "[2]", "[0,4,8]"), 8, "found 3 data_offsets"},
       {a(f32, "[2]", "{}"), 8, "found an object"}});
}

TEST_CASE("missing, unknown and repeated keys are refused") {
  check_refused({{R"({"a":{}})", 0, "tensor 'a': found 0 keys, expected dtype, shape and data_offsets"},
                 {R"({"a":{"dtype":"F32","shape":[]}})", 0, "found 2 keys"},
                 {R"({"a":{"type":"F32"}})", 0, "found the key 'type', expected dtype, shape and data_offsets"},
                 {R"({"a":{"dtype":"F32","dtype":"F32"}})", 0, "tensor 'a': found the key 'dtype' twice"},
                 {R"({"__metadata__":{"k":"1","\u006b":"2"}})", 0, "found the key 'k' twice, expected each key once"},
                 {R"({"__metadata__":{},"__metadata__":{}})", 0, "found the key '__metadata__' twice"},
                 {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{)", 1, "x: found the key 'a' twice"}});
}

TEST_CASE("tensors that do not tile the data are refused") {
  check_refused({{a(f32, "[2]", "[8,0]"), 8, "found data_offsets [8, 0], expected an end not before the begin"},
                 {a(f32, "[2]", "[0,8]"), 7, "expected an end within the 7 bytes of data"},
                 {a(f32, "[3]", "[0,8]"), 8, "found data_offsets [0, 8], expected 12 bytes for 'F32 of shape [3]'"},
                 {a(f32, "[0]", "[0,8]"), 8, "expected 0 bytes"},
                 {a(f32, "[2]", "[1,9]"), 9, "expected a begin of 0: no hole and no overlap"},
                 {a(f32, "[4294967296,4294967296]", "[0,8]"), 8, "expected a size below 2^63 bytes"},
                 {a(f32, "[4611686018427387904]", "[0,8]"), 8, "expected a size below 2^63 bytes"},
                 {a("\"F4\"", "[4294967296,4294967296]", "[0,8]"), 8, "expected a size below 2^63 bytes"},
                 {ab("[0,2]", "[1,3]"), 3, "tensor 'b': found data_offsets [1, 3], expected a begin of 2"},
                 {ab("[0,2]", "[3,5]"), 5, "expected a begin of 2: no hole and no overlap"},
                 {ab("[0,2]", "[0,2]"), 2, "expected a begin of 2: no hole and no overlap"},
                 {ab("[0,2]", "[2,4]"), 5, "found 5 bytes of data, expected 4, the end of the last tensor"},
                 {"{}", 1, "found 1 bytes of data, expected 0"}});
}

TEST_CASE("names in messages are short and printable") {
  const std::string text = error_with("{\"" + std::string(5000, 'n') + "\":1}", 0);
  CHECK(contains(text, "nnn...'"));
  CHECK(text.size() < 400);
  CHECK(contains(error_with(R"({"a\u001b\n":1})", 0), "'a\?\?'"));
}
