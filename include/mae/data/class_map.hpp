// Class maps: the target of semantic segmentation, a class for each pixel of an image.
//
// (Elsewhere called masks, a word that here means hidden patches.) A byte a pixel: a class, or `ignored`, 255, which
// takes part in nothing. A map follows its image by the nearest pixel: pixel (y, x) of the input has the class of the
// image's pixel under its centre, or none where there is padding. Classes are never blended.
#pragma once
#include <mae/data/dataset.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A class map that somebody else holds: [height, width].
struct ClassMapView {
  const std::uint8_t* classes;
  Index height, width;
};

struct ClassMap {
  static constexpr const char* name = "a class map";
  static constexpr std::uint8_t ignored = 255;
  using View = ClassMapView;
  using Placed = std::vector<std::uint8_t>;  // [height, width] of the model's input

  /// Throws mae::Error if the map has another size than its image or, where that is not said, if the placement's box
  /// does not lie in it.
  static void place(const View& map, const Placement& placement, Placed& to) {
    const CropBox& box = placement.box;
    const bool other =
        placement.image_height != 0 && (map.height != placement.image_height || map.width != placement.image_width);
    if (other || box.top + box.height > double(map.height) || box.left + box.width > double(map.width))
      throw Error("class map", std::to_string(map.height) + " x " + std::to_string(map.width) + " pixels",
                  "as many as its image has");
    to.resize(static_cast<std::size_t>(placement.height * placement.width));
    std::uint8_t* at = to.data();
    std::vector<Index> columns(static_cast<std::size_t>(placement.width));
    for (Index x = 0; x < placement.width; ++x)
      columns[static_cast<std::size_t>(x)] = nearest(placement.column(x), box.left, box.width, placement.columns);
    for (Index y = 0; y < placement.height; ++y) {
      const std::uint8_t* const row =
          map.classes + nearest(placement.row(y), box.top, box.height, placement.rows) * map.width;
      for (Index x = 0; x < placement.width; ++x)
        *at++ = placement.is_padding(y, x) ? ignored : row[columns[static_cast<std::size_t>(x)]];
    }
  }

 private:
  /// The source under the centre of pixel `at` of `to` that are made of `from` pixels beginning at `begin`.
  static Index nearest(Index at, double begin, double from, Index to) {
    const auto inside = static_cast<Index>((double(at) + 0.5) * from / double(to));
    const auto last = static_cast<Index>(from) - 1;
    return static_cast<Index>(begin) + (inside < last ? inside : last);
  }
};

/// n images of one size and a class map for each, in memory.
struct SegmentationSet {
  Dataset images;                  ///< its labels are not used
  std::vector<std::uint8_t> maps;  ///< [n, H, W], each in [0, classes) or ClassMap::ignored
  Index classes = 0;

  // What an ImageCollection offers.
  using Target = ClassMap;
  Index size() const { return images.size(); }
  Index channel_count() const { return images.channels; }
  Index class_count() const { return classes; }
  template <class Use>
  void with_image(Index i, const Use& use) const {
    images.with_image(i, use);
  }
  template <class Use>
  void with_target(Index i, const Use& use) const {
    use(ClassMapView{maps.data() + i * images.height * images.width, images.height, images.width});
  }
};

/// Throws mae::Error about `subject` unless there are images, a map for each, and all classes are in range.
inline void validate(const SegmentationSet& set, const std::string& subject) {
  validate(set.images, subject);
  const Index pixels = set.images.height * set.images.width;
  if (set.classes < 1 || set.classes > ClassMap::ignored)
    throw Error(subject, std::to_string(set.classes) + " classes", "1 to 255");
  if (static_cast<Index>(set.maps.size()) != set.size() * pixels)
    throw Error(subject, std::to_string(set.maps.size()) + " bytes of class maps",
                std::to_string(set.size() * pixels) + ", one for each pixel");
  for (std::size_t i = 0; i < set.maps.size(); ++i)
    if (set.maps[i] >= set.classes && set.maps[i] != ClassMap::ignored)
      throw Error(subject,
                  "class " + std::to_string(set.maps[i]) + " in the map of image " +
                      std::to_string(static_cast<Index>(i) / pixels),
                  "classes below " + std::to_string(set.classes) + ", or 255 for none");
}

}  // namespace mae
MAE_PRECISE_END
