#include <mae/io/annotations/class_map_list.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::ClassMapList, mae::ClassMapPlace, mae::Split;
using test::error_of;
using Names = std::vector<std::string>;

namespace {

/// A folder of files without content.
struct Files : test::TemporaryDirectory {
  explicit Files(const Names& names) {
    for (const std::string& name : names) add(name);
  }
  void add(const std::string& name, const std::string& text = "") {
    std::filesystem::create_directories(std::filesystem::path(*this / name).parent_path());
    test::put_text(*this / name, text);
  }
  ClassMapList list(const ClassMapPlace& place = {}) const { return mae::list_class_maps(path, place); }
  std::string error(const ClassMapPlace& place = {}) const {
    return error_of([&] { static_cast<void>(list(place)); });
  }
};

}  // namespace

TEST_CASE("a folder of images and a folder of maps: pairs by name, folders inside included") {
  const Files files({"images/b.jpg", "images/a.PNG", "images/x/a.jpeg", "images/notes.txt", "masks/a.png",
                     "masks/b.png", "masks/x/a.png", "readme.md"});
  const ClassMapList list = files.list();
  CHECK(list.images_folder == files / "images");
  CHECK(list.maps_folder == files / "masks");
  CHECK(list.list == "");
  CHECK(list.images == Names{"a.PNG", "b.jpg", "x/a.jpeg"});
  CHECK(list.maps == Names{"a.png", "b.png", "x/a.png"});
  CHECK(list.faults == Names{});
  CHECK(list.ignored == 1);
  CHECK(mae::list_class_maps(files.path + "/").images == list.images);
  CHECK(files.error({.split = Split::test}) == "mae: " + files.path +
                                                   ": found no part to test with, expected "
                                                   "sub-folders train and val (or test) of images and class maps");
  CHECK(files.list({.split = Split::test, .whole = true}).images == list.images);
}

TEST_CASE("what has no partner is told with its file") {
  const Files files({"images/a.jpg", "images/b.jpg", "images/b.png", "images/c.jpg", "images/d.jpg", "images/e.jpg",
                     "masks/a.png", "masks/b.png", "masks/d.jpg", "masks/f.png", "masks/e.png", "masks/e.PNG"});
  const ClassMapList list = files.list();
  const std::string images = files / "images/", masks = files / "masks/";
  CHECK(list.images == Names{"a.jpg"});
  CHECK(list.faults ==
        Names{images + "b.jpg: found another image of this name, 'b.png', expected one",
              images + "c.jpg: found an image without a class map, expected " + masks + "c.png",
              masks + "d.jpg: found a class map that is not named as PNG, expected one in PNG, which keeps numbers as "
                      "they are",
              masks + "e.PNG: found another class map of this name, 'e.png', expected one",
              masks + "f.png: found a class map without an image, expected an image " + images + "f, in JPEG or PNG"});
}

TEST_CASE("parts inside the two folders, as ADE20K has them, or around them") {
  const Files ade({"images/training/1.jpg", "images/validation/2.jpg", "annotations/training/1.png",
                   "annotations/validation/2.png"});
  CHECK(ade.list().images_folder == ade / "images/training");
  CHECK(ade.list().maps_folder == ade / "annotations/training");
  CHECK(ade.list().images == Names{"1.jpg"});
  CHECK(ade.list().left_alone == ade / "images/validation");
  CHECK(ade.list({.split = Split::test}).left_alone == "");
  CHECK(ade.list({.split = Split::test}).images == Names{"2.jpg"});
  const Files around({"train/images/1.jpg", "train/masks/1.png", "val/images/2.jpg", "val/masks/2.png"});
  CHECK(around.list().images_folder == around / "train/images");
  CHECK(around.list().left_alone == around / "val");
  CHECK(around.list({.split = Split::test}).images == Names{"2.jpg"});
  const Files half({"images/train/1.jpg", "images/val/1.jpg", "masks/1.png"});
  CHECK(half.error() == "mae: " + (half / "masks") + ": found no parts, expected the parts of " + (half / "images"));
  const Files untested({"images/train/1.jpg", "masks/train/1.png"});
  CHECK(untested.list().images == Names{"1.jpg"});
  CHECK(untested.error({.split = Split::test}) ==
        "mae: " + (untested / "images") +
            ": found the part 'train' and no part to test with, expected a sub-folder for it, or the path of the part "
            "that is meant");
}

TEST_CASE("Pascal VOC's lists choose images; others are left alone") {
  Files voc({"JPEGImages/2007_1.jpg", "JPEGImages/2007_2.jpg", "JPEGImages/2007_3.jpg", "Annotations/2007_1.xml",
             "SegmentationClass/2007_1.png", "SegmentationClass/2007_2.png", "SegmentationObject/2007_1.png"});
  voc.add("ImageSets/Segmentation/train.txt", "2007_2\r\n\n2007_1 -1\n");
  voc.add("ImageSets/Segmentation/val.txt", "2007_3\n2008_9");
  const ClassMapList list = voc.list();
  CHECK(list.images_folder == voc / "JPEGImages");
  CHECK(list.maps_folder == voc / "SegmentationClass");
  CHECK(list.list == voc / "ImageSets/Segmentation/train.txt");
  CHECK(list.images == Names{"2007_2.jpg", "2007_1.jpg"});
  CHECK(list.maps == Names{"2007_2.png", "2007_1.png"});
  CHECK(list.faults == Names{});
  CHECK(voc.list({.split = Split::test}).faults ==
        Names{(voc / "JPEGImages/2007_3.jpg") + ": found an image without a class map, expected " +
                  (voc / "SegmentationClass/2007_3.png"),
              (voc / "JPEGImages/2008_9") + ": found no image of this name, which " +
                  (voc / "ImageSets/Segmentation/val.txt") + " has, expected one in JPEG or PNG"});
}

TEST_CASE("maps may lie in a folder that is given") {
  const Files files({"photos/a.jpg", "drawn/a.png", "photos/b.jpg"});
  const ClassMapList list = mae::list_class_maps(files / "photos", {.class_maps = files / "drawn"});
  CHECK(list.images == Names{"a.jpg"});
  CHECK(list.faults.size() == 1);
}

TEST_CASE("a folder of something else is an error that says what is missing") {
  const std::string expected =
      ", expected sub-folders images and masks, or JPEGImages and SegmentationClass; others can be given";
  const Files photos({"a.jpg", "b.jpg"});
  CHECK(photos.error() == "mae: " + photos.path + ": found no sub-folder of images" + expected);
  const Files unmapped({"images/a.jpg", "other/a.png"});
  CHECK(unmapped.error() == "mae: " + unmapped.path + ": found no sub-folder of class maps" + expected);
  const Files classes({"train/daisy/a.jpg", "val/daisy/a.jpg"});
  CHECK(classes.error() == "mae: " + (classes / "train") + ": found no sub-folder of images" + expected);
  Files nothing({"images/a.txt", "masks/b.txt"});
  CHECK(nothing.error() ==
        "mae: " + (nothing / "images") + ": found no image, expected at least one, with its class map");
  CHECK(test::contains(error_of([&] { mae::list_class_maps(nothing / "nowhere"); }), "nowhere: found "));
  nothing.add("ImageSets/Segmentation/train.txt", " \n");
  CHECK(nothing.error() == "mae: " + (nothing / "ImageSets/Segmentation/train.txt") +
                               ": found no image, expected at least one, with its class map");
}
