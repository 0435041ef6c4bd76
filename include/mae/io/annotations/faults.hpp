// What can be wrong with an annotated data set: each kind of fault in words, with what is done about it.
//
// A fault is `noted`, if the data may be meant so and are taken as they are; `mended`, if there is one sensible way to
// go on, which the text says; or `refused`, if only its author can tell what was meant. What is to be mended is refused
// too if the user prefers: `Faults`.
#pragma once
#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What becomes of faults that can be mended.
enum class Faults { refuse, mend };

enum class Fault {
  // How a file is written.
  json_comma,
  json_number,
  number_as_text,
  line_unreadable,
  from_zero,
  difficult_unknown,
  object_unnamed,
  entity_unknown,
  names_doubtful,
  // Images.
  image_twice,
  image_repeated,
  image_missing,
  image_named_otherwise,
  image_name_with_space,
  image_unreadable,
  image_unlabelled,
  label_without_image,
  image_without_objects,
  size_absent,
  size_swapped,
  size_scaled,
  size_other,
  image_turned,
  turn_unknown,
  members_kept,
  // Categories.
  category_twice,
  category_name_twice,
  category_name_alike,
  category_unnamed,
  category_unknown,
  category_unused,
  // Annotations.
  id_absent,
  id_zero,
  id_twice,
  id_large,
  image_unknown,
  crowd_absent,
  area_absent,
  area_large,
  box_absent,
  box_of_corners,
  box_maybe_of_corners,
  box_of_shares,
  box_empty,
  box_outside,
  box_over_border,
  box_covers_all,
  box_repeated,
  box_everywhere,
  polygon_faulty,
  polygon_outside,
  polygon_over_border,
  outline_elsewhere,
  mask_empty,
  mask_faulty,
};

struct FaultKind {
  enum class Outcome { noted, mended, refused };
  Outcome outcome;
  const char *what, *done;  ///< "boxes without width or height", "left out"
};

/// What is known of a kind of fault.
inline FaultKind kind_of(Fault fault) {
  using enum FaultKind::Outcome;
  switch (fault) {
    case Fault::json_comma:
      return {mended, "commas before a closing bracket, which JSON has not", "passed over"};
    case Fault::json_number:
      return {mended, "NaN or Infinity, which JSON has not", "taken as nothing"};
    case Fault::number_as_text:
      return {noted, "entries with numbers written as texts", "taken as numbers"};
    case Fault::line_unreadable:
      return {mended, "lines or objects that cannot be read", "left out"};
    case Fault::from_zero:
      return {mended, "boxes that begin at 0 where pixels count from 1", "cut at the border"};
    case Fault::difficult_unknown:
      return {mended, "objects whose difficulty is no 0 or 1", "taken as not difficult"};
    case Fault::object_unnamed:
      return {mended, "objects without the name of a category", "left out"};
    case Fault::entity_unknown:
      return {noted, "names with an entity that XML does not define", "kept as written"};
    case Fault::names_doubtful:
      return {noted, "names of classes that are not there, or not as many as said", "the rest named by number"};
    case Fault::image_twice:
      return {refused, "images with the id of another image", ""};
    case Fault::image_repeated:
      return {mended, "images listed twice", "made one with all its annotations"};
    case Fault::image_missing:
      return {mended, "images that are not there", "left out with their annotations"};
    case Fault::image_named_otherwise:
      return {mended, "images whose file is named otherwise", "named as their file"};
    case Fault::image_name_with_space:
      return {noted, "images with spaces in their name", "kept"};
    case Fault::image_unreadable:
      return {mended, "images that cannot be read", "left out with their annotations"};
    case Fault::image_unlabelled:
      return {mended, "images without a file of labels", "left out"};
    case Fault::label_without_image:
      return {mended, "files of labels without an image", "left out"};
    case Fault::image_without_objects:
      return {noted, "images without an object", "kept as background"};
    case Fault::size_absent:
      return {mended, "images without a size", "the size of their file"};
    case Fault::size_swapped:
      return {mended, "images whose height and width are exchanged", "exchanged back"};
    case Fault::size_scaled:
      return {mended, "images scaled since they were annotated", "annotations scaled likewise"};
    case Fault::size_other:
      return {mended, "images of another size and shape than annotated", "left out with their annotations"};
    case Fault::image_turned:
      return {mended, "images annotated as they lie in their file, not upright", "annotations turned upright"};
    case Fault::turn_unknown:
      return {noted, "images turned by a note in their file", "annotations taken for those of the turned image"};
    case Fault::members_kept:
      return {noted, "annotations turned or scaled, with members that may say places", "kept as written"};
    case Fault::category_twice:
      return {refused, "categories with the id of another category", ""};
    case Fault::category_name_twice:
      return {noted, "categories with the name of another category", "kept apart"};
    case Fault::category_name_alike:
      return {noted, "categories whose names differ by case or blanks alone", "kept apart"};
    case Fault::category_unnamed:
      return {mended, "categories without a name, or with a number for one", "named by that number, or their id"};
    case Fault::category_unknown:
      return {mended, "annotations of an unknown category", "left out"};
    case Fault::category_unused:
      return {noted, "categories without an annotation", "kept"};
    case Fault::id_absent:
      return {mended, "annotations without an id", "numbered"};
    case Fault::id_zero:
      return {mended, "annotations with the id 0, which COCO's evaluation takes for none", "numbered anew"};
    case Fault::id_twice:
      return {mended, "annotations with the id of another annotation", "numbered anew"};
    case Fault::id_large:
      return {mended, "annotations numbered anew for the room above the largest id", "all numbered from 1"};
    case Fault::image_unknown:
      return {mended, "annotations of an unknown image", "left out"};
    case Fault::crowd_absent:
      return {noted, "annotations that do not say iscrowd", "taken as 0"};
    case Fault::area_absent:
      return {mended, "annotations without an area, or with the area 0", "the area of their mask or box"};
    case Fault::area_large:
      return {mended, "annotations with an area larger than their box", "the area of their mask or box"};
    case Fault::box_absent:
      return {mended, "annotations without a box of four numbers", "the box of their mask, or left out"};
    case Fault::box_of_corners:
      return {mended, "boxes written as two corners where size is expected", "converted"};
    case Fault::box_maybe_of_corners:
      return {noted, "boxes far over the border: two corners where size is expected?", "taken as x, y, width, height"};
    case Fault::box_of_shares:
      return {mended, "boxes in shares of the image where pixels are expected", "multiplied by its size"};
    case Fault::box_empty:
      return {mended, "boxes without width or height", "left out"};
    case Fault::box_outside:
      return {mended, "boxes outside their image", "left out"};
    case Fault::box_over_border:
      return {mended, "boxes over the border of their image by half a pixel or more", "cut at the border"};
    case Fault::box_covers_all:
      return {noted, "boxes that cover their whole image", "kept"};
    case Fault::box_repeated:
      return {mended, "boxes repeated in their image", "left out but for the first"};
    case Fault::box_everywhere:
      return {noted, "images with one and the same box, out of a hundred or more", "kept"};
    case Fault::polygon_faulty:
      return {mended, "outlines that are no polygons", "left out; the box stays"};
    case Fault::polygon_outside:
      return {mended, "outlines outside their image", "left out; the box stays"};
    case Fault::polygon_over_border:
      return {mended, "outlines over the border of their image by half a pixel or more", "cut at the border"};
    case Fault::outline_elsewhere:
      return {noted, "masks or outlines that are elsewhere than their box", "kept"};
    case Fault::mask_empty:
      return {mended, "masks without a pixel", "left out; the box stays"};
    case Fault::mask_faulty:
      return {mended, "masks whose run lengths are no mask of their image", "left out; the box stays"};
  }
  return {};
}

}  // namespace mae
MAE_PRECISE_END
