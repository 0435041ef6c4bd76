// Boxes of an image: the target of object detection, any number of them.
//
// Boxes follow their image: `place` maps them into the model's input and cuts off what is not seen there. A box of
// which a quarter of the area or more is seen, and a pixel of the input or more each way, is still the object; one of
// which less is seen becomes `ignored`, for it is neither something to be found nor background; one that is not seen is
// left out. (Others keep every sliver, or the boxes whose centre is inside.) Boxes keep their order.
#pragma once
#include <mae/data/box.hpp>
#include <mae/data/dataset.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
/// Between two opposite corners, upper one first; a mirror exchanges left and right.
constexpr Box spanned(const Point& a, const Point& b) {
  return a.x < b.x ? Box{a.x, a.y, b.x, b.y} : Box{b.x, a.y, a.x, b.y};
}
}  // namespace detail

/// Where a box of the image lies in the model's input, seen or not.
inline Box to_input(const Placement& placement, const Box& box) {
  return detail::spanned(placement.to_input({box.y0, box.x0}), placement.to_input({box.y1, box.x1}));
}
/// Where a box of the input lies in the image, and perhaps beyond it.
inline Box to_image(const Placement& placement, const Box& box) {
  return detail::spanned(placement.to_image({box.y0, box.x0}), placement.to_image({box.y1, box.x1}));
}
/// The part of the input that shows the resized box of the image; all else is padding, or repeats its edges.
inline Box shown(const Placement& to) {
  const Index left = to.mirrored ? to.width - to.right - to.columns : to.right;
  return intersection({double(left), double(to.down), double(left + to.columns), double(to.down + to.rows)},
                      {0, 0, double(to.width), double(to.height)});
}

struct Boxes {
  static constexpr const char* name = "boxes";
  static constexpr double least_share = 0.25;  ///< of its area that must be seen of an object
  static constexpr double least_side = 1;      ///< in pixels of the input, of what is seen of it
  using View = std::span<const LabelledBox>;   // in pixels of the image
  using Placed = std::vector<LabelledBox>;     // in pixels of the model's input

  static void place(const View& boxes, const Placement& placement, Placed& to) {
    to.clear();
    for (const LabelledBox& given : boxes) {
      LabelledBox seen = given;
      const Box whole = to_input(placement, given.box);
      seen.box = intersection(whole, shown(placement));
      if (seen.box.area() == 0) continue;
      seen.ignored |= seen.box.width() < least_side || seen.box.height() < least_side ||
                      seen.box.area() < least_share * whole.area();
      to.push_back(seen);
    }
  }
};

/// n images of one size and the boxes of each, in memory.
struct DetectionSet {
  Dataset images;                               ///< its labels are not used
  std::vector<std::vector<LabelledBox>> boxes;  ///< [n], of each image any number
  Index classes = 0;

  // What an ImageCollection offers.
  using Target = Boxes;
  Index size() const { return images.size(); }
  Index channel_count() const { return images.channels; }
  Index class_count() const { return classes; }
  template <class Use>
  void with_image(Index i, const Use& use) const {
    images.with_image(i, use);
  }
  template <class Use>
  void with_target(Index i, const Use& use) const {
    use(Boxes::View(boxes[static_cast<std::size_t>(i)]));
  }
};

/// Throws mae::Error about `subject` unless there are images, a list of boxes for each, all of known classes, and every
/// box has an area and lies in its image.
inline void validate(const DetectionSet& set, const std::string& subject) {
  validate(set.images, subject);
  if (set.classes < 1) throw Error(subject, std::to_string(set.classes) + " classes", "at least one");
  if (static_cast<Index>(set.boxes.size()) != set.size())
    throw Error(subject, std::to_string(set.boxes.size()) + " lists of boxes",
                std::to_string(set.size()) + ", one for each image");
  for (std::size_t i = 0; i < set.boxes.size(); ++i)
    for (const LabelledBox& one : set.boxes[i]) {
      const auto complain = [&](const std::string& found, const std::string& expected) {
        throw Error(subject,
                    found + " in box " + std::to_string(&one - set.boxes[i].data()) + " of image " + std::to_string(i),
                    expected);
      };
      const Box& box = one.box;
      if (one.label < 0 || one.label >= set.classes)
        complain("class " + std::to_string(one.label), "classes below " + std::to_string(set.classes));
      // Also false where a coordinate is not a number.
      if (!(box.x0 >= 0 && box.y0 >= 0 && box.x0 < box.x1 && box.y0 < box.y1 && box.x1 <= double(set.images.width) &&
            box.y1 <= double(set.images.height)))
        complain("(" + std::to_string(box.x0) + ", " + std::to_string(box.y0) + ") to (" + std::to_string(box.x1) +
                     ", " + std::to_string(box.y1) + ")",
                 "a rectangle inside the " + std::to_string(set.images.width) + " x " +
                     std::to_string(set.images.height) + " pixels");
    }
}

}  // namespace mae
MAE_PRECISE_END
