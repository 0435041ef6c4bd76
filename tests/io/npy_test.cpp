#include <mae/io/npy.hpp>

#include <doctest/doctest.h>

#include "temporary.hpp"

using mae::Index, mae::read_npy, mae::write_npy;
using test::contains, test::error_of;

namespace {

std::string python(const std::string& name) { return test::beside(__FILE__, "npy_python/" + name + ".npy"); }
const std::vector<float> matrix{1.5f, -2, 3, 4, 5, 0.25f};

// A file with this header and these data.
std::string npy(const std::string& dictionary, const std::string& data) {
  const std::string header = dictionary + "\n";
  return "\x93NUMPY" + std::string("\1\0", 2) + static_cast<char>(header.size()) + '\0' + header + data;
}
std::string with_shape(const std::string& shape) {
  return "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
}

}  // namespace

TEST_CASE("what NumPy writes is read: real numbers, both orders, no axis and no element") {
  for (const char* name : {"float32", "float64", "fortran"}) {
    CAPTURE(name);
    const auto array = read_npy<float>(python(name));
    CHECK(array.shape == std::vector<Index>{2, 3});
    CHECK(array.values == matrix);
  }
  CHECK(read_npy<double>(python("float32")).values == std::vector<double>(matrix.begin(), matrix.end()));
  CHECK(read_npy<float>(python("scalar")).values == std::vector<float>{7.5f});
  CHECK(read_npy<float>(python("scalar")).shape.empty());
  CHECK(read_npy<float>(python("empty")).shape == std::vector<Index>{0, 4});
  CHECK(read_npy<float>(python("empty")).values.empty());
}

TEST_CASE("whole numbers of every size are read, if they fit") {
  for (const char* name : {"u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"}) {
    CAPTURE(name);
    CHECK(read_npy<std::int32_t>(python(name)).values == std::vector<std::int32_t>{0, 1, 100});
    CHECK(read_npy<std::uint8_t>(python(name)).values == std::vector<std::uint8_t>{0, 1, 100});
  }
  CHECK(contains(error_of([] { read_npy<std::int32_t>(python("large")); }),
                 "large.npy: found the value 1099511627776, expected values that fit I32"));
}

TEST_CASE("what is written is read, and is what NumPy writes") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "x.npy";
  write_npy(path, {2, 3}, matrix);
  CHECK(test::read_text(path) == test::read_text(python("float32")));
  CHECK(read_npy<float>(path).values == matrix);
  const std::vector<std::int64_t> ids{3, 1, 2, 0};
  write_npy(path, {1, 2, 2, 1}, ids);
  CHECK(read_npy<std::int64_t>(path).values == ids);
  CHECK(read_npy<std::int64_t>(path).shape == std::vector<Index>{1, 2, 2, 1});
  write_npy(path, {3}, std::vector<std::uint8_t>{0, 1, 100});
  CHECK(test::read_text(path) == test::read_text(python("u1")));
  write_npy(path, {0, 4}, std::vector<float>{});
  CHECK(read_npy<float>(path).shape == std::vector<Index>{0, 4});
  CHECK(contains(error_of([&] {
                   write_npy(path, {2, 2}, matrix);
                 }),
                 "x.npy: found 6 values, expected as many as shape [2, 2] has"));
  CHECK(contains(error_of([&] { write_npy(path, {-2, -3}, matrix); }), "as many as shape [-2, -3] has"));
  CHECK(contains(error_of([&] { write_npy(folder / "none/x.npy", {6}, matrix); }), "No such file or directory"));
}

TEST_CASE("a file cut at any byte is refused, and so is one that is too long") {
  const test::TemporaryDirectory folder;
  const std::string whole = test::read_text(python("float32"));
  std::size_t refused = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    test::write_text(folder / "cut.npy", whole.substr(0, length));
    refused += contains(error_of([&] { read_npy<float>(folder / "cut.npy"); }), "/cut.npy: found ") ? 1 : 0;
  }
  CHECK(refused == whole.size());
  test::write_text(folder / "long.npy", whole + "x");
  CHECK(contains(error_of([&] { read_npy<float>(folder / "long.npy"); }),
                 "found 25 bytes of data, expected 24 for '<f4' of shape [2, 3]"));
}

TEST_CASE("every other kind of file is named") {
  const test::TemporaryDirectory folder;
  const auto reading = [&](const std::string& text) {
    test::write_text(folder / "x.npy", text);
    return error_of([&] { read_npy<float>(folder / "x.npy"); });
  };
  CHECK(contains(reading("no array at all"), "found no .npy header, expected a file written by numpy.save"));
  CHECK(contains(reading(npy(with_shape("(3, -4)"), "")), "found a damaged .npy header"));
  CHECK(contains(reading(npy(with_shape("(3 4)"), "")), "found a damaged .npy header"));
  CHECK(contains(reading(npy(with_shape("(4294967296, 4294967296)"), "")),
                 "found 0 bytes of data, expected 2^63 or more for '<f4' of shape [4294967296, 4294967296]"));
  CHECK(
      contains(reading(npy(with_shape("(1000000000000,)"), "abcd")), "found 4 bytes of data, expected 4000000000000"));
  CHECK(reading(npy(with_shape("(1,)"), "abcd")).empty());
  CHECK(reading(npy(with_shape("(1,)") + std::string(100, ' '), "abcd")).empty());  // a length beyond a signed byte
  CHECK(contains(reading("\x93NUMPY" + std::string("\3\0\1\0\0\0\n", 7)),
                 "found version 3.0 of .npy, expected version 1.0"));
  CHECK(
      contains(error_of([] { read_npy<float>(python("big_endian")); }), "found elements of type '>f4', expected <f4"));
  CHECK(contains(error_of([] { read_npy<float>(python("half")); }), "found elements of type '<f2'"));
  CHECK(contains(error_of([] { read_npy<float>(python("boolean")); }), "found elements of type '|b1'"));
  CHECK(contains(error_of([] { read_npy<float>(python("record")); }), "record.npy: found a damaged .npy header"));
  CHECK(contains(error_of([] { read_npy<float>(python("i4")); }),
                 "found elements of type '<i4', expected real numbers: <f4 or <f8"));
  CHECK(contains(error_of([] { read_npy<std::int32_t>(python("float32")); }), "'<f4', expected whole numbers"));
  CHECK(contains(error_of([&] { read_npy<float>(folder / "none.npy"); }), "No such file or directory"));
}
