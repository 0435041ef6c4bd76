#include <mae/checkpoint/resample_positions.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <support/error_of.hpp>
#include <support/golden.hpp>

using namespace mae;
using test::error_of;

namespace {

struct Grids {
  PatchGrid from, to;
  std::string name() const {
    auto text = [](const PatchGrid& grid) { return std::to_string(grid.rows) + "x" + std::to_string(grid.columns); };
    return "positions." + text(from) + "-" + text(to) + ".";
  }
};
const Grids all[] = {{{4, 4, 1}, {8, 8, 1}}, {{14, 14, 1}, {7, 7, 1}}, {{7, 7, 1}, {14, 14, 1}},
                     {{6, 6, 1}, {4, 9, 1}}, {{5, 7, 1}, {3, 9, 1}},   {{3, 2, 1}, {4, 5, 1}},
                     {{2, 3, 1}, {1, 4, 1}}, {{1, 4, 1}, {3, 1, 1}},   {{6, 6, 1}, {5, 6, 1}}};
constexpr Index D = 2;

}  // namespace

TEST_CASE("positions on another grid are PyTorch's, and timm's where antialiased") {
  const SafetensorsFile golden = test::golden_file("resampling");
  INFO(golden.path(), ": torch ", golden.metadata("torch"), ", timm ", golden.metadata("timm"));
  for (const Grids& grids : all) {
    INFO(grids.name());
    const auto expected = [&](const char* what) { return golden.values<double>(grids.name() + what); };
    const auto wide = golden.values<double>(grids.name() + "table");
    const auto narrow = golden.values<float>(grids.name() + "table");
    const auto plain = resample_positions(wide, grids.from, grids.to, D);
    CHECK(test::distance(plain.values, expected("plain")) < 1e-12);
    const auto smooth = resample_positions(wide, grids.from, grids.to, D, Bicubic::antialiased);
    CHECK(test::distance(smooth.values, expected("antialiased")) < 1e-12);
    CHECK(test::distance(resample_positions(narrow, grids.from, grids.to, D).values, expected("plain")) < 1e-6);
    CHECK(test::distance(resample_positions(narrow, grids.from, grids.to, D, Bicubic::antialiased).values,
                         expected("timm")) < 1e-6);
    for (Index d = 0; d < D; ++d) CHECK(plain.values[std::size_t(d)] == wide[std::size_t(d)]);  // the class token's
  }
}

TEST_CASE("what was done is told, and nothing is done to the table of the same grid") {
  const std::vector<float> table{-0.f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -0.f};  // 2 x 3 patches
  for (const Bicubic how : {Bicubic::plain, Bicubic::antialiased}) {
    const auto same = resample_positions(table, {2, 3, 16}, {2, 3, 8}, D, how);
    CHECK(same.values == table);
    CHECK(std::signbit(same.values.back()));
    CHECK(same.report.empty());
  }
  CHECK(resample_positions(table, {2, 3, 16}, {1, 4, 16}, D).report == "positions 2 x 3 -> 1 x 4, bicubic");
  CHECK(resample_positions(table, {2, 3, 16}, {3, 2, 16}, D, Bicubic::antialiased).report ==
        "positions 2 x 3 -> 3 x 2, bicubic antialiased");  // as many patches, another grid
}

TEST_CASE("a table of another grid is refused") {
  const std::vector<float> table(14);
  const auto refused = [&](const PatchGrid& from, Index width) {
    return error_of([&] { resample_positions(table, from, {4, 4, 1}, width, Bicubic::plain, "file: pos_embed"); });
  };
  CHECK(refused({2, 2, 1}, D) ==
        "mae: file: pos_embed: found 14 numbers, expected positions of 2 x 2 patches and a class token, "
        "2 numbers each");
  for (const PatchGrid& from : {PatchGrid{2, 3, 1}, {0, 0, 1}, {-2, -3, 1}, {Index{1} << 62, 4, 1}})
    CHECK(refused(from, from.rows == 2 ? 3 : D).find("found 14 numbers") != std::string::npos);
  CHECK(refused({2, 3, 1}, 0).find("0 numbers each") != std::string::npos);
  CHECK(refused({2, 3, 1}, D).empty());

  CHECK(square_grid(196, "file").rows == 14);
  CHECK(square_grid(1, "file", 16).columns == 1);
  for (const Index count : {Index{0}, Index{-4}, Index{8}, Index{195}})
    CHECK(error_of([&] { square_grid(count, "file: pos_embed"); }) ==
          "mae: file: pos_embed: found positions of " + std::to_string(count) +
              " patches, expected those of a square grid, or the rows and columns of theirs");
}
