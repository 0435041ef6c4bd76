#include <mae/io/picture_list.hpp>

#include <doctest/doctest.h>

#include "temporary.hpp"

using mae::list_pictures, mae::PictureList;
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

}  // namespace

TEST_CASE("a flat folder: pictures in the order of their names, others counted, hidden ones not") {
  const Tree tree({"b.png", "A.JPG", "a.jpeg", "notes.txt", ".hidden.png", "Makefile", "empty/readme.md"});
  const PictureList list = list_pictures(tree.path);
  CHECK(list.names == Names{"A.JPG", "a.jpeg", "b.png"});
  CHECK(list.labels == Labels{-1, -1, -1});
  CHECK(list.class_names.empty());
  CHECK(list.ignored == 3);
  CHECK(list_pictures(tree.path + "/").names == list.names);
}

TEST_CASE("sub-folders are classes, and folders inside them belong to them") {
  const Tree tree({"rose/2.png", "rose/1.png", "daisy/deep/3.jpg", "daisy/0.jpg", "daisy/x.csv", ".cache/9.png"});
  const PictureList list = list_pictures(tree.path);
  CHECK(list.names == Names{"daisy/0.jpg", "daisy/deep/3.jpg", "rose/1.png", "rose/2.png"});
  CHECK(list.labels == Labels{0, 0, 1, 1});
  CHECK(list.class_names == Names{"daisy", "rose"});
  CHECK(list.ignored == 1);
}

TEST_CASE("labels follow known classes where they are given") {
  const Tree tree({"rose/1.png", "daisy/0.jpg"});
  const PictureList list = list_pictures(tree.path, {"tulip", "rose", "daisy"});
  CHECK(list.names == Names{"rose/1.png", "daisy/0.jpg"});
  CHECK(list.labels == Labels{1, 2});
  CHECK(list.class_names == Names{"tulip", "rose", "daisy"});
  CHECK(contains(error_of([&] {
                   list_pictures(tree.path, {"daisy", "tulip"});
                 }),
                 "found the class folder 'rose', expected only the 2 known classes, 'daisy' to 'tulip'"));
}

TEST_CASE("links are followed, but not in circles; a link to nothing is a picture that cannot be read") {
  const Tree tree({"a/1.png", "b/2.png"}), elsewhere({"3.png"});
  namespace fs = std::filesystem;
  fs::create_directory_symlink("..", tree / "a/up");
  fs::create_directory_symlink(".", tree / "a/self");
  fs::create_directory_symlink("../b", tree / "a/other");
  fs::create_directory_symlink(elsewhere.path, tree / "c");
  fs::create_symlink("nothing", tree / "b/4.png");
  CHECK(list_pictures(tree.path).names ==
        Names{"a/1.png", "a/other/2.png", "a/other/4.png", "b/2.png", "b/4.png", "c/3.png"});
}

TEST_CASE("what is no folder of pictures is named") {
  const Tree tree({"a/1.png", "b/notes.txt"}), text({"notes.txt", "x/y.md"}), mixed({"1.png", "a/2.png"}), empty({});
  CHECK(contains(error_of([&] { list_pictures(tree.path); }),
                 "/b: found no picture, expected at least one in each class folder"));
  CHECK(
      contains(error_of([&] { list_pictures(text.path); }),
               ": found no picture, and 2 other files, expected files named .png, .jpg or .jpeg, or folders of them"));
  CHECK(contains(error_of([&] { list_pictures(empty.path); }), "found no picture, and 0 other files"));
  CHECK(contains(error_of([&] { list_pictures(mixed.path); }),
                 "found pictures such as '1.png' beside folders of pictures, expected either pictures or a folder"));
  CHECK(contains(error_of([&] { list_pictures(tree / "none"); }),
                 "none: found \"No such file or directory\" on listing"));
  CHECK(contains(error_of([&] { list_pictures(tree / "a/1.png"); }), "\"Not a directory\" on listing it"));
}

TEST_CASE("a folder that may not be read is named") {
  const Tree tree({"a/1.png", "b/2.png"});
  ::chmod(tree.path.c_str(), 0755);
  ::chmod((tree / "b").c_str(), 0);
  {
    const test::OrdinaryUser user;
    CHECK(contains(error_of([&] { list_pictures(tree.path); }), "/b: found \"Permission denied\""));
  }
  ::chmod((tree / "b").c_str(), 0755);
}
