#include <mae/io/tensors/safetensors.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::Index, mae::SafetensorsFile, mae::tensor_bytes, mae::write_safetensors;
using test::contains, test::error_of;

namespace {

std::string length_prefix(std::uint64_t length) {
  std::string text(8, '\0');
  std::memcpy(text.data(), &length, 8);
  return text;
}

template <class T>
void check_round_trip(const std::string& path, const std::vector<T>& values) {
  write_safetensors(path, {tensor_bytes("a", {2, 2}, values.data())});
  const auto file = SafetensorsFile::read(path);
  CHECK(file.at("a").dtype == mae::dtype_of<T>());
  const std::vector<T> back = file.values<T>("a");
  CHECK(std::memcmp(back.data(), values.data(), 4 * sizeof(T)) == 0);
}

}  // namespace

TEST_CASE("all element types survive a round trip bit by bit") {
  const test::TemporaryDirectory folder;
  check_round_trip<double>(folder / "x", {0.1, -0.0, 1e300, 5e-324});
  check_round_trip<float>(folder / "x", {0.1f, -0.f, 3e38f, 1e-45f});
  check_round_trip<mae::f16>(folder / "x", {{0}, {0x8000}, {0x7c00}, {1}});
  check_round_trip<mae::bf16>(folder / "x", {mae::bf16(0.1f), mae::bf16(-0.f), mae::bf16(3e38f), mae::bf16(1)});
  check_round_trip<std::int64_t>(folder / "x", {-1, 0, INT64_MAX, INT64_MIN});
  check_round_trip<std::int32_t>(folder / "x", {-1, 0, INT32_MAX, INT32_MIN});
  check_round_trip<std::uint8_t>(folder / "x", {0, 1, 127, 255});
}

TEST_CASE("names, order, shapes and metadata survive a round trip; data start at a multiple of eight") {
  const test::TemporaryDirectory folder;
  const std::vector<float> weight{1, 2, 3, 4, 5, 6};
  const std::vector<std::uint8_t> bytes{9, 8, 7};
  const std::map<std::string, std::string> metadata{{"kind", "pixels"}, {"note", "line\n\"quoted\" \xc3\xa9"}};
  write_safetensors(folder / "x",
                    {tensor_bytes("z.bytes", {3}, bytes.data()), tensor_bytes("a.weight", {2, 3}, weight.data()),
                     tensor_bytes("scalar", {}, weight.data() + 2), tensor_bytes<float>("empty", {0, 7}, nullptr)},
                    metadata);
  const auto file = SafetensorsFile::read(folder / "x");
  CHECK(file.metadata() == metadata);
  CHECK(file.metadata("kind") == "pixels");
  CHECK(file.names() == std::vector<std::string>{"z.bytes", "a.weight", "scalar", "empty"});
  CHECK(file.values<float>("a.weight") == weight);
  CHECK(file.values<std::int32_t>("z.bytes") == std::vector<std::int32_t>{9, 8, 7});
  CHECK(file.values<double>("scalar") == std::vector<double>{3});
  CHECK(file.values<float>("empty").empty());
  CHECK(file.at("a.weight", {2, 3}).count() == 6);
  CHECK(file.find("a") == nullptr);
  const std::string text = test::read_text(folder / "x");
  std::uint64_t length = 0;
  std::memcpy(&length, text.data(), 8);
  CHECK(length % 8 == 0);
  CHECK(text[8] == '{');
  write_safetensors(folder / "none", {});
  CHECK(SafetensorsFile::read(folder / "none").entries().empty());
}

TEST_CASE("a wrong request names file, tensor, found and expected") {
  const test::TemporaryDirectory folder;
  const std::vector<std::int64_t> steps{1, 300};
  write_safetensors(folder / "x", {tensor_bytes("steps", {2}, steps.data())});
  const auto file = SafetensorsFile::read(folder / "x");
  const std::string path = "mae: " + (folder / "x"), subject = path + ": tensor 'steps': found ";
  CHECK(error_of([&] { file.at("step"); }) ==
        path + ": tensor 'step': found no such tensor, expected one of the 1 in the file");
  CHECK(error_of([&] { file.at("steps", {3, 1}); }) == subject + "shape [2], expected [3, 1]");
  CHECK(error_of([&] { file.values<float>("steps"); }) == subject + "dtype I64, expected one that converts to F32");
  CHECK(error_of([&] { file.values<std::uint8_t>("steps"); }) ==
        subject + "the value 300, expected values that fit U8");
  std::int64_t three[3];
  CHECK(error_of([&] { file.copy_to("steps", three, 3); }) == subject + "2 elements, shape [2], expected 3 elements");
  CHECK(error_of([&] { file.metadata("kind"); }) == path + ": metadata: found no key 'kind', expected one");
}

TEST_CASE("the file that the Python package wrote") {
  const auto file = SafetensorsFile::read(test::beside(__FILE__, "safetensors_python.safetensors"));
  CHECK(file.metadata("safetensors") == "0.8.0");
  const std::vector<double> values{0, -1.5, 2, 1.0 / 3, 65504, -6e-8};
  CHECK(file.at("real.f64", {2, 3}).dtype == "F64");
  CHECK(file.values<double>("real.f64") == values);
  CHECK(file.values<float>("real.f32") == std::vector<float>(values.begin(), values.end()));
  CHECK(file.values<float>("real.f16") == std::vector<float>{0, -1.5f, 2, 0x1.554p-2f, 65504, -0x1p-24f});
  CHECK(file.values<float>("real.bf16") == std::vector<float>{0, -1.5f, 2, 0x1.56p-2f, 65536, -0x1.02p-24f});
  const std::int64_t big = std::int64_t{1} << 62;
  CHECK(file.values<std::int64_t>("whole.i64") == std::vector<std::int64_t>{-big, 0, big});
  CHECK(file.values<std::int64_t>("whole.i32") == std::vector<std::int64_t>{INT32_MIN, INT32_MAX});
  CHECK(file.values<std::uint8_t>("whole.u8") == std::vector<std::uint8_t>{0, 1, 2, 3, 4});
  CHECK(file.bytes("flag") == std::vector<std::byte>{std::byte{1}, std::byte{0}});
  CHECK(contains(error_of([&] { file.values<std::uint8_t>("flag"); }), "found dtype BOOL"));
  CHECK(file.values<float>("scalar") == std::vector<float>{7});
  CHECK(file.at("empty").shape == std::vector<Index>{0, 4});
  CHECK(file.values<float>("n\xc3\xa4me \"quoted\"") == std::vector<float>{1});
}

TEST_CASE("a file cut at any byte is refused") {
  const test::TemporaryDirectory folder;
  const std::vector<float> weight{1, 2, 3};
  write_safetensors(folder / "x", {tensor_bytes("w", {3}, weight.data())}, {{"k", "v"}});
  const std::string whole = test::read_text(folder / "x");
  std::size_t refused = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    test::write_text(folder / "cut", whole.substr(0, length));
    refused += contains(error_of([&] { SafetensorsFile::read(folder / "cut"); }), "/cut: ") ? 1 : 0;
  }
  CHECK(refused == whole.size());
  test::write_text(folder / "long", whole + "x");
  CHECK(contains(error_of([&] { SafetensorsFile::read(folder / "long"); }),
                 "found 13 bytes of data, expected 12, the end of the last tensor"));
}

TEST_CASE("any byte of the header may be wrong: an error or a valid file, never a crash") {
  const test::TemporaryDirectory folder;
  const std::vector<float> weight{1, 2, 3};
  write_safetensors(folder / "x", {tensor_bytes("w", {3}, weight.data())}, {{"k", "v"}});
  const std::string whole = test::read_text(folder / "x");
  int refused = 0, accepted = 0;
  for (std::size_t place = 0; place < whole.size() - 12; ++place)
    for (const char value : {'\0', '"', '{', ']', ',', '9', '-', '\\', '\x80', '\xff'}) {
      std::string text = whole;
      text[place] = value;
      test::write_text(folder / "bad", text);
      const std::string error = error_of([&] {
        const auto file = SafetensorsFile::read(folder / "bad");
        for (const auto& entry : file.entries()) CHECK(file.bytes(entry.name).size() <= 12);
      });
      (error.empty() ? accepted : refused) += 1;
    }
  CHECK(refused > 600);
  CHECK(accepted > 0);  // a changed letter of a name or of the metadata is a valid file
}

TEST_CASE("the length of the header") {
  const test::TemporaryDirectory folder;
  const auto reading = [&](const std::string& text) {
    test::write_text(folder / "x", text);
    return error_of([&] { SafetensorsFile::read(folder / "x"); });
  };
  CHECK(contains(reading(""), "found an empty file, expected a safetensors file, at least 8 bytes"));
  CHECK(contains(reading(length_prefix(0)), "a header that does not start with '{'"));
  CHECK(contains(reading(length_prefix(3) + "{}"), "found 10 bytes, expected at least 11: its header is cut"));
  CHECK(contains(reading(length_prefix(100'000'001) + "{}"), "found a header of 100000001 bytes"));
  CHECK(contains(reading(length_prefix(~0ull) + "{}"), "found a header of 18446744073709551615 bytes"));
}

TEST_CASE("an unknown element type is carried but not converted") {
  const test::TemporaryDirectory folder;
  const std::string header = R"({"a":{"dtype":"F4","shape":[1000000000000],"data_offsets":[0,2]}})";
  test::write_text(folder / "x", length_prefix(header.size()) + header + "ab");
  const auto file = SafetensorsFile::read(folder / "x");
  CHECK(file.bytes("a") == std::vector<std::byte>{std::byte{'a'}, std::byte{'b'}});
  CHECK(contains(error_of([&] { file.values<float>("a"); }), "found dtype F4, expected one that converts to F32"));
}

TEST_CASE("what must not be written is refused, and an earlier file stays") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "x";
  const float value = 1;
  const auto a = tensor_bytes("a", {1}, &value);
  write_safetensors(path, {a});
  const std::string earlier = test::read_text(path);
  const auto writing = [&](mae::TensorBytes tensor) { return error_of([&] { write_safetensors(path, {a, tensor}); }); };
  CHECK(contains(writing(a), "tensor 'a': found the name twice or reserved"));
  CHECK(contains(writing(tensor_bytes("__metadata__", {1}, &value)), "reserved"));
  CHECK(contains(writing({"b", "F33", {1}, &value}), "found F33[1], expected a known dtype"));
  CHECK(contains(writing({"b", "F32", {-1, -1}, &value}), "extents from 0"));
  CHECK(contains(writing({"b", "F32", {INT64_MAX}, &value}), "below 2^63 bytes"));
  CHECK(contains(writing({"b", "U8", {INT64_MAX}, &value}), "below 2^63 bytes"));
  CHECK(contains(writing({"b\xff", "F32", {1}, &value}), "not UTF-8"));
  CHECK(contains(error_of([&] { write_safetensors(folder / "none/x", {a}); }), "No such file or directory"));
  CHECK(contains(error_of([&] { write_safetensors(folder.path, {a}); }), "found a directory"));
  CHECK(test::read_text(path) == earlier);
  CHECK(folder.entries() == 1);
  CHECK(contains(error_of([&] { SafetensorsFile::read(folder / "none"); }), "No such file or directory"));
  CHECK(contains(error_of([&] { SafetensorsFile::read(folder.path); }), "found a directory, expected a file"));
}
