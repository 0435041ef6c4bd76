#include <mae/eval/coverage.hpp>

#include <doctest/doctest.h>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/model/geometry.hpp>

#include "support/error_of.hpp"

using namespace mae;

namespace {

struct Model {
  using ImageShape = mae::ImageShape<1, 32, 48, 8>;
  using Levels = mae::Levels<Grid<8, 12, 4>, Grid<4, 6, 8>>;
};
/// Two images: places of the finest map lie at 2, 6, 10, ..., of the other at 4, 12, 20, ...
DetectionSet objects() {
  DetectionSet set{{1, 32, 48, std::vector<std::uint8_t>(2 * 32 * 48), {}, 0}, {}, 3};
  set.boxes = {{{{0, 0, 12, 12}, 0, false},        // nine places
                {{6.5, 6.5, 9.5, 9.5}, 1, false},  // between places
                {{20, 20, 24, 24}, 2, false},      // one, (22, 22), under the next
                {{21, 21, 23, 23}, 2, false},
                {{30, 0, 48, 32}, 1, true}},
               {{{0, 0, 48, 32}, 0, false}}};  // a far side of 26: the finest map's
  return set;
}

}  // namespace

TEST_CASE("coverage counts places by map and size, and objects that have none, and why") {
  const DetectionSet set = objects();
  const auto found = coverage<Model>(set, {{0}, {1}});
  CHECK(found.images == 2);
  CHECK(found.ignored == 1);
  CHECK(found.rows[0].objects == 3);
  CHECK(found.rows[0].unreachable == 1);
  CHECK(found.rows[0].hidden == 1);
  CHECK(found.rows[0].places[0] == 1);
  CHECK(found.rows[1].objects == 1);
  CHECK(found.rows[1].places[0] == 9);
  CHECK(found.rows[1].places[1] == 0);
  CHECK(found.rows[3].objects == 1);
  CHECK(found.rows[3].places[0] == 4);  // (22, 26) x (14, 18)
  CHECK(found.positives() == 7);
  CHECK(found.total().objects == 5);
  CHECK(found.text() ==
        "2 images, 1 ignored boxes, 7.0 places with an object an image\n"
        "     size  objects    stride 4    stride 8  no place  all taken\n"
        "  below 8        3           1           0         1          1\n"
        " below 16        1           9           0         0          0\n"
        " below 64        1           4           0         0          0\n"
        "      all        5          14           0         1          1\n");
}

TEST_CASE("the sizes of a table end nowhere, and images without boxes are an error") {
  Coverage<Levels<Grid<2, 2, 1024>>> huge;
  const LabelledBox box{{0, 0, 2048, 2048}, 0, false};
  huge.add({&box, 1});
  CHECK(huge.rows[7].objects == 1);
  CHECK(huge.text().find("from 512") != std::string::npos);
  const Dataset labelled{1, 32, 48, std::vector<std::uint8_t>(32 * 48), {0}, 1};
  CHECK(test::error_of([&] {
          coverage<Model>(labelled, {{0}, {1}});
        }) == "mae: images: found images with a label, expected images with boxes");
}
