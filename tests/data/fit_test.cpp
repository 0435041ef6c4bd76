#include <mae/data/fit.hpp>

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include <mae/data/boxes.hpp>
#include <mae/data/canvas.hpp>
#include <mae/data/class_map.hpp>

#include "data/test_images.hpp"

using namespace test;

namespace {

Augmentation with(const Fit& fit, bool flip = false, Index shift = 0) {
  Augmentation augmentation{.shift = shift, .flip = flip};
  augmentation.transforms = {fit};
  return augmentation;
}
Placement placed(Index height, Index width, Index to_height, Index to_width,
                 const Augmentation& augmentation = with({}), std::uint64_t sample = 0) {
  return place({nullptr, 1, height, width, 0}, augmentation, RandomStream(1, Purpose::augment, 0, sample), to_height,
               to_width);
}

struct Brighten {
  static constexpr const char* name = "brighten";
  static constexpr std::uint32_t draws = 0;
  void change(const Draws&, const PlacedPixels& image) const {
    for (float& value : image) value += 0.5f;
  }
};
struct Large {
  static constexpr const char* name = "large";
  static constexpr std::uint32_t draws = 0;
  Index rows = 0;
  void place(const Draws&, const ImageView&, Placement& to) const { to.rows = rows; }
};

}  // namespace

TEST_CASE("without jitter the whole image is seen, as large as fits, in the upper left corner") {
  struct Case {
    Index height, width, to_height, to_width, rows, columns;
  };
  const Case cases[] = {{48, 48, 48, 48, 48, 48},       {30, 60, 48, 48, 24, 48}, {60, 30, 48, 48, 48, 24},
                        {480, 640, 512, 512, 384, 512}, {7, 5, 40, 20, 28, 20},   {1, 1000, 16, 32, 1, 32},
                        {1000, 1, 16, 32, 16, 1},       {333, 77, 64, 96, 64, 15}};
  for (const Case& now : cases)
    for (std::uint64_t sample = 0; sample < 6; ++sample) {
      INFO(now.height, " x ", now.width, " in ", now.to_height, " x ", now.to_width);
      const Placement found =
          placed(now.height, now.width, now.to_height, now.to_width, with({}, sample % 2 == 1), sample);
      CHECK(found.box.top == 0);
      CHECK(found.box.left == 0);
      CHECK(found.box.height == double(now.height));
      CHECK(found.box.width == double(now.width));
      CHECK(found.rows == now.rows);
      CHECK(found.columns == now.columns);
      CHECK(shown(found) == Box{0, 0, double(now.columns), double(now.rows)});  // mirrored or not
    }
}

TEST_CASE("jitter: scales uniform in their range, aspect kept, parts inside the image and reached everywhere") {
  const Fit fit{.min_scale = 0.25, .max_scale = 2};
  double mean = 0, least = 9, most = 0;
  int at_top = 0, at_bottom = 0, padded_rows = 0, count = 4000;
  for (int sample = 0; sample < count; ++sample) {
    const Placement found = placed(90, 120, 60, 60, with(fit), std::uint64_t(sample));
    CHECK(found.box.top >= 0);
    CHECK(found.box.left >= 0);
    CHECK(found.box.top + found.box.height <= 90);
    CHECK(found.box.left + found.box.width <= 120);
    CHECK(found.rows >= 1);
    CHECK(found.rows <= 60);
    CHECK(found.columns <= 60);
    const double down = double(found.rows) / found.box.height, across = double(found.columns) / found.box.width;
    CHECK(down == doctest::Approx(across).epsilon(0.04));  // sides are whole pixels
    const double scale = (found.box.width < 120 ? across : double(found.columns) / 120) / 0.5;
    mean += scale / count, least = std::min(least, scale), most = std::max(most, scale);
    // Padded each way exactly where the whole side is seen and smaller than the input.
    if (found.rows < 60) CHECK(found.box.height == 90);
    if (found.columns < 60) CHECK(found.box.width == 120);
    padded_rows += found.rows < 60;
    at_top += found.box.height < 90 && found.box.top == 0;
    at_bottom += found.box.height < 90 && found.box.top + found.box.height == 90;
  }
  CHECK(mean == doctest::Approx(1.125).epsilon(0.02));
  CHECK(least < 0.27);
  CHECK(most > 1.97);
  // Rows are filled from scale 4/3 on: 13 / 21 of all are padded.
  CHECK(double(padded_rows) / count == doctest::Approx((4. / 3 - 0.25) / 1.75).epsilon(0.05));
  CHECK(at_top > 20);
  CHECK(at_bottom > 20);
}

TEST_CASE("an image, its class map and its boxes lie in the same place; around them is padding") {
  // A bright rectangle on dark ground: where the input is bright is the box, and the map says 1.
  const Index height = 40, width = 56, to_height = 36, to_width = 48;
  const Normalization normalization{{0.25}, {0.5}};
  int cut = 0, whole = 0, gone = 0, padded = 0, wrong = 0;
  for (std::uint64_t epoch = 0; epoch < 300; ++epoch) {
    const RandomStream random(9, Purpose::probe, 0, epoch);
    const Index y0 = Index{random.below(0, 30)}, x0 = Index{random.below(1, 40)};
    const Index y1 = y0 + 6 + Index{random.below(2, std::uint32_t(height - y0 - 5))};
    const Index x1 = x0 + 6 + Index{random.below(3, std::uint32_t(width - x0 - 5))};
    Album album;
    album.images.push_back(blank_image(1, height, width, 50));
    std::vector<std::uint8_t> map(static_cast<std::size_t>(height * width));
    for (Index y = y0; y < y1; ++y)
      for (Index x = x0; x < x1; ++x) album.images[0].row(0, y)[x] = 250, map[std::size_t(y * width + x)] = 1;
    std::vector<float> out(static_cast<std::size_t>(to_height * to_width));
    Placement placement;
    load_sample(album, 0, normalization, with({.min_scale = 0.4, .max_scale = 1.8}, true, 3), 1, epoch, out.data(),
                to_height, to_width, [&](Index, const Placement& told) { placement = told; });
    ClassMap::Placed classes;
    ClassMap::place({map.data(), height, width}, placement, classes);
    Boxes::Placed boxes;
    Boxes::place(std::vector<LabelledBox>{{{double(x0), double(y0), double(x1), double(y1)}, 3}}, placement, boxes);
    const Box there = shown(placement);
    Box bright{1e9, 1e9, -1e9, -1e9}, marked = bright;
    const auto widen = [](Box& box, Index y, Index x) {
      box = {std::min(box.x0, double(x)), std::min(box.y0, double(y)), std::max(box.x1, double(x + 1)),
             std::max(box.y1, double(y + 1))};
    };
    for (Index y = 0; y < to_height; ++y)
      for (Index x = 0; x < to_width; ++x) {
        const auto at = static_cast<std::size_t>(y * to_width + x);
        const bool outside =
            double(x) < there.x0 || double(x) >= there.x1 || double(y) < there.y0 || double(y) >= there.y1;
        wrong += placement.is_padding(y, x) != outside;
        wrong += (classes[at] == ClassMap::ignored) != outside;
        padded += outside;
        if (outside) wrong += out[at] != 0;
        else if ((double(out[at]) * 0.5 + 0.25) * 255 > 150) widen(bright, y, x);
        if (classes[at] == 1) widen(marked, y, x);
      }
    if (boxes.empty()) {
      CHECK(marked.area() == 0);
      ++gone;
      continue;
    }
    const Box& box = boxes[0].box;
    for (const Box& seen : {bright, marked})
      if (box.width() > 2 && box.height() > 2)
        for (const double error : {seen.x0 - box.x0, seen.x1 - box.x1, seen.y0 - box.y0, seen.y1 - box.y1})
          CHECK(std::fabs(error) <= 1);
    const bool inside = to_input(placement, {double(x0), double(y0), double(x1), double(y1)}) == box;
    (inside ? whole : cut) += 1;
  }
  CHECK(wrong == 0);
  CHECK(whole > 60);
  CHECK(cut > 60);
  CHECK(gone > 0);
  CHECK(padded > 10000);
}

TEST_CASE("padding stays the mean colour when transforms change pixels") {
  const Dataset set = random_images(1);  // 6 x 9
  Augmentation augmentation = with({});
  augmentation.transforms.emplace_back(Brighten{});
  const auto kept = loaded(set, 0, with({}), 1, 0, {{0.4, 0.3}, {0.5, 0.2}}, 9, 9),
             found = loaded(set, 0, augmentation, 1, 0, {{0.4, 0.3}, {0.5, 0.2}}, 9, 9);
  for (std::size_t i = 0; i < 162; ++i) {
    const bool padding = i % 81 >= 54;
    CHECK(double(found[i]) == doctest::Approx(padding ? 0 : double(kept[i]) + (i < 81 ? 1 : 2.5)).epsilon(1e-5));
    if (padding) CHECK(kept[i] == 0);
  }
}

TEST_CASE("scales that make no sense, and parts larger than the input, are told") {
  const auto error = [](double least, double most) {
    return error_of([&] { validate(with({.min_scale = least, .max_scale = most})); });
  };
  CHECK(error(0.1, 2) == "");
  CHECK(error(1, 1) == "");
  CHECK(error(0, 2) == "mae: fit: found scales from 0.000000 to 2.000000, expected 0 < min_scale <= max_scale <= 100");
  for (const double bad : {-1., 3., double(NAN)}) CHECK(error(bad, 2) != "");
  for (const double bad : {101., double(INFINITY), double(NAN)}) CHECK(error(1, bad) != "");
  const auto refused = [](Index rows) {
    Augmentation augmentation;
    augmentation.transforms = {Large{rows}};
    return error_of([&] { placed(8, 8, 8, 8, augmentation); });
  };
  CHECK(refused(1) == "");
  CHECK(refused(0) == "mae: large: found 0 x 8, expected 1 to the input's pixels");
  CHECK(refused(9) == "mae: large: found 9 x 8, expected 1 to the input's pixels");
  CHECK(refused(-1) != "");
}
