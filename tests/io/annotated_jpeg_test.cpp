// Photographs that a camera turned, with boxes on the upright image or on the image as it lies in its file.
#include <mae/io/annotations/annotated_folder.hpp>
#include <mae/io/annotations/doctor.hpp>
#include <mae/io/images/jpeg.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::AnnotationSet, mae::Box, mae::Fault, mae::Index;
using Formats = mae::Decoders<mae::Jpeg>;

namespace {

// The set of one photograph of jpeg_python, with a box on a part of it, mended.
AnnotationSet mended(const std::string& file, Index height, Index width, const Box& box) {
  mae::Annotation one{.id = 1, .image = 1, .category = 1};
  one.set_box(box);
  one.area = box.area();
  AnnotationSet set{.source = "a.json",
                    .images = {{1, file, height, width}},
                    .categories = {{1, "cat"}},
                    .annotations = {one},
                    .folder = test::beside(__FILE__, "jpeg_python")};
  mae::mend<Formats>(set);
  return set;
}
// What lies in the box of the only annotation.
mae::Image inside(const AnnotationSet& set) {
  const mae::AnnotatedFolder<Formats> folder(set);
  mae::Image part;
  folder.with_image(0, [&](const mae::ImageView& view) {
    folder.with_target(0, [&](mae::Boxes::View boxes) {
      const Box& box = boxes[0].box;
      const auto bytes = static_cast<std::size_t>(view.channels * view.height * view.width);
      part = mae::crop({view.channels, view.height, view.width, {view.pixels, view.pixels + bytes}},
                       static_cast<Index>(box.y0), static_cast<Index>(box.x0), static_cast<Index>(box.height()),
                       static_cast<Index>(box.width()));
    });
  });
  return part;
}

}  // namespace

TEST_CASE("a box on the upright photograph stays; one on the photograph as it lies is turned to the same pixels") {
  for (int orientation = 5; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    const std::string file = "turned" + std::to_string(orientation) + ".jpg";
    const mae::ImageHeader header = mae::image_header<Formats>(test::beside(__FILE__, "jpeg_python/" + file));
    REQUIRE(header.orientation == orientation);
    REQUIRE(header.height != header.width);
    // A rectangle in a corner of the photograph as it lies, and where it is in the upright one.
    const Box lying{0, 0, 3, 2};
    const mae::Point a = header.upright({lying.y0, lying.x0}), b = header.upright({lying.y1, lying.x1});
    const Box upright{(std::min)(a.x, b.x), (std::min)(a.y, b.y), (std::max)(a.x, b.x), (std::max)(a.y, b.y)};
    const AnnotationSet turned = mended(file, header.height, header.width, lying);
    const AnnotationSet kept = mended(file, header.upright_height(), header.upright_width(), upright);
    CHECK(turned.findings.count(Fault::image_turned) == 1);
    CHECK(kept.findings.all().empty());
    CHECK(turned.annotations[0].box() == upright);
    CHECK(inside(turned) == inside(kept));
    CHECK(inside(kept).height == 3);
    CHECK(inside(kept).width == 2);
  }
}
