// What a container's reader says of tensors, and what then comes out.
#include <mae/io/tensors/tensor_file.hpp>

#include <doctest/doctest.h>

#include <mae/io/files/atomic_file.hpp>
#include <support/temporary.hpp>

using mae::Index, mae::TensorEntry, mae::TensorFile;
using test::contains, test::error_of;

namespace {

const test::TemporaryDirectory folder;

// The numbers 0 to count - 1 as elements of type T in a file.
template <class T>
mae::InputFile numbers(const std::string& name, Index count) {
  std::vector<T> all;
  for (Index i = 0; i < count; ++i) all.push_back(static_cast<T>(static_cast<float>(i)));
  mae::write_file(folder / name, all.data(), count * Index{sizeof(T)});
  return mae::InputFile(folder / name);
}
template <class... File>
std::vector<mae::InputFile> parts(File... file) {
  std::vector<mae::InputFile> all;
  (all.push_back(std::move(file)), ...);
  return all;
}
std::vector<double> of(const TensorFile& file, const std::string& name) { return file.values<double>(name); }

}  // namespace

TEST_CASE("elements at strides come out row-major") {
  const TensorFile file("weights", "test", parts(numbers<float>("a", 24)),
                        {{"plain", "F32", {2, 3}, 4, 28},
                         {"transposed", "F32", {3, 2}, 4, 28, {1, 3}},
                         {"channels last", "F32", {2, 3, 2, 2}, 0, 96, {12, 1, 6, 3}},
                         {"every third", "F32", {4}, 8, 48, {3}},
                         {"expanded", "F32", {2, 3}, 16, 28, {0, 1}},
                         {"overlapping", "F32", {3, 2}, 0, 16, {1, 1}},
                         {"interleaved", "F32", {2, 3}, 0, 32, {3, 2}},
                         {"scalar", "F32", {}, 20, 24},
                         {"none", "F32", {0, 3}, 0, 0, {1, 1}}},
                        {});
  CHECK(of(file, "plain") == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(of(file, "transposed") == std::vector<double>{1, 4, 2, 5, 3, 6});
  CHECK(of(file, "channels last") ==
        std::vector<double>{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23});
  CHECK(of(file, "every third") == std::vector<double>{2, 5, 8, 11});
  CHECK(of(file, "expanded") == std::vector<double>{4, 5, 6, 4, 5, 6});
  CHECK(of(file, "overlapping") == std::vector<double>{0, 1, 1, 2, 2, 3});
  CHECK(of(file, "interleaved") == std::vector<double>{0, 2, 4, 3, 5, 7});
  CHECK(of(file, "scalar") == std::vector<double>{5});
  CHECK(of(file, "none").empty());
  CHECK(file.bytes("every third").size() == 16);
}

TEST_CASE("a transposed matrix longer than the window") {
  constexpr Index rows = 300, columns = 251;
  const TensorFile file("weights", "test", parts(numbers<double>("long", rows * columns)),
                        {{"transposed", "F64", {columns, rows}, 0, rows * columns * 8, {1, columns}},
                         {"a column", "F64", {rows}, 8, (rows - 1) * columns * 8 + 16, {columns}}},
                        {});
  const std::vector<double> all = of(file, "transposed"), column = of(file, "a column");
  Index right = 0;
  for (Index i = 0; i < columns; ++i)
    for (Index k = 0; k < rows; ++k)
      right += all[static_cast<std::size_t>(i * rows + k)] == static_cast<double>(k * columns + i) ? 1 : 0;
  CHECK(right == rows * columns);
  for (Index k = 0; k < rows; ++k) CHECK(column[static_cast<std::size_t>(k)] == static_cast<double>(k * columns + 1));
}

TEST_CASE("the most significant byte first") {
  const std::uint8_t bytes[] = {0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0};
  mae::write_file(folder / "big", bytes, 8);
  const TensorFile file("weights", "test", parts(mae::InputFile(folder / "big")),
                        {{"plain", "F32", {2}, 0, 8, {}, 0, true}, {"turned", "F32", {1, 2}, 0, 8, {2, 1}, 0, true}},
                        {});
  CHECK(of(file, "plain") == std::vector<double>{1, -2});
  CHECK(of(file, "turned") == std::vector<double>{1, -2});
  CHECK(file.bytes("plain") == file.bytes("turned"));
  CHECK(file.bytes("plain")[3] == std::byte{0x3f});
}

TEST_CASE("tensors in several files: errors name the file") {
  const TensorFile file("folder", "test", parts(numbers<float>("one", 2), numbers<mae::bf16>("two", 2)),
                        {{"x", "F32", {2}, 0, 8}, {"y", "BF16", {2}, 0, 4, {}, 1}}, {{"key", "value"}});
  CHECK(of(file, "x") == of(file, "y"));
  CHECK(file.metadata("key") == "value");
  CHECK(file.container() == "test");
  CHECK(file.names() == std::vector<std::string>{"x", "y"});
  CHECK(file.subject("y") == folder / "two" + ": tensor 'y'");
  CHECK(contains(error_of([&] { file.at("z"); }), "folder: tensor 'z': found no such tensor"));
  CHECK(contains(error_of([&] { file.values<std::int64_t>("y"); }), "/two: tensor 'y': found dtype BF16"));
  CHECK(contains(error_of([] {
                   TensorFile("f", "", {}, {{"x", "U8", {}}, {"x", "U8", {}}}, {});
                 }),
                 "f: found the tensor 'x' twice"));
}
