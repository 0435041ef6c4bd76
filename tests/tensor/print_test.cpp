#include <mae/tensor/print.hpp>

#include <doctest/doctest.h>
#include <mae/core/bf16.hpp>
#include <sstream>
#include <vector>

using namespace mae;

namespace {
template <class S, class T = float>
std::string printed(Index batch = 1) {
  std::vector<T> data(static_cast<std::size_t>(batch * S::count));
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = T(static_cast<float>(i));
  std::ostringstream out;
  out << View<const T, S>(data.data(), batch);
  return out.str();
}
}  // namespace

TEST_CASE("rows and brackets line up") {
  CHECK(printed<Shape<dyn, 2, 3>>(2) ==
        "[2, 2, 3] [[[0, 1, 2],\n"
        "  [3, 4, 5]],\n"
        " [[6, 7, 8],\n"
        "  [9, 10, 11]]]");
}
TEST_CASE("long axes show both ends") {
  CHECK(printed<Shape<9>>() == "[9] [0, 1, 2, ..., 6, 7, 8]");
  CHECK(printed<Shape<8>>() == "[8] [0, 1, 2, ..., 5, 6, 7]");
  CHECK(printed<Shape<7>>() == "[7] [0, 1, 2, 3, 4, 5, 6]");
}
TEST_CASE("single numbers, bytes and bfloat16 print as numbers") {
  CHECK(printed<Shape<>>() == "[] 0");
  CHECK(printed<Shape<dyn>>(2) == "[2] [0, 1]");
  CHECK(printed<Shape<3>, unsigned char>() == "[3] [0, 1, 2]");
  CHECK(printed<Shape<3>, bf16>() == "[3] [0, 1, 2]");
  std::ostringstream out;
  out << Tensor<double, Shape<2, 1>>();
  CHECK(out.str().starts_with("[2, 1] [[0],"));
}
