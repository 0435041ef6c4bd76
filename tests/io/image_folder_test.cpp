#include <mae/io/images/image_folder.hpp>

#include <doctest/doctest.h>

#include <mae/io/images/png.hpp>

#include <thread>

#include <support/temporary.hpp>

using mae::FolderOptions, mae::Image, mae::Index, mae::ImageView;
using test::contains, test::error_of;
using Folder = mae::ImageFolder<mae::Decoders<mae::Png>>;

namespace {

// An image that is like no other: value `n` and a ramp.
Image numbered(std::uint8_t n, Index channels = 3, Index height = 4, Index width = 5) {
  Image image = mae::blank_image(channels, height, width, n);
  for (Index x = 0; x < width; ++x) image.row(0, 0)[x] = static_cast<std::uint8_t>(x);
  return image;
}
Image copy_of(const ImageView& view) {
  const auto bytes = static_cast<std::size_t>(view.channels * view.height * view.width);
  return {view.channels, view.height, view.width, {view.pixels, view.pixels + bytes}};
}
Image image(const Folder& folder, Index i, Index* number = nullptr) {
  Image image;
  folder.with_image(i, [&](const ImageView& view) {
    image = copy_of(view);
    if (number) *number = view.number;
  });
  return image;
}
FolderOptions skipping(std::vector<std::string>* reports = nullptr) {
  FolderOptions options;
  options.bad = mae::BadImage::skip;
  if (reports) options.report = [reports](const std::string& text) { reports->push_back(text); };
  return options;
}

// Two classes of three images; one of the first class may be damaged.
struct Flowers : test::TemporaryDirectory {
  explicit Flowers(const std::vector<std::string>& damaged = {}) {
    for (const char* name : {"daisy", "rose"}) std::filesystem::create_directory(*this / name);
    std::uint8_t n = 100;
    for (const char* name : {"daisy/0.png", "daisy/1.png", "daisy/2.png", "rose/3.png", "rose/4.png", "rose/5.png"})
      mae::write_png(*this / name, numbered(n++));
    for (const std::string& name : damaged) test::write_text(*this / name, "damaged");
  }
};

}  // namespace

TEST_CASE("a folder is a collection of images, decoded on demand") {
  const Flowers flowers;
  const Folder folder(flowers.path);
  const mae::Images images(folder);
  images.ensure_valid("flowers");
  CHECK(images.size() == 6);
  CHECK(images.channels() == 3);
  CHECK(images.classes() == 2);
  CHECK(images.label(2) == 0);
  CHECK(images.label(3) == 1);
  CHECK(folder.class_names() == std::vector<std::string>{"daisy", "rose"});
  CHECK(folder.path(4) == flowers / "rose/4.png");
  for (Index i = 0; i < 6; ++i) CHECK(image(folder, i) == numbered(static_cast<std::uint8_t>(100 + i)));
}

TEST_CASE("images are converted to the channels asked for") {
  const test::TemporaryDirectory flat;
  mae::write_png(flat / "grey.png", numbered(7, 1));
  mae::write_png(flat / "rgb.png", numbered(9, 3));
  FolderOptions options;
  options.channels = 1;
  const Folder grey(flat.path, options), colour(flat.path);
  CHECK(image(grey, 1) == mae::with_channels(numbered(9, 3), 1));
  CHECK(image(colour, 0) == mae::with_channels(numbered(7, 1), 3));
  CHECK(grey.label(0) == -1);
  CHECK(grey.class_count() == 0);
}

TEST_CASE("the memory for decoded images is bounded, and what is seen does not depend on it") {
  const Flowers flowers;
  FolderOptions options;
  options.shortest_side = 3;
  for (const Index budget : {Index{0}, Index{100}, Index{1} << 20}) {
    CAPTURE(budget);
    options.cache_bytes = budget;
    const Folder folder(flowers.path, options);
    for (int epoch = 0; epoch < 2; ++epoch)
      for (Index i = 0; i < 6; ++i) {
        const Image seen = image(folder, i);
        CHECK(seen == mae::reduced(numbered(static_cast<std::uint8_t>(100 + i)), 3));
        CHECK(seen.width == 4);  // 5 * 3 / 4, rounded
      }
    CHECK(folder.cached_bytes() == (budget == 0 ? 0 : budget == 100 ? 72 : 6 * 36));
  }
}

TEST_CASE("a kept image is not read again") {
  const Flowers flowers;
  const Folder folder(flowers.path);
  const Image before = image(folder, 0);
  test::write_text(flowers / "daisy/0.png", "damaged");
  CHECK(image(folder, 0) == before);
}

TEST_CASE("images are reduced to the side asked for, never enlarged") {
  const Image flat = mae::blank_image(3, 40, 20, 77);
  CHECK(mae::reduced(flat, 10) == mae::blank_image(3, 20, 10, 77));
  CHECK(mae::reduced(flat, 20) == flat);
  CHECK(mae::reduced(flat, 30) == flat);
  CHECK(mae::reduced(flat, 0) == flat);
  const Image thin = mae::reduced(mae::blank_image(1, 3, 1000), 2);
  CHECK(thin.height == 2);
  CHECK(thin.width == 667);
}

TEST_CASE("how files become bytes is an option, and what is doubtful is told once a folder") {
  const test::TemporaryDirectory flat;
  for (const char* name : {"a.png", "b.png"}) {  // sixteen bits that are all 0x0f00
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    png.width = png.height = 2;
    png.format = PNG_FORMAT_LINEAR_Y;
    const std::uint16_t samples[] = {0x0f00, 0x0f00, 0x0f00, 0x0f00};
    REQUIRE(png_image_write_to_file(&png, (flat / name).c_str(), 0, samples, 0, nullptr) != 0);
  }
  std::vector<std::string> notes;
  FolderOptions options;
  options.channels = 1;
  options.decoding.report = [&](const std::string& text) { notes.push_back(text); };
  const Folder folder(flat.path, options);
  for (Index i = 0; i < 2; ++i) image(folder, i);
  REQUIRE(notes.size() == 1);
  CHECK(contains(notes[0], "/a.png: found no level above 3840 of 65535 in 16 bits"));
  options.decoding.sixteen_bit_white = 0x0f00;
  CHECK(image(Folder(flat.path, options), 0) == mae::blank_image(1, 2, 2, 255));
  CHECK(notes.size() == 1);
  options.decoding.max_pixels = 3;
  CHECK(contains(error_of([&] { image(Folder(flat.path, options), 0); }), "/a.png: found 2 x 2 pixels"));
  options.decoding.max_pixels = 0;
  CHECK(contains(error_of([&] { const Folder refused(flat.path, options); }), "max_pixels: found 0"));
}

TEST_CASE("the memory for decoding is that of the largest image that may be decoded") {
  const Flowers flowers({"daisy/1.png"});
  const auto file_size = [&](const char* name) {
    return static_cast<Index>(std::filesystem::file_size(flowers / name));
  };
  CHECK(Folder(flowers.path).decoding_bytes() >= 20 * (3 + 3));
  CHECK(Folder(flowers.path).decoding_bytes() < 1000);
  mae::write_png(flowers / "rose/large.png", numbered(1, 1, 100, 300));
  CHECK(Folder(flowers.path).decoding_bytes() == file_size("rose/large.png") + 4 * 30000);
  CHECK(Folder(flowers.path).decoding_bytes(1) < 1000);  // the first alone is looked at
  FolderOptions options;
  options.decoding.max_pixels = 29999;
  CHECK(Folder(flowers.path, options).decoding_bytes() < 1000);
}

TEST_CASE("a damaged file stops the run and is named") {
  const Flowers flowers({"daisy/1.png"});
  const Folder folder(flowers.path);
  CHECK(contains(error_of([&] { image(folder, 1); }), "/daisy/1.png: found no image, expected one: PNG"));
  CHECK(image(folder, 2) == numbered(102));
}

TEST_CASE("a damaged file is replaced by the next good one of its class and reported once, if the user prefers") {
  const Flowers flowers({"daisy/1.png", "daisy/2.png"});
  std::vector<std::string> reports;
  const Folder folder(flowers.path, skipping(&reports));
  for (int time = 0; time < 2; ++time) {
    Index number = -1;
    CHECK(image(folder, 1, &number) == numbered(100));  // after the last of the class comes its first
    CHECK(number == 0);
    CHECK(folder.label(1) == 0);
    CHECK(image(folder, 3, &number) == numbered(103));
    CHECK(number == 3);
  }
  CHECK(folder.bad_files() == 2);
  REQUIRE(reports.size() == 2);
  CHECK(contains(reports[0], "/daisy/1.png: found no image"));
  CHECK(contains(reports[1], "/daisy/2.png: found no image"));
}

TEST_CASE("the size in which an image is shown is known as soon as it is asked for") {
  const Flowers flowers({"daisy/1.png"});
  FolderOptions options = skipping();
  options.shortest_side = 3, options.cache_bytes = 0;
  const Folder folder(flowers.path, options);
  using Size = std::pair<Index, Index>;
  CHECK(folder.shown_size(5) == Size{3, 4});
  image(folder, 0);
  std::filesystem::remove(flowers / "daisy/0.png");  // is not read again
  CHECK(folder.shown_size(0) == Size{3, 4});
  CHECK(contains(error_of([&] { static_cast<void>(folder.shown_size(1)); }),
                 "/daisy/1.png: found an image that cannot be decoded, expected a whole one"));
}

TEST_CASE("a class without a good file is an error") {
  const Flowers flowers({"rose/3.png", "rose/4.png", "rose/5.png"});
  const Folder folder(flowers.path, skipping());
  CHECK(contains(error_of([&] { image(folder, 4); }),
                 "/rose: found 3 files that cannot be decoded, expected at least one good image"));
  CHECK(image(folder, 0) == numbered(100));
}

TEST_CASE("many threads see the same images and name a bad file once") {
  const Flowers flowers({"daisy/0.png"});
  std::vector<std::string> reports;
  FolderOptions options = skipping(&reports);
  options.cache_bytes = 150;
  const Folder folder(flowers.path, options);
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&folder, &wrong, t] {
      for (Index i = 0; i < 60; ++i) {
        const Index asked = (i * 5 + static_cast<Index>(t)) % 6, shown = asked == 0 ? 1 : asked;
        wrong[t] += image(folder, asked) != numbered(static_cast<std::uint8_t>(100 + shown)) ? 1 : 0;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4));
  CHECK(reports.size() == 1);
  CHECK(folder.cached_bytes() <= 150);
}

TEST_CASE("options out of range and missing classes are named") {
  const Flowers flowers;
  const auto opening = [](const std::string& path, auto change) {
    FolderOptions options;
    change(options);
    return error_of([&] { const Folder folder(path, options); });
  };
  CHECK(contains(opening(flowers.path, [](FolderOptions& o) { o.channels = 2; }),
                 "channels: found 2, expected 1 (grey)"));
  CHECK(contains(opening(flowers.path, [](FolderOptions& o) { o.shortest_side = -1; }), "shortest side: found -1"));
  CHECK(contains(opening(flowers.path, [](FolderOptions& o) { o.cache_bytes = -1; }), "cache: found -1 bytes"));
  const auto classes = [](FolderOptions& o) { o.needs_classes = true; };
  CHECK(opening(flowers.path, classes).empty());
  CHECK(contains(opening(flowers / "rose", classes),
                 "/rose: found images without classes, expected at least two sub-folders, one for each class"));
  std::filesystem::remove_all(flowers / "rose");
  CHECK(contains(opening(flowers.path, classes), "found the only class 'daisy', expected at least two sub-folders"));
}

TEST_CASE("a format that the program cannot read shows before the training") {
  const test::TemporaryDirectory flat;
  test::write_text(flat / "a.jpg", test::read_text(test::beside(__FILE__, "jpeg_python/rgb.jpg")));
  const Folder folder(flat.path);
  CHECK(contains(error_of([&] { mae::Images(folder).ensure_valid("photos"); }),
                 "/a.jpg: found a JPEG image, expected PNG; this program was built without libjpeg"));
}
