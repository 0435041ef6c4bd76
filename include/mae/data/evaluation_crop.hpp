// What of an image evaluation looks at: its middle, as published results have it, or several crops.
//
//   accuracy(weights, test, normalization, 64, {.transforms = {EvaluationCrop{}}});
//
// Published figures resize the shorter side to 256 pixels and take the middle 224 x 224, so they see 7/8 of it: `share`
// of the largest box of the model's aspect ratio, here at once resized to the model's size, whatever that is. Without
// this transform evaluation sees the largest box. Elsewhere than in the middle it is one of several crops whose
// predictions are averaged (`accuracy_of_crops`, eval/test_crops.hpp). A target follows.
#pragma once
#include <mae/data/augment.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct EvaluationCrop {
  static constexpr const char* name = "evaluation_crop";
  static constexpr std::uint32_t draws = 0;
  double share = 224.0 / 256;      ///< of the sides of the largest box
  double down = 0.5, right = 0.5;  ///< where it lies: 0 at the upper or left edge, 1 at the lower or right one
  bool mirrored = false;

  void each_option(const auto& visit) const {
    visit("share", share);
    visit("down", down);
    visit("right", right);
    visit("mirrored", mirrored);
  }
  void ensure_valid() const {
    if (!(share > 0 && share <= 1))
      throw Error("evaluation_crop", std::to_string(share), "a share above 0 and at most 1");
    for (const double place : {down, right})
      if (!(place >= 0 && place <= 1)) throw Error("evaluation_crop", std::to_string(place), "a place from 0 to 1");
  }
  void place(const Draws&, const ImageView& image, Placement& to) const {
    const CropBox largest = centre_crop(image, to.height, to.width);
    const double h = math::fmax(math::round(largest.height * share), 1);
    const double w = math::fmax(math::round(largest.width * share), 1);
    to.box = {math::floor((double(image.height) - h) * down), math::floor((double(image.width) - w) * right), h, w};
    if (mirrored) to.mirror();
  }
};

/// The middle alone (`count` 1); the middle and four corners (5); these also mirrored (10): what each of them is as an
/// augmentation. Throws mae::Error about `test_crops` if the count is another, or if `share` makes no sense.
inline std::vector<Augmentation> test_crops(Index count, double share = 224.0 / 256) {
  if (count != 1 && count != 5 && count != 10) throw Error("test_crops", std::to_string(count), "1, 5 or 10");
  constexpr double places[5][2] = {{0.5, 0.5}, {0, 0}, {0, 1}, {1, 0}, {1, 1}};
  std::vector<Augmentation> crops;
  for (Index i = 0; i < count; ++i) {
    const auto& at = places[i % 5];
    crops.emplace_back();
    crops.back().transforms = {EvaluationCrop{share, at[0], at[1], i >= 5}};
    validate(crops.back());
  }
  return crops;
}

}  // namespace mae
MAE_PRECISE_END
