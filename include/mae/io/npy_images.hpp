// Images and labels as arrays of NumPy.
//
//   bytes [n, H, W]      grey
//   bytes [n, H, W, C]   colours together, C = 1 or 3
//   bytes [n, C, H, W]   planes
//   whole numbers [n]    labels
//
// Of four axes the one with 1 or 3 entries, the second or the last, is taken for the colours; where both could be, the
// array is refused, for a guess would train on noise.
#pragma once
#include <mae/data/dataset.hpp>
#include <mae/io/npy.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
/// Images with the colours of a pixel together, [n, H, W, C], brought into planes.
inline std::vector<std::uint8_t> images_to_planes(const std::vector<std::uint8_t>& together, Index n, Index plane,
                                                  Index channels) {
  std::vector<std::uint8_t> planes(together.size());
  for (Index i = 0; i < n; ++i)
    for (Index p = 0; p < plane; ++p)
      for (Index c = 0; c < channels; ++c)
        planes[static_cast<std::size_t>((i * channels + c) * plane + p)] =
            together[static_cast<std::size_t>((i * plane + p) * channels + c)];
  return planes;
}
}  // namespace detail

/// Reads images without labels. Throws `Error` if the file is damaged, has no images, or another form than those above.
inline Dataset read_npy_images(const std::string& path) {
  NpyArray<std::uint8_t> array = [&] {
    const NpyHeader header = read_npy_header(InputFile(path));
    if (header.dtype != "|u1")
      throw Error(path, "elements of type " + detail::quoted(header.dtype), "images of bytes, '|u1'");
    return read_npy<std::uint8_t>(path);
  }();
  const std::vector<Index>& shape = array.shape;
  const auto colours = [&](std::size_t axis) { return shape[axis] == 1 || shape[axis] == 3; };
  const bool four = shape.size() == 4, planes = four && colours(1), together = four && colours(3);
  if (planes && together)
    throw Error(path, "images of shape " + shape_text(shape), "1 or 3 channels on one axis, the second or the last");
  if (shape.size() != 3 && !planes && !together)
    throw Error(path, "an array of shape " + shape_text(shape), "[n, H, W], [n, H, W, C] or [n, C, H, W], C 1 or 3");
  Dataset set;
  set.channels = planes ? shape[1] : together ? shape[3] : 1;
  set.height = shape[planes ? 2 : 1];
  set.width = shape[planes ? 3 : 2];
  set.pixels = together ? detail::images_to_planes(array.values, shape[0], set.height * set.width, set.channels)
                        : std::move(array.values);
  if (set.pixels.empty()) throw Error(path, "an array of shape " + shape_text(shape), "at least one pixel");
  return set;
}

/// Reads images and their labels. `classes` 0 means one more than the largest label. Throws `Error` naming the file at
/// fault.
inline Dataset read_npy_dataset(const std::string& images_path, const std::string& labels_path, Index classes = 0) {
  Dataset set = read_npy_images(images_path);
  NpyArray<std::int32_t> labels = read_npy<std::int32_t>(labels_path);
  if (labels.shape != std::vector<Index>{set.size()})
    throw Error(labels_path, "labels of shape " + shape_text(labels.shape),
                shape_text({set.size()}) + ", one for each image in " + images_path);
  set.labels = std::move(labels.values);
  set.classes = classes != 0 ? classes : Index{*std::max_element(set.labels.begin(), set.labels.end())} + 1;
  validate(set, labels_path);
  return set;
}

/// .npy as one of the formats that a program reads (data_source.hpp).
struct NpyFiles {
  /// Without a `labels` path, images alone.
  static Dataset read(const std::string& images, const std::string& labels) {
    return labels.empty() ? read_npy_images(images) : read_npy_dataset(images, labels);
  }
};

}  // namespace mae
MAE_PRECISE_END
