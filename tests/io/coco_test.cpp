#include <mae/io/annotations/write_coco.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::Annotation, mae::AnnotationSet, mae::Fault, mae::Index;
using test::contains, test::error_of;

namespace {

// What pycocotools 2.0.11 made of the same file, by coco_python.py.
nlohmann::json expected() {
  return nlohmann::json::parse(test::read_text(test::beside(__FILE__, "coco_python/expected.json")));
}
AnnotationSet python() { return mae::read_coco(test::beside(__FILE__, "coco_python/annotations.json")); }

const mae::AnnotatedImage& image_of(const AnnotationSet& set, std::int64_t id) {
  for (const mae::AnnotatedImage& image : set.images)
    if (image.id == id) return image;
  throw mae::Error("no such image");
}

AnnotationSet read(const std::string& text) { return mae::decode_coco(text, "a.json"); }
// A set of an image of 20 x 30 pixels with the id 7, a category 3, and these members beside the ids of an annotation.
AnnotationSet one(const std::string& members) {
  return read(R"({"images": [{"id": 7, "file_name": "a.png", "height": 20, "width": 30}], "categories": )"
              R"([{"id": 3, "name": "c"}], "annotations": [{"id": 5, "image_id": 7, "category_id": 3, "iscrowd": 0, )" +
              members + "}]}");
}
std::string place(const AnnotationSet& set, Fault fault) {
  return set.findings.count(fault) == 1 ? set.findings.places(fault)[0] : "not once";
}

}  // namespace

TEST_CASE("ids, areas, boxes and masks are those that pycocotools loads") {
  const AnnotationSet set = python();
  const nlohmann::json told = expected();
  CHECK(set.findings.all().empty());
  REQUIRE(set.annotations.size() == told["annotations"].size());
  const mae::CategoryClasses classes(set.categories);
  CHECK(nlohmann::json({classes.id(0), classes.id(1), classes.id(2)}) == told["categories"]);
  CHECK(classes.names() == std::vector<std::string>{"person", "stop sign", "toothbrush"});
  CHECK(classes.class_of(13) == 1);
  CHECK(!classes.class_of(2));
  int masks = 0;
  for (std::size_t i = 0; i < set.annotations.size(); ++i) {
    const Annotation& have = set.annotations[i];
    const nlohmann::json& want = told["annotations"][i];
    CAPTURE(want["id"].dump());
    CHECK(have.id == want["id"].get<std::int64_t>());
    CHECK(have.area == want["area"].get<double>());
    CHECK(std::vector<double>{have.x, have.y, have.width, have.height} == want["bbox"].get<std::vector<double>>());
    CHECK(have.has_segmentation() == want.contains("counts"));
    if (!have.has_segmentation()) continue;
    const mae::AnnotatedImage& image = image_of(set, have.image);
    const mae::RunLengthMask mask = mae::mask_of(have, image.height, image.width, "annotation");
    CHECK(mask.text() == want["counts"].get<std::string>());
    CHECK(mask.area() == want["pixels"].get<Index>());
    ++masks;
  }
  CHECK(masks == 45);
}

TEST_CASE("what is read is written back: to the last digit, and with what only others know") {
  const test::TemporaryDirectory folder;
  mae::write_coco(folder / "out.json", python());
  const auto parse = [](const std::string& path) { return nlohmann::json::parse(test::read_text(path)); };
  nlohmann::json was = parse(test::beside(__FILE__, "coco_python/annotations.json"));
  const nlohmann::json is = parse(folder / "out.json");
  // pycocotools's own compressed form is kept; an annotation without one gets an empty list.
  for (nlohmann::json& one : was["annotations"])
    if (!one.contains("segmentation")) one["segmentation"] = nlohmann::json::array();
  CHECK(is == was);
  mae::write_coco(folder / "again.json", mae::read_coco(folder / "out.json"));
  CHECK(test::read_text(folder / "again.json") == test::read_text(folder / "out.json"));
  AnnotationSet nothing;
  mae::write_coco(folder / "nothing.json", nothing);
  CHECK(mae::read_coco(folder / "nothing.json").images.empty());
  CHECK(contains(error_of([&] { mae::write_coco(folder / "no/out.json", nothing); }), "no/out.json"));
}

TEST_CASE("minus nothing is nothing, so that what is written is read again") {
  const std::string text =
      mae::coco_text(one(R"("bbox": [-0.0, -0, 3, 4], "segmentation": [[-0.0, 0, 3, 0, 3, 4]], "area": 12)"));
  CHECK(contains(text, R"("bbox": [0, 0, 3, 4])"));
  CHECK(mae::coco_text(read(text)) == text);
}

TEST_CASE("NaN, Infinity and commas too many are mended and told; text in strings is left alone") {
  const AnnotationSet set = one(R"("bbox": [NaN, 1, 2, -Infinity,], "area": Infinity, "note": "NaN, ]",)");
  CHECK(set.findings.count(Fault::json_number) == 3);
  CHECK(set.findings.count(Fault::json_comma) == 2);
  CHECK(set.findings.places(Fault::json_number)[0] == "a.json: byte 195");
  REQUIRE(set.annotations.size() == 1);
  CHECK(!set.annotations[0].has_box());
  CHECK(!mae::is_finite(set.annotations[0].area));
  CHECK(set.annotations[0].more == R"("note":"NaN, ]")");
  const AnnotationSet lists = read(R"({"images": [], "categories": [], "annotations": [], "other": [{"x": [1,],},],})");
  CHECK(lists.findings.count(Fault::json_comma) == 4);
  CHECK(lists.more == R"("other": [{"x": [1 ] } ])");
}

TEST_CASE("numbers in texts and whole numbers with a point are numbers; other ids are none") {
  const AnnotationSet set = read(
      R"({"images": [{"id": "7", "file_name": "a.png", "height": 20.0, "width": "30"}], "categories": [{"id": 3.0}],)"
      R"("annotations": [{"id": "5", "image_id": 7.0, "category_id": "3", "bbox": ["1", 2, 3.5, 4], "iscrowd": true},)"
      R"({"id": 5.5, "image_id": "x", "category_id": 18446744073709551615, "bbox": [1, 2, 3], "iscrowd": null}]})");
  CHECK(set.images[0].id == 7);
  CHECK(set.images[0].height == 20);
  CHECK(set.images[0].width == 30);
  const Annotation &first = set.annotations[0], &second = set.annotations[1];
  CHECK(first.id == 5);
  CHECK(first.image == 7);
  CHECK(first.category == 3);
  CHECK(first.box() == mae::Box{1, 2, 4.5, 6});
  CHECK(first.crowd);
  CHECK(second.id == Annotation::no_id);
  CHECK(second.image == Annotation::no_id);
  CHECK(second.category == Annotation::no_id);
  CHECK(!second.has_box());
  CHECK(place(set, Fault::crowd_absent) == "a.json");
  CHECK(set.findings.places(Fault::number_as_text) ==
        std::vector<std::string>{"a.json: image 7", "a.json: annotation 5"});
  CHECK(one(R"("bbox": [1, 2, 3, 4], "segmentation": [[1, 2, "3", 4, 5, 6]])").findings.count(Fault::number_as_text) ==
        1);
}

TEST_CASE("outlines and run lengths that are none are told and left out; the box stays") {
  const auto polygon = [](const std::string& text) { return one(R"("bbox": [1, 2, 3, 4], "segmentation": )" + text); };
  CHECK(polygon("[[1, 2, 3, 4, 5, 6]]").annotations[0].polygons.size() == 1);
  CHECK(polygon("[1, 2, 3, 4, 5, 6]").annotations[0].polygons.size() == 1);
  CHECK(polygon("[]").findings.all().empty());
  CHECK(polygon("null").findings.all().empty());
  const AnnotationSet mixed =
      polygon("[[1, 2, 3, 4], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7], 8, [1, 2, 3, NaN, 5, 6]]");
  CHECK(mixed.annotations[0].polygons.size() == 1);
  CHECK(mixed.annotations[0].has_box());
  CHECK(mixed.findings.count(Fault::polygon_faulty) == 4);
  CHECK(mixed.findings.places(Fault::polygon_faulty)[0] ==
        "a.json: annotation 5: found a polygon of 4 numbers, expected x and y of at least three corners");
  CHECK(contains(mixed.findings.places(Fault::polygon_faulty)[3], "a corner at null"));
  CHECK(contains(place(polygon("[[1, 2, 3, 4, 5, 1e9]]"), Fault::polygon_faulty), "a corner at 1000000000.0"));
  CHECK(contains(place(polygon("\"no\""), Fault::polygon_faulty), "no list"));
  const auto faulty = [&](const std::string& text, const std::string& told) {
    const AnnotationSet set = polygon(text);
    CHECK(!set.annotations[0].mask);
    CHECK(set.annotations[0].has_box());
    const std::string where = place(set, Fault::mask_faulty);
    INFO(where);
    CHECK(contains(where, "a.json: annotation 5: found " + told));
  };
  faulty(R"({"size": [20, 30], "counts": [600, 1]})", "runs of more pixels altogether, expected 600");
  faulty(R"({"size": [20, 30], "counts": [599]})", "runs of 599 pixels altogether, expected 600");
  faulty(R"({"size": [20, 30], "counts": [700, -100]})", "counts that are no whole numbers");
  faulty(R"({"size": [20, 30], "counts": [1.5, 598.5]})", "counts that are no whole numbers");
  faulty(R"({"size": [20, 30], "counts": "a!"})", "run lengths as text with ");
  faulty(R"({"size": [20, 30], "counts": "oooooooooooooooooooo"})", "run lengths as text with ");
  faulty(R"({"size": [20, 30]})", "run lengths without size and counts");
  faulty(R"({"size": [-20, 30], "counts": []})", "run lengths without size and counts");
  faulty(R"({"size": [0, 0], "counts": []})", "0 x 0 pixels");
  faulty(R"({"size": [4000000000, 4000000000], "counts": []})", "4000000000 x 4000000000 pixels");
}

TEST_CASE("a polygon of ten million points is told, before memory is taken for it") {
  std::string numbers(40'000'000, '2');
  for (std::size_t i = 1; i < numbers.size(); i += 2) numbers[i] = ',';
  const std::string error = error_of([&] { one(R"("bbox": [1, 2, 3, 4], "segmentation": [[)" + numbers + "3]]"); });
  CHECK(contains(error, "a.json: found an object of too many values at byte 2"));
  CHECK(contains(error, "expected at most 1000000 in each"));
  // As many as are read make no trouble.
  const AnnotationSet set = one(R"("segmentation": [[)" + numbers.substr(0, 1'999'958) + "3]]");
  REQUIRE(set.annotations[0].polygons.size() == 1);
  CHECK(set.annotations[0].polygons[0].size() == 999'980);
}

TEST_CASE("a category without a name, or with a number for one, is named and told") {
  const AnnotationSet set = read(R"({"images": [], "annotations": [], "categories": [{"id": 3, "name": 17}, {"id": 4},)"
                                 R"({"id": 5, "name": " "}, {"id": 6, "name": " a "}]})");
  CHECK(set.findings.count(Fault::category_unnamed) == 3);
  CHECK(set.findings.places(Fault::category_unnamed)[1] == "a.json: category 4");
  const mae::CategoryClasses classes(set.categories);
  CHECK(classes.names() == std::vector<std::string>{"17", "4", "5", " a "});
}

TEST_CASE("what leaves no data set is an error") {
  const auto error = [](const std::string& text) { return error_of([&] { read(text); }); };
  CHECK(contains(error(std::string(1'000'000, '[')), "a list, expected an object of images"));
  std::string deep = R"({"images": )";
  for (int i = 0; i < 1'000'000; ++i) deep += '[';
  CHECK(contains(error(deep), "a.json: found no object at byte 12, expected a list of objects"));
  CHECK(contains(error(R"({"info": )" + std::string(1'000'000, '[')), "more than 64 levels of brackets at byte 73"));
  CHECK(contains(error(R"({"images": [{"id": 1, "x": )" + std::string(1'000'000, '[')), "more than 64 levels"));
  CHECK(contains(error(R"({"images": []})"), "no list 'annotations', expected images, annotations and categories"));
  CHECK(contains(error(R"({"images": 3})"), "no list for the key 'images'"));
  CHECK(contains(error(R"({"images": [], "images": []})"), "the key 'images' twice"));
  CHECK(contains(error(R"({"images": [{"id": 1, "id": 1}]})"), "an object with a key twice at byte 12"));
  CHECK(contains(error(R"({"images": [{"file_name": "a"}]})"), "no id for an entry of images at byte 12"));
  CHECK(contains(error(R"({"images": [{"id": 1}]})"), "no file_name for image 1"));
  CHECK(contains(error(R"({"categories": [{"name": "a"}]})"), "no id for an entry of categories"));
  CHECK(contains(error(R"({"images": [,]})"), "no object at byte 12"));
  CHECK(contains(error(std::string("{\"images\": []\0}", 15)), "a zero byte"));
  for (const char* text : {"{", "{]", "{\"a\"}", "{\"a\": }", "{\"a\": 1 \"b\": 2}", "{,}", "{\"a\": 1}}",
                           "{\"info\": [{} {]}", "{\"a\": [}", "{\"a\": {\"b\" 1}, \"c\": 1}", "{\"a\": \"",
                           "{\"a\": \"\\", "{a: 1}", "{\"\\x\": 1}", "{\"images\": [{\"id\": 01}]}",
                           "{\"images\": [{\"id\": NaNa}]}", "{\"images\": [{\"id\": tru}]}", "{\"a\": 1},"}) {
    CAPTURE(text);
    CHECK(contains(error(text), "expected annotations in JSON"));
  }
}

TEST_CASE("a file that is something else is told by its kind") {
  const test::TemporaryDirectory folder;
  const auto error = [&](const std::string& text) {
    test::put_text(folder / "x.json", text);
    return error_of([&] { mae::read_coco(folder / "x.json"); });
  };
  CHECK(contains(error(""), "an empty file"));
  CHECK(contains(error("<!doctype html><html>"), "a web page"));
  CHECK(contains(error("version https://git-lfs"), "a pointer of Git LFS"));
  CHECK(contains(error_of([&] { mae::read_coco(folder / "none.json"); }), "none.json"));
}
