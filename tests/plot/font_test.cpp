#include <algorithm>

#include <mae/plot/font.hpp>

#include <doctest/doctest.h>

using mae::blank_image, mae::draw_text, mae::Image, mae::Index;

namespace {
// A canvas as text: '#' for the colour drawn.
std::string image(const Image& canvas) {
  std::string text;
  for (Index y = 0; y < canvas.height; ++y) {
    for (Index x = 0; x < canvas.width; ++x) text += canvas.row(0, y)[x] == 0 ? '#' : '.';
    text += '\n';
  }
  return text;
}
}  // namespace

TEST_CASE("letters look like letters") {
  Image canvas = blank_image(1, 8, 18);
  draw_text(canvas, "Mg2", 0, 0, {0, 0, 0}, 1);
  CHECK(image(canvas) ==
        "#...#........###..\n"
        "##.##.......#...#.\n"
        "#.#.#..####.....#.\n"
        "#.#.#.#...#....#..\n"
        "#...#.#...#...#...\n"
        "#...#..####..#....\n"
        "#...#.....#.#####.\n"
        ".......###........\n");
  CHECK(mae::text_width("Mg2", 1) == canvas.width);
  CHECK(mae::text_height(1) == canvas.height);
}

TEST_CASE("no two characters look alike, and none but the space is empty") {
  std::vector<std::string> seen;
  for (char c = ' '; c <= '~'; ++c) {
    Image canvas = blank_image(1, 8, 6);
    draw_text(canvas, std::string(1, c), 0, 0, {0, 0, 0}, 1);
    seen.push_back(image(canvas));
  }
  CHECK(seen[0].find('#') == std::string::npos);
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}

TEST_CASE("text is coloured, enlarged, and cut at the border") {
  Image canvas = blank_image(3, 16, 12);
  draw_text(canvas, "I", 0, 0, {1, 2, 3}, 2);
  CHECK(canvas.row(0, 0)[2] == 1);
  CHECK(canvas.row(1, 1)[3] == 2);
  CHECK(canvas.row(2, 13)[7] == 3);
  CHECK(canvas.row(0, 0)[0] == 255);
  Image small = blank_image(1, 4, 4);
  draw_text(small, "\xc3\xa9", -3, -2, {0, 0, 0}, 1);  // two bytes, two question marks
  CHECK(image(small) == ".#..\n#...\n....\n#...\n");
}
