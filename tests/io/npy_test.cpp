#include <mae/io/tensors/npy.hpp>

#include <doctest/doctest.h>

#include <cmath>

#include <mae/tensor/tensor.hpp>

#include <support/temporary.hpp>

using mae::dyn, mae::Index, mae::read_npy, mae::Shape, mae::Tensor, mae::write_npy;
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

TEST_CASE("whole numbers of every size and byte order are read, if they fit, and bool") {
  for (const char* name :
       {"u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "big_u2", "big_u4", "big_u8", "big_i2", "big_i4", "big_i8"}) {
    CAPTURE(name);
    CHECK(read_npy<std::int32_t>(python(name)).values == std::vector<std::int32_t>{0, 1, 100});
    CHECK(read_npy<std::uint8_t>(python(name)).values == std::vector<std::uint8_t>{0, 1, 100});
  }
  CHECK(read_npy<std::uint8_t>(python("boolean")).values == std::vector<std::uint8_t>{1, 0});
  CHECK(contains(error_of([] { read_npy<std::int32_t>(python("large")); }),
                 "large.npy: found the value 1099511627776 at [0], expected values from -2147483648 to 2147483647"));
}

TEST_CASE("real numbers of both byte orders, of half the size, and of later versions of the format") {
  for (const char* name : {"big_endian", "half", "version_2", "version_3"}) {
    CAPTURE(name);
    CHECK(read_npy<float>(python(name)).shape == std::vector<Index>{2, 3});
    CHECK(read_npy<float>(python(name)).values == matrix);
  }
  for (const char* name : {"big_f2", "big_f8"})
    CHECK(read_npy<double>(python(name)).values == std::vector<double>{0, 1, 100});
}

TEST_CASE("infinities, NaN and what does not fit are refused with their place, or kept if they are wanted") {
  CHECK(contains(error_of([] { read_npy<float>(python("nan")); }),
                 "nan.npy: found the value nan at [1, 1], expected finite numbers"));
  CHECK(contains(error_of([] { read_npy<double>(python("infinite")); }), "found the value -inf at [1, 1]"));
  CHECK(std::isnan(read_npy<float>(python("nan"), mae::NotFinite::kept).values[4]));
  CHECK(std::isinf(read_npy<float>(python("infinite"), mae::NotFinite::kept).values[3]));
  CHECK(contains(error_of([] { read_npy<float>(python("beyond"), mae::NotFinite::kept); }),
                 "found the value 1e+300 at [1], expected values that fit F32"));
  CHECK(read_npy<double>(python("beyond")).values[1] == 1e300);
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

TEST_CASE("a tensor or view is written in its own shape, the batch first") {
  const test::TemporaryDirectory folder;
  Tensor<float, Shape<dyn, 2, 3>> x(4);
  x(3, 1, 2) = 7;
  write_npy(folder / "x.npy", x);
  const auto whole = read_npy<float>(folder / "x.npy");
  CHECK(whole.shape == std::vector<Index>{4, 2, 3});
  CHECK(whole.values == std::vector<float>(x.begin(), x.end()));
  write_npy(folder / "x.npy", x.view().slice(3, 1));
  CHECK(read_npy<float>(folder / "x.npy").shape == std::vector<Index>{1, 2, 3});
  CHECK(read_npy<float>(folder / "x.npy").values.back() == 7);
  write_npy(folder / "x.npy", Tensor<std::int32_t, Shape<5>>());
  CHECK(read_npy<std::int32_t>(folder / "x.npy").shape == std::vector<Index>{5});
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
  CHECK(contains(reading("no array at all"), "found a text that begins 'no array at all', expected an array of NumPy"));
  CHECK(contains(reading(std::string("PK\3\4") + std::string(22, '\0') + "\5" + std::string(3, '\0') + "x.npy"),
                 "found an archive of NumPy (.npz), expected an array of NumPy, as numpy.save writes it; in Python, "));
  CHECK(contains(reading(npy(with_shape("(4294967296, 4294967296)"), "")),
                 "found 0 bytes of data, expected 2^63 or more for '<f4' of shape [4294967296, 4294967296]"));
  CHECK(
      contains(reading(npy(with_shape("(1000000000000,)"), "abcd")), "found 4 bytes of data, expected 4000000000000"));
  CHECK(reading(npy(with_shape("(1,)"), "abcd")).empty());
  CHECK(reading(npy(with_shape("(1,)") + std::string(100, ' '), "abcd")).empty());  // a length beyond a signed byte
  CHECK(contains(reading("\x93NUMPY" + std::string("\4\0\1\0\0\0\n", 7)),
                 "found version 4.0 of .npy, expected version 1.0, 2.0 or 3.0"));
  CHECK(contains(reading("\x93NUMPY" + std::string("\2\0\377\377\377\377\n", 7)),
                 "found 13 bytes, expected at least 4294967307: the header is cut"));
  const auto read = [](const char* name) { return error_of([&] { read_npy<float>(python(name)); }); };
  CHECK(
      contains(read("record"), "record.npy: found a table of columns with names (a structured dtype), expected real"));
  CHECK(
      contains(read("complex"), "found complex numbers, type '<c8', expected real or whole numbers of up to 8 bytes"));
  CHECK(contains(read("long_double"), "found real numbers of another size, type '<f16', expected real or whole"));
  CHECK(contains(read("text"), "found texts, type '<U2'"));
  CHECK(contains(read("dates"), "found dates or durations, type '<M8[D]'"));
  CHECK(contains(read("objects"), "found objects of Python, type '|O'"));
  CHECK(contains(read("i4"), "found elements of type '<i4', expected real numbers: f2, f4 or f8"));
  CHECK(contains(read("boolean"), "found elements of type '|b1', expected real numbers"));
  CHECK(contains(error_of([] { read_npy<std::int32_t>(python("float32")); }), "'<f4', expected whole numbers"));
  CHECK(contains(error_of([&] { read_npy<float>(folder / "none.npy"); }), "No such file or directory"));
}

TEST_CASE("headers are read in every spelling that NumPy reads") {
  const test::TemporaryDirectory folder;
  const auto shape = [&](const std::string& dictionary) {
    test::write_text(folder / "x.npy", npy(dictionary, "\1\2\3\4\5\6"));
    return read_npy<std::int32_t>(folder / "x.npy").shape;
  };
  const std::vector<Index> wanted{2, 3};
  CHECK(shape("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)}") == wanted);
  CHECK(shape("{'shape':(2,3),'fortran_order':False,'descr':'|u1'}") == wanted);
  CHECK(shape("{'shape': (2L, 3L), 'fortran_order': False, 'descr': u'|u1', }") == wanted);
  CHECK(shape("  {  \"descr\" : \"|u1\" ,\n \"fortran_order\" : False , \t'shape' : ( 2 , 3 , ) , }  ") == wanted);
  for (const char* type : {"u1", "=u1", "<u1", ">u1", "uint8", "|i1", "int8"})
    CHECK(shape(std::string("{'descr': '") + type + "', 'fortran_order': False, 'shape': (2, 3)}") == wanted);
  CHECK(shape("{'descr': 'bool', 'fortran_order': True, 'shape': (2, 3)}") == wanted);
  CHECK(shape("{'descr': 'uint16', 'fortran_order': True, 'shape': (3, 1)}") == std::vector<Index>{3, 1});
  test::write_text(folder / "x.npy", npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", "\1\2\3\4\5\6"));
  CHECK(read_npy<std::uint8_t>(folder / "x.npy").values == std::vector<std::uint8_t>{1, 3, 5, 2, 4, 6});
}

TEST_CASE("headers that NumPy does not read are refused, with their text") {
  const test::TemporaryDirectory folder;
  const auto error = [&](const std::string& dictionary) {
    test::write_text(folder / "x.npy", npy(dictionary, "\1\2\3"));
    return error_of([&] { read_npy<std::int32_t>(folder / "x.npy"); });
  };
  for (const char* text : {"",
                           "{}",
                           "[]",
                           "{'descr': '|u1', 'fortran_order': False}",
                           "{'descr': '|u1', 'shape': (3,)}",
                           "{'descr': '|u1', 'fortran_order': False, 'shape': (3)}",
                           "{'descr': '|u1', 'fortran_order': 0, 'shape': (3,)}",
                           "{'descr': '|u1', 'fortran_order': False, 'shape': [3]}",
                           "{'descr': '|u1', 'fortran_order': False, 'shape': (3 1)}",
                           "{'descr': '|u1', 'fortran_order': False, 'shape': (3, -1)}",
                           "{'descr': '|u1', 'fortran_order': False, 'shape': (3,,)}",
                           "{'descr': '|u1', 'fortran_order': False, 'shape': (,)}",
                           "{'descr': '|u1', 'fortran_order': False, 'shape': (3,}",
                           "{'descr': '|u1' 'fortran_order': False, 'shape': (3,)}",
                           "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)",
                           "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,)}",
                           "{'descr: '|u1'",
                           "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'more': 1}",
                           "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), } x",
                           "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}"}) {
    CAPTURE(text);
    CHECK(contains(error(text), "/x.npy: found the header '" + std::string(text).substr(0, 90)));
    CHECK(contains(error(text),
                   "expected {'descr': ..., 'fortran_order': ..., 'shape': (...)}, as numpy.save writes it"));
  }
  CHECK(contains(error(std::string("{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}") + '\0'),
                 "found the header"));
  for (const char* type : {"", "u", "<u", "<u3", "float9", "float", "<<u1", "|u1 ", "<f-4", "?1", "uint", ">uint16"}) {
    CAPTURE(type);
    const std::string text = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (3,)}";
    CHECK(contains(error(text), "type '" + std::string(type) + "', expected real or whole numbers of up to 8 bytes"));
  }
}
