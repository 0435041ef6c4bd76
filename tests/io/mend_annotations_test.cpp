#include <mae/io/annotations/mend_annotations.hpp>

#include <doctest/doctest.h>

#include <support/error_of.hpp>

using mae::Annotation, mae::AnnotationSet, mae::Box, mae::Fault, mae::Faults, mae::FaultKind, mae::Index;

namespace {

Annotation object(std::int64_t id, double x, double y, double width, double height, double area = 12) {
  Annotation one{.id = id, .image = 7, .category = 3};
  one.x = x, one.y = y, one.width = width, one.height = height, one.area = area;
  return one;
}
// Two images of 20 x 30 pixels, 7 and 9, a category, and these annotations, mended.
AnnotationSet mended(std::vector<Annotation> annotations, std::vector<mae::Category> categories = {{3, "cat"}}) {
  AnnotationSet set{.source = "a.json",
                    .images = {{7, "a.png", 20, 30}, {9, "b.png", 20, 30}},
                    .categories = std::move(categories),
                    .annotations = std::move(annotations)};
  mae::mend_annotations(set);
  return set;
}
// Image 9 has no object, which is not what these tests look at.
Index faults(const AnnotationSet& set) {
  Index sum = 0;
  for (const auto& [fault, found] : set.findings.all()) sum += fault == Fault::image_without_objects ? 0 : found.count;
  return sum;
}
// The place of a fault that alone was found, once.
std::string alone(const AnnotationSet& set, Fault fault) {
  if (set.findings.count(fault) != 1 || faults(set) != 1) {
    std::string text = "not alone:";
    for (const std::string& line : set.findings.lines(Faults::mend)) text += "\n" + line;
    return text;
  }
  return set.findings.places(fault)[0];
}
std::vector<std::int64_t> ids(const AnnotationSet& set) {
  std::vector<std::int64_t> ids;
  for (const Annotation& one : set.annotations) ids.push_back(one.id);
  return ids;
}
const double nan = Annotation::not_said;
const Annotation good = object(1, 1, 2, 3, 4);

}  // namespace

TEST_CASE("a set without faults stays as it is; an image without an object is background") {
  const AnnotationSet set = mended({good, object(2, 0, 0, 29, 20)});
  CHECK(faults(set) == 0);
  CHECK(set.findings.places(Fault::image_without_objects) == std::vector<std::string>{"a.json: 'b.png'"});
  CHECK(ids(set) == std::vector<std::int64_t>{1, 2});
  CHECK(set.annotations[0].box() == Box{1, 2, 4, 6});
  CHECK(set.annotations[1].box() == Box{0, 0, 29, 20});
}

TEST_CASE("ids: absent, 0 and repeated ones become new ones") {
  CHECK(alone(mended({good, object(Annotation::no_id, 2, 2, 3, 4)}), Fault::id_absent) ==
        "a.json: annotation of 'a.png', box [2, 2, 3, 4]");
  const AnnotationSet zero = mended({object(0, 2, 2, 3, 4), object(41, 1, 2, 3, 4)});
  CHECK(alone(zero, Fault::id_zero) == "a.json: annotation 0 of 'a.png', box [2, 2, 3, 4]");
  CHECK(ids(zero) == std::vector<std::int64_t>{42, 41});
  const AnnotationSet twice = mended({good, object(5, 2, 2, 3, 4), object(5, 3, 3, 3, 4)});
  CHECK(alone(twice, Fault::id_twice) == "a.json: annotation 5 of 'a.png', box [3, 3, 3, 4]");
  CHECK(ids(twice) == std::vector<std::int64_t>{1, 5, 6});
  // Of the largest there is, none is left above: all are numbered anew, and told, if one must be; else none is.
  const AnnotationSet largest = mended({object(INT64_MAX, 2, 2, 3, 4), object(0, 1, 2, 3, 4)});
  CHECK(ids(largest) == std::vector<std::int64_t>{1, 2});
  CHECK(largest.findings.places(Fault::id_large) ==
        std::vector<std::string>{"a.json: annotation 9223372036854775807 of 'a.png', box [2, 2, 3, 4]"});
  const AnnotationSet valid = mended({object(INT64_MAX, 2, 2, 3, 4), object(1, 1, 2, 3, 4)});
  CHECK(ids(valid) == std::vector<std::int64_t>{INT64_MAX, 1});
  CHECK(faults(valid) == 0);
}

TEST_CASE("categories: unknown, repeated, of one name, without an annotation") {
  Annotation unknown = object(2, 2, 2, 3, 4);
  unknown.category = 4;
  const AnnotationSet set = mended({good, unknown});
  CHECK(alone(set, Fault::category_unknown) == "a.json: annotation 2 of 'a.png', box [2, 2, 3, 4], category 4");
  CHECK(ids(set) == std::vector<std::int64_t>{1});
  CHECK(alone(mended({good}, {{3, "cat"}, {3, "dog"}}), Fault::category_twice) == "a.json: category 3, 'dog'");
  CHECK(alone(mended({good}, {{3, "cat"}, {8, "dog"}}), Fault::category_unused) == "a.json: category 8, 'dog'");
  Annotation other = object(2, 2, 2, 3, 4);
  other.category = 8;
  CHECK(alone(mended({good, other}, {{3, "cat"}, {8, "cat"}}), Fault::category_name_twice) ==
        "a.json: category 8, 'cat'");
  for (const char* alike : {"Cat", " cat", "c at\t"})
    CHECK(mended({good, other}, {{3, "cat"}, {8, alike}}).findings.count(Fault::category_name_alike) == 1);
}

TEST_CASE("an annotation of an unknown image is left out") {
  Annotation unknown = object(2, 2, 2, 3, 4);
  unknown.image = 8;
  const AnnotationSet set = mended({unknown, good});
  CHECK(alone(set, Fault::image_unknown) == "a.json: annotation 2, box [2, 2, 3, 4], image 8");
  CHECK(ids(set) == std::vector<std::int64_t>{1});
}

TEST_CASE("a box that is absent or not finite is that of the mask, or the annotation is left out") {
  const AnnotationSet without = mended({good, object(2, nan, 2, 3, 4), object(3, 1, 2, 1 / 0.0, 4)});
  CHECK(without.findings.count(Fault::box_absent) == 2);
  CHECK(without.findings.places(Fault::box_absent)[0] == "a.json: annotation 2 of 'a.png'");
  CHECK(ids(without) == std::vector<std::int64_t>{1});
  Annotation outline = object(2, nan, nan, nan, nan), pixels = object(3, nan, nan, nan, nan);
  outline.polygons = {{5, 6, 9, 6, 9, 8.5}, {4, 7, 5, 7, 5, 8}};
  pixels.mask = mae::box_mask(20, 30, {2, 3, 6, 8});
  const AnnotationSet with = mended({outline, pixels});
  CHECK(with.findings.count(Fault::box_absent) == 2);
  REQUIRE(with.annotations.size() == 2);
  CHECK(with.annotations[0].box() == Box{4, 6, 9, 8.5});
  CHECK(with.annotations[1].box() == Box{2, 3, 6, 8});
}

TEST_CASE("two corners where size is expected: converted if what is said beside them agrees") {
  // As x, y, width, height the first two reach far over the border. The areas are those of corners.
  const std::vector<Annotation> all{object(1, 10, 5, 28, 19, 252), object(2, 20, 10, 30, 20, 100),
                                    object(3, 1, 1, 3, 4, 6)};
  const AnnotationSet set = mended(all);
  CHECK(set.findings.count(Fault::box_of_corners) == 3);
  CHECK(faults(set) == 3);
  CHECK(set.findings.places(Fault::box_of_corners)[0] == "a.json: annotation 1 of 'a.png', box [10, 5, 28, 19]");
  CHECK(set.annotations[0].box() == Box{10, 5, 28, 19});
  CHECK(set.annotations[1].box() == Box{20, 10, 30, 20});
  CHECK(set.annotations[2].box() == Box{1, 1, 3, 4});
  CHECK(set.annotations[0].area == 252);
  // So does an outline, whatever the areas are.
  std::vector<Annotation> outlined = all;
  for (Annotation& one : outlined) {
    one.polygons = {{one.x, one.y, one.width, one.y, one.width, one.height, one.x, one.height}};
    one.area = one.width * one.height;
  }
  const AnnotationSet outlines = mended(outlined);
  CHECK(outlines.findings.count(Fault::box_of_corners) == 3);
  CHECK(outlines.annotations[0].box() == Box{10, 5, 28, 19});
  CHECK(outlines.annotations[0].area == 252);  // width times height as written is no area of that box
  // Corners of which none reaches far over the border are corners too, if the areas say so.
  const AnnotationSet near_ones = mended({object(1, 5, 5, 12, 10, 35), object(2, 4, 4, 10, 12, 48)});
  CHECK(near_ones.findings.count(Fault::box_of_corners) == 2);
  CHECK(near_ones.annotations[1].box() == Box{4, 4, 10, 12});
  // One area may be so by chance.
  CHECK(faults(mended({object(1, 5, 5, 12, 10, 35)})) == 0);
}

TEST_CASE("boxes that make sense as corners are none if an area or an outline says so") {
  const std::vector<Annotation> all{object(1, 10, 5, 28, 19, nan), object(2, 4, 3, 20, 10, nan),
                                    object(3, 1, 1, 3, 4, nan)};
  std::vector<Annotation> areas = all, outlines = all, one_area = all;
  for (Annotation& one : areas) one.area = one.width * one.height;
  one_area[2].area = 12;
  for (Annotation& one : outlines) {
    const Box box = one.box();
    one.polygons = {{box.x0, box.y0, box.x1, box.y0, box.x1, box.y1, box.x0, box.y1}};
  }
  for (const std::vector<Annotation>& written : {areas, outlines, one_area}) {
    const AnnotationSet set = mended(written);
    CHECK(set.findings.count(Fault::box_of_corners) == 0);
    CHECK(set.findings.count(Fault::box_over_border) == 1);
    CHECK(set.annotations[0].box() == Box{10, 5, 30, 20});
    CHECK(set.annotations[0].area == 300);
    CHECK(set.annotations[1].box() == Box{4, 3, 24, 13});
    CHECK(set.annotations[1].area == 200);
  }
  // Nothing is said beside them: three are told, and taken as they are; twenty that are all valid corners are some.
  const AnnotationSet few = mended(all);
  CHECK(few.findings.count(Fault::box_of_corners) == 0);
  CHECK(few.findings.places(Fault::box_maybe_of_corners) ==
        std::vector<std::string>{"a.json: annotation 1 of 'a.png', box [10, 5, 28, 19]"});
  CHECK(few.annotations[1].box() == Box{4, 3, 24, 13});
  std::vector<Annotation> many;
  for (int i = 1; i <= 20; ++i) many.push_back(object(i, 10 + 0.1 * i, 5, 28, 19, nan));
  CHECK(mended(many).findings.count(Fault::box_of_corners) == 20);
}

TEST_CASE("of boxes that cannot all be corners those far over the border are told") {
  // The last cannot be two corners: it is as it says, and the others are told and cut.
  const AnnotationSet mixed = mended({object(1, 10, 5, 28, 19), object(2, 8, 3, 4, 5)});
  CHECK(mixed.findings.count(Fault::box_maybe_of_corners) == 1);
  CHECK(mixed.findings.count(Fault::box_over_border) == 1);
  CHECK(mixed.annotations[0].box() == Box{10, 5, 30, 20});
  CHECK(mixed.annotations[1].box() == Box{8, 3, 12, 8});
  // A single one of twenty is over the border, and that is all.
  std::vector<Annotation> many{object(1, 10, 5, 28, 19)};
  for (int i = 2; i <= 20; ++i) many.push_back(object(i, 8 + 0.1 * i, 3, 4, 5));
  const AnnotationSet few = mended(many);
  CHECK(alone(few, Fault::box_over_border) == "a.json: annotation 1 of 'a.png', box [10, 5, 28, 19]");
  CHECK(few.annotations[0].box() == Box{10, 5, 30, 20});
}

TEST_CASE("shares of the image where pixels are expected are multiplied, if all are") {
  Annotation first = object(1, 0.1, 0.25, 0.5, 0.5, 0.25), second = object(2, 0, 0, 1, 0.75, 0.75);
  first.polygons = {{0.1, 0.25, 0.6, 0.25, 0.6, 0.75}};
  const AnnotationSet set = mended({first, second});
  CHECK(set.findings.count(Fault::box_of_shares) == 2);
  CHECK(faults(set) == 2);
  CHECK(set.annotations[0].box() == Box{3, 5, 18, 15});
  CHECK(set.annotations[0].area == 0.25 * 600);
  CHECK(set.annotations[0].polygons[0] == std::vector<double>{0.1 * 30, 5, 0.6 * 30, 5, 0.6 * 30, 15});
  CHECK(set.annotations[1].box() == Box{0, 0, 30, 15});
  // Beside boxes of pixels a small one is small.
  CHECK(faults(mended({first, object(2, 1, 2, 3, 4)})) == 0);
}

TEST_CASE("boxes that are empty or outside are left out, those over the border cut") {
  for (const Annotation& empty : {object(2, 1, 2, 0, 4), object(2, 1, 2, 3, 0), object(2, 5, 2, -3, 4)}) {
    const AnnotationSet set = mended({empty, good});
    CHECK(alone(set, Fault::box_empty).starts_with("a.json: annotation 2 of 'a.png', box ["));
    CHECK(ids(set) == std::vector<std::int64_t>{1});
  }
  std::vector<Annotation> all;
  for (int i = 10; i < 60; ++i) all.push_back(object(i, 1 + 0.1 * i, 2, 3, 4));  // so that others are few
  for (const Annotation& outside : {object(2, 30, 2, 3, 4), object(2, -3, 2, 3, 4), object(2, 1, 20, 3, 4),
                                    object(2, 1, -9, 3, 4), object(2, 1e12, 2, 3, 4)}) {
    all.push_back(outside);
    const AnnotationSet set = mended(all);
    all.pop_back();
    CHECK(alone(set, Fault::box_outside).starts_with("a.json: annotation 2 of 'a.png', box ["));
    CHECK(set.annotations.size() == all.size());
  }
  const AnnotationSet over = mended({good, object(2, -2, 3, 5, 17.5), object(3, 28, 18, 2.4, 2.4)});
  CHECK(alone(over, Fault::box_over_border) == "a.json: annotation 2 of 'a.png', box [-2, 3, 5, 17.5]");
  CHECK(over.annotations[1].box() == Box{0, 3, 3, 20});
  CHECK(over.annotations[2].width == 2.4);  // less than half a pixel is rounding
}

TEST_CASE("a box that covers its whole image is told and kept") {
  const AnnotationSet set = mended({good, object(2, 0, 0, 30, 20)});
  CHECK(alone(set, Fault::box_covers_all) == "a.json: annotation 2 of 'a.png', box [0, 0, 30, 20]");
  CHECK(set.annotations.size() == 2);
}

TEST_CASE("of equal boxes of an image the first is kept; of other classes or images all are") {
  Annotation elsewhere = object(5, 1, 2, 3, 4), crowd = object(6, 1, 2, 3, 4), other = object(7, 1, 2, 3, 4);
  elsewhere.image = 9;
  crowd.crowd = true;
  other.category = 4;
  const AnnotationSet set =
      mended({good, object(2, 1, 2, 3, 4), object(3, 1, 2, 3, 4.5), object(4, 1, 2, 3, 4), elsewhere, crowd, other},
             {{3, "cat"}, {4, "dog"}});
  CHECK(set.findings.count(Fault::box_repeated) == 2);
  CHECK(faults(set) == 2);
  CHECK(set.findings.places(Fault::box_repeated)[0] == "a.json: annotation 2 of 'a.png', box [1, 2, 3, 4]");
  CHECK(ids(set) == std::vector<std::int64_t>{1, 3, 5, 6, 7});
}

TEST_CASE("one box in a hundred images is told") {
  for (const std::int64_t images : {99, 100}) {
    AnnotationSet set{.source = "a.json", .categories = {{3, "cat"}}};
    for (std::int64_t i = 1; i <= images; ++i) {
      set.images.push_back({i, std::to_string(i) + ".png", 20, 30});
      set.annotations.push_back(good);
      set.annotations.back().id = set.annotations.back().image = i;
    }
    mae::mend_annotations(set);
    CHECK(set.findings.count(Fault::box_everywhere) == (images < 100 ? 0 : 100));
    CHECK(static_cast<std::int64_t>(set.annotations.size()) == images);
  }
}

TEST_CASE("an area that is absent or 0 is that of the mask, the outline or the box") {
  Annotation pixels = object(2, 2, 3, 4, 5, nan), outline = object(3, 5, 5, 17, 7, 0);
  pixels.mask = mae::box_mask(20, 30, {2, 3, 6, 7});
  outline.polygons = {{5, 5, 9, 5, 9, 9, 5, 9}, {20, 10, 22, 10, 22, 12, 20, 12}};
  const AnnotationSet set = mended({object(1, 1, 2, 3, 4, nan), pixels, outline, object(4, 2, 2, 2, 2, -1)});
  CHECK(set.findings.count(Fault::area_absent) == 4);
  CHECK(faults(set) == 4);
  CHECK(set.annotations[0].area == 12);
  CHECK(set.annotations[1].area == 16);
  CHECK(set.annotations[2].area == 20);
  CHECK(set.annotations[3].area == 4);
}

TEST_CASE("a mask of another size than its image is left out, the box stays") {
  Annotation pixels = object(2, 2, 3, 4, 5);
  pixels.mask = mae::box_mask(30, 20, {2, 3, 6, 7});
  const AnnotationSet set = mended({pixels});
  CHECK(alone(set, Fault::mask_faulty) ==
        "a.json: annotation 2 of 'a.png', box [2, 3, 4, 5]: a mask of 30 x 20 for an image of 20 x 30");
  CHECK(!set.annotations[0].mask);
  CHECK(set.annotations[0].has_box());
}

TEST_CASE("without a size of the image nothing is judged by it") {
  AnnotationSet set{.source = "a.json",
                    .images = {{7, "a.png"}},
                    .categories = {{3, "cat"}},
                    .annotations = {object(1, 500, 500, 1000, 1000), object(2, 0.1, 0.1, 0.2, 0.2, 0.04)}};
  mae::mend_annotations(set);
  CHECK(set.findings.all().empty());
  // But by what an area can be.
  set.annotations = {object(1, 500, 500, 1e200, 1e200), object(2, 0, 0, 1e-200, 1e-200), object(3, 500, 500, 4, 4)};
  mae::mend_annotations(set);
  CHECK(ids(set) == std::vector<std::int64_t>{3});
  CHECK(set.findings.count(Fault::box_outside) == 1);
  CHECK(set.findings.count(Fault::box_empty) == 1);
}

TEST_CASE("an area is computed anew where a box is cut, or where it is larger than the box") {
  Annotation outlined = object(2, 25, 10, 10, 5, 50);
  outlined.polygons = {{25, 10, 35, 10, 35, 15, 25, 15}};
  const AnnotationSet cut = mended({object(1, 28, 5, 4, 4, 16), outlined});
  CHECK(cut.findings.count(Fault::box_over_border) == 2);
  CHECK(cut.findings.count(Fault::polygon_over_border) == 1);
  CHECK(faults(cut) == 3);
  CHECK(cut.annotations[0].area == 8);
  CHECK(cut.annotations[1].area == 25);
  CHECK(mae::extent_of(cut.annotations[1].polygons) == Box{25, 10, 30, 15});
  Annotation pixels = object(2, 2, 3, 4, 5, 1e308);
  pixels.mask = mae::box_mask(20, 30, {2, 3, 6, 7});
  const AnnotationSet large = mended({object(1, 1, 2, 3, 4, 1e308), pixels, object(3, 4, 4, 3, 4, 20)});
  CHECK(large.findings.count(Fault::area_large) == 2);
  CHECK(large.findings.places(Fault::area_large)[0] ==
        "a.json: annotation 1 of 'a.png', box [1, 2, 3, 4]: an area of 1e+308");
  CHECK(faults(large) == 2);
  CHECK(large.annotations[0].area == 12);
  CHECK(large.annotations[1].area == 16);
  CHECK(large.annotations[2].area == 20);  // as those write it who count both ends
}

TEST_CASE("outlines are cut at the border, and left out where they are outside") {
  using mae::detail::cut_polygon;
  using Numbers = std::vector<double>;
  CHECK(cut_polygon({-2, 1, 4, 1, 4, 3, -2, 3}, 20, 30) == Numbers{0, 1, 4, 1, 4, 3, 0, 3});
  CHECK(cut_polygon({5, 5, 9, 5, 9, 9}, 20, 30) == Numbers{5, 5, 9, 5, 9, 9});
  CHECK(cut_polygon({-9, 5, -1, 5, -1, 9}, 20, 30).empty());
  CHECK(cut_polygon({30, 5, 39, 5, 39, 9}, 20, 30).empty());  // only a side of it is in the image
  // What is left has the pixels that the whole has, also of a comb whose teeth alone are inside.
  const Numbers comb{24, 2, 36, 2, 36, 12, 24, 12, 24, 10, 33, 10, 33, 6, 24, 6};
  CHECK(mae::polygon_mask(20, 30, cut_polygon(comb, 20, 30)) == mae::polygon_mask(20, 30, comb));
  const Numbers around{-10, -10, 50, -10, 50, 50, -10, 50};
  CHECK(mae::polygon_mask(20, 30, cut_polygon(around, 20, 30)).area() == 600);
  Annotation outside = object(2, 2, 2, 3, 4);
  outside.polygons = {{200, 300, 1200, 300, 1200, 1500}};
  const AnnotationSet set = mended({outside});
  CHECK(alone(set, Fault::polygon_outside) == "a.json: annotation 2 of 'a.png', box [2, 2, 3, 4]");
  CHECK(set.annotations[0].polygons.empty());
  CHECK(set.annotations[0].area == 12);
}

TEST_CASE("a mask without a pixel is left out; one elsewhere than its box is told") {
  Annotation empty = object(2, 2, 2, 3, 4), elsewhere = object(3, 5, 5, 3, 4);
  empty.mask = mae::RunLengthMask(20, 30);
  elsewhere.polygons = {{20, 10, 24, 10, 24, 14}};
  const AnnotationSet none = mended({empty});
  CHECK(alone(none, Fault::mask_empty) == "a.json: annotation 2 of 'a.png', box [2, 2, 3, 4]");
  CHECK(!none.annotations[0].mask);
  const AnnotationSet other = mended({elsewhere});
  CHECK(alone(other, Fault::outline_elsewhere) ==
        "a.json: annotation 3 of 'a.png', box [5, 5, 3, 4]: from [20, 10] to [24, 14]");
  CHECK(other.annotations[0].polygons == elsewhere.polygons);
}
