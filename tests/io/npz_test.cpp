// Archives of arrays made by hand. Those that NumPy writes are in open_tensors_test.cpp.
#include <mae/io/tensors/npz.hpp>

#include <doctest/doctest.h>

#include <support/archive.hpp>
#include <support/temporary.hpp>

using mae::Index, mae::read_npz, mae::TensorFile;
using test::contains, test::number, test::zip;

namespace {

const test::TemporaryDirectory folder;

std::string array(const std::string& type, const std::string& order, const std::string& shape,
                  const std::string& data) {
  const std::string header = "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + "}\n";
  return "\x93NUMPY" + number(1, 2) + number(header.size(), 2) + header + data;
}
TensorFile read(const std::string& bytes) {
  test::put_text(folder / "x.npz", bytes);
  return read_npz(folder / "x.npz");
}
std::string error_with(const std::string& bytes) {
  return test::error_of([&] { read(bytes); });
}

}  // namespace

TEST_CASE("both orders of axes and of bytes") {
  const std::string elements = number(1, 2) + number(2, 2) + number(3, 2) + number(4, 2) + number(5, 2) + number(6, 2);
  const TensorFile file = read(zip({{"c.npy", array("<i2", "False", "(2, 3)", elements)},
                                    {"f/g.npy", array("<i2", "True", "(2, 3)", elements)},
                                    {"b.npy", array(">i4", "True", "(1, 2)", std::string("\0\0\0\1\0\0\1\0", 8))},
                                    {"none.npy", array("<f4", "True", "(0, 3)", "")}}));
  CHECK(file.at("c").dtype == "I16");
  CHECK(file.bytes("c").size() == 12);
  CHECK(file.bytes("f/g")[2] == std::byte{3});  // 1 3 5 2 4 6
  CHECK(file.bytes("f/g")[4] == std::byte{5});
  CHECK(file.values<std::int32_t>("b") == std::vector<std::int32_t>{1, 256});
  CHECK(file.values<float>("none").empty());
}

TEST_CASE("entries that are no arrays, and arrays that are no numbers or leave their entry") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {zip({{"a.txt", "x"}}), "'a.txt': found an entry that is no .npy file"},
      {zip({{"a.npy", "x"}}), "'a.npy': found no .npy header"},
      {zip({{"a.npy", array("|O", "False", "(1,)", "12345678")}}), "'a.npy': found objects of Python"},
      {zip({{"a.npy", array("<f4", "False", "(3,)", "12345678")}}), "'a.npy': found 8 bytes of data, expected 12"},
      {zip({{"a.npy", array("<f4", "False", "(9999999999, 9999999999)", "12345678")}}), "expected 2^63 or more"},
      {zip({{"a.npy", array("<f4", "False", "(2,)", "12345678").substr(0, 20)}}), "the header is cut"},
      {"\x93NUMPY", "an array of NumPy (.npy)"},
  };
  for (const auto& [bytes, message] : rows) {
    const std::string error = error_with(bytes);
    CAPTURE(error);
    CHECK(contains(error, "x.npz"));
    CHECK(contains(error, message));
  }
}

TEST_CASE("a byte that is not the one that was written") {
  std::string bytes =
      zip({{.name = "a.npy", .data = array("<i2", "False", "(2,)", number(1, 2) + number(2, 2)), .summed = true},
           {.name = "b.npy", .data = array("<i2", "False", "(1,)", number(3, 2)), .summed = true}});
  CHECK(read(bytes).bytes("a").size() == 4);
  bytes[bytes.find(number(2, 2) + "PK")] = 7;
  const TensorFile file = read(bytes);
  CHECK(file.bytes("b")[0] == std::byte{3});
  CHECK(contains(test::error_of([&] { file.bytes("a"); }), "x.npz: 'a.npy': found bytes with another checksum"));
}
