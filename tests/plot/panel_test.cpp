#include <algorithm>
#include <cmath>

#include <mae/plot/panel.hpp>

#include <doctest/doctest.h>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/data/dataset.hpp>
#include <mae/model/mask_strategies.hpp>

#include <support/temporary.hpp>

using namespace mae;
using test::error_of;

namespace {

template <Target target>
using Model =
    MaskedAutoencoder<ImageShape<3, 12, 20, 4>, Transformer<16, 1, 2>, Transformer<8, 1, 1>, MaskRatio<60>, target>;
constexpr Index patches = 15, kept = 6;

/// `n` images of [3, 12, 20], far from grey everywhere.
Dataset random_images(Index n) {
  Dataset set{3, 12, 20, {}, {}, 0};
  const RandomStream stream(3, Purpose::probe);
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(n * set.image_size()); ++i)
    set.pixels.push_back(static_cast<std::uint8_t>(150 + stream.below(i, 100)));
  return set;
}
const Dataset images = random_images(3);
const Normalization normalization = Normalization::of(channel_statistics(images));

/// Whether patch l of two images agrees in all pixels, up to `tolerance` (grey is 127 or 128, as rounding has it).
bool same_patch(const Image& a, const Image& b, Index l, int tolerance = 0) {
  for (Index c = 0; c < 3; ++c)
    for (Index y = l / 5 * 4; y < l / 5 * 4 + 4; ++y)
      for (Index x = l % 5 * 4; x < l % 5 * 4 + 4; ++x)
        if (std::abs(int{a.row(c, y)[x]} - int{b.row(c, y)[x]}) > tolerance) return false;
  return true;
}
/// Mean and deviation of channel-mixed patch l.
std::pair<double, double> statistics(const Image& image, Index l) {
  double sum = 0, squares = 0;
  for (Index c = 0; c < 3; ++c)
    for (Index i = 0; i < 16; ++i) {
      const double mean = normalization.mean[static_cast<std::size_t>(c)] * 255;
      const double value = (image.row(c, l / 5 * 4 + i / 4)[l % 5 * 4 + i % 4] - mean) /
                           (normalization.deviation[static_cast<std::size_t>(c)] * 255);
      sum += value, squares += value * value;
    }
  return {sum / 48, std::sqrt(squares / 48 - sum * sum / 48 / 48)};
}

}  // namespace

TEST_CASE_TEMPLATE("original, masked, reconstruction, pasted", M, Model<Target::pixels>,
                   Model<Target::normalized_pixels>) {
  const Weights<M, Cpu<float>> weights(4);
  const Image grey = blank_image(3, 12, 20, 128);
  for (Index i = 0; i < 3; ++i) {
    const Reconstructed r = reconstruct(weights, images, i, normalization, 9);
    CHECK(r.original == images.copy(i));
    typename M::Masks masks(1);
    masks.resize(1);
    masks.random(0, 9, 0, static_cast<std::uint64_t>(i));
    Index hidden = 0;
    for (Index l = 0; l < patches; ++l) {
      INFO("image ", i, ", patch ", l);
      hidden += masks.mask(0, l);
      CHECK(same_patch(r.masked, masks.mask(0, l) ? grey : r.original, l, masks.mask(0, l)));
      CHECK(same_patch(r.pasted, masks.mask(0, l) ? r.reconstruction : r.original, l));
      CHECK_FALSE(same_patch(r.reconstruction, r.original, l));
    }
    CHECK(hidden == patches - kept);
  }
  CHECK(reconstruct(weights, images, 0, normalization, 9).masked !=
        reconstruct(weights, images, 0, normalization, 10).masked);
}

TEST_CASE("a model of normalised pixels is shown with each patch's own mean") {
  // A decoder that predicts 0 everywhere shows every patch in its mean colour; one of pixels, the data's.
  auto zeroed = []<class M>(Weights<M, Cpu<float>> weights) {
    for (const char* const name : {"decoder_pred.weight", "decoder_pred.bias"}) {
      const ParameterInfo& p = *weights.find(name);
      std::fill_n(weights.at(p), p.count, 0.f);
    }
    return reconstruct(weights, images, 0, normalization, 1);
  };
  const Reconstructed own = zeroed(Weights<Model<Target::normalized_pixels>, Cpu<float>>(1));
  const Reconstructed plain = zeroed(Weights<Model<Target::pixels>, Cpu<float>>(1));
  for (Index l = 0; l < patches; ++l) {
    INFO("patch ", l);
    CHECK(statistics(own.reconstruction, l).first == doctest::Approx(statistics(own.original, l).first).epsilon(0.02));
    CHECK(statistics(own.reconstruction, l).second < 0.02);
    CHECK(std::fabs(statistics(plain.reconstruction, l).first) < 0.02);
    CHECK(statistics(plain.reconstruction, l).second < 0.02);
  }
}

namespace {
/// Something is written in this part of a panel.
Index dark(const Image& image, Index top, Index left, Index height, Index width) {
  const Image part = crop(image, top, left, height, width);
  return std::count_if(part.pixels.begin(), part.pixels.end(), [](std::uint8_t p) { return p < 128; });
}
// An image is 60 x 100 on the panel: captions have small letters.
constexpr Index gap = 16, line = text_height(1) + 4, column = 20 * 5 + gap, row = 12 * 5 + gap, top = gap + line;
}  // namespace

TEST_CASE("the panel: a row an image, four columns, captions, and a note where the original helped") {
  const Weights<Model<Target::pixels>, Cpu<float>> weights(4);
  const Weights<Model<Target::normalized_pixels>, Cpu<float>> normalized(4);
  const Image panel = draw_panel(weights, images, normalization, {.seed = 9, .scale = 5});
  const Image with_note = draw_panel(normalized, images, normalization, {.seed = 9, .scale = 5});
  CHECK(panel.channels == 3);
  CHECK(panel.height == top + 3 * row);
  CHECK(panel.width == 4 * column + gap);
  CHECK(with_note.height == panel.height + 2 * line + gap / 2);
  for (Index i = 0; i < 3; ++i) {
    const Reconstructed r = reconstruct(weights, images, i, normalization, 9);
    const Image* const columns[] = {&r.original, &r.masked, &r.reconstruction, &r.pasted};
    for (Index k = 0; k < 4; ++k)
      CHECK(crop(panel, top + i * row, gap + k * column, 60, 100) == upscale(*columns[k], 5));
  }
  for (Index k = 0; k < 4; ++k) CHECK(dark(panel, gap, gap + k * column, line, column - gap) > 100);
  CHECK(dark(with_note, panel.height, 0, 2 * line, panel.width) > 100);
  CHECK(dark(panel, 0, 0, panel.height, gap) == 0);
  CHECK(dark(panel, 0, panel.width - gap, panel.height, gap) == 0);
  CHECK(with_note != draw_panel(normalized, images, normalization,
                                {.seed = 9, .scale = 5, .statistics = HiddenStatistics::visible}));
}

TEST_CASE("two more columns: the whole image and a map of its errors, on one scale") {
  using M = Model<Target::normalized_pixels>;
  const Weights<M, Cpu<float>> weights(4);
  const PanelOptions options{.seed = 9, .scale = 5, .statistics = HiddenStatistics::visible, .whole = true};
  const PanelSheet sheet = make_panel(weights, images, normalization, options);
  REQUIRE(sheet.rows.size() == 3);
  REQUIRE(sheet.notes.size() == 2);
  CHECK(sheet.notes[0] == "whole: by 3 masks that together hide every patch, each patch from one that hid it.");
  CHECK(sheet.notes[1].find("estimated from visible ones") != std::string::npos);
  double most = 0;
  for (const PanelRow& r : sheet.rows) most = std::max(most, *std::max_element(r.errors.begin(), r.errors.end()));
  const Image panel = draw_panel(sheet, options.scale);
  CHECK(panel.width == 6 * column + gap);
  CHECK(panel.height == top + 3 * (row + line) + line + 2 * line + gap / 2);
  for (Index i = 0; i < 3; ++i) {
    const PanelRow& r = sheet.rows[static_cast<std::size_t>(i)];
    const Index at = top + i * (row + line);
    CHECK(crop(panel, at, gap + 4 * column, 60, 100) == upscale(r.whole_image, 5));
    const Image map = crop(panel, at, gap + 5 * column, 60, 100);
    for (Index l = 0; l < patches; ++l) {
      const Colour expected = heat_colour(r.errors[static_cast<std::size_t>(l)] / std::ceil(most));
      for (Index c = 0; c < 3; ++c)
        CHECK(map.row(c, l / 5 * 20 + 19)[l % 5 * 20 + 19] == expected[static_cast<std::size_t>(c)]);
    }
    CHECK(dark(panel, at + 60, gap + 5 * column, line, 100) > 50);  // its mean
  }
  // The bar of the scale stands in its line, from its first colour to its last.
  const Image legend = crop(panel, top + 3 * (row + line), 0, line, panel.width);
  Index yellow = 0, blue = 0;
  for (Index x = 0; x < legend.width; ++x) {
    yellow += legend.row(0, 3)[x] > 200 && legend.row(2, 3)[x] < 60;
    blue += legend.row(1, 3)[x] < 30 && legend.row(2, 3)[x] > 80;
  }
  CHECK(yellow > 3);
  CHECK(blue > 3);
}

TEST_CASE("masks by noise") {
  using M = Model<Target::pixels>;
  const Weights<M, Cpu<float>> weights(4);
  std::vector<float> noise;  // image i hides all but patches i … i + 5
  for (Index i = 0; i < 3; ++i)
    for (Index l = 0; l < patches; ++l) noise.push_back(l < i ? 2.f : static_cast<float>(l) / patches);
  const PanelSheet sheet = make_panel(weights, images, normalization, {.noise = noise});
  for (Index i = 0; i < 3; ++i)
    for (Index l = 0; l < patches; ++l) {
      const PanelRow& r = sheet.rows[static_cast<std::size_t>(i)];
      CHECK(r.masked.hidden[static_cast<std::size_t>(l)] == (l < i || l >= i + kept));
      CHECK(r.restore[static_cast<std::size_t>(l)] == (l < i ? patches - i + l : l - i));
    }
  noise.pop_back();
  CHECK(error_of([&] { make_panel(weights, images, normalization, {.noise = noise}); }) ==
        "mae: mask noise: found 44 numbers, expected 3 x 15, one for each patch of each image");
}

TEST_CASE("masks by a strategy") {
  using M = Model<Target::pixels>;
  const Weights<M, Cpu<float>> weights(4);
  typename M::Masks masks(1);
  masks.resize(1);
  for (const Masking& masking : mask_strategies()) {
    INFO(masking.name());
    const PanelSheet sheet = make_panel(weights, images, normalization, {.seed = 9, .masking = masking});
    for (Index i = 0; i < 3; ++i) {
      masks.draw(0, masking, {3, 5, 4}, 9, 0, static_cast<std::uint64_t>(i));
      const PanelRow& of = sheet.rows[static_cast<std::size_t>(i)];
      CHECK(std::equal(of.restore.begin(), of.restore.end(), masks.restore().begin()));
      for (Index l = 0; l < patches; ++l) CHECK(of.masked.hidden[static_cast<std::size_t>(l)] == masks.mask(0, l));
    }
    CHECK(reconstruct(weights, images, 2, normalization, 9, masking).masked == sheet.rows[2].images.masked);
  }
}

TEST_CASE("notes are broken between words") {
  using detail::wrapped;
  CHECK(wrapped("aa bb cc", 5 * 6, 1) == std::vector<std::string>{"aa bb", "cc"});
  CHECK(wrapped("aa bb cc", 4 * 6, 1) == std::vector<std::string>{"aa", "bb", "cc"});
  CHECK(wrapped("abcdefgh ij", 4 * 6, 1) == std::vector<std::string>{"abcdefgh", "ij"});
  CHECK(wrapped("one line", 800, 2) == std::vector<std::string>{"one line"});
}

TEST_CASE("small images leave room for their captions") {
  using Small = MaskedAutoencoder<ImageShape<1, 8, 8, 4>, Transformer<8, 1, 1>, Transformer<8, 1, 1>>;
  const Dataset grey{1, 8, 8, std::vector<std::uint8_t>(128, 90), {}, 0};  // patches without contrast
  for (const bool whole : {false, true}) {
    const Image panel = draw_panel(Weights<Small, Cpu<float>>(1), grey, {{0.5}, {0.25}}, {.scale = 1, .whole = whole});
    CHECK(panel.width >= (whole ? 6 : 4) * text_width("reconstruction", 1));
    CHECK(panel.height > 2 * 8);
  }
}

TEST_CASE("images that do not fit the model") {
  const Weights<Model<Target::pixels>, Cpu<float>> weights(4);
  auto error_with = [&](const Dataset& set, Index i, const Normalization& statistics = normalization) {
    return error_of([&] { reconstruct(weights, set, i, statistics, 0); });
  };
  CHECK(error_of([&] {
          draw_panel(weights, Dataset{3, 12, 20, {}, {}, 0}, normalization);
        }) == "mae: panel: found no images, expected at least one");
  CHECK(error_with(images, 3) == "mae: images: found no image 3, expected a number below 3");
  CHECK(error_with(images, -1) == "mae: images: found no image -1, expected a number below 3");
  CHECK(error_with({4, 9, 20, images.pixels, {}, 0}, 0) == "mae: images: found 4 channels, expected the model's 3");
  CHECK(error_with(images, 0, {{0.5}, {1}}) ==
        "mae: normalization: found statistics of 1 channels, expected the model's 3");
}
