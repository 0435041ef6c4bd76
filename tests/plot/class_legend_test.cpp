#include <mae/plot/class_legend.hpp>

#include <doctest/doctest.h>

using namespace mae;

TEST_CASE("each class has a square of its colour and its name, in lines that fit") {
  const std::vector<Index> classes{0, 2, 5};
  const std::vector<std::string> names{"sky", "tree", "house"};
  const auto squares = [](const Image& image, Index c) {
    const Colour colour = class_colour(c);
    Index count = 0;
    for (Index y = 0; y < image.height; ++y)
      for (Index x = 0; x < image.width; ++x)
        count += image.row(0, y)[x] == colour[0] && image.row(1, y)[x] == colour[1] && image.row(2, y)[x] == colour[2];
    return count;
  };
  const Image wide = class_legend(classes, names, 600), narrow = class_legend(classes, names, 60);
  for (const Image* const image : {&wide, &narrow}) {
    for (const Index c : classes) CHECK(squares(*image, c) == 10 * 10);
    CHECK(squares(*image, 1) == 0);
  }
  CHECK(wide.width == 600);
  CHECK(narrow.height > 2 * wide.height);
  CHECK(class_legend(classes, names, 1).width >= text_width("house", 1));
  CHECK(class_legend({0}, {"a"}, 300) != class_legend({0}, {}, 300));  // a name, or the number
  const Image none = class_legend({}, names, 40);
  CHECK(none.width == 40);
  CHECK(squares(none, 0) == 0);
}
