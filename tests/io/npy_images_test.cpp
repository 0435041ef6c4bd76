#include <mae/io/npy_images.hpp>

#include <doctest/doctest.h>

#include "temporary.hpp"

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
  const Dataset grey = files.read({2, 2, 3});
  CHECK(grey.channels == 1);
  CHECK(grey.height == 2);
  CHECK(grey.width == 3);
  CHECK(grey.size() == 2);
  const Dataset planes = files.read({2, 3, 2, 2});
  CHECK(planes.channels == 3);
  CHECK(planes.height == 2);
  CHECK(planes.pixels == counted(24));
  const Dataset together = files.read({2, 2, 2, 3});
  CHECK(together.channels == 3);
  CHECK(together.height == 2);
  CHECK(together.pixels == Bytes{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23});
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
  write_npy(files.images, {1, 2, 2}, std::vector<float>(4));
  CHECK(contains(error_of([&] { read_npy_images(files.images); }), "elements of type '<f4', expected images of bytes"));
}

TEST_CASE("labels must fit the images") {
  const Files files;
  files.read({2, 2, 3});
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
  CHECK(contains(error_of([&] { read_npy_dataset(files.images, files.labels); }), "'<f4', expected whole numbers"));
}
