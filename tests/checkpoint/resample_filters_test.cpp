#include <mae/checkpoint/resample_filters.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <support/error_of.hpp>
#include <support/golden.hpp>

using namespace mae;
using test::error_of;

namespace {

std::vector<double> numbers(Index count) {
  std::vector<double> values;
  for (Index i = 0; i < count; ++i) values.push_back(static_cast<double>(i * 37 % 101 - 50) / 64);
  return values;
}

}  // namespace

TEST_CASE("filters of another side are PyTorch's by its pseudo-inverse, and timm's") {
  const SafetensorsFile golden = test::golden_file("resampling");
  INFO(golden.path(), ": torch ", golden.metadata("torch"), ", timm ", golden.metadata("timm"));
  const Index sides[][2] = {{4, 8}, {8, 4}, {16, 14}, {14, 16}, {16, 8}, {8, 16}, {5, 3}, {2, 1}, {1, 3}};
  for (const auto& [from, to] : sides) {
    const std::string name = "filters." + std::to_string(from) + "-" + std::to_string(to);
    INFO(name);
    const auto expected = golden.values<double>(name + ".new");
    const auto wide = resample_filters(golden.values<double>(name + ".old"), from, to);
    CHECK(test::distance(wide.values, expected) < 1e-12);
    const auto narrow = resample_filters(golden.values<float>(name + ".old"), from, to);
    CHECK(test::distance(narrow.values, expected) < 1e-6);
    CHECK(test::distance(narrow.values, golden.values<double>(name + ".timm")) < 1e-6);
  }
}

TEST_CASE("a resized patch answers new filters as the patch did the old ones") {
  const Index from = 6, to = 11;
  const std::vector<double> patch = numbers(from * from), filter = numbers(2 * from * from);
  const std::vector<double> old(filter.begin() + from * from, filter.end());
  const detail::ResizeMatrix resize = detail::resize_matrix(to, from, Bicubic::antialiased);
  const auto larger = detail::along_axis(detail::along_axis(patch, resize, from), resize, 1);
  const auto found = resample_filters(old, from, to);
  double before = 0, after = 0;
  for (std::size_t i = 0; i < patch.size(); ++i) before += patch[i] * old[i];
  for (std::size_t i = 0; i < larger.size(); ++i) after += larger[i] * found.values[i];
  CHECK(std::fabs(before) > 0.1);
  CHECK(after == doctest::Approx(before).epsilon(1e-12));
  CHECK(found.report == "patch filters 6 x 6 -> 11 x 11, pseudo-inverse of bicubic antialiased");
}

TEST_CASE("filters of the same side and channels stay bit for bit") {
  const std::vector<float> filters{-0.f, 1, 2, 3, 1e-30f, 5, 6, -0.f};
  for (const auto& same : {resample_filters(filters, 2, 2), adapt_channels(filters, 2, 2, 4)}) {
    CHECK(same.values == filters);
    CHECK(std::signbit(same.values.back()));
    CHECK(same.report.empty());
  }
}

TEST_CASE("channels are folded and repeated as timm does it") {
  const SafetensorsFile golden = test::golden_file("resampling");
  const auto old = golden.values<double>("channels.old");
  for (const Index to : {1, 2, 4, 5, 6, 7}) {
    INFO(to);
    const auto expected = golden.values<double>("channels." + std::to_string(to));
    CHECK(test::distance(adapt_channels(old, 3, to, 4).values, expected) < 1e-6);
  }
  CHECK(adapt_channels(old, 3, 1, 4).report == "input channels 3 -> 1, summed");
  CHECK(adapt_channels(old, 3, 4, 4).report == "input channels 3 -> 4, repeated, times 0.75");
  CHECK(adapt_channels(std::vector<float>{1, 2, 3, 4}, 1, 2, 2).values ==
        std::vector<float>{.5, 1, .5, 1, 1.5, 2, 1.5, 2});

  const Normalization three{{0.25, 0.5, 0.75}, {0.5, 1, 1.5}};
  CHECK(adapt_channels(three, 1) == Normalization{{0.5}, {1}});
  CHECK(adapt_channels(three, 4) == Normalization{{0.25, 0.5, 0.75, 0.25}, {0.5, 1, 1.5, 0.5}});
  CHECK(adapt_channels(three, 3) == three);
}

TEST_CASE("filters of other sizes than said are refused") {
  const std::vector<float> filters(18);
  CHECK(error_of([&] { resample_filters(filters, 4, 8, "file: patch_embed.proj.weight"); }) ==
        "mae: file: patch_embed.proj.weight: found 18 numbers, expected filters of 4 x 4 pixels");
  for (const Index from : {Index{0}, Index{-3}, Index{1} << 40})
    CHECK_FALSE(error_of([&] { resample_filters(filters, from, 8); }).empty());
  CHECK_FALSE(error_of([&] { resample_filters(filters, 3, 0); }).empty());
  CHECK_FALSE(error_of([&] { resample_filters(std::vector<float>{}, 3, 8); }).empty());
  CHECK(error_of([&] { adapt_channels(filters, 4, 1, 9, "file"); }) ==
        "mae: file: found 18 numbers, expected filters of 4 channels of 9 pixels");
  for (const Index bad : {0, -1, 5}) CHECK_FALSE(error_of([&] { adapt_channels(filters, bad, 1, 9); }).empty());
  for (const Index bad : {0, -1, 5}) CHECK_FALSE(error_of([&] { adapt_channels(filters, 2, 1, bad); }).empty());
  CHECK_FALSE(error_of([&] { adapt_channels(filters, 2, 0, 9); }).empty());
}
