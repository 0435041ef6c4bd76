#include <mae/data/transform.hpp>

#include <algorithm>

#include <doctest/doctest.h>

#include "data/test_images.hpp"

using namespace test;

namespace {

struct Invert {
  static constexpr const char* name = "invert";
  static constexpr std::uint32_t draws = 1;
  double share = 0.5;
  void each_option(const auto& visit) const { visit("share", share); }
  void change(const Draws& random, const PlacedPixels& image) const {
    if (double(random.uniform(0)) < share)
      for (float& value : image) value = 1 - value;
  }
};
/// Says which number it got.
struct Tell {
  static constexpr const char* name = "tell";
  static constexpr std::uint32_t draws = 2;
  Index asks = 2;
  void place(const Draws& random, const ImageView&, Placement& to) const {
    for (Index n = 0; n < asks; ++n) to.move(Index{random.below(static_cast<std::uint32_t>(n), 1000)}, 0);
  }
};
/// Looks at the box that it is told.
struct Look {
  static constexpr const char* name = "look";
  static constexpr std::uint32_t draws = 0;
  double top = 0, height = 1;
  void place(const Draws&, const ImageView&, Placement& to) const { to.box.top = top, to.box.height = height; }
  void ensure_valid() const {
    if (top < 0) throw Error("top", std::to_string(top), "0 or more");
  }
};

Augmentation with(std::vector<Transform> transforms) {
  Augmentation augmentation{.flip = true};
  augmentation.transforms = std::move(transforms);
  return augmentation;
}

}  // namespace

TEST_CASE("a transform of one's own changes the pixels, sometimes, before they are normalised") {
  const Dataset set = random_images(200);
  const Normalization normalization{{0.4, 0.3}, {0.5, 0.2}};
  int inverted = 0;
  for (Index i = 0; i < set.size(); ++i) {
    const auto kept = loaded(set, i, with({}), 1, 0, normalization),
               found = loaded(set, i, with({Invert{}}), 1, 0, normalization);
    std::vector<double> same(kept.begin(), kept.end()), other = same;
    for (std::size_t k = 0; k < other.size(); ++k) {
      const double mean = k < 54 ? 0.4 : 0.3, deviation = k < 54 ? 0.5 : 0.2;
      other[k] = (1 - (other[k] * deviation + mean) - mean) / deviation;
    }
    const bool inverts = std::fabs(double(found[0]) - same[0]) > 1e-5;
    inverted += inverts;
    check_close(found, inverts ? other : same, 1e-5);
  }
  CHECK(inverted > 75);
  CHECK(inverted < 125);
  check_close(loaded(set, 0, with({Invert{.share = 0}}), 1, 0, normalization),
              loaded(set, 0, with({}), 1, 0, normalization), 1e-6);
}

TEST_CASE("the list hands out random numbers one after the other, 43 of them to its own four options") {
  const RandomStream stream(1, Purpose::augment, 2, 3);
  const ImageView image{nullptr, 1, 8, 8, 0};
  const Index before = place(image, with({}), stream, 8, 8).down;
  CHECK(before == 0);
  const auto number = [&](std::uint32_t n) { return Index{stream.below(n, 1000)}; };
  CHECK(place(image, with({Tell{}}), stream, 8, 8).down == number(43) + number(44));
  CHECK(place(image, with({Invert{}, Tell{}}), stream, 8, 8).down == number(44) + number(45));
  CHECK(place(image, with({Tell{}, Tell{.asks = 0}, Tell{}}), stream, 8, 8).down ==
        number(43) + number(44) + number(47) + number(48));
  CHECK(error_of([&] { place(image, with({Tell{.asks = 3}}), stream, 8, 8); }) ==
        "mae: transform: found its random number 2, expected one below the 2 that its `draws` says");
}

TEST_CASE("a box outside the image is refused, and so is an option by the transform itself") {
  const ImageView image{nullptr, 1, 8, 9, 0};
  const auto error = [&](double top, double height) {
    return error_of([&] { place(image, with({Look{top, height}}), RandomStream(1, Purpose::augment), 8, 9); });
  };
  CHECK(error(0, 8) == "");
  CHECK(error(7, 1) == "");
  CHECK(error(1, 8) ==
        "mae: transform look: found a box of 8.000000 rows and 9.000000 columns, expected whole pixels "
        "inside the image of 8 x 9");
  for (const double bad : {-1., 0.5, double(NAN), double(INFINITY), 1e30}) {
    CHECK(error(bad, 1) != "");
    CHECK(error(0, bad) != "");
  }
  CHECK(error_of([&] { validate(with({Look{.top = -2}})); }) == "mae: top: found -2.000000, expected 0 or more");
  CHECK(error_of([&] { validate(with({Look{}, Invert{}})); }) == "");
}

TEST_CASE("a transform tells its name and options, and is a value") {
  std::vector<Transform> list{Invert{.share = 0.25}};
  list.push_back(list[0]);
  list[0] = Look{};
  std::string text = list[1].name();
  list[1].each_option([&](const char* name, double value) { text += std::string(" ") + name + std::to_string(value); });
  CHECK(text == "invert share0.250000");
  CHECK(std::string(list[0].name()) == "look");
  CHECK(list[1].changes());
  CHECK(!list[0].changes());
}
