#include <mae/io/images/idx.hpp>

#include <doctest/doctest.h>

#include <mae/data/statistics.hpp>

#include <support/temporary.hpp>

using mae::Index;
using test::contains, test::error_of;

namespace {

// An IDX file in text form: magic, big-endian extents, elements.
std::string idx(const std::string& magic, const std::vector<std::uint32_t>& extents, const std::string& elements) {
  std::string text = magic;
  for (const std::uint32_t extent : extents)
    for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(extent >> shift & 255);
  return text + elements;
}
const std::string image_magic("\0\0\x08\x03", 4), label_magic("\0\0\x08\x01", 4);
const std::string images = idx(image_magic, {2, 1, 3}, "abcdef");
const std::string labels = idx(label_magic, {2}, std::string("\2\0", 2));

std::string gzip(const std::string& text) {
  const test::TemporaryDirectory folder;
  const gzFile file = gzopen((folder / "x.gz").c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return test::read_text(folder / "x.gz");
}

// Reads a data set from files of these texts.
struct Reading {
  test::TemporaryDirectory folder;
  mae::Dataset read(const std::string& image_text, const std::string& label_text, Index classes = 0) const {
    test::write_text(folder / "images", image_text);
    test::write_text(folder / "labels", label_text);
    return mae::read_idx_dataset(folder / "images", folder / "labels", classes);
  }
  std::string error(const std::string& image_text, const std::string& label_text, Index classes = 0) const {
    return error_of([&] { read(image_text, label_text, classes); });
  }
};

}  // namespace

TEST_CASE("images and labels become a data set") {
  const Reading reading;
  const mae::Dataset set = reading.read(images, labels);
  CHECK(set.channels == 1);
  CHECK(set.height == 1);
  CHECK(set.width == 3);
  CHECK(set.size() == 2);
  CHECK(std::string(set.pixels.begin(), set.pixels.end()) == "abcdef");
  CHECK(set.labels == std::vector<std::int32_t>{2, 0});
  CHECK(set.classes == 3);
  CHECK(reading.read(images, labels, 10).classes == 10);
}

TEST_CASE("a file cut at any byte is refused, and so is one that is too long") {
  const Reading reading;
  std::size_t refused = 0;
  for (std::size_t length = 0; length < images.size(); ++length)
    refused += contains(reading.error(images.substr(0, length), labels), "/images: found ") ? 1 : 0;
  for (std::size_t length = 0; length < labels.size(); ++length)
    refused += contains(reading.error(images, labels.substr(0, length)), "/labels: found ") ? 1 : 0;
  CHECK(refused == images.size() + labels.size());
  CHECK(contains(reading.error(images + "x", labels), "/images: found 7 elements, expected 6"));
  CHECK(contains(reading.error(images, labels + "x"), "/labels: found 3 elements, expected 2"));
}

TEST_CASE("every wrong header is named") {
  const Reading reading;
  const auto with = [&](const std::string& magic) { return reading.error(magic + images.substr(4), labels); };
  CHECK(contains(with(std::string("\0\0\x0d\x03", 4)), "found 1 elements, expected 6, as its shape [2, 1, 3] has"));
  const auto reals = idx(std::string("\0\0\x0d\x03", 4), {1, 1, 1}, "abcd");
  CHECK(contains(reading.error(reals, labels),
                 "/images: found real numbers of 4 bytes of shape [1, 1, 1], expected "
                 "images in IDX, unsigned bytes of shape [n, H, W]"));
  CHECK(contains(reading.error(labels, labels), "/images: found unsigned bytes of shape [2], expected images in IDX"));
  CHECK(contains(reading.error(idx(std::string("\0\0\x08\x04", 4), {1, 1, 1, 3}, "abc"), labels),
                 "/images: found unsigned bytes of shape [1, 1, 1, 3], expected images in IDX"));
  CHECK(contains(reading.error(idx(std::string("\0\0\x08\x02", 4), {1, 3}, "abc"), labels), "bytes of shape [1, 3]"));
  CHECK(contains(reading.error(images, images), "/labels: found unsigned bytes of shape [2, 1, 3], expected labels"));
  CHECK(contains(with("PK\3\4"), "/images: found a ZIP archive, "));
  CHECK(contains(with("\1\2\3\4"), "/images: found magic number 01020304, expected images in IDX, unsigned bytes"));
  CHECK(contains(with(std::string("\0\0\x0a\x03", 4)), "found magic number 00000a03"));
  CHECK(contains(with(std::string("\0\0\x08\0", 4)), "found magic number 00000800"));
  CHECK(contains(reading.error(gzip("<html>not here</html>"), labels), "found magic number 3c68746d in it, expected"));
  CHECK(contains(reading.error(idx(image_magic, {~0u, ~0u, ~0u}, "abc"), labels), "product exceeds 63 bits"));
  CHECK(contains(reading.error(idx(image_magic, {~0u, 1, ~0u >> 2}, "abc"), labels), "found 3 elements, expected 46"));
  CHECK(contains(reading.error(idx(image_magic, {0, 1, 3}, ""), idx(label_magic, {0}, "")), "found no pixels"));
  CHECK(contains(reading.error(idx(image_magic, {2, 0, 3}, ""), labels), "found no pixels"));
}

TEST_CASE("labels that do not fit the images are named") {
  const Reading reading;
  const std::string three = idx(label_magic, {3}, "\1\1\1");
  const std::string text = reading.error(images, three);
  CHECK(contains(text, "/labels: found 3 labels, expected 2, the number of images in "));
  CHECK(contains(reading.error(images, labels, 2), "/labels: found the label 2, expected labels from 0 to 1"));
  CHECK(contains(error_of([&] { mae::read_idx_labels(reading.folder / "none"); }), "No such file or directory"));
}

TEST_CASE("labels of every whole type, and in the eight columns of QMNIST") {
  const test::TemporaryDirectory folder;
  const auto read = [&](const std::string& text) {
    test::write_text(folder / "labels", text);
    return mae::read_idx_labels(folder / "labels");
  };
  const std::vector<std::int32_t> wanted{1, 258};
  CHECK(read(idx(std::string("\0\0\x0b\x01", 4), {2}, std::string("\0\1\1\2", 4))) == wanted);
  CHECK(read(idx(std::string("\0\0\x0c\x01", 4), {2}, std::string("\0\0\0\1\0\0\1\2", 8))) == wanted);
  CHECK(read(idx(std::string("\0\0\x09\x01", 4), {2}, "\x7f\xff")) == std::vector<std::int32_t>{127, -1});
  std::string rows;
  for (const char label : {'\7', '\3'})
    for (char column = 0; column < 8; ++column) rows += std::string(3, '\0') + (column == 0 ? label : '\x55');
  const std::string qmnist(std::string("\0\0\x0c\x02", 4));
  CHECK(read(idx(qmnist, {2, 8}, rows)) == std::vector<std::int32_t>{7, 3});
  CHECK(read(gzip(idx(qmnist, {2, 8}, rows))) == std::vector<std::int32_t>{7, 3});
  const auto error = [&](const std::string& text) { return error_of([&] { read(text); }); };
  CHECK(contains(error(idx(qmnist, {2, 7}, rows.substr(8))),
                 "found whole numbers of 4 bytes of shape [2, 7], expected "
                 "labels in IDX, whole numbers of shape [n], or [n, 8]"));
  CHECK(contains(error(idx(qmnist, {2, 8}, rows.substr(1))), "/labels: found 15 elements, expected 16, as its shape"));
  CHECK(
      contains(error(idx(std::string("\0\0\x0d\x01", 4), {1}, "abcd")), "found real numbers of 4 bytes of shape [1]"));
}

TEST_CASE("grey becomes colour as it is read, upright or on its side") {
  const test::TemporaryDirectory folder;
  test::write_text(folder / "images", images);
  const auto text = [&](mae::IdxLayout layout) {
    const mae::Dataset set = mae::read_idx_images(folder / "images", layout, 3);
    CHECK(set.channels == 3);
    CHECK(set.size() == 2);
    CHECK(set.height == (layout.transposed ? 3 : 1));
    return std::string(set.pixels.begin(), set.pixels.end());
  };
  CHECK(text(mae::mnist_layout) == "abcabcabcdefdefdef");
  CHECK(text(mae::emnist_layout) == "abcabcabcdefdefdef");
}

TEST_CASE("images without labels") {
  const test::TemporaryDirectory folder;
  test::write_text(folder / "images", images);
  const mae::Dataset set = mae::read_idx_dataset(folder / "images", "");
  CHECK(set.size() == 2);
  CHECK(set.labels.empty());
}

TEST_CASE("EMNIST's images are set upright, and the labels of its letters begin with 1") {
  const test::TemporaryDirectory folder;
  test::write_text(folder / "images", idx(image_magic, {2, 2, 3}, "abcdefghijkl"));
  test::write_text(folder / "labels", idx(label_magic, {2}, "\1\3"));
  const mae::Dataset set = mae::read_idx_dataset(folder / "images", folder / "labels", 26, mae::emnist_letters_layout);
  CHECK(set.height == 3);
  CHECK(set.width == 2);
  CHECK(std::string(set.pixels.begin(), set.pixels.end()) == "adbecfgjhkil");
  CHECK(set.labels == std::vector<std::int32_t>{0, 2});
  CHECK(set.classes == 26);
  test::write_text(folder / "labels", labels);
  CHECK(contains(
      error_of([&] { mae::read_idx_dataset(folder / "images", folder / "labels", 0, mae::emnist_letters_layout); }),
      "/labels: found the label 0, expected labels from 1"));
}

TEST_CASE("packed files are unpacked; cut or damaged ones are refused") {
  const Reading reading;
  const std::string packed = gzip(images);
  const mae::Dataset set = reading.read(packed, gzip(labels));
  CHECK(std::string(set.pixels.begin(), set.pixels.end()) == "abcdef");
  CHECK(set.labels == std::vector<std::int32_t>{2, 0});
  std::size_t refused = 0;
  for (std::size_t length = 0; length < packed.size(); ++length)
    refused += contains(reading.error(packed.substr(0, length), labels), "/images: found ") ? 1 : 0;
  CHECK(refused == packed.size());
  std::string damaged = packed;
  damaged[packed.size() - 6] = static_cast<char>(damaged[packed.size() - 6] ^ 1);  // the checksum
  CHECK(contains(reading.error(damaged, labels), "\", expected a whole gzip file"));
  CHECK(contains(reading.error(gzip(images + "x"), labels), "/images: found more elements, expected 6"));
  CHECK(contains(reading.error(gzip(images.substr(0, 20)), labels), "/images: found 4 elements, expected 6"));
  CHECK(contains(reading.error(gzip(idx(image_magic, {60000, 1000, 1000}, "abc")), labels), "/images: found at most "));
}

TEST_CASE("the digits that ship with the examples") {
  const std::string data = test::beside(__FILE__, "../../examples/data/optdigits-");
  const mae::Dataset set = mae::read_idx_dataset(data + "images-idx3-ubyte", data + "labels-idx1-ubyte");
  CHECK(set.size() == 1797);
  CHECK(set.height == 8);
  CHECK(set.width == 8);
  CHECK(set.classes == 10);
  const auto statistics = mae::channel_statistics(set);
  CHECK(statistics.mean[0] == doctest::Approx(0.3053).epsilon(0.001));  // 4.8842 / 16 in the original
}
