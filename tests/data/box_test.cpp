// Areas of boxes and of what they share.
#include <mae/data/box.hpp>

#include <doctest/doctest.h>

using namespace mae;

TEST_CASE("a box of one pixel has area 1, an empty one 0") {
  CHECK(Box{3, 5, 4, 6}.area() == 1);
  CHECK(Box{3, 5, 3, 6}.area() == 0);
  CHECK(Box{4, 6, 3, 5}.area() == 0);  // both sides negative: no area of their product
  CHECK(Box{0.5, 1, 3, 2.5}.width() == 2.5);
  CHECK(Box{0.5, 1, 3, 2.5}.height() == 1.5);
}

TEST_CASE("what two boxes share") {
  const Box a{0, 0, 4, 3}, b{2, 1, 6, 7};
  CHECK(intersection(a, b) == Box{2, 1, 4, 3});
  CHECK(intersection(b, a) == intersection(a, b));
  CHECK(intersection(a, Box{4, 0, 8, 3}).area() == 0);  // they touch
  CHECK(intersection(a, Box{9, 9, 10, 10}).area() == 0);
}
