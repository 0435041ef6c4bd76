#include <mae/io/annotations/voc_lists.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::Split;

TEST_CASE("train.txt before trainval.txt, val.txt before test.txt, and the part that is left alone") {
  const test::TemporaryDirectory folder;
  CHECK(mae::voc_list(folder.path, "Main", Split::train).path == "");
  const std::string lists = folder / "ImageSets/Main/";
  std::filesystem::create_directories(lists);
  test::put_text(lists + "trainval.txt", "");
  test::put_text(lists + "test.txt", "");
  test::put_text(lists + "dog_train.txt", "");
  CHECK(mae::voc_list(folder.path, "Main", Split::train).path == lists + "trainval.txt");
  CHECK(mae::voc_list(folder.path, "Main", Split::train).left_alone == lists + "test.txt");
  CHECK(mae::voc_list(folder.path, "Main", Split::test).path == lists + "test.txt");
  test::put_text(lists + "train.txt", "");
  test::put_text(lists + "val.txt", "");
  CHECK(mae::voc_list(folder.path, "Main", Split::train).path == lists + "train.txt");
  CHECK(mae::voc_list(folder.path, "Main", Split::train).left_alone == lists + "val.txt");
  CHECK(mae::voc_list(folder.path, "Main", Split::test).path == lists + "val.txt");
  CHECK(mae::voc_list(folder.path, "Main", Split::test).left_alone == "");
  CHECK(mae::voc_list(folder.path, "Main", Split::all).path == "");
  CHECK(mae::voc_list(folder.path, "Segmentation", Split::train).path == "");
}

TEST_CASE("a list names each image once, whatever stands behind the name") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "train.txt";
  using Names = std::vector<std::string>;
  test::put_text(path,
                 "\xef\xbb\xbf"
                 "2007_2\r\n\n  2007_1 -1\n \t\n2007_2 1\nlast");
  CHECK(mae::names_in_voc_list(path) == Names{"2007_2", "2007_1", "last"});
  test::put_text(path, "");
  CHECK(mae::names_in_voc_list(path) == Names{});
  CHECK(test::contains(test::error_of([&] { mae::names_in_voc_list(folder / "none.txt"); }), "none.txt: found "));
}
