#include <mae/io/images/npy_images.hpp>

#include <doctest/doctest.h>

#include <cmath>

#include <support/temporary.hpp>

using mae::Dataset, mae::Index, mae::read_npy_dataset, mae::read_npy_images, mae::write_npy;
using test::contains, test::error_of;

namespace {

using Bytes = std::vector<std::uint8_t>;
// 0, 1, 2, ...
Bytes counted(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

struct Files : test::TemporaryDirectory {
  const std::string images = *this / "images.npy", labels = *this / "labels.npy";
  Dataset read(const std::vector<Index>& shape) const {
    Index count = 1;
    for (const Index extent : shape) count *= extent;
    write_npy(images, shape, counted(static_cast<std::size_t>(count)));
    return read_npy_images(images);
  }
};

}  // namespace

TEST_CASE("grey images, planes, and colours together") {
  const Files files;
  const Dataset grey = files.read({2, 2, 4});
  CHECK(grey.channels == 1);
  CHECK(grey.height == 2);
  CHECK(grey.width == 4);
  CHECK(grey.size() == 2);
  const Dataset planes = files.read({2, 3, 2, 2});
  CHECK(planes.channels == 3);
  CHECK(planes.height == 2);
  CHECK(planes.pixels == counted(24));
  const Dataset together = files.read({2, 2, 2, 3});
  CHECK(together.channels == 3);
  CHECK(together.height == 2);
  CHECK(together.pixels == Bytes{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23});
  const Dataset one = files.read({2, 4, 3});
  CHECK(one.size() == 1);
  CHECK(one.channels == 3);
  CHECK(one.height == 2);
  CHECK(one.width == 4);
  CHECK(files.read({2, 4, 5, 1}).width == 5);
  CHECK(files.read({2, 1, 4, 5}).width == 5);
}

TEST_CASE("arrays that are no images are named") {
  const Files files;
  const auto error = [&](const std::vector<Index>& shape) { return error_of([&] { files.read(shape); }); };
  CHECK(
      contains(error({2, 3, 4, 1}), "images.npy: found images of shape [2, 3, 4, 1], expected 1 or 3 channels on one"));
  CHECK(contains(error({2, 4, 4, 4}), "found an array of shape [2, 4, 4, 4], expected [n, H, W], [n, H, W, C] or"));
  CHECK(contains(error({6, 6}), "found an array of shape [6, 6]"));
  CHECK(contains(error({0, 6, 6}), "found an array of shape [0, 6, 6], expected at least one pixel"));
  CHECK(contains(error({6, 6}), "; a.reshape(-1, H, W) makes images of rows"));
  CHECK(contains(error({2, 6, 6, 4}), "; without transparency, a[..., :3], it has three"));
  CHECK(contains(error({2, 4, 6, 6}), "; without transparency, a[:, :3], it has three"));
}

TEST_CASE("images in every order of axes and bytes, as NumPy wrote them, in the channels that are asked for") {
  Bytes planes(120);  // of level 7 i modulo 256 of [2, 4, 5, 3]
  for (std::size_t n = 0, i = 0; n < 2; ++n)
    for (std::size_t p = 0; p < 20; ++p)
      for (std::size_t c = 0; c < 3; ++c, ++i) planes[(n * 3 + c) * 20 + p] = static_cast<std::uint8_t>(7 * i % 256);
  Bytes grey;
  for (Index n = 0; n < 2; ++n) {
    const auto start = planes.begin() + 60 * n;
    const mae::Image image = mae::with_channels(mae::Image{3, 4, 5, Bytes(start, start + 60)}, 1);
    grey.insert(grey.end(), image.pixels.begin(), image.pixels.end());
  }
  for (const char* name : {"images", "images_planes", "images_fortran", "images_big_i4", "images_f4", "images_f2"}) {
    CAPTURE(name);
    const std::string path = test::beside(__FILE__, std::string("npy_python/") + name + ".npy");
    const Dataset set = read_npy_images(path);
    CHECK(set.height == 4);
    CHECK(set.width == 5);
    CHECK(set.channels == 3);
    CHECK(set.pixels == planes);
    CHECK(read_npy_images(path, 3).pixels == planes);
    CHECK(read_npy_images(path, 1).pixels == grey);
    CHECK(read_npy_images(path, 1).size() == 2);
  }
  const Dataset one = read_npy_images(test::beside(__FILE__, "npy_python/images_one.npy"));
  CHECK(one.size() == 1);
  CHECK(one.pixels == Bytes(planes.begin(), planes.begin() + 60));
  const std::string black_and_white = test::beside(__FILE__, "npy_python/images_bool.npy");
  const Dataset set = read_npy_images(black_and_white), colour = read_npy_images(black_and_white, 3);
  CHECK(set.channels == 1);
  for (std::size_t i = 0; i < 40; ++i) {
    const std::uint8_t expected = planes[i / 20 * 60 + i % 20] > 127 ? 255 : 0;
    CHECK(set.pixels[i] == expected);
    for (std::size_t c = 0; c < 3; ++c) CHECK(colour.pixels[(i / 20 * 3 + c) * 20 + i % 20] == expected);
  }
}

TEST_CASE("values that are no levels are refused with their place") {
  const Files files;
  const auto error = [&](const auto& values, Index channels = 0) {
    write_npy(files.images, {2, 2, 1, 3}, values);
    return error_of([&] { read_npy_images(files.images, channels); });
  };
  std::vector<float> real(12, 0.5f);
  CHECK(error(real).empty());
  real[7] = NAN;
  CHECK(contains(error(real), "images.npy: found the value nan at [1, 0, 0, 1], expected finite numbers from 0 to 1"));
  CHECK(contains(error(real, 1), "found the value nan at [1, 0, 0, 1]"));
  CHECK(contains(error(real, 3), "found the value nan at [1, 0, 0, 1]"));
  real[7] = -INFINITY;
  CHECK(contains(error(real), "found the value -inf at [1, 0, 0, 1]"));
  real[7] = 254.5f;
  CHECK(contains(error(real),
                 "found the value 254.5 at [1, 0, 0, 1], expected real numbers from 0 to 1; levels from 0 to"
                 " 255 as bytes, a.round().astype('u1')"));
  real[7] = -0.25f;
  CHECK(contains(error(real), "found the value -0.25 at"));
  std::vector<std::uint16_t> whole(12, 255);
  CHECK(error(whole).empty());
  whole[11] = 4095;
  CHECK(contains(error(whole), "found the value 4095 at [1, 1, 0, 2], expected levels from 0 to 255, or real numbers"));
  std::vector<std::int8_t> below(12, 1);
  below[0] = -1;
  CHECK(contains(error(below), "found the value -1 at [0, 0, 0, 0]"));
}

TEST_CASE("labels must fit the images") {
  const Files files;
  files.read({2, 2, 4});
  const auto with = [&](const std::vector<std::int64_t>& labels, Index classes) {
    write_npy(files.labels, {static_cast<Index>(labels.size())}, labels);
    return read_npy_dataset(files.images, files.labels, classes);
  };
  CHECK(with({4, 1}, 0).classes == 5);
  CHECK(with({4, 1}, 10).classes == 10);
  CHECK(with({4, 1}, 0).labels == std::vector<std::int32_t>{4, 1});
  CHECK(contains(error_of([&] {
                   with({4, 1, 1}, 0);
                 }),
                 "labels.npy: found labels of shape [3], expected [2], one for"));
  CHECK(contains(error_of([&] { with({4, -1}, 0); }), "labels.npy: found the label -1, expected labels from 0 to 4"));
  CHECK(contains(error_of([&] { with({4, 1}, 3); }), "found the label 4, expected labels from 0 to 2"));
  write_npy(files.labels, {2}, std::vector<float>{0, 1});
  CHECK(contains(error_of([&] { read_npy_dataset(files.images, files.labels); }),
                 "'<f4', expected whole numbers; a.astype('i8') makes them"));
  write_npy(files.labels, {2, 1}, std::vector<std::int32_t>{3, 0});
  CHECK(read_npy_dataset(files.images, files.labels).labels == std::vector<std::int32_t>{3, 0});
  write_npy(files.labels, {2, 3}, std::vector<std::uint8_t>(6));
  CHECK(
      contains(error_of([&] { read_npy_dataset(files.images, files.labels); }),
               "labels.npy: found labels of shape [2, 3], expected one for each image; of a column for each class, "));
}
