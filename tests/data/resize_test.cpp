#include <cmath>

#include <mae/data/resize.hpp>

#include <doctest/doctest.h>

#include "data/test_images.hpp"

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
    for (const Index to : {1, 2, 5, 16, 64, 100}) {
      const Taps taps = detail::taps(to, 3, from);
      REQUIRE(taps.size() == to);
      for (Index i = 0; i < to; ++i) {
        const Index first = taps.first[static_cast<std::size_t>(i)], count = taps.count[static_cast<std::size_t>(i)];
        double sum = 0;
        for (Index k = 0; k < count; ++k) sum += double(taps.weights_of(i)[k]);
        INFO("pixel ", i, " of ", to, " from ", from);
        CHECK(sum == doctest::Approx(1).epsilon(1e-6));
        CHECK(count >= 1);
        CHECK(count <= taps.most);
        CHECK(first >= 3);
        CHECK(first + count <= 3 + static_cast<Index>(from));
      }
    }
}

namespace {

/// An image of three planes of 61 × 83 bytes, a box of it resized by every way there is.
template <class Set>
void check_kernel(const CropBox& box, Index height, Index width) {
  if (!Set::supported()) return;
  std::vector<std::uint8_t> pixels;
  for (unsigned i = 0; i < 3 * 61 * 83; ++i) pixels.push_back(static_cast<std::uint8_t>(i * i / 7 + 13 * i));
  std::vector<float> expected(static_cast<std::size_t>(3 * height * width)), found(expected.size(), -1);
  resize_plainly(pixels.data(), 3, 61, 83, static_cast<Index>(box.left), detail::taps(height, box.top, box.height),
                 detail::taps(width, 0, box.width), expected.data());
  resize<float, Set>(pixels.data(), 3, 61, 83, box, found.data(), height, width);
  std::vector<std::uint8_t> bytes(expected.size() + 1, 77);  // one more, which must stay
  resize<std::uint8_t, Set>(pixels.data(), 3, 61, 83, box, bytes.data(), height, width);
  CHECK(bytes.back() == 77);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO(Set::name, ": ", height, " x ", width, " from ", box.height, " x ", box.width, ", pixel ", i);
    REQUIRE(std::fabs(double(found[i]) - double(expected[i])) < 2e-4);
    REQUIRE(double(bytes[i]) == std::floor(std::fmin(std::fmax(double(found[i]) + 0.5, 0), 255)));
  }
}

}  // namespace

TEST_CASE("vectors of every instruction set resize as the plain loop, whatever is left over") {
  const CropBox boxes[] = {{0, 0, 61, 83}, {5, 3, 40, 33}, {60, 82, 1, 1}, {1, 20, 60, 63}, {0, 79, 61, 4}};
  const Index sizes[][2] = {{1, 1}, {8, 8}, {17, 65}, {64, 16}, {33, 3}, {130, 70}};
  for (const CropBox& box : boxes)
    for (const auto& [height, width] : sizes) {
      check_kernel<isa::Baseline>(box, height, width);
      check_kernel<isa::Avx2>(box, height, width);
      check_kernel<isa::Avx512>(box, height, width);
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

TEST_CASE("the planes of an image are resized each for itself") {
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
