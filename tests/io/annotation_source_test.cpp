#include <mae/io/annotations/annotation_source.hpp>

#include <doctest/doctest.h>

#include <mae/io/annotations/doctor.hpp>
#include <mae/io/annotations/write_coco.hpp>
#include <mae/io/images/png.hpp>

#include <support/png_file.hpp>
#include <support/temporary.hpp>

using mae::AnnotationSet, mae::Faults;
using test::contains, test::error_of;
using Formats = mae::Decoders<mae::Png>;
using Readers = mae::AnnotationReaders<mae::Coco, mae::Yolo<Formats>>;

namespace {

struct Folder : test::TemporaryDirectory {
  void put(const std::string& name, const std::string& text = "") {
    std::filesystem::create_directories(std::filesystem::path(*this / name).parent_path());
    test::put_text(*this / name,
                   name.ends_with(".png") ? test::png_file(20, 40, 8, 0, std::vector<unsigned>(800)) : text);
  }
};
const std::string json =
    R"({"images": [{"id": 1, "file_name": "no.png"}, {"id": 2, "file_name": "a.png", "height": 20, "width": 40}],)"
    R"("categories": [{"id": 1, "name": "cat"}], "annotations": [{"id": 1, "image_id": 2, "category_id": 1,)"
    R"("bbox": [30, 10, 15, 5], "area": 50, "iscrowd": 0}]})";

}  // namespace

TEST_CASE("COCO's file finds its images where they usually lie") {
  for (const char* where : {"annotations/a.png", "annotations/images/a.png", "val2017/a.png", "images/val2017/a.png",
                            "images/a.png", "annotations/val2017/a.png"}) {
    Folder folder;
    folder.put("annotations/instances_val2017.json", json);
    folder.put(where);
    const AnnotationSet set = mae::read_annotations<Readers>(folder / "annotations/instances_val2017.json");
    CHECK(std::filesystem::canonical(set.folder + "/a.png") == std::filesystem::canonical(folder / where));
  }
  Folder folder;
  folder.put("_annotations.coco.json", json);
  folder.put("elsewhere/a.png");
  CHECK(contains(error_of([&] { mae::read_annotations<Readers>(folder.path); }), "none of its images in '"));
  CHECK(contains(error_of([&] { mae::read_annotations<Readers>(folder.path); }),
                 "expected images beside it, in images/, annotations.coco/ or images/annotations.coco/, or there one"));
  CHECK(contains(error_of([&] { mae::read_annotations<Readers>(folder.path, {.images = folder / "nowhere"}); }),
                 "nowhere: found no folder, expected `images`: the folder where they lie"));
  CHECK(mae::read_annotations<Readers>(folder.path, {.images = folder / "elsewhere"}).folder == folder / "elsewhere");
}

TEST_CASE("a format is recognised by what lies there") {
  Folder folder;
  CHECK(contains(error_of([&] { mae::read_annotations<Readers>(folder / "no"); }),
                 "nothing there, expected annotations: "
                 "COCO or YOLO"));
  CHECK(contains(error_of([&] { mae::read_annotations<Readers>(folder.path); }),
                 "no annotations, expected COCO or YOLO (COCO: a file .json, or a folder with one and no other; "
                 "YOLO: a folder with images/ and labels/, "));
  folder.put("set/images/a.png");
  folder.put("set/labels/a.txt", "0 0.5 0.5 0.5 0.5");
  CHECK(mae::read_annotations<Readers>(folder / "set").annotations.size() == 1);
  CHECK(mae::read_annotations<Readers>(folder / "set/images").annotations.size() == 1);
  folder.put("b.png");
  folder.put("b.txt");
  CHECK(mae::read_annotations<Readers>(folder.path).images.size() == 1);
  folder.put("c.png");
  CHECK(mae::read_annotations<Readers>(folder.path, {.missing_is_empty = true}).images.size() == 3);
}

TEST_CASE("the doctor mends a set so that what it wrote has no fault") {
  Folder folder;
  folder.put("a.json", json);
  folder.put("a.png");
  AnnotationSet set = mae::read_annotations<Readers>(folder / "a.json");
  mae::mend<Formats>(set);
  CHECK(set.findings.count(mae::Fault::image_missing) == 1);
  CHECK(set.findings.count(mae::Fault::box_over_border) == 1);
  CHECK(
      contains(error_of([&] { set.findings.ensure_accepted("a.json", Faults::refuse); }), "images that are not there"));
  set.findings.ensure_accepted("a.json", Faults::mend);
  CHECK(mae::summary(set) == "1 images, 1 objects in 1 categories");
  mae::write_coco(folder / "mended.json", set);
  AnnotationSet again = mae::read_annotations<Readers>(folder / "mended.json");
  mae::mend<Formats>(again);
  CHECK(again.findings.all().empty());
  CHECK(again.annotations[0].box() == mae::Box{30, 10, 40, 15});
}
