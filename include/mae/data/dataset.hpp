// A set of labelled images of one size, held in memory as bytes.
//
// Decoded bytes are the cheapest form to keep: a quarter of float, and a batch needs one pass over them. Turning bytes
// into the model's input is (byte / 255 - mean) / deviation per channel (`statistics.hpp`).
#pragma once
#include <span>

#include <mae/data/image.hpp>
#include <mae/data/images.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// n images of [C, H, W] and their classes.
struct Dataset {
  Index channels = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  // [n, C, H, W]
  std::vector<std::int32_t> labels;  // [n], each in [0, classes); empty for images without labels
  Index classes = 0;

  /// Bytes of one image.
  Index image_size() const { return channels * height * width; }
  /// Number of images.
  Index size() const { return image_size() == 0 ? 0 : static_cast<Index>(pixels.size()) / image_size(); }
  /// The bytes of image `i`, [C, H, W]; `i` must be in [0, size()). A template, so that the compiler looks into a span,
  /// which has many concepts to check, in files that ask for one.
  template <class Byte = const std::uint8_t>
  std::span<Byte> image(Index i) const {
    return {pixels.data() + i * image_size(), static_cast<std::size_t>(image_size())};
  }
  // What an ImageCollection offers.
  Index channel_count() const { return channels; }
  Index class_count() const { return labels.empty() ? 0 : classes; }
  std::int32_t label(Index i) const { return labels.empty() ? -1 : labels[static_cast<std::size_t>(i)]; }
  template <class Use>
  void with_image(Index i, const Use& use) const {
    use(ImageView{pixels.data() + i * image_size(), channels, height, width, i});
  }
  /// A copy of image `i`; `i` must be in [0, size()).
  Image copy(Index i) const {
    const std::uint8_t* const bytes = pixels.data() + i * image_size();
    return {channels, height, width, {bytes, bytes + image_size()}};
  }
};

/// Throws `Error` about `subject` unless there are images, all whole, and as many labels as images, all in range.
inline void validate(const Dataset& set, const std::string& subject) {
  const auto text = [](Index number) { return std::to_string(number); };
  if (set.channels <= 0 || set.height <= 0 || set.width <= 0)
    throw Error(subject, "images of " + text(set.channels) + " x " + text(set.height) + " x " + text(set.width),
                "at least one channel, row and column");
  const Index bytes = static_cast<Index>(set.pixels.size()), labels = static_cast<Index>(set.labels.size());
  if (bytes == 0) throw Error(subject, "no images", "at least one");
  if (bytes % set.image_size() != 0)
    throw Error(subject, text(bytes) + " bytes of pixels", "a multiple of " + text(set.image_size()));
  if (labels != 0 && labels != set.size())
    throw Error(subject, text(labels) + " labels for " + text(set.size()) + " images", "one for each");
  for (const std::int32_t label : set.labels)
    if (label < 0 || label >= set.classes)
      throw Error(subject, "the label " + text(label), "labels from 0 to " + text(set.classes - 1));
}

}  // namespace mae
MAE_PRECISE_END
