#include <mae/data/resize.hpp>

#include <doctest/doctest.h>

#include "data/pictures.hpp"

using namespace test;

namespace {

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
  resize(pixels.data(), 1, static_cast<Index>(pixels.size()) / in_width, in_width, box, out.data(), height, width);
  return out;
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
  check_close(resized(pixels, 7, {0, 0, 5, 7}, 5, 7), pixels, 0);
  check_close(resized(pixels, 7, {1, 2, 2, 3}, 2, 3),
              std::vector<double>{double(pixels[9]), double(pixels[10]), double(pixels[11]), double(pixels[16]),
                  double(pixels[17]), double(pixels[18])},
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
              std::vector<double>{52.4814, 151.4857, 197.4866, 136.9122, 76.5490, 145.6105, 169.6149, 151.8947,
                  69.7002, 108.8013, 96.0747, 169.6011},
              1e-3);
  check_close(
      resized(pixels, 7, {0, 0, 5, 7}, 7, 9),
      std::vector<double>{-6.0067, 42.0333, 155.2690, 231.0436, 159.9223, 153.1229, 211.0578, 186.7164,
                  68.6365, 8.4493, 84.3684, 110.5163, 117.3340, 206.2271, 217.0019, 163.6378,
                  125.4137, 136.4520, 66.8168, 98.4676, 76.1027, 79.7415, 232.6939, 264.5140,
                  128.4057, 87.3535, 212.4801, 154.1538, 46.6429, 89.1056, 211.0837, 188.0000,
                  234.4170, 135.7723, 118.4286, 245.5740, 101.9520, 11.3997, 106.1406, 227.9032,
                  65.4636, 136.8201, 69.5751, 90.5230, 255.4555, 75.3729, 36.5014, 114.8344,
                  174.5020, 5.5402, 118.7134, 105.0447, 121.2349, 227.1172, 79.8678, 81.0347,
                  115.7833, 112.8392, 2.7184, 150.3745, 181.3825, 172.6581, 192.4727},
      1e-3);
  check_close(resized(pixels, 7, {1, 1, 4, 5}, 2, 6),
              std::vector<double>{62.7620, 109.1237, 170.2586, 221.9949, 192.1028, 53.4386, 29.8308, 174.6176,
                  94.4894, 70.7612, 152.7547, 89.1136},
              1e-3);
}

TEST_CASE("the planes of a picture are resized each for itself") {
  const auto first = rough();
  std::vector<std::uint8_t> second(first.rbegin(), first.rend()), both = first;
  both.insert(both.end(), second.begin(), second.end());
  const CropBox box{1, 2, 4, 5};
  std::vector<float> found(2 * 6);
  resize(both.data(), 2, 5, 7, box, found.data(), 2, 3);
  auto expected = resized(first, 7, box, 2, 3);
  const auto more = resized(second, 7, box, 2, 3);
  expected.insert(expected.end(), more.begin(), more.end());
  CHECK(found == expected);
}
