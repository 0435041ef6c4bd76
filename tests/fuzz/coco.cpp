// COCO's JSON: annotations read, mended and written, and results.
#include <mae/io/annotations/coco_results.hpp>
#include <mae/io/annotations/mend_annotations.hpp>

#include "fuzz.hpp"

namespace {

void check_mended(const mae::AnnotationSet& set) {
  std::map<std::int64_t, const mae::AnnotatedImage*> images;
  for (const mae::AnnotatedImage& image : set.images) images.emplace(image.id, &image);
  const mae::CategoryClasses classes(set.categories);
  std::set<std::int64_t> ids;
  for (const mae::Annotation& one : set.annotations) {
    fuzz::require(one.id != 0 && ids.insert(one.id).second, "each id is one");
    fuzz::require(images.contains(one.image) && classes.class_of(one.category).has_value(),
                  "image and category are known");
    fuzz::require(one.has_box() && one.width > 0 && one.height > 0, "a box");
    fuzz::require(mae::is_finite(one.area) && one.area > 0, "an area");
    const mae::AnnotatedImage& image = *images.at(one.image);
    if (image.height == 0 || image.width == 0) continue;
    const mae::Box box = one.box();
    fuzz::require(
        box.x0 > -0.5 && box.y0 > -0.5 && box.x1 < double(image.width) + 0.5 && box.y1 < double(image.height) + 0.5,
        "a box in its image");
    if (one.mask) fuzz::require(one.mask->height() == image.height && one.mask->width() == image.width, "a mask of it");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz::accepts([&] {
    mae::AnnotationSet set = mae::decode_coco(text, "input");
    const std::string written = mae::coco_text(set);
    fuzz::require(mae::coco_text(mae::decode_coco(written, "written")) == written, "what is written is read");
    mae::mend_annotations(set);
    check_mended(set);
    for (const std::string& line : set.findings.lines(mae::Faults::mend)) fuzz::require(!line.empty(), "words");
  });
  fuzz::accepts([&] {
    for (const mae::CocoResult& result : mae::decode_coco_results(text, "input"))
      fuzz::require(mae::is_finite(result.score) && mae::is_finite(result.x), "numbers");
  });
  return 0;
}
