// What programs show: numbers that say something at any speed, and lines that fit.
#include <framework/display.hpp>
#include <framework/terminal.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

using namespace program;

TEST_CASE("a speed says something, however slow") {
  CHECK(images_a_second(9120.4) == "9120 images/s");
  CHECK(images_a_second(10) == "10 images/s");
  CHECK(images_a_second(9.949) == "9.9 images/s");
  CHECK(images_a_second(9.96) == "10 images/s");
  CHECK(images_a_second(0.3) == "0.3 images/s");
  CHECK(images_a_second(0.1) == "0.1 images/s");
  CHECK(images_a_second(0.04) == "25 s an image");
  CHECK(images_a_second(1. / 150) == "2 min 30 s an image");
  for (const double none : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::nan("")})
    CHECK(images_a_second(none) == "? images/s");
}

TEST_CASE("of several lines the longest that leaves the last column free") {
  const std::vector<std::string> lines{"epoch 3  loss 0.4  5 s left", "epoch 3  5 s left", "epoch 3"};
  CHECK(fitting(lines, 80) == lines[0]);
  CHECK(fitting(lines, 28) == lines[0]);
  CHECK(fitting(lines, 27) == lines[1]);
  CHECK(fitting(lines, 17) == lines[2]);
  CHECK(fitting(lines, 8) == lines[2]);
  CHECK(fitting(lines, 5) == "epoc");
  for (const int columns : {1, 0, -3}) CHECK(fitting(lines, columns).empty());
}

TEST_CASE("what is no terminal has the columns that the environment says, or eighty") {
  if (::system("test -t 1") == 0) return;
  CHECK(!can_redraw());
  for (const auto& [said, expected] : {std::pair{"40", 40}, {"", 80}, {"0", 80}, {"-5", 80}, {"wide", 80}}) {
    ::setenv("COLUMNS", said, 1);
    CHECK(columns() == expected);
  }
  ::unsetenv("COLUMNS");
  CHECK(columns() == 80);
}
