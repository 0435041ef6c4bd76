#include <mae/io/images/data_source.hpp>

#include <doctest/doctest.h>

#include <mae/io/files/shared_files.hpp>
#include <mae/io/images/png.hpp>

#include <support/temporary.hpp>

using mae::DataOptions, mae::Index, mae::Split;
using test::contains, test::error_of;
using Source = mae::DataSource<mae::Decoders<mae::Png>>;

namespace {

struct Folder : test::TemporaryDirectory {
  void add(const std::string& name) const {
    std::filesystem::create_directories(std::filesystem::path(*this / name).parent_path());
  }
  void image(const std::string& name) const {
    add(name);
    mae::write_png(*this / name, mae::blank_image(3, 2, 2));
  }
  void text(const std::string& name, const std::string& text) const {
    add(name);
    test::write_text(*this / name, text);
  }
  // `n` images of 1 x 2 whose first pixels are 1, 2, ..., and labels `first`, `first` + 1, ...
  void idx(const std::string& images, const std::string& labels, char n, char first = 0) const {
    std::string pixels = std::string("\0\0\x08\x03\0\0\0", 7) + n + std::string("\0\0\0\1\0\0\0\2", 8);
    std::string classes = std::string("\0\0\x08\x01\0\0\0", 7) + n;
    for (char i = 0; i < n; ++i) {
      pixels += {static_cast<char>(i + 1), '\0'};
      classes += static_cast<char>(i + first);
    }
    text(images, pixels);
    if (!labels.empty()) text(labels, classes);
  }
};

DataOptions grey(Split split = Split::train) {
  DataOptions options;
  options.split = split;
  options.folder.channels = 1;
  return options;
}
std::string opening(const std::string& path, const DataOptions& options = {}) {
  return error_of([&] { const Source source(path, options); });
}

}  // namespace

TEST_CASE("a folder of images, with classes or not, and with parts for training and testing") {
  const Folder folder;
  folder.image("flat/a.png");
  folder.image("classes/x/a.png");
  folder.image("classes/y/a.png");
  for (const char* name : {"parts/train/x/a.png", "parts/train/y/a.png", "parts/val/x/a.png", "parts/val/y/b.png"})
    folder.image(name);
  const Source flat(folder / "flat"), classes(folder / "classes/");
  CHECK(flat.format() == "folder");
  CHECK(flat.images().classes() == 0);
  CHECK(flat.folder() != nullptr);
  CHECK(classes.class_names() == std::vector<std::string>{"x", "y"});
  DataOptions options;
  CHECK(Source(folder / "parts").folder()->path(1) == folder / "parts/train/y/a.png");
  options.split = Split::test;
  CHECK(Source(folder / "parts", options).folder()->path(1) == folder / "parts/val/y/b.png");
  CHECK(contains(opening(folder / "classes", options),
                 "classes: found no part to test with, expected sub-folders train and test (or val)"));
}

TEST_CASE("IDX: a folder or a file, packed or not, labels beside it") {
  const Folder folder;
  folder.idx("mnist/train-images-idx3-ubyte", "mnist/train-labels-idx1-ubyte", 3);
  folder.idx("mnist/t10k-images.idx3-ubyte", "mnist/t10k-labels.idx1-ubyte", 2);
  const Source train(folder / "mnist", grey()), test(folder / "mnist", grey(Split::test));
  CHECK(train.format() == "idx");
  CHECK(train.images().size() == 3);
  CHECK(train.images().classes() == 3);
  CHECK(train.images().label(2) == 2);
  CHECK(test.images().size() == 2);
  CHECK(Source(folder / "mnist/t10k-images.idx3-ubyte", grey()).images().size() == 2);
  CHECK(Source(folder / "mnist").images().channels() == 3);  // grey becomes colour, as the model asks
  folder.idx("alone/images-idx3-ubyte", "", 2);
  CHECK(Source(folder / "alone", grey()).images().classes() == 0);
  CHECK(contains(opening(folder / "alone", grey(Split::test)),
                 "alone: found no IDX images to test with, expected t10k-images-idx3-ubyte"));
  folder.idx("alone/other-images-idx3-ubyte", "", 2);
  CHECK(contains(opening(folder / "alone"),
                 "found 'images-idx3-ubyte' and 'other-images-idx3-ubyte', expected one of them: give its path"));
}

TEST_CASE("EMNIST is known by its name: letters are numbered from 1, images lie on their side") {
  const Folder folder;
  folder.idx("emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte", 2, 1);
  const Source source(folder.path, grey());
  CHECK(source.images().label(1) == 1);
  source.images().with_image(0, [](const mae::ImageView& view) { CHECK(view.height == 2); });
}

TEST_CASE("EMNIST in capitals, and by a setting: never sideways or off by one in silence") {
  const Folder folder;
  const auto height = [](const Source& source) {
    mae::Index rows = 0;
    source.images().with_image(0, [&](const mae::ImageView& view) { rows = view.height; });
    return rows;
  };
  const std::string letters = "EMNIST-Letters-Train-Images-IDX3-ubyte";
  folder.idx("capitals/" + letters, "capitals/EMNIST-Letters-Train-Labels-IDX1-ubyte", 2, 1);
  const Source capitals(folder / "capitals", grey());
  CHECK(capitals.format() == "idx");
  CHECK(height(capitals) == 2);
  CHECK(capitals.images().label(0) == 0);
  CHECK(capitals.notes() ==
        std::vector<std::string>{letters + ": rows and columns exchanged, as EMNIST has them, and labels from 1"});
  DataOptions options = grey();
  options.idx_layout = "mnist";
  const Source as_mnist(folder / "capitals", options);
  CHECK(height(as_mnist) == 1);
  CHECK(as_mnist.images().label(0) == 1);
  CHECK(as_mnist.notes().size() == 2);
  CHECK(contains(as_mnist.notes()[0], "rows and columns as MNIST has them; for EMNIST: idx_layout emnist"));
  CHECK(contains(as_mnist.notes()[1],
                 "no image has the label 0; EMNIST's letters begin with 1: idx_layout emnist_letters"));
  folder.idx("renamed/train-images-idx3-ubyte", "renamed/train-labels-idx1-ubyte", 2, 1);
  CHECK(contains(Source(folder / "renamed", grey()).notes().at(0), "idx_layout emnist_letters"));
  options.idx_layout = "emnist_letters";
  const Source renamed(folder / "renamed", options);
  CHECK(height(renamed) == 2);
  CHECK(renamed.images().label(1) == 1);
  options.idx_layout = "emnist";
  CHECK(Source(folder / "renamed", options).images().label(1) == 2);
  options.idx_layout = "kmnist";
  CHECK(contains(opening(folder / "renamed", options), "idx_layout: found 'kmnist', expected mnist, emnist or"));
  folder.idx("digits/emnist-digits-test-images-idx3-ubyte", "digits/emnist-digits-test-labels-idx1-ubyte", 2);
  CHECK(height(Source(folder / "digits", grey(Split::test))) == 2);
}

TEST_CASE("torchvision's raw folder: packed beside unpacked, of which one is read and the other told") {
  const Folder folder;
  for (const char* name : {"train-images-idx3-ubyte", "t10k-images-idx3-ubyte"}) {
    std::string labels = name;
    labels.replace(labels.find("images-idx3"), 11, "labels-idx1");
    folder.idx(std::string("MNIST/raw/") + name, "MNIST/raw/" + labels, 3);
    folder.text(std::string("MNIST/raw/") + name + ".gz", "packed");
    folder.text("MNIST/raw/" + labels + ".gz", "packed");
  }
  for (const char* path : {"MNIST/raw", "MNIST", "MNIST/raw/train-images-idx3-ubyte"}) {
    CAPTURE(path);
    const Source source(folder / path, grey());
    CHECK(source.format() == "idx");
    CHECK(source.images().size() == 3);
    CHECK(source.images().label(2) == 2);
    CHECK(source.notes() ==
          std::vector<std::string>{"train-images-idx3-ubyte.gz is not read: train-images-idx3-ubyte is",
                                   "train-labels-idx1-ubyte.gz is not read: train-labels-idx1-ubyte is"});
  }
  CHECK(Source(folder / "MNIST", grey(Split::test)).images().size() == 3);
  CHECK(
      contains(opening(folder / "MNIST/raw/t10k-images-idx3-ubyte.gz", grey()), "/t10k-images-idx3-ubyte.gz: found "));
}

TEST_CASE("QMNIST: labels in eight columns") {
  const Folder folder;
  folder.idx("qmnist-train-images-idx3-ubyte", "", 2);
  std::string labels("\0\0\x0c\x02\0\0\0\2\0\0\0\x08", 12);
  for (const char label : {'\5', '\0'})
    for (char column = 0; column < 8; ++column) labels += std::string(3, '\0') + static_cast<char>(label + column);
  folder.text("qmnist-train-labels-idx2-int", labels);
  const Source source(folder.path, grey());
  CHECK(source.images().label(0) == 5);
  CHECK(source.images().label(1) == 0);
  CHECK(source.notes() == std::vector<std::string>{"qmnist-train-labels-idx2-int: the first of each row is the class"});
}

TEST_CASE("CIFAR folders") {
  const Folder folder;
  const std::string image(3072, 'a');
  for (char batch = '1'; batch <= '5'; ++batch)
    folder.text(std::string("ten/data_batch_") + batch + ".bin", "\1" + image + "\2" + image);
  folder.text("ten/test_batch.bin", "\3" + image);
  folder.text("hundred/train.bin", "\1\41" + image);
  CHECK(Source(folder / "ten").format() == "cifar10");
  CHECK(Source(folder / "ten").images().size() == 10);
  CHECK(Source(folder / "ten", grey(Split::test)).images().label(0) == 3);
  CHECK(Source(folder / "hundred").format() == "cifar100");
  CHECK(Source(folder / "hundred").images().classes() == 100);
  CHECK(contains(opening(folder / "hundred", grey(Split::test)), "/hundred/test.bin: found \"No such file"));
}

TEST_CASE("arrays of NumPy") {
  const Folder folder;
  const std::vector<std::uint8_t> pixels(12);
  mae::write_npy(folder / "images.npy", {3, 2, 2}, pixels);
  CHECK(Source(folder.path, grey()).format() == "npy");
  CHECK(Source(folder / "images.npy", grey()).images().classes() == 0);
  mae::write_npy(folder / "labels.npy", {3}, std::vector<std::int64_t>{0, 4, 1});
  CHECK(Source(folder.path, grey()).images().label(1) == 4);
  CHECK(Source(folder.path).images().channels() == 3);
}

TEST_CASE("arrays: capitals, one image, real numbers; what could be meant in another way is told") {
  const Folder folder;
  folder.text("upper/x", "");
  const std::string path = folder / "upper/IMAGES.NPY";
  mae::write_npy(path, {2, 4, 3}, std::vector<std::uint8_t>(24));
  const Source one(folder / "upper");
  CHECK(one.format() == "npy");
  CHECK(one.images().size() == 1);
  CHECK(one.notes() ==
        std::vector<std::string>{path + ": an array of shape [2, 4, 3] is one image, a[None] would say so",
                                 "no file of labels lies beside " + path + ", images in its name replaced"});
  mae::write_npy(path, {3, 4, 5}, std::vector<float>(60, 0.5f));
  mae::write_npy(folder / "upper/Labels.npy", {3}, std::vector<std::int64_t>{0, 4, 1});
  const Source three(path, grey());
  CHECK(three.images().size() == 3);
  CHECK(three.images().classes() == 5);
  CHECK(three.notes() ==
        std::vector<std::string>{
            path + ": an array of shape [3, 4, 5] is three grey images; a[None] would be one in colour",
            path + ": real numbers are rounded to the nearest of 256 levels"});
  three.images().with_image(2, [](const mae::ImageView& view) { CHECK(view.pixels[19] == 128); });
}

TEST_CASE("a source may be moved; its images stay where they are") {
  const Folder folder;
  folder.image("a.png");
  Source source(folder.path);
  const mae::Images images = source.images();
  const Source moved = std::move(source);
  CHECK(images.size() == 1);
  images.with_image(0, [](const mae::ImageView& view) { CHECK(view.width == 2); });
}

TEST_CASE("what is no data, or several kinds of them, is named") {
  const Folder folder;
  folder.image("mixed/a.png");
  folder.idx("mixed/images-idx3-ubyte", "", 2);
  folder.text("text.txt", "text");
  folder.text("empty/readme", "");
  CHECK(contains(opening(folder / "none"), "/none: found \"No such file or directory\""));
  CHECK(contains(opening(folder / "text.txt"),
                 "/text.txt: found a text that begins 'text', expected a folder of images, .npy,"));
  CHECK(contains(opening(folder / "empty"), "/empty: found no image, and 1 other files"));
  CHECK(contains(opening(folder / "mixed"), "/mixed: found data in the formats idx and folder, expected one, or"));
  DataOptions options = grey();
  for (const char* format : {"idx", "folder"}) {
    options.format = format;
    CHECK(opening(folder / "mixed", options).empty());
  }
  options.format = "tfrecord";
  CHECK(contains(opening(folder / "mixed", options),
                 "format: found 'tfrecord', expected folder, idx, cifar10, cifar100 or npy"));
  options = grey();
  options.folder.channels = 4;
  CHECK(contains(opening(folder / "mixed/images-idx3-ubyte", options), "channels: found 4, expected 1 (grey) or 3"));
}

TEST_CASE("classes are asked for where they are needed") {
  const Folder folder;
  folder.idx("images-idx3-ubyte", "", 2);
  DataOptions options = grey();
  options.folder.needs_classes = true;
  CHECK(contains(opening(folder.path, options), ": found images without labels, expected a label for each"));
  folder.idx("images-idx3-ubyte", "labels-idx1-ubyte", 1);
  CHECK(contains(opening(folder.path, options), ": found the only class 0, expected at least two"));
  folder.idx("images-idx3-ubyte", "labels-idx1-ubyte", 2);
  CHECK(opening(folder.path, options).empty());
}

TEST_CASE("what is set aside is the validation part, else the test part, whatever their case; training never sees it") {
  const Folder folder;
  for (const char* part : {"Train", "test", "VALID"})
    for (const char* name : {"/cat/1.png", "/dog/2.png"}) folder.image(std::string("three/") + part + name);
  for (const char* part : {"train", "Testing"}) folder.image(std::string("two/") + part + "/cat/1.png");
  folder.image("one/train/cat/1.png");
  folder.image("classes/cat/1.png");
  DataOptions aside;
  aside.split = Split::test;
  for (const bool whole : {false, true}) {
    aside.whole = whole;
    CHECK(Source(folder / "three", aside).place() == folder / "three/VALID");
    CHECK(Source(folder / "two", aside).place() == folder / "two/Testing");
    CHECK(contains(opening(folder / "one", aside), "/one: found the part 'train' and no part to test with, expected"));
  }
  CHECK(Source(folder / "three/").place() == folder / "three/Train");
  CHECK(Source(folder / "three").images().size() == 2);
  CHECK(Source(folder / "one").images().size() == 1);
  CHECK(Source(folder / "classes", aside).place() == folder / "classes");  // taken whole
  folder.image("three/dev/cat/1.png");
  CHECK(contains(opening(folder / "three", aside), "found two parts to test with, 'VALID' and 'dev', expected one"));
}

TEST_CASE("all parts together: images, arrays, IDX and CIFAR; parts that are none, if the user says so") {
  const Folder folder;
  for (const char* name : {"train/cat/1.png", "train/dog/2.png", "val/cat/3.png", "test/dog/4.png"})
    folder.image(std::string("images/") + name);
  DataOptions all = grey(Split::all);
  const Source images(folder / "images", all);
  CHECK(images.images().size() == 4);
  CHECK(images.parts() == std::vector<std::string>{"train", "val", "test"});
  CHECK(images.folder()->name(1) == "val/cat/3.png");
  CHECK(images.class_names() == std::vector<std::string>{"cat", "dog"});

  folder.idx("mnist/train-images-idx3-ubyte", "mnist/train-labels-idx1-ubyte", 3);
  folder.idx("mnist/t10k-images-idx3-ubyte", "mnist/t10k-labels-idx1-ubyte", 2);
  const Source mnist(folder / "mnist", all);
  CHECK(mnist.images().size() == 5);
  CHECK(mnist.images().label(3) == 0);
  CHECK(mnist.file_count() == 2);

  const std::string image(3072, 'a');
  folder.text("hundred/train.bin", "\1\41" + image);
  CHECK(Source(folder / "hundred", all).images().size() == 1);
  folder.text("hundred/test.bin", "\1\42" + image);
  CHECK(Source(folder / "hundred", all).images().size() == 2);

  for (const char* part : {"train", "test"}) {
    folder.add(std::string("arrays/") + part + "/images.npy");
    mae::write_npy(folder / ("arrays/" + std::string(part) + "/images.npy"), {3, 2, 2}, std::vector<std::uint8_t>(12));
  }
  CHECK(Source(folder / "arrays", all).images().size() == 6);
  mae::write_npy(folder / "arrays/test/images.npy", {3, 2, 5}, std::vector<std::uint8_t>(30));
  CHECK(contains(opening(folder / "arrays", all), "/arrays/test: found images of [1, 2, 5], expected [1, 2, 2]"));
  folder.image("arrays/val/1.png");
  CHECK(contains(opening(folder / "arrays", all), "/arrays: found parts in the formats npy and folder, expected one"));

  folder.image("notes/valid/1.png");
  folder.image("notes/invalid/1.png");
  CHECK(contains(opening(folder / "notes", grey()),
                 "/notes: found the folder 'valid', named as a part of a set, beside"));
  DataOptions classes = grey();
  classes.parts = false;
  CHECK(Source(folder / "notes", classes).class_names() == std::vector<std::string>{"invalid", "valid"});
}

TEST_CASE("held-out files of another place: their test part, else all of them") {
  const Folder folder;
  folder.idx("both/train-images-idx3-ubyte", "both/train-labels-idx1-ubyte", 3);
  folder.idx("both/t10k-images-idx3-ubyte", "both/t10k-labels-idx1-ubyte", 2);
  folder.idx("one/images-idx3-ubyte", "one/labels-idx1-ubyte", 4);
  DataOptions aside = grey(Split::test);
  aside.whole = true;
  CHECK(Source(folder / "both", aside).images().size() == 2);
  CHECK(Source(folder / "one", aside).images().size() == 4);
}

TEST_CASE("files that two sources share are found, through links too") {
  const Folder folder;
  folder.image("a/1.png");
  folder.image("a/2.png");
  folder.image("b/3.png");
  std::filesystem::create_directory(folder / "c");
  std::filesystem::create_symlink("../a/2.png", folder / "c/4.png");
  std::filesystem::create_directory_symlink("a", folder / "d");
  const auto shared = [&](const char* first, const char* other) {
    const Source one(folder / first), two(folder / other);
    return mae::shared_file(
        one.file_count(), [&](Index i) { return one.file(i); }, two.file_count(), [&](Index i) { return two.file(i); });
  };
  CHECK(!shared("a", "b"));
  CHECK(shared("c", "a") == std::pair<Index, Index>{0, 1});
  CHECK(shared("d", "a") == std::pair<Index, Index>{0, 0});
}

TEST_CASE("a layout of IDX files for other data is a mistake") {
  const Folder folder;
  folder.image("a/1.png");
  folder.idx("x-images-idx3-ubyte", "x-labels-idx1-ubyte", 3);
  DataOptions options = grey();
  options.idx_layout = "mnist";
  CHECK(opening(folder / "x-images-idx3-ubyte", options) == "");
  CHECK(contains(opening(folder / "a", options), "idx_layout: found 'mnist' for "));
}
