// What the tests of data share: collections of images, and what an error says.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include <mae/data/augment.hpp>
#include <mae/data/dataset.hpp>

#include "support/error_of.hpp"

namespace test {

using namespace mae;

/// Images of several sizes. One may be broken: it throws, or another stands in for it.
struct Album {
  std::vector<Image> images;
  Index broken = -1, substitute = -1;

  Index size() const { return static_cast<Index>(images.size()); }
  Index channel_count() const { return images.front().channels; }
  Index class_count() const { return size(); }
  std::int32_t label(Index i) const { return static_cast<std::int32_t>(i); }
  template <class Use>
  void with_image(Index i, const Use& use) const {
    if (i == broken && substitute < 0) throw Error("image " + std::to_string(i), "nothing", "an image");
    const Index number = i == broken ? substitute : i;
    const Image& image = images[static_cast<std::size_t>(number)];
    use(ImageView{image.pixels.data(), image.channels, image.height, image.width, number});
  }
  friend void validate(const Album& album, const std::string& subject) {
    if (album.images.empty()) throw Error(subject, "no images", "at least one");
  }
};

/// `n` samples of [2, 6, 9]; the channels differ.
inline Dataset random_images(Index n) {
  Dataset set{2, 6, 9, {}, {}, 0};
  const RandomStream stream(5, Purpose::probe);
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(n * set.image_size()); ++i)
    set.pixels.push_back(static_cast<std::uint8_t>(stream.below(i, i / 54 % 2 ? 256 : 100)));
  return set;
}
inline const Normalization plain{{0, 0}, {1. / 255, 1. / 255}};  // bytes as they are
inline std::vector<float> loaded(const Images& set, Index i, const Augmentation& augmentation, std::uint64_t seed = 1,
                                 std::uint64_t epoch = 0, const Normalization& normalization = plain, Index height = 6,
                                 Index width = 9) {
  std::vector<float> out(static_cast<std::size_t>(set.channels() * height * width), -1e9f);
  load_sample(set, i, normalization, augmentation, seed, epoch, out.data(), height, width);
  return out;
}
template <class Expected>
void check_close(const std::vector<float>& found, const std::vector<Expected>& expected, double tolerance) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO("pixel ", i);
    CHECK(std::fabs(double(found[i]) - double(expected[i])) <= tolerance);
  }
}

}  // namespace test
