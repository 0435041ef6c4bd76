#include <mae/io/annotations/mend_images.hpp>

#include <doctest/doctest.h>

#include <mae/io/images/png.hpp>

#include <support/png_file.hpp>
#include <support/temporary.hpp>

using mae::Annotation, mae::AnnotationSet, mae::Box, mae::Fault, mae::Faults, mae::Index;
using Formats = mae::Decoders<mae::Png>;

namespace {

// A grey file of these extents that a camera says to turn so.
std::string image(Index height, Index width, int orientation = 1) {
  const std::string turn = std::string("MM\0\x2a\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0", 19) +
                           static_cast<char>(orientation) + std::string(6, '\0');
  return test::png_file(height, width, 8, 0, std::vector<unsigned>(static_cast<std::size_t>(height * width), 9),
                        orientation == 1 ? "" : test::png_chunk("eXIf", turn));
}
Annotation object(std::int64_t id, std::int64_t image, const Box& box) {
  Annotation one{.id = id, .image = image, .category = 3};
  one.set_box(box);
  one.area = box.area();
  return one;
}

// A folder with a.png of 20 x 30 pixels, and a set of it whose only image is that.
struct Photographs : test::TemporaryDirectory {
  Photographs() { put("a.png", image(20, 30)); }
  void put(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories(std::filesystem::path(*this / name).parent_path());
    test::put_text(*this / name, bytes);
  }
  AnnotationSet mended(std::vector<mae::AnnotatedImage> images, std::vector<Annotation> annotations = {}) {
    AnnotationSet set{.source = "a.json",
                      .images = std::move(images),
                      .categories = {{3, "cat"}},
                      .annotations = std::move(annotations),
                      .folder = path};
    mae::mend_images<Formats>(set, path);
    return set;
  }
};

std::string alone(const AnnotationSet& set, Fault fault) {
  Index all = 0;
  for (const auto& [kind, found] : set.findings.all()) all += found.count;
  if (set.findings.count(fault) == 1 && all == 1) return set.findings.places(fault)[0];
  std::string text = "not alone:";
  for (const std::string& line : set.findings.lines(Faults::mend)) text += "\n" + line;
  return text;
}
std::vector<std::string> files(const AnnotationSet& set) {
  std::vector<std::string> files;
  for (const mae::AnnotatedImage& one : set.images) files.push_back(one.file);
  return files;
}
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("images that are as annotated stay as they are") {
  Photographs folder;
  folder.put("below/b.png", image(4, 5, 6));  // upright as annotated
  const AnnotationSet set =
      folder.mended({{7, "a.png", 20, 30}, {8, "below/b.png", 5, 4}}, {object(1, 8, {1, 2, 3, 4})});
  CHECK(set.findings.all().empty());
  CHECK(files(set) == Names{"a.png", "below/b.png"});
  CHECK(set.annotations[0].box() == Box{1, 2, 3, 4});
}

TEST_CASE("an image listed twice is one with all its annotations; two of one id are refused") {
  Photographs folder;
  folder.put("b.png", image(20, 30));
  const std::vector<Annotation> objects{object(1, 7, {1, 2, 3, 4}), object(2, 8, {1, 2, 3, 5})};
  const AnnotationSet twice = folder.mended({{7, "a.png", 20, 30}, {8, "a.png", 20, 30}}, objects);
  CHECK(alone(twice, Fault::image_repeated) == "a.json: image 8, 'a.png'");
  CHECK(files(twice) == Names{"a.png"});
  CHECK(twice.annotations[1].image == 7);
  const AnnotationSet whole = folder.mended({{7, "a.png", 20, 30}, {7, "a.png", 20, 30}}, objects);
  CHECK(alone(whole, Fault::image_repeated) == "a.json: image 7, 'a.png'");
  const AnnotationSet ids = folder.mended({{7, "a.png", 20, 30}, {7, "b.png", 20, 30}}, objects);
  CHECK(alone(ids, Fault::image_twice) == "a.json: image 7, 'b.png', 'a.png'");
  CHECK(
      test::contains(test::error_of([&] { ids.findings.ensure_accepted("a.json", Faults::mend); }), "which is meant?"));
}

TEST_CASE("images that are not there or cannot be read are left out with their annotations") {
  Photographs folder;
  folder.put("broken.png", image(20, 30).substr(0, 30));
  const std::vector<Annotation> objects{object(1, 8, {1, 2, 3, 4}), object(2, 7, {1, 2, 3, 4})};
  const AnnotationSet missing = folder.mended({{7, "a.png", 20, 30}, {8, "no.png", 20, 30}}, objects);
  CHECK(alone(missing, Fault::image_missing) == "a.json: image 8, 'no.png' below '" + folder.path + "'");
  CHECK(files(missing) == Names{"a.png"});
  REQUIRE(missing.annotations.size() == 1);
  CHECK(missing.annotations[0].id == 2);
  const AnnotationSet broken = folder.mended({{7, "a.png", 20, 30}, {8, "broken.png", 20, 30}}, objects);
  CHECK(test::contains(alone(broken, Fault::image_unreadable), "broken.png: found "));
  CHECK(files(broken) == Names{"a.png"});
  CHECK(broken.annotations.size() == 1);
}

TEST_CASE("a file is found under another case, with Windows' separators, or below other folders") {
  Photographs folder;
  folder.put("below/B b.PNG", image(20, 30));
  for (const char* name : {"A.png", "a.PNG", "images/a.png", "/home/me/a.png", "C:\\data\\a.png", "./x/../a.png"}) {
    const AnnotationSet set = folder.mended({{7, name, 20, 30}});
    CHECK(alone(set, Fault::image_named_otherwise) == std::string("a.json: image 7, '") + name + "', 'a.png'");
    CHECK(files(set) == Names{"a.png"});
  }
  const AnnotationSet spaced = folder.mended({{7, "x\\below\\b B.png", 20, 30}});
  CHECK(spaced.findings.count(Fault::image_named_otherwise) == 1);
  CHECK(spaced.findings.places(Fault::image_name_with_space) == Names{"a.json: image 7, 'below/B b.PNG'"});
  CHECK(files(spaced) == Names{"below/B b.PNG"});
}

TEST_CASE("a size that is not said is the file's") {
  Photographs folder;
  const AnnotationSet set = folder.mended({{7, "a.png"}});
  CHECK(alone(set, Fault::size_absent) == "a.json: image 7, 'a.png'");
  CHECK(set.images[0].height == 20);
  CHECK(set.images[0].width == 30);
}

TEST_CASE("height and width exchanged are exchanged back, if the boxes fit") {
  Photographs folder;
  const AnnotationSet set = folder.mended({{7, "a.png", 30, 20}}, {object(1, 7, {20, 2, 30, 19})});
  CHECK(alone(set, Fault::size_swapped) == "a.json: image 7, 'a.png': 30 x 20 annotated, 20 x 30 upright");
  CHECK(set.images[0].height == 20);
  CHECK(set.annotations[0].box() == Box{20, 2, 30, 19});
  const AnnotationSet other = folder.mended({{7, "a.png", 30, 20}}, {object(1, 7, {2, 20, 19, 30})});
  CHECK(alone(other, Fault::size_other) == "a.json: image 7, 'a.png': 30 x 20 annotated, 20 x 30 upright");
  CHECK(other.images.empty());
  CHECK(other.annotations.empty());
}

TEST_CASE("an image scaled since has its annotations scaled; one of another shape is left out") {
  Photographs folder;
  Annotation one = object(1, 7, {10, 20, 30, 60});
  one.polygons = {{10, 20, 30, 20, 30, 60}};
  const AnnotationSet set = folder.mended({{7, "a.png", 80, 120}}, {one});
  CHECK(alone(set, Fault::size_scaled) == "a.json: image 7, 'a.png': 80 x 120 annotated, 20 x 30 upright");
  CHECK(set.annotations[0].box() == Box{2.5, 5, 7.5, 15});
  CHECK(set.annotations[0].area == 50);
  CHECK(set.annotations[0].polygons[0] == std::vector<double>{2.5, 5, 7.5, 5, 7.5, 15});
  CHECK(set.images[0].width == 30);
  CHECK(alone(folder.mended({{7, "a.png", 80, 80}}, {one}), Fault::size_other) ==
        "a.json: image 7, 'a.png': 80 x 80 annotated, 20 x 30 upright");
  // Cut by a column, not scaled.
  CHECK(alone(folder.mended({{7, "a.png", 20, 31}}, {one}), Fault::size_other) ==
        "a.json: image 7, 'a.png': 20 x 31 annotated, 20 x 30 upright");
}

TEST_CASE("keypoints move with their annotation; other members that may say places are told") {
  Photographs folder;
  folder.put("t.png", image(20, 30, 6));
  Annotation one = object(1, 7, {10, 20, 30, 60}), other = one;
  one.more = R"("keypoints":[10,20,2,0,0,0,29.5,40,1],"num_keypoints":2)";
  const AnnotationSet scaled = folder.mended({{7, "a.png", 80, 120}}, {one});
  CHECK(alone(scaled, Fault::size_scaled) != "");
  CHECK(scaled.annotations[0].more == R"("keypoints":[2.5,5.0,2,0,0,0,7.375,10.0,1],"num_keypoints":2)");
  const AnnotationSet turned = folder.mended({{7, "t.png", 20, 30}}, {one});
  CHECK(turned.findings.count(Fault::image_turned) == 1);
  CHECK(turned.annotations[0].more == R"("keypoints":[0.0,10.0,2,0,0,0,-20.0,29.5,1],"num_keypoints":2)");
  other.more = R"("attributes":{"x":1},"keypoints":["a"],"note":"kept")";
  const AnnotationSet kept = folder.mended({{7, "a.png", 80, 120}}, {other});
  CHECK(kept.findings.places(Fault::members_kept) ==
        Names{"a.json: image 7, 'a.png', annotation 1: 'attributes', 'keypoints'"});
  CHECK(kept.annotations[0].more == other.more);
  CHECK(folder.mended({{7, "a.png", 20, 30}}, {other}).findings.all().empty());
}

TEST_CASE("annotations on an image as it lies in its file are turned upright, of every orientation, to the pixel") {
  for (int orientation = 5; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    Photographs folder;
    folder.put("t.png", image(20, 30, orientation));
    Annotation one = object(1, 7, {4, 2, 9, 17});
    one.polygons = {{4, 2, 9, 2, 9, 17, 4, 17}};
    one.mask = mae::box_mask(20, 30, {4, 2, 9, 17});
    const AnnotationSet set = folder.mended({{7, "t.png", 20, 30}}, {one});
    CHECK(alone(set, Fault::image_turned) == "a.json: image 7, 't.png': 20 x 30 annotated, 30 x 20 upright");
    CHECK(set.images[0].height == 30);
    CHECK(set.images[0].width == 20);
    // What the reader of images does to the pixels of the box.
    std::vector<std::uint8_t> pixels(600);
    for (std::size_t y = 2; y < 17; ++y)
      for (std::size_t x = 4; x < 9; ++x) pixels[30 * y + x] = 1;
    const mae::Image turned = mae::detail::to_planes(pixels, 1, 20, 30, orientation);
    const mae::RunLengthMask want = mae::RunLengthMask::from_pixels(30, 20, turned.pixels);
    const Annotation& have = set.annotations[0];
    CHECK(have.box() == want.box());
    CHECK(*have.mask == want);
    CHECK(mae::polygons_mask(30, 20, have.polygons) == want);
  }
}

TEST_CASE("a turned image whose size does not tell which way it was annotated is told") {
  Photographs folder;
  folder.put("down.png", image(20, 30, 3));
  folder.put("square.png", image(20, 20, 6));
  CHECK(alone(folder.mended({{7, "down.png", 20, 30}}), Fault::turn_unknown) == "a.json: image 7, 'down.png'");
  CHECK(alone(folder.mended({{7, "square.png", 20, 20}}), Fault::turn_unknown) == "a.json: image 7, 'square.png'");
}
