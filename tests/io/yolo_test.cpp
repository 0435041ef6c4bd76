#include <mae/io/annotations/yolo.hpp>

#include <doctest/doctest.h>

#include <mae/io/images/png.hpp>

#include <support/png_file.hpp>
#include <support/temporary.hpp>

using mae::Annotation, mae::AnnotationSet, mae::Box, mae::Fault, mae::Findings;
using test::contains, test::error_of;
using Formats = mae::Decoders<mae::Png>;
using Names = std::vector<std::string>;

namespace {

// A folder, and files in it: an image of 20 x 40 pixels under each name that ends so.
struct Folder : test::TemporaryDirectory {
  void put(const std::string& name, const std::string& text = "") {
    std::filesystem::create_directories(std::filesystem::path(*this / name).parent_path());
    test::put_text(*this / name,
                   name.ends_with(".png") ? test::png_file(20, 40, 8, 0, std::vector<unsigned>(800)) : text);
  }
  AnnotationSet read(const std::string& below = "", const mae::YoloOptions& options = {}) const {
    return mae::read_yolo<Formats>(below.empty() ? path : *this / below, options);
  }
};
std::vector<Annotation> objects(const std::string& text, Findings& findings) {
  return mae::decode_yolo(text, "a.txt", 20, 40, findings);
}
Names names(const AnnotationSet& set) {
  Names names;
  for (const mae::Category& category : set.categories) names.push_back(category.name);
  return names;
}

}  // namespace

TEST_CASE("lines of boxes and of polygons become pixels of the image") {
  Findings findings;
  const std::vector<Annotation> found =
      objects("0 0.5 0.5 0.25 0.5\r\n\n  2\t0.1 0.2 0.3 0.2 0.3 0.9  \n1.0 1 1 1e-1 .5", findings);
  CHECK(findings.all().empty());
  REQUIRE(found.size() == 3);
  CHECK(found[0].category == 1);
  CHECK(found[0].box() == Box{15, 5, 25, 15});
  CHECK(found[1].category == 3);
  CHECK(found[1].polygons == std::vector<std::vector<double>>{{4, 4, 12, 4, 12, 18}});
  CHECK(found[1].box() == Box{4, 4, 12, 18});
  CHECK(found[2].box() == Box{38, 15, 42, 25});  // over the border, which is for the doctor
  CHECK(objects("", findings).empty());
  CHECK(objects(" \n\n", findings).empty());
  CHECK(objects("\xef\xbb\xbf"
                "0 0.5 0.5 0.25 0.5",
                findings)
            .size() == 1);  // a byte order mark
  CHECK(findings.all().empty());
}

TEST_CASE("a line that is none of them is told and left out") {
  for (const char* line : {"0 0.5 0.5 0.25", "0 0.5 0.5 0.25 0.5 0.9", "cat 0.5 0.5 0.25 0.5", "0.5 0.5 0.5 0.25 0.5",
                           "-1 0.5 0.5 0.25 0.5", "1e9 0.5 0.5 0.25 0.5", "0 nan 0.5 0.25 0.5", "0, 0.5, 0.5, 0.2, 0.5",
                           "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7", "0 1e999 0.5 0.25 0.5"}) {
    CAPTURE(line);
    Findings findings;
    CHECK(objects(std::string("0 0.5 0.5 0.25 0.5\n") + line + "\n1 0.5 0.5 0.25 0.5", findings).size() == 2);
    CHECK(findings.places(Fault::line_unreadable) == Names{std::string("a.txt: line 2: '") + line + "'"});
  }
}

TEST_CASE("names of classes as data.yaml and texts have them") {
  const Names cats{"cat", "dog, big", "it's"};
  for (const char* text : {"train: a\nnames: [cat, 'dog, big', \"it's\"]\nnc: 3\n",
                           "names:\n  - cat\n  - 'dog, big'  # a comment\n  - \"it's\"\n",
                           "nc: 3\nnames:\n  0: cat\n  # a comment\n\n  1: \"dog, big\"\n  2: \"it's\"\nother: 3",
                           "names:\n- cat\n- dog, big\n- it's\nnc: 3", "names: [ cat ,\n  'dog, big',\n  \"it's\" ]"})
    CHECK(mae::detail::yaml_names(text) == cats);
  CHECK(mae::detail::yaml_names("nc: 3").empty());
  CHECK(mae::detail::yaml_names("names:").empty());
  CHECK(mae::detail::yaml_names("names: [").empty());
  Folder folder;
  folder.put("set/train/a/a.png");
  folder.put("set/train/a/a.txt", "1 0.5 0.5 0.25 0.5");
  CHECK(names(folder.read("set/train/a")) == Names{"0", "1"});
  folder.put("set/classes.txt", "far\naway\n");
  CHECK(names(folder.read("set/train/a")) == Names{"0", "1"});
  folder.put("set/data.yaml", "names: [far, away]");
  CHECK(names(folder.read("set/train/a")) == Names{"far", "away"});
  folder.put("set/train/obj.names", "cat\r\ndog\n\n");
  CHECK(names(folder.read("set/train/a")) == Names{"cat", "dog"});
  folder.put("set/train/a/data.yaml", "names: [x, y, z]");
  CHECK(names(folder.read("set/train/a")) == Names{"x", "y", "z"});
}

TEST_CASE("texts lie beside the images, or in labels/ beside images/, whole or in parts") {
  Folder folder;
  folder.put("images/train/a.png");
  folder.put("images/train/b.png");
  folder.put("images/val/c.png");
  folder.put("labels/train/a.txt", "0 0.5 0.5 0.25 0.5\n1 0.5 0.5 0.5 0.5");
  folder.put("labels/train/b.txt");
  folder.put("labels/val/c.txt", "1 0.5 0.5 0.25 0.5");
  folder.put("data.yaml", "names: [cat, dog]");
  const AnnotationSet all = folder.read();
  CHECK(all.folder == folder / "images");
  CHECK(all.images.size() == 3);
  CHECK(all.images[2].file == "val/c.png");
  CHECK(all.annotations.size() == 3);
  CHECK(all.annotations[2].image == 3);
  CHECK(all.annotations[2].category == 2);
  CHECK(all.annotations[2].id == 3);
  const AnnotationSet train = folder.read("images/train");
  CHECK(names(train) == Names{"cat", "dog"});
  REQUIRE(train.images.size() == 2);
  CHECK(train.images[0].file == "a.png");
  CHECK(train.images[0].height == 20);
  CHECK(train.images[0].width == 40);
  CHECK(train.annotations.size() == 2);
  CHECK(train.annotations[0].area == 100);
  CHECK(folder.read("images/train/").annotations.size() == 2);
  const AnnotationSet apart = folder.read("labels/val", {.images = folder / "images/val"});  // named each by itself
  CHECK(apart.folder == folder / "images/val");
  CHECK(names(apart) == Names{"cat", "dog"});
  REQUIRE(apart.annotations.size() == 1);
  CHECK(apart.images[0].file == "c.png");
}

TEST_CASE("an image without a text is left out, or has no objects; none with one is an error") {
  Folder folder;
  folder.put("a.png");
  folder.put("b.png");
  CHECK(contains(error_of([&] { folder.read(); }), "no text of labels, expected one for each image"));
  folder.put("b.txt", "0 0.5 0.5 0.25 0.5");
  const AnnotationSet set = folder.read();
  CHECK(set.findings.places(Fault::image_unlabelled) == Names{folder / "a.png"});
  CHECK(set.images.size() == 1);
  CHECK(folder.read("", {.missing_is_empty = true}).images.size() == 2);
  test::put_text(folder / "a.txt", "");
  test::put_text(folder / "a.png", "damaged");
  const AnnotationSet damaged = folder.read();
  CHECK(damaged.images.size() == 1);
  CHECK(contains(damaged.findings.places(Fault::image_unreadable).at(0), "a.png: found no "));
}

TEST_CASE("names that are numbered otherwise, are not there, or not as many as said are told") {
  Folder folder;
  folder.put("a.png");
  folder.put("a.txt", "1 0.5 0.5 0.25 0.5");
  const auto doubts = [&](const std::string& yaml, const Names& want) {
    folder.put("data.yaml", yaml);
    const AnnotationSet set = folder.read();
    CHECK(names(set) == want);
    return set.findings.places(Fault::names_doubtful);
  };
  CHECK(doubts("names:\n  1: cat\n  2: dog\n", {"0", "cat", "dog"}) == Names{folder / "data.yaml: no name of class 0"});
  CHECK(doubts("names: {0: cat, 1: 'dog, big'}\nnc: 2 # two", {"cat", "dog, big"}).empty());
  CHECK(doubts("\xef\xbb\xbfnames: [cat, dog]\nnc: 3", {"cat", "dog"}) == Names{folder / "data.yaml: 2 names, nc: 3"});
  CHECK(doubts("train: a\n", {"0", "1"}) == Names{folder / "data.yaml: no names"});
  CHECK(doubts("names:\n  cat: 0\n", {"0", "1"}) == Names{folder / "data.yaml: no names"});
}

TEST_CASE("a text of labels without an image is told, a text of something else is not") {
  Folder folder;
  folder.put("images/a.png");
  folder.put("labels/a.txt", "0 0.5 0.5 0.25 0.5");
  folder.put("labels/classes.txt", "cat");
  folder.put("labels/README.txt", "These are labels.");
  CHECK(folder.read().findings.all().empty());
  folder.put("labels/far/b.txt", "0 0.5 0.5 0.25 0.5\n");
  const AnnotationSet set = folder.read();
  CHECK(set.findings.places(Fault::label_without_image) == Names{folder / "labels/far/b.txt"});
  CHECK(folder.read("images").findings.count(Fault::label_without_image) == 1);
}

TEST_CASE("parts in the folder of images are parts of the texts too") {
  Folder folder;
  for (const char* name : {"train/a", "train/b", "val/c"}) {
    folder.put(std::string("images/") + name + ".png");
    folder.put(std::string("labels/") + name + ".txt", "1 0.5 0.5 0.25 0.5");
  }
  folder.put("data.yaml", "names: [cat, dog]");
  CHECK(folder.read().images.size() == 3);
  for (const char* below : {"", "images"}) {
    const AnnotationSet train = folder.read(below, {.split = mae::Split::train});
    CHECK(train.findings.all().empty());
    CHECK(train.folder == folder / "images/train");
    CHECK(train.left_alone == folder / "images/val");
    REQUIRE(train.images.size() == 2);
    CHECK(train.images[1].file == "b.png");
    CHECK(train.annotations.size() == 2);
    CHECK(names(train) == Names{"cat", "dog"});
    const AnnotationSet held_out = folder.read(below, {.split = mae::Split::test});
    CHECK(held_out.folder == folder / "images/val");
    CHECK(held_out.left_alone == "");
    CHECK(held_out.images.size() == 1);
  }
  std::filesystem::rename(folder / "images", folder / "photos");
  const AnnotationSet apart = folder.read("labels", {.images = folder / "photos", .split = mae::Split::train});
  CHECK(apart.folder == folder / "photos/train");
  CHECK(apart.annotations.size() == 2);
  folder.put("photos/training/d.png");
  CHECK(contains(error_of([&] { folder.read("labels", {.images = folder / "photos", .split = mae::Split::train}); }),
                 "photos: found two parts to train on, 'train' and 'training', expected one: give its path"));
}
