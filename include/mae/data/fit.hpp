// The whole image in the model's input, whatever their shapes, and large-scale jitter.
//
//   options.augmentation.transforms = {Fit{.min_scale = 0.5, .max_scale = 1.5}};        // in training
//   for_each_detection(weights, images, normalization, use, {}, whole_image());         // in evaluation
//
// The image is made as large as fits, its aspect ratio kept; right and below of it is padding: the mean colour in the
// image, no class in class maps, and no box reaches there. A crop would cut objects off. In training that size is
// multiplied by a scale, uniform in [min_scale, max_scale]: what then fits is padded, of what does not a random part of
// the input's size is seen (Ghiasi et al., "Simple copy-paste", CVPR 2021, with 0.1 to 2). It takes the place of
// other crops; a shift or mirror stays.
#pragma once
#include <mae/data/augment.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct Fit {
  static constexpr const char* name = "fit";
  static constexpr std::uint32_t draws = 3;
  double min_scale = 1, max_scale = 1;  ///< of the largest size at which the whole image fits; 1 and 1: no jitter

  void each_option(const auto& visit) const {
    visit("min_scale", min_scale);
    visit("max_scale", max_scale);
  }
  void ensure_valid() const {
    if (!(min_scale > 0 && min_scale <= max_scale && max_scale <= 100))
      throw Error("fit", "scales from " + std::to_string(min_scale) + " to " + std::to_string(max_scale),
                  "0 < min_scale <= max_scale <= 100");
  }
  void place(const Draws& random, const ImageView& image, Placement& to) const {
    const double tall = double(image.height), broad = double(image.width);
    const double largest = math::fmin(double(to.height) / tall, double(to.width) / broad);
    const double factor = largest * (min_scale + (max_scale - min_scale) * double(random.uniform(0)));
    const Run rows = run(tall, factor, to.height, random.uniform(1));
    const Run columns = run(broad, factor, to.width, random.uniform(2));
    to.box = {rows.from, columns.from, rows.extent, columns.extent};
    if (to.mirrored) to.right += to.columns - columns.shown;  // the image stays at the left, and padding at the right
    to.rows = rows.shown, to.columns = columns.shown, to.padded = true;
  }

 private:
  /// `extent` pixels of an image, shown as `shown` pixels of the input.
  struct Run {
    double from, extent;
    Index shown;
  };
  static Run run(double length, double factor, Index most, double where) {
    const double shown = math::fmax(math::round(length * factor), 1);
    if (shown <= double(most)) return {0, length, Index(shown)};
    const double extent = math::fmin(math::fmax(math::round(double(most) / factor), 1), length);
    return {math::floor(where * (length - extent + 1)), extent, most};
  }
};

/// Every image whole and as it is, but for its size.
inline Augmentation whole_image() {
  Augmentation view;
  view.transforms.push_back(Fit{});
  return view;
}

}  // namespace mae
MAE_PRECISE_END
