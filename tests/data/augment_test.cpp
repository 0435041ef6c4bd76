#include <mae/data/augment.hpp>

#include <algorithm>

#include <doctest/doctest.h>

using namespace mae;

namespace {

template <class Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// 5 × 7 pixels without any regularity.
std::vector<std::uint8_t> rough() {
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 7; ++x)
      pixels.push_back(static_cast<std::uint8_t>(37 * y * y + 53 * x + 11 * x * y * y + 29 * x * x));
  return pixels;
}
std::vector<float> resized(const std::vector<std::uint8_t>& pixels, Index in_width, const CropBox& box, Index height,
                           Index width) {
  std::vector<float> out(static_cast<std::size_t>(height * width));
  resize(pixels.data(), in_width, box, out.data(), height, width);
  return out;
}

/// `n` samples of [2, 6, 9]; the channels differ.
Dataset pictures(Index n) {
  Dataset set{2, 6, 9, {}, {}, 0};
  const RandomStream stream(5, Purpose::probe);
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(n * set.image_size()); ++i)
    set.pixels.push_back(static_cast<std::uint8_t>(stream.below(i, i / 54 % 2 ? 256 : 100)));
  return set;
}
const Normalization plain{{0, 0}, {1. / 255, 1. / 255}};  // bytes as they are
std::vector<float> loaded(const Dataset& set, Index i, const Augmentation& augmentation, std::uint64_t seed = 1,
                          std::uint64_t epoch = 0, const Normalization& normalization = plain, Index height = 6,
                          Index width = 9) {
  std::vector<float> out(static_cast<std::size_t>(set.channels * height * width), -1e9f);
  load_sample(set, i, normalization, augmentation, seed, epoch, out.data(), height, width);
  return out;
}
void check_close(const std::vector<float>& found, const std::vector<double>& expected, double tolerance) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO("pixel ", i);
    CHECK(std::fabs(double(found[i]) - expected[i]) <= tolerance);
  }
}

}  // namespace

TEST_CASE("taps lie inside the box and sum to one") {
  for (const double from : {1., 2., 5., 17., 64.})
    for (const Index to : {1, 2, 5, 16, 64, 100})
      for (Index i = 0; i < to; ++i) {
        const detail::Taps taps = detail::taps(i, to, 3, from);
        double sum = 0;
        for (const float w : taps.weight) sum += double(w);
        INFO("pixel ", i, " of ", to, " from ", from);
        CHECK(sum == doctest::Approx(1).epsilon(1e-6));
        CHECK(taps.first >= 3);
        CHECK(taps.first + static_cast<Index>(taps.weight.size()) <= 3 + static_cast<Index>(from));
      }
}

TEST_CASE("resizing to the same size changes nothing, a constant stays constant") {
  const auto pixels = rough();
  check_close(resized(pixels, 7, {0, 0, 5, 7}, 5, 7), {pixels.begin(), pixels.end()}, 0);
  check_close(resized(pixels, 7, {1, 2, 2, 3}, 2, 3),
              {double(pixels[9]), double(pixels[10]), double(pixels[11]), double(pixels[16]), double(pixels[17]),
               double(pixels[18])},
              0);
  const std::vector<std::uint8_t> flat(35, 201);
  for (const Index size : {1, 3, 5, 11}) {
    const auto out = resized(flat, 7, {1, 0, 4, 6}, size, 2 * size);
    check_close(out, std::vector<double>(out.size(), 201), 1e-4);
  }
}

TEST_CASE("a ramp stays a ramp, away from the edges") {
  std::vector<std::uint8_t> ramp;
  for (int y = 0; y < 24; ++y)
    for (int x = 0; x < 24; ++x) ramp.push_back(static_cast<std::uint8_t>(4 * x + 3 * y + 5));
  // A kernel of Keys' with a = -1/2 keeps lines where it interpolates; widened and sampled at other phases it only
  // nearly does.
  struct Case {
    Index size;
    double tolerance;
  };
  const Case cases[] = {{48, 1e-3}, {36, 1e-3}, {12, 1e-3}, {8, 1e-3}, {9, 0.05}};
  for (const Case& now : cases) {
    const Index size = now.size;
    const auto out = resized(ramp, 24, {0, 0, 24, 24}, size, size);
    const double scale = 24. / static_cast<double>(size);
    const auto margin = static_cast<Index>(std::ceil(2 * std::fmax(scale, 1) / scale));
    for (Index y = margin; y < size - margin; ++y)
      for (Index x = margin; x < size - margin; ++x) {
        const double u = (static_cast<double>(x) + 0.5) * scale - 0.5, v = (static_cast<double>(y) + 0.5) * scale - 0.5;
        INFO("size ", size, " at ", y, ", ", x);
        CHECK(std::fabs(double(out[static_cast<std::size_t>(y * size + x)]) - (4 * u + 3 * v + 5)) < now.tolerance);
      }
  }
}

// Image.fromarray(a, mode="F").crop(box).resize((width, height), Image.BICUBIC) of Pillow 13.0.0.
TEST_CASE("as Pillow resizes") {
  const auto pixels = rough();
  check_close(resized(pixels, 7, {0, 0, 5, 7}, 3, 4),
              {52.4814, 151.4857, 197.4866, 136.9122, 76.5490, 145.6105, 169.6149, 151.8947, 69.7002, 108.8013, 96.0747,
               169.6011},
              1e-3);
  check_close(
      resized(pixels, 7, {0, 0, 5, 7}, 7, 9),
      {-6.0067,  42.0333,  155.2690, 231.0436, 159.9223, 153.1229, 211.0578, 186.7164, 68.6365,  8.4493,   84.3684,
       110.5163, 117.3340, 206.2271, 217.0019, 163.6378, 125.4137, 136.4520, 66.8168,  98.4676,  76.1027,  79.7415,
       232.6939, 264.5140, 128.4057, 87.3535,  212.4801, 154.1538, 46.6429,  89.1056,  211.0837, 188.0000, 234.4170,
       135.7723, 118.4286, 245.5740, 101.9520, 11.3997,  106.1406, 227.9032, 65.4636,  136.8201, 69.5751,  90.5230,
       255.4555, 75.3729,  36.5014,  114.8344, 174.5020, 5.5402,   118.7134, 105.0447, 121.2349, 227.1172, 79.8678,
       81.0347,  115.7833, 112.8392, 2.7184,   150.3745, 181.3825, 172.6581, 192.4727},
      1e-3);
  check_close(resized(pixels, 7, {1, 1, 4, 5}, 2, 6),
              {62.7620, 109.1237, 170.2586, 221.9949, 192.1028, 53.4386, 29.8308, 174.6176, 94.4894, 70.7612, 152.7547,
               89.1136},
              1e-3);
}

TEST_CASE("random crops: whole pixels inside the picture, area and aspect in their ranges, everything reached") {
  const Augmentation options{.smallest_crop = 0.2};
  const Index height = 60, width = 100;
  double least = 1, most = 0, narrowest = 9, widest = 0, top = 0, bottom = 0, left = 0, right = 0;
  for (std::uint64_t sample = 0; sample < 3000; ++sample) {
    const CropBox box = random_crop(RandomStream(1, Purpose::augment, 0, sample), height, width, options);
    CHECK(box.top >= 0);
    CHECK(box.left >= 0);
    CHECK(box.top + box.height <= 60);
    CHECK(box.left + box.width <= 100);
    for (const double edge : {box.top, box.left, box.height, box.width}) CHECK(edge == std::floor(edge));
    const double area = box.height * box.width / 6000, aspect = box.width / box.height;
    least = std::fmin(least, area), most = std::fmax(most, area);
    narrowest = std::fmin(narrowest, aspect), widest = std::fmax(widest, aspect);
    top += box.top == 0, bottom += box.top + box.height == 60;
    left += box.left == 0, right += box.left + box.width == 100;
  }
  // Sides are rounded to whole pixels; a crop of aspect 4/3 and full height has 4/5 of the area.
  CHECK(least > 0.19);
  CHECK(least < 0.22);
  CHECK(most > 0.75);
  CHECK(most < 0.82);
  CHECK(narrowest > 0.72);
  CHECK(narrowest < 0.78);
  CHECK(widest > 1.28);
  CHECK(widest < 1.38);
  for (const double edge : {top, bottom, left, right}) CHECK(edge > 20);
}

TEST_CASE("where no random crop fits: the largest box at the centre whose aspect is in range") {
  struct Case {
    Index height, width;
    double widest;
    CropBox expected;
  };
  const Case cases[] = {{1, 100, 4. / 3, {0, 49, 1, 1}},  {100, 1, 4. / 3, {49, 0, 1, 1}},
                        {30, 101, 4. / 3, {0, 30, 30, 40}}, {101, 30, 4. / 3, {30, 0, 40, 30}},
                        {50, 200, 1, {0, 75, 50, 50}},    {40, 50, 4. / 3, {0, 0, 40, 50}}};
  for (const Case& now : cases) {
    INFO(now.height, " x ", now.width);
    // Crops of the whole area: none of another shape fits.
    const CropBox box = random_crop(RandomStream(1, Purpose::augment), now.height, now.width,
                                    {.smallest_crop = 0.999, .widest = now.widest});
    CHECK(box.top == now.expected.top);
    CHECK(box.left == now.expected.left);
    CHECK(box.height == now.expected.height);
    CHECK(box.width == now.expected.width);
  }
}

TEST_CASE("augmentations out of range are named") {
  auto error_with = [](const Augmentation& options) { return error_of([&] { validate(options); }); };
  CHECK(error_with({}) == "");
  CHECK(error_with({.shift = 1 << 20, .smallest_crop = 1e-6, .widest = 1}) == "");
  for (const Index shift : {Index{-1}, Index{1 << 20} + 1, Index{1} << 40})
    CHECK(error_with({.shift = shift}) ==
          "mae: shift: found " + std::to_string(shift) + ", expected pixels from 0 to 1048576");
  for (const double share : {0., -0.5, 1.5, double(NAN)})
    CHECK(error_with({.smallest_crop = share}) ==
          "mae: smallest_crop: found " + std::to_string(share) + ", expected a share above 0 and at most 1");
  for (const double widest : {0.9, -1., double(INFINITY), double(NAN)})
    CHECK(error_with({.widest = widest}) ==
          "mae: widest: found " + std::to_string(widest) + ", expected an aspect ratio of at least 1");
}

TEST_CASE("a crop of a sample is the resized box of each channel") {
  const Dataset set = pictures(4);
  const Augmentation options{.smallest_crop = 0.3};
  for (Index i = 0; i < 4; ++i) {
    const auto found = loaded(set, i, options, 3, 2);
    const CropBox box = random_crop(RandomStream(3, Purpose::augment, 2, std::uint64_t(i)), 6, 9, options);
    for (std::size_t c = 0; c < 2; ++c) {
      std::vector<float> expected(54);
      resize(set.image(i).data() + 54 * c, 9, box, expected.data(), 6, 9);
      for (std::size_t at = 0; at < 54; ++at) CHECK(found[54 * c + at] == doctest::Approx(double(expected[at])));
    }
  }
}

TEST_CASE("nothing but bytes without augmentation, and pictures of another size are resized") {
  const Dataset set = pictures(2);
  const auto bytes = set.image(1);
  check_close(loaded(set, 1, {}), {bytes.begin(), bytes.end()}, 1e-4);
  const auto found = loaded(set, 1, {}, 1, 0, plain, 12, 4);
  std::vector<float> expected(48);
  resize(bytes.data() + 54, 9, {0, 0, 6, 9}, expected.data(), 12, 4);
  check_close({found.begin() + 48, found.end()}, {expected.begin(), expected.end()}, 1e-3);
}

TEST_CASE("flip: left and right, every other time") {
  const Dataset set = pictures(200);
  int flipped = 0;
  for (Index i = 0; i < 200; ++i) {
    std::vector<double> kept(set.image(i).begin(), set.image(i).end()), mirrored = kept;
    for (auto row = mirrored.begin(); row != mirrored.end(); row += 9) std::reverse(row, row + 9);
    const auto found = loaded(set, i, {.flip = true});
    auto shows = [&](std::size_t at) { return std::fabs(double(found[at]) - mirrored[at]) < 1e-3; };
    const bool flips = shows(0) && shows(1);
    flipped += flips;
    check_close(found, flips ? mirrored : kept, 1e-4);
  }
  CHECK(flipped > 75);
  CHECK(flipped < 125);
}

TEST_CASE("shift: every step of the reach is taken, edges are repeated, channels move together") {
  const Dataset set = pictures(300);
  int count[5][5] = {};
  for (Index i = 0; i < 300; ++i) {
    const auto found = loaded(set, i, {.shift = 2});
    const auto bytes = set.image(i);
    int matches = 0;
    for (int down = -2; down <= 2; ++down)
      for (int right = -2; right <= 2; ++right) {
        bool same = true;
        for (int c = 0; c < 2; ++c)
          for (int y = 0; y < 6; ++y)
            for (int x = 0; x < 9; ++x) {
              const int from_y = std::clamp(y - down, 0, 5), from_x = std::clamp(x - right, 0, 8);
              const double value = bytes[static_cast<std::size_t>((c * 6 + from_y) * 9 + from_x)];
              same = same && std::fabs(double(found[static_cast<std::size_t>((c * 6 + y) * 9 + x)]) - value) < 1e-3;
            }
        matches += same;
        count[down + 2][right + 2] += same;
      }
    CHECK(matches == 1);
  }
  for (const auto& row : count)
    for (const int times : row) CHECK(times >= 2);  // 12 expected
}

TEST_CASE("a sample follows from seed, epoch and its number") {
  const Dataset set = pictures(6);
  const Augmentation options{.shift = 1, .flip = true, .smallest_crop = 0.4};
  CHECK(loaded(set, 3, options, 1, 2) == loaded(set, 3, options, 1, 2));
  CHECK(loaded(set, 3, options, 1, 2) != loaded(set, 3, options, 1, 3));
  CHECK(loaded(set, 3, options, 1, 2) != loaded(set, 3, options, 2, 2));
  const Index twice[] = {3, 3};
  const Dataset copies = subset(set, twice);
  CHECK(loaded(copies, 0, options) != loaded(copies, 1, options));  // the number counts, not the picture
}

TEST_CASE("normalised by its own statistics a set has mean 0 and deviation 1; a channel of one value stays finite") {
  Dataset set = pictures(50);
  const Normalization own = Normalization::of(channel_statistics(set));
  for (std::size_t c = 0; c < 2; ++c) {
    double sum = 0, squares = 0;
    for (Index i = 0; i < 50; ++i) {
      const auto values = loaded(set, i, {}, 1, 0, own);
      for (std::size_t at = 54 * c; at < 54 * (c + 1); ++at) {
        sum += double(values[at]);
        squares += double(values[at]) * double(values[at]);
      }
    }
    CHECK(sum / 2700 == doctest::Approx(0).epsilon(1e-6));
    CHECK(squares / 2700 == doctest::Approx(1).epsilon(1e-6));
  }
  std::fill(set.pixels.begin(), set.pixels.end(), std::uint8_t{40});
  const Normalization flat = Normalization::of(channel_statistics(set));
  check_close(loaded(set, 0, {}, 1, 0, flat), std::vector<double>(108, 0), 1e-6);
}

TEST_CASE("channels must be the model's") {
  const Dataset set = pictures(1);
  check_channels(set, plain, 2, "images");
  CHECK(error_of([&] { check_channels(set, plain, 3, "images"); }) ==
        "mae: images: found 2 channels, expected the model's 3");
  for (const Normalization& wrong : {Normalization{{0}, {1, 1}}, Normalization{{0, 0}, {1}}})
    CHECK(error_of([&] { check_channels(set, wrong, 2, "images"); }) ==
          "mae: normalization: found statistics of 1 channels, expected the model's 2");
}
