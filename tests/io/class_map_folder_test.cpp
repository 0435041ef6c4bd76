#include <mae/io/annotations/class_map_folder.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>

#include <mae/data/batches.hpp>
#include <mae/model/geometry.hpp>
#include <support/temporary.hpp>

using namespace mae;
using test::error_of;
using Folder = ClassMapFolder<Decoders<Png>>;

namespace {

/// Images of [20, 30] whose pixels tell their class: 40 times it; the map of image n is class n everywhere but for a
/// corner of class 0 and a border of 255.
struct Scenes : test::TemporaryDirectory {
  explicit Scenes(Index count = 3) {
    for (const char* name : {"images", "masks"}) std::filesystem::create_directory(*this / name);
    for (Index n = 0; n < count; ++n) add(n);
  }
  static std::vector<std::uint8_t> map(Index n) {
    std::vector<std::uint8_t> classes(20 * 30, static_cast<std::uint8_t>(n));
    for (std::size_t y = 0; y < 20; ++y)
      for (std::size_t x = 0; x < 30; ++x)
        if (y < 10 && x < 10) classes[y * 30 + x] = 0;
        else if (y == 19) classes[y * 30 + x] = 255;
    return classes;
  }
  void add(Index n) const {
    const std::string name = std::to_string(n) + ".png";
    const auto classes = map(n);
    Image image = blank_image(3, 20, 30);
    for (Index c = 0; c < 3; ++c)
      for (std::size_t i = 0; i < classes.size(); ++i)
        image.row(c, 0)[i] = static_cast<std::uint8_t>(classes[i] == 255 ? 255 : 40 * classes[i]);
    write_png(*this / ("images/" + name), image);
    write_class_map_png(*this / ("masks/" + name), {classes.data(), 20, 30});
  }
  void write_map(const std::string& name, std::uint8_t value, Index height = 20, Index width = 30) const {
    const std::vector<std::uint8_t> classes(static_cast<std::size_t>(height * width), value);
    write_class_map_png(*this / ("masks/" + name), {classes.data(), height, width});
  }
  std::string error(const ClassMapFolderOptions& options = {}) const {
    return error_of([&] { Folder(path, options); });
  }
};
ClassMapFolderOptions skipping(std::vector<std::string>& told) {
  ClassMapFolderOptions options;
  options.folder.bad = BadImage::skip;
  options.folder.report = [&](const std::string& text) { told.push_back(text); };
  return options;
}

}  // namespace

TEST_CASE("images and class maps are a collection; what the maps hold is counted") {
  const Scenes scenes;
  std::atomic<Index> looked = 0;
  Index all = 0;
  ClassMapFolderOptions options;
  options.begin = [&](Index count) { all = count; };
  options.looked = [&] { ++looked; };
  const Folder folder(scenes.path, options);
  CHECK(all == 3);
  CHECK(looked == 3);
  const Images images(folder);
  images.ensure_valid("scenes");
  CHECK(images.gives<ClassMap>());
  CHECK(images.size() == 3);
  CHECK(images.channels() == 3);
  CHECK(images.classes() == 3);
  const ClassMapSurvey& survey = folder.survey();
  CHECK(survey.classes() == 3);
  CHECK(survey.pixels[0] == 19 * 30 + 100 + 100);
  CHECK(survey.pixels[1] == 19 * 30 - 100);
  CHECK(survey.pixels[2] == 19 * 30 - 100);
  CHECK(survey.pixels[255] == 90);
  CHECK(survey.images[0] == 3);
  CHECK(survey.images[2] == 1);
  CHECK(survey.empty.empty());
  CHECK(folder.path(1) == scenes / "images/1.png");
  CHECK(folder.own_map(1).pixels == Scenes::map(1));
  for (std::size_t c = 0; c < 256; ++c) CHECK(folder.classes_in(1)[c] == (c < 2 || c == 255));
  for (Index i = 0; i < 3; ++i)
    images.with_target<ClassMap>(i, [&](const ClassMapView& map) {
      CHECK(std::vector<std::uint8_t>(map.classes, map.classes + map.height * map.width) == Scenes::map(i));
    });
}

TEST_CASE("maps follow their images to a reduced size, kept in memory or not, and to a model's input") {
  const Scenes scenes;
  for (const Index cache : {Index{0}, Index{1} << 20}) {
    ClassMapFolderOptions options;
    options.folder.shortest_side = 10;
    options.folder.cache_bytes = cache;
    const Folder folder(scenes.path, options);
    for (int again = 0; again < 2; ++again)
      folder.with_target(2, [&](const ClassMapView& map) {  // before its image is asked for
        REQUIRE(map.height == 10);
        REQUIRE(map.width == 15);
        for (Index y = 0; y < 10; ++y)
          for (Index x = 0; x < 15; ++x)
            CHECK(map.classes[y * 15 + x] == (y < 5 && x < 5 ? 0 : y == 9 ? 255 : 2));  // odd rows and columns
      });
    using Geometry = ImageShape<3, 10, 10, 5>;
    Batch<Geometry, float, ClassMap> batch(3);
    batch.samples = {0, 1, 2};
    const Normalization plain{{0, 0, 0}, {1, 1, 1}};
    load_batch<Serial>(folder, plain, {.flip = true, .min_crop_scale = 0.3}, 3, batch, 1);
    Index compared = 0;
    for (Index b = 0; b < 3; ++b)
      for (Index y = 0; y < 10; ++y)
        for (Index x = 0; x < 10; ++x) {
          const int c = batch.targets[std::size_t(b)][std::size_t(10 * y + x)];
          const double level = 255 * double(batch.images(b, 0, y, x));
          if (c == 255 || std::fabs(level - 40 * std::round(level / 40)) > 1) continue;  // where the image is blended
          CHECK(c == std::lround(level / 40));
          ++compared;
        }
    CHECK(compared > 150);
  }
}

TEST_CASE("faults stop the program, the first one told and the others counted, or are told and left out") {
  const Scenes scenes(6);
  const std::string masks = scenes / "masks/", images = scenes / "images/";
  scenes.write_map("1.png", 1, 20, 31);
  test::write_text(masks + "2.png", "no map");
  write_png(masks + "3.png", blank_image(3, 20, 30, 7));
  scenes.write_map("4.png", 9);
  scenes.write_map("extra.png", 1);
  std::filesystem::remove(masks + "5.png");
  scenes.add(6);
  ClassMapFolderOptions options;
  options.classes = 8;
  const std::string missing = images + "5.png: found an image without a class map, expected " + masks + "5.png";
  CHECK(scenes.error(options) == "mae: " + missing + "; and so on, 6 faults");
  std::vector<std::string> told;
  ClassMapFolderOptions skip = skipping(told);
  skip.classes = 8;
  const Folder folder(scenes.path, skip);
  REQUIRE(told.size() == 6);
  CHECK(told[0] == "mae: " + missing);
  CHECK(told[1] == "mae: " + masks + "extra.png: found a class map without an image, expected an image " + images +
                       "extra, in JPEG or PNG");
  CHECK(told[2] == "mae: " + masks + "1.png: found 20 x 31 pixels, expected 20 x 30, as many as the upright " + images +
                       "1.png has");
  CHECK(told[3] == "mae: " + masks + "2.png: found no PNG signature, expected a PNG file");
  CHECK(told[4].starts_with("mae: " + masks + "3.png: found the colour (7, 7, 7) at row 0, column 0, expected "));
  CHECK(told[5] == "mae: " + masks + "4.png: found class 9, expected classes below 8, or 255 for none");
  CHECK(folder.size() == 2);
  CHECK(folder.name(0) == "0.png");
  CHECK(folder.name(1) == "6.png");
  CHECK(folder.class_count() == 8);
  CHECK(folder.survey().classes() == 7);
  folder.with_target(1, [](const ClassMapView& map) { CHECK(map.classes[299] == 6); });
}

TEST_CASE("an image that cannot be decoded is replaced by another with its map, or stops") {
  const Scenes scenes;
  std::vector<std::string> told;
  const Folder folder(scenes.path, skipping(told));
  const Folder strict(scenes.path);
  std::vector<char> bytes = read_file<char>(scenes / "images/1.png");
  bytes[bytes.size() - 40] = static_cast<char>(bytes[bytes.size() - 40] + 1);
  write_file(scenes / "images/1.png", bytes.data(), Index(bytes.size()));
  folder.with_image(1, [&](const ImageView& image) {
    CHECK(image.number == 2);
    folder.with_target(image.number, [](const ClassMapView& map) { CHECK(map.classes[299] == 2); });
  });
  CHECK(told.size() == 1);
  CHECK(error_of([&] {
          strict.with_target(1, [](const ClassMapView&) {});
        }).starts_with("mae: " + (scenes / "images/1.png")));
  std::filesystem::remove(scenes / "masks/2.png");
  CHECK(test::contains(error_of([&] { strict.with_target(2, [](const ClassMapView&) {}); }), "masks/2.png: found "));
}

TEST_CASE("an image that cannot be decoded is a fault where faults are left out, and does not count") {
  const Scenes scenes(4);
  std::vector<char> bytes = read_file<char>(scenes / "images/1.png");
  write_file(scenes / "images/1.png", bytes.data(), Index(bytes.size() / 2));
  std::vector<std::string> told;
  const Folder folder(scenes.path, skipping(told));
  CHECK(folder.size() == 3);
  REQUIRE(told.size() == 1);
  CHECK(told[0].starts_with("mae: " + (scenes / "images/1.png") + ": found "));
  CHECK(folder.survey().images[1] == 0);
  CHECK(folder.classes_in(1)[2]);
}

TEST_CASE("a class too many is told with its file: at once, or when the file has changed since") {
  const Scenes scenes(4);
  ClassMapFolderOptions options;
  options.most_classes = 3;
  CHECK(scenes.error(options) == "mae: " + (scenes / "masks/3.png") +
                                     ": found class 3, expected classes below 3, the most that there may be, or 255 "
                                     "for none");
  std::vector<std::string> told;
  ClassMapFolderOptions skip = skipping(told);
  skip.most_classes = 3;
  const Folder folder(scenes.path, skip);
  CHECK(folder.size() == 3);
  CHECK(told.size() == 1);
  scenes.write_map("1.png", 7);
  CHECK(error_of([&] { folder.with_target(1, [](const ClassMapView&) {}); }) ==
        "mae: " + (scenes / "masks/1.png") + ": found class 7, expected classes below 3, or 255 for none");
  scenes.write_map("2.png", 1, 20, 31);
  CHECK(error_of([&] { folder.with_target(2, [](const ClassMapView&) {}); }) ==
        "mae: " + (scenes / "masks/2.png") + ": found 20 x 31 pixels, expected 20 x 30, as when it was opened");
}

TEST_CASE("numbers of classes that teach nothing are told") {
  const Scenes scenes(1);
  scenes.write_map("0.png", 0);
  CHECK(scenes.error() == "mae: " + scenes.path +
                              ": found class maps of the only class 0, and 0 pixels of 255, which is none, expected at "
                              "least two classes, numbered 0, 1, 2 and so on");
  scenes.write_map("0.png", 255);
  CHECK(scenes.error() == "mae: " + scenes.path +
                              ": found class maps that are 255, no class, everywhere, expected at least two classes, "
                              "numbered 0, 1, 2 and so on");
  scenes.add(3);
  const Folder folder(scenes.path);
  CHECK(folder.survey().empty == std::vector<std::string>{scenes / "masks/0.png"});
  CHECK(folder.class_count() == 4);
  ClassMapFolderOptions reduced;
  reduced.maps.reduce_zero_label = true;
  const Folder from_one(scenes.path, reduced);
  CHECK(from_one.class_count() == 3);
  CHECK(from_one.survey().pixels[255] == 600 + 100 + 30);
}
