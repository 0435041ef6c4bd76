#include <mae/io/annotations/voc.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::Annotation, mae::AnnotationSet, mae::Box, mae::Fault;
using test::contains, test::error_of;

namespace {

std::string object(const std::string& name, const std::string& box, const std::string& more = "") {
  return "<object><name>" + name + "</name>" + more + "<bndbox>" + box + "</bndbox></object>";
}
std::string corners(const std::string& x0, const std::string& y0, const std::string& x1, const std::string& y1) {
  return "<xmin>" + x0 + "</xmin><ymin>" + y0 + "</ymin><xmax>" + x1 + "</xmax><ymax>" + y1 + "</ymax>";
}
std::string file(const std::string& name, const std::string& objects) {
  return "<?xml version=\"1.0\"?>\n<annotation>\n<folder>VOC2012</folder><filename>" + name +
         "</filename><size><width>30</width><height>\n20 </height><depth>3</depth></size>\n" + objects +
         "</annotation>\n";
}

}  // namespace

TEST_CASE("Pascal VOC's own folder: pixels from 1 with both ends inside, difficult objects, parts of objects") {
  const test::TemporaryDirectory folder;
  std::filesystem::create_directories(folder / "Annotations");
  std::filesystem::create_directories(folder / "JPEGImages");
  for (const char* image : {"2007_1.jpg", "2007_2.png"})
    test::put_text(folder / (std::string("JPEGImages/") + image), "");
  const std::string person = object(
      "person", corners("1", "1", "30", "20"),
      "<part><name>head</name><bndbox>" + corners("2", "2", "3", "3") + "</bndbox></part><difficult>1</difficult>");
  test::put_text(folder / "Annotations/2007_2.xml", file("2007_2.png", object("cat", corners("5", "6", "5", "8"))));
  test::put_text(
      folder / "Annotations/2007_1.xml",
      file("2007_1.jpg", person + object("cat", corners("2.5", " 3 ", "10.25", "4"), "<difficult>0</difficult>")));
  const AnnotationSet set = mae::read_voc(folder.path);
  CHECK(set.findings.all().empty());
  CHECK(set.folder == folder / "JPEGImages");
  REQUIRE(set.images.size() == 2);
  CHECK(set.images[0].file == "2007_1.jpg");
  CHECK(set.images[0].height == 20);
  CHECK(set.images[0].width == 30);
  CHECK(set.images[1].file == "2007_2.png");
  REQUIRE(set.categories.size() == 2);
  CHECK(set.categories[0].name == "cat");
  CHECK(set.categories[1].id == 2);
  REQUIRE(set.annotations.size() == 3);
  const Annotation &first = set.annotations[0], &second = set.annotations[1], &third = set.annotations[2];
  CHECK(first.box() == Box{0, 0, 30, 20});
  CHECK(first.difficult);
  CHECK(first.category == 2);
  CHECK(first.area == 600);
  CHECK(second.box() == Box{1.5, 2, 10.25, 4});
  CHECK(!second.difficult);
  CHECK(third.box() == Box{4, 5, 5, 8});
  CHECK(third.image == 2);
  CHECK(third.id == 3);
}

TEST_CASE("files beside their images, and what is wrong with them") {
  const test::TemporaryDirectory folder;
  for (const char* image : {"a.PNG", "b.jpg"}) test::put_text(folder / image, "");
  test::put_text(folder / "a.xml", file("renamed.png", object("cat", corners("0", "3", "10", "4"),
                                                              "<difficult>Unspecified</difficult>")));
  test::put_text(folder / "b.xml", file("b.jpg", object("dog", "<xmin>1</xmin>") + "<object/>"));
  test::put_text(folder / "c.XML", file("c.jpg", ""));
  const AnnotationSet set = mae::read_voc(folder.path);
  CHECK(set.findings.places(Fault::from_zero) == std::vector<std::string>{folder / "a.xml: object 1"});
  CHECK(set.findings.places(Fault::difficult_unknown) ==
        std::vector<std::string>{folder / "a.xml: object 1: 'Unspecified'"});
  CHECK(set.findings.places(Fault::image_named_otherwise) == std::vector<std::string>{folder / "a.xml: 'renamed.png'"});
  CHECK(set.images[0].file == "a.PNG");
  CHECK(set.images[2].file == "c.jpg");  // which is not there
  CHECK(set.findings.places(Fault::object_unnamed) == std::vector<std::string>{folder / "b.xml: object 2"});
  REQUIRE(set.annotations.size() == 2);
  CHECK(!set.annotations[0].difficult);
  CHECK(set.annotations[0].box() == Box{-1, 2, 10, 4});
  CHECK(!set.annotations[1].has_box());
  CHECK(set.categories.size() == 2);
}

TEST_CASE("lists divide a set: a part has their images, and the categories of all") {
  const test::TemporaryDirectory folder;
  for (const char* below : {"Annotations", "JPEGImages", "ImageSets/Main"})
    std::filesystem::create_directories(folder / below);
  const auto add = [&](const std::string& name, const std::string& kind) {
    test::put_text(folder / ("JPEGImages/" + name + ".jpg"), "");
    test::put_text(folder / ("Annotations/" + name + ".xml"),
                   file(name + ".jpg", object(kind, corners("0", "3", "10", "4"))));
  };
  add("a", "zebra"), add("b", "cat"), add("c", "ape"), add("d", "dog");
  test::put_text(folder / "JPEGImages/e.jpg", "");
  test::put_text(folder / "JPEGImages/f.jpg", "");
  test::put_text(folder / "ImageSets/Main/trainval.txt", "d\r\na  1\r\na\r\ne\r\ngone\r\n");
  test::put_text(folder / "ImageSets/Main/val.txt", "c\n");
  const AnnotationSet set = mae::read_voc(folder.path, 5, mae::Split::train);
  CHECK(set.part == folder / "ImageSets/Main/trainval.txt");
  CHECK(set.left_alone == folder / "ImageSets/Main/val.txt");
  REQUIRE(set.images.size() == 2);
  CHECK(set.images[0].file == "a.jpg");
  CHECK(set.images[1].file == "d.jpg");
  CHECK(set.images[1].id == 2);
  REQUIRE(set.categories.size() == 4);
  CHECK(set.categories[3].name == "zebra");
  REQUIRE(set.annotations.size() == 2);
  CHECK(set.annotations[0].category == 4);
  CHECK(set.annotations[1].category == 3);
  using Names = std::vector<std::string>;
  CHECK(set.findings.places(Fault::image_unlabelled) == Names{folder / "JPEGImages/e.jpg"});
  CHECK(set.findings.places(Fault::image_missing) == Names{(folder / "ImageSets/Main/trainval.txt") + ": 'gone'"});
  CHECK(set.findings.count(Fault::from_zero) == 2);
  const AnnotationSet held_out = mae::read_voc(folder.path, 5, mae::Split::test);
  REQUIRE(held_out.images.size() == 1);
  CHECK(held_out.images[0].file == "c.jpg");
  CHECK(held_out.left_alone == "");
  CHECK(held_out.categories.size() == 4);
  const AnnotationSet all = mae::read_voc(folder.path);
  CHECK(all.images.size() == 4);
  CHECK(all.part == "");
  CHECK(all.findings.count(Fault::image_unlabelled) == 2);
  test::put_text(folder / "ImageSets/Main/val.txt", "f\n");
  CHECK(contains(error_of([&] { mae::read_voc(folder.path, 5, mae::Split::test); }),
                 "val.txt: found no name of an annotated image, expected at least one"));
}

TEST_CASE("what is no annotation is an error that names the file") {
  const test::TemporaryDirectory folder;
  const auto error = [&](const std::string& text) {
    test::put_text(folder / "a.xml", text);
    return error_of([&] { mae::read_voc(folder.path); });
  };
  CHECK(contains(error_of([&] { mae::read_voc(folder.path); }), "no .xml file"));
  CHECK(contains(error(""), "a.xml: found \"No document element found\" at byte 0"));
  CHECK(contains(error("<annotation><object>"), "a.xml: found \"Start-end tags mismatch\" at byte"));
  CHECK(contains(error("<html></html>"), "XML without <annotation>"));
  CHECK(contains(error("{}"), "a.xml: found "));
  CHECK(contains(error("<annotation/>"), "no <filename>, and no image of the same name"));
  CHECK(contains(error(std::string((4 << 20) + 1, ' ')), "4194305 bytes"));
  std::filesystem::create_directories(folder / "voc/Annotations");
  test::put_text(folder / "voc/Annotations/a.xml", file("a.png", ""));
  CHECK(contains(error_of([&] { mae::read_voc(folder / "voc"); }),
                 "voc/JPEGImages: found no folder, expected the images of Annotations/"));
  // A million elements in each other, and entities that would grow without end, are only text.
  std::string deep = "<annotation>";
  for (int i = 0; i < 1'000'000; ++i) deep += "<a>";
  CHECK(contains(error(deep), "Start-end tags mismatch"));
  CHECK(
      error(
          R"(<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><annotation><filename>&b;.png</filename></annotation>)") ==
      "");
  CHECK(mae::read_voc(folder.path).images[0].file == "&b;.png");
}

TEST_CASE("names and numbers may have spaces and comments; what cannot be read is quoted") {
  const test::TemporaryDirectory folder;
  for (const char* image : {"a.png", "b.png"}) test::put_text(folder / image, "");
  test::put_text(
      folder / "a.xml",
      file(" a.png\t",
           object(" ca<!-- large -->t\r\n", corners("\t5\r\n", "6", " 8 ", "9"), "<difficult>\n1\t</difficult>") +
               object("", corners("5", "6", "8", "9")) + object(" \n", corners("5", "6", "8", "9")) +
               object("cat", corners("3,5", "6", "8", "9")) + object("&eacute;", corners("5", "6", "8", "9")) +
               object("a &amp; b;", corners("5", "6", "8", "9"))));
  const AnnotationSet set = mae::read_voc(folder.path);
  using Places = std::vector<std::string>;
  const std::string place = folder / "a.xml: object ";
  CHECK(set.findings.places(Fault::object_unnamed) == Places{place + "2", place + "3"});
  CHECK(set.findings.places(Fault::line_unreadable) == Places{place + "4: xmin '3,5'"});
  CHECK(set.findings.places(Fault::entity_unknown) == Places{place + "5: '&eacute;'"});
  CHECK(set.findings.places(Fault::image_unlabelled) == Places{folder / "b.png"});
  CHECK(set.findings.all().size() == 4);
  REQUIRE(set.categories.size() == 3);
  CHECK(set.categories[2].name == "cat");
  REQUIRE(set.annotations.size() == 3);
  CHECK(set.annotations[0].box() == Box{4, 5, 8, 9});
  CHECK(set.annotations[0].difficult);
  CHECK(set.annotations[0].category == 3);
  CHECK(set.images[0].file == "a.png");
}
