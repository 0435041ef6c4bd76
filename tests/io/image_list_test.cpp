#include <mae/io/images/image_list.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::list_images, mae::ListOptions, mae::ImageList;
using test::contains, test::error_of;

namespace {

// A folder in which empty files and folders are made by naming them.
struct Tree : test::TemporaryDirectory {
  explicit Tree(const std::vector<std::string>& files) {
    for (const std::string& file : files) add(file);
  }
  void add(const std::string& file) const {
    std::filesystem::create_directories(std::filesystem::path(*this / file).parent_path());
    test::write_text(*this / file, "");
  }
};
using Names = std::vector<std::string>;
using Labels = std::vector<std::int32_t>;
std::string error_in(const std::string& folder, const ListOptions& options = {}, const Names& classes = {}) {
  return error_of([&] { list_images(folder, classes, options); });
}

}  // namespace

TEST_CASE("a flat folder: images in the order of their names, others counted, hidden ones not") {
  const Tree tree({"b.png", "A.JPG", "a.jpeg", "notes.txt", ".hidden.png", "Makefile", "empty/readme.md"});
  const ImageList list = list_images(tree.path);
  CHECK(list.names == Names{"A.JPG", "a.jpeg", "b.png"});
  CHECK(list.labels == Labels{-1, -1, -1});
  CHECK(list.class_names.empty());
  CHECK(list.ignored == 3);
  CHECK(list_images(tree.path + "/").names == list.names);
}

TEST_CASE("sub-folders are classes, and folders inside them belong to them") {
  const Tree tree({"rose/2.png", "rose/1.png", "daisy/deep/3.jpg", "daisy/0.jpg", "daisy/x.csv", ".cache/9.png"});
  const ImageList list = list_images(tree.path);
  CHECK(list.names == Names{"daisy/0.jpg", "daisy/deep/3.jpg", "rose/1.png", "rose/2.png"});
  CHECK(list.labels == Labels{0, 0, 1, 1});
  CHECK(list.class_names == Names{"daisy", "rose"});
  CHECK(list.ignored == 1);
}

TEST_CASE("labels follow known classes where they are given") {
  const Tree tree({"rose/1.png", "daisy/0.jpg"});
  const ImageList list = list_images(tree.path, {"tulip", "rose", "daisy"});
  CHECK(list.names == Names{"rose/1.png", "daisy/0.jpg"});
  CHECK(list.labels == Labels{1, 2});
  CHECK(list.class_names == Names{"tulip", "rose", "daisy"});
  CHECK(contains(error_in(tree.path, {.labelled = true}, {"daisy", "tulip"}),
                 "found the class folder 'rose', expected only the 2 known classes, 'daisy' to 'tulip'"));
  const ImageList others = list_images(tree.path, {"daisy", "tulip"});  // no labels are needed: there are none
  CHECK(others.names == Names{"daisy/0.jpg", "rose/1.png"});
  CHECK(others.labels == Labels{-1, -1});
  CHECK(contains(others.unlabelled, "found the class folder 'rose'"));
}

TEST_CASE("links are followed, but not in circles; a link to nothing is an image that cannot be read") {
  const Tree tree({"a/1.png", "b/2.png"}), elsewhere({"3.png"});
  namespace fs = std::filesystem;
  fs::create_directory_symlink("..", tree / "a/up");
  fs::create_directory_symlink(".", tree / "a/self");
  fs::create_directory_symlink("../b", tree / "a/other");
  fs::create_directory_symlink(elsewhere.path, tree / "c");
  fs::create_symlink("nothing", tree / "b/4.png");
  const ImageList list = list_images(tree.path);
  CHECK(list.names ==
        Names{"a/1.png", "b/2.png", "b/4.png", "c/3.png"});  // each folder once: the links to b give nothing
  CHECK(list.class_names == Names{"a", "b", "c"});
  CHECK(list.repeated == 3);
}

TEST_CASE("folders that all link to each other are each looked at once") {
  const Tree tree({"a/image.png"});
  const std::string names = "abcdefghijkl";
  for (const char name : names) std::filesystem::create_directories(tree / std::string(1, name));
  for (const char from : names)
    for (const char to : names)
      if (from != to)
        std::filesystem::create_directory_symlink(std::string("../") + to, tree / (std::string(1, from) + "/" + to));
  const ImageList list = list_images(tree.path);
  CHECK(list.names == Names{"a/image.png"});
  CHECK(list.repeated == 12 * 11);
}

TEST_CASE("a link nearer to the top comes first, and one class cannot be another's link") {
  const Tree elsewhere({"pool/1.png"}), tree({"b/2.png"});
  std::filesystem::create_directory(tree / "a");
  std::filesystem::create_directory_symlink(elsewhere / "pool", tree / "a/deep");
  std::filesystem::create_directory_symlink(elsewhere / "pool", tree / "c");
  CHECK(list_images(tree.path).names == Names{"b/2.png", "c/1.png"});
  std::filesystem::create_directory_symlink(elsewhere / "pool", tree / "d");
  std::filesystem::remove_all(tree / "a");
  CHECK(contains(error_in(tree.path, {.labelled = true}),
                 "/d: found a link to a folder whose images are another's, expected at least one in each class"));
}

TEST_CASE("links to images are images, whatever class the file lies in") {
  const Tree pool({"1.png", "2.png"}), tree({});
  for (const char* name : {"cat", "dog"}) std::filesystem::create_directory(tree / name);
  std::filesystem::create_symlink(pool / "1.png", tree / "cat/1.png");
  std::filesystem::create_symlink(pool / "2.png", tree / "dog/2.png");
  CHECK(list_images(tree.path, {}, {.labelled = true}).names == Names{"cat/1.png", "dog/2.png"});
}

TEST_CASE("what systems leave behind is passed over: folders counted, hidden names not") {
  const Tree tree({"cat/0.png", "dog/1.png", "__MACOSX/cat/._0.png", "__MACOSX/cat/0.png", "@eaDir/2.png", ".DS_Store",
                   "cat/._0.png", "cat/@eaDir/0.png/SYNOPHOTO_THUMB.jpg", "cat/.ipynb_checkpoints/0-checkpoint.png",
                   "cat/Thumbs.db", "lost+found/4.png", "System Volume Information/5.png", "$RECYCLE.BIN/6.png"});
  std::filesystem::create_directory(tree / "lost+found/inner");
  for (const bool labelled : {false, true}) {
    const ImageList list = list_images(tree.path, {}, {.labelled = labelled});
    CHECK(list.names == Names{"cat/0.png", "dog/1.png"});
    CHECK(list.class_names == Names{"cat", "dog"});
    CHECK(list.passed_over == 6);
    CHECK(list.ignored == 1);  // Thumbs.db
  }
}

TEST_CASE("where no labels are needed, empty folders are passed over and albums taken whole") {
  const Tree tree({"a/1.png", "b/notes.txt", "c/2.png"}),
      album({"1.png", "2023/2.png", "2023/may/3.png", "2022/4.png"});
  std::filesystem::create_directories(tree / "d/e/f");
  const ImageList list = list_images(tree.path);
  CHECK(list.names == Names{"a/1.png", "c/2.png"});
  CHECK(list.class_names == Names{"a", "c"});
  CHECK(list.passed_over == 2);
  CHECK(list.ignored == 1);
  CHECK(list.unlabelled.empty());
  const ImageList all = list_images(album.path);
  CHECK(all.names == Names{"1.png", "2022/4.png", "2023/2.png", "2023/may/3.png"});
  CHECK(all.labels == Labels{-1, -1, -1, -1});
  CHECK(all.class_names.empty());
  CHECK(all.unlabelled == "images such as '1.png' lie beside folders of images");
}

TEST_CASE("parts of a set are never classes") {
  for (const char* other : {"val", "valid", "validation", "test", "Testing", "DEV", "eval", "test_set", "val2017"}) {
    CAPTURE(other);
    const Tree tree({"train/cat/1.png", "train/dog/2.png", std::string(other) + "/cat/3.png"});
    for (const bool labelled : {false, true})
      CHECK(contains(error_in(tree.path, {.labelled = labelled}),
                     ": found the part 'train' of a set, expected images or classes: give its path"));
    const Tree inside({"x/1.png", std::string("y/train/2.png"), std::string("y/") + other + "/3.png"});
    CHECK(contains(error_in(inside.path),
                   "/y: found parts of a set, 'train' and '" + std::string(other) + "', expected"));
    CHECK(list_images(tree.path, {}, {.parts = false}).class_names.size() == 2);
    CHECK(list_images(inside.path, {}, {.parts = false}).class_names == Names{"x", "y"});
  }
}

TEST_CASE("a class named as a part is refused, unless it can be no part or is known") {
  const Tree doubtful({"cat/1.png", "test/2.png"}), vehicles({"bus/1.png", "train/2.png"});
  const Tree notes({"invalid/1.png", "valid/2.png"});
  CHECK(contains(error_in(doubtful.path),
                 "found the folder 'test', named as a part of a set, beside 'cat', expected "
                 "parts or classes: give the path of the part, or set parts to false if it is"));
  CHECK(contains(error_in(notes.path), "found the folder 'valid', named as a part of a set, beside 'invalid'"));
  CHECK(list_images(notes.path, {}, {true, false, {}}).class_names == Names{"invalid", "valid"});
  CHECK(list_images(vehicles.path, {}, {.labelled = true}).class_names == Names{"bus", "train"});
  CHECK(list_images(doubtful.path, {"cat", "test"}).labels == Labels{0, 1});
}

TEST_CASE("parts together: a class has its images from each, what has no class comes first") {
  const Tree tree(
      {"train/cat/1.png", "train/dog/2.png", "val/cat/3.png", "val/emu/4.png", "test/5.png", "extra/6.png"});
  const ImageList list = list_images(tree.path, {}, {.parts = false, .together = {"train", "val", "test"}});
  CHECK(list.names == Names{"test/5.png", "train/cat/1.png", "val/cat/3.png", "train/dog/2.png", "val/emu/4.png"});
  CHECK(list.labels == Labels{-1, 0, 0, 1, 2});
  CHECK(list.class_names == Names{"cat", "dog", "emu"});
}

TEST_CASE("what is no folder of images is named") {
  const Tree tree({"a/1.png", "b/notes.txt"}), text({"notes.txt", "x/y.md"}), mixed({"1.png", "a/2.png"}), empty({});
  CHECK(contains(error_in(tree.path, {.labelled = true}),
                 "/b: found no image, expected at least one in each class folder"));
  CHECK(
      contains(error_of([&] { list_images(text.path); }),
               ": found no image, and 2 other files, expected files named .png, .jpg or .jpeg, or folders of them"));
  CHECK(contains(error_of([&] { list_images(empty.path); }), "found no image, and 0 other files"));
  CHECK(contains(error_in(mixed.path, {.labelled = true}),
                 "found images such as '1.png' beside folders of images, expected either images or a folder"));
  CHECK(contains(error_of([&] { list_images(tree / "none"); }),
                 "none: found \"No such file or directory\" on listing"));
  CHECK(contains(error_of([&] { list_images(tree / "a/1.png"); }), "\"Not a directory\" on listing it"));
}

TEST_CASE("a folder that may not be read is named") {
  const Tree tree({"a/1.png", "b/2.png"});
  ::chmod(tree.path.c_str(), 0755);
  ::chmod((tree / "b").c_str(), 0);
  {
    const test::OrdinaryUser user;
    CHECK(contains(error_of([&] { list_images(tree.path); }), "/b: found \"Permission denied\""));
  }
  ::chmod((tree / "b").c_str(), 0755);
}
