#include <mae/io/tensors/onnx.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using namespace mae;
using test::error_of;

namespace {

/// y = x · weight + bias, with `rows` · 4 numbers in the weight.
OnnxGraph product(Index rows, float first = 0) {
  OnnxGraph graph;
  graph.input("x", {dyn, rows});
  std::vector<float> values(static_cast<std::size_t>(4 * rows));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<float>(i);
  const std::string all = graph.node("MatMul", {"x", graph.tensor("weight", {rows, 4}, values)}, "product");
  graph.node("Add", {all, graph.tensor("bias", {4}, std::vector<float>{1, 2, 3, 4})}, "y");
  graph.output("y", {dyn, 4});
  return graph;
}
std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

TEST_CASE("tensors stand in the model, or from a size on in a file beside it, at whole pages") {
  const test::TemporaryDirectory folder;
  const OnnxGraph graph = product(300);  // 4,800 bytes and 16
  CHECK(write_onnx(folder / "inside.onnx", graph, {.external_data_above = 4816}) ==
        std::vector<std::string>{folder / "inside.onnx"});
  const std::string inside = test::read_text(folder / "inside.onnx");
  CHECK(inside.size() > 4816);
  CHECK(inside.find("location") == std::string::npos);

  OnnxGraph two = product(300);
  two.tensor("more", {256}, std::vector<float>(256, 0.5f));
  two.tensor("scalar", {}, std::vector<float>{7});
  const auto written = write_onnx(folder / "outside.onnx", two, {.external_data_above = 5843});
  REQUIRE(written.size() == 2);
  CHECK(written[0] == folder / "outside.onnx");
  CHECK(name_of(written[1]).starts_with("outside.onnx."));
  CHECK(name_of(written[1]).ends_with(".data"));
  const std::string outside = test::read_text(written[0]), data = test::read_text(written[1]);
  CHECK(outside.size() < 900);
  CHECK(outside.find("location\x12\x22" + name_of(written[1])) != std::string::npos);
  CHECK(outside.find("offset\x12\x01"
                     "0") != std::string::npos);
  CHECK(outside.find("length\x12\x04"
                     "4800") != std::string::npos);
  CHECK(outside.find("offset\x12\x04"
                     "8192") != std::string::npos);
  REQUIRE(data.size() == 8192 + 1024);  // small ones stay in the model
  const auto number = [&](std::size_t byte) { return *reinterpret_cast<const float*>(data.data() + byte); };
  for (std::size_t i = 0; i < 1200; ++i) CHECK(number(4 * i) == static_cast<float>(i));
  for (std::size_t i = 4800; i < 8192; ++i) CHECK(data[i] == 0);
  CHECK(number(8192) == 0.5f);
  CHECK(folder.entries() == 3);
}

TEST_CASE("another export leaves the data of the first, whose model stays whole until it is replaced") {
  const test::TemporaryDirectory folder;
  const OnnxOptions outside{.external_data_above = 0};
  const auto first = write_onnx(folder / "model.onnx", product(300), outside);
  const auto again = write_onnx(folder / "model.onnx", product(300), outside);
  CHECK(first == again);
  CHECK(folder.entries() == 2);
  const std::string data = test::read_text(first[1]);
  const auto other = write_onnx(folder / "model.onnx", product(300, 1), outside);
  CHECK(other[1] != first[1]);
  CHECK(test::read_text(first[1]) == data);
  CHECK(test::read_text(folder / "model.onnx").find(name_of(other[1])) != std::string::npos);
}

TEST_CASE("2 GB in one message are refused before anything is written") {
  const test::TemporaryDirectory folder;
  test::write_text(folder / "model.onnx", "an earlier one");
  OnnxGraph graph;
  bool asked = false;
  graph.tensor("weight", {600'000'000}, [&](std::vector<float>&) { asked = true; });
  const std::string error =
      error_of([&] { write_onnx(folder / "model.onnx", graph, {.external_data_above = Index{1} << 40}); });
  CHECK(error.starts_with("mae: " + (folder / "model.onnx") + ": found 24000000"));
  CHECK(
      error.ends_with(" bytes in one message, expected at most 2147483647, or tensors in a file of their own: "
                      "external_data_above of fewer bytes"));
  CHECK_FALSE(asked);
  CHECK(test::read_text(folder / "model.onnx") == "an earlier one");
  CHECK(folder.entries() == 1);

  for (const std::vector<Index>& shape : {std::vector<Index>{Index{1} << 40, Index{1} << 40}, {0}, {-1}}) {
    OnnxGraph impossible;
    impossible.tensor("weight", shape, std::vector<float>{});
    CHECK(
        error_of([&] { write_onnx(folder / "model.onnx", impossible); }) ==
        "mae: ONNX tensor weight: found extents that are not positive or too large, expected a size below 2^63 bytes");
  }
}

TEST_CASE("a model that cannot be written leaves the earlier one, and no half of itself") {
  const test::TemporaryDirectory folder;
  test::write_text(folder / "model.onnx", "an earlier one");
  const auto fails = [&](const std::string& path, const OnnxGraph& graph, const OnnxOptions& options) {
    const std::string error = error_of([&] { write_onnx(path, graph, options); });
    CHECK(test::read_text(folder / "model.onnx") == "an earlier one");
    CHECK(folder.entries() == 1);
    return error;
  };
  for (const Index above : {Index{0}, Index{1} << 30}) {
    CHECK(fails(folder / "nowhere/model.onnx", product(300), {.external_data_above = above})
              .starts_with("mae: " + (folder / "nowhere/model.onnx") + ": found"));
    CHECK_FALSE(fails(folder.path, product(300), {.external_data_above = above}).empty());
  }
  OnnxGraph half = product(300);  // its weights can be had twice, for the file of their own, but not those after them
  int asked = 0;
  half.tensor("bad", {2}, [&](std::vector<float>& to) { ++asked, to.resize(1); });
  CHECK(fails(folder / "model.onnx", half, {.external_data_above = 0}) ==
        "mae: ONNX tensor bad: found 1 numbers, expected 2");
  CHECK(asked == 1);
  OnnxGraph short_of_numbers;
  short_of_numbers.tensor("weight", {300, 4}, std::vector<float>(7));
  for (const Index above : {Index{0}, Index{1} << 30})
    CHECK(fails(folder / "model.onnx", short_of_numbers, {.external_data_above = above}) ==
          "mae: ONNX tensor weight: found 7 numbers, expected 1200");
  CHECK(fails(folder / "model.onnx", product(300), {.metadata = {{"data", "\xff"}}}).find("not UTF-8") !=
        std::string::npos);
  CHECK(fails(folder / "\xff.onnx", product(300), {.external_data_above = 0}).find("not UTF-8") != std::string::npos);
}
