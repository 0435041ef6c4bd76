// Images and labels as arrays of NumPy.
//
//   [n, H, W]            grey
//   [n, H, W, C]         colours together, C = 1 or 3
//   [n, C, H, W]         planes
//   [H, W, C]            one image
//   whole numbers [n]    labels; [n, 1] too
//
// Of four axes the one with 1 or 3 entries, the second or the last, is taken for the colours; where both could be, the
// array is refused, for a guess would train on noise. Values are levels: whole numbers from 0 to 255 as they are; bool
// is black and white; real numbers from 0 to 1, as frameworks keep images, are rounded to the nearest of 256 levels.
// Anything else, such as a real number beyond 1, is refused with its place. Images are in memory once, as bytes in the
// channels that are asked for.
#pragma once
#include <mae/io/images/image_file.hpp>
#include <mae/io/images/named_dataset.hpp>
#include <mae/io/tensors/npy.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

/// How the axes of an array of images are meant.
struct NpyImageAxes {
  Index n = 0, channels = 0, height = 0, width = 0;
  bool together = false;  ///< the colours are the last axis
};
inline NpyImageAxes npy_image_axes(const std::string& path, const std::vector<Index>& shape) {
  const auto colours = [&](std::size_t axis) { return shape[axis] == 1 || shape[axis] == 3; };
  const bool four = shape.size() == 4, planes = four && colours(1), together = four && colours(3);
  const std::string found = "an array of shape " + shape_text(shape);
  if (planes && together)
    throw Error(path, "images of shape " + shape_text(shape), "1 or 3 channels on one axis, the second or the last");
  if (planes) return {shape[0], shape[1], shape[2], shape[3], false};
  if (together) return {shape[0], shape[3], shape[1], shape[2], true};
  if (shape.size() == 3 && colours(2)) return {1, shape[2], shape[0], shape[1], true};
  if (shape.size() == 3) return {shape[0], 1, shape[1], shape[2], false};
  constexpr const char* forms = "[n, H, W], [n, H, W, C] or [n, C, H, W], C 1 or 3";
  if (four && (shape[3] == 4 || shape[1] == 4))
    throw Error(path, found,
                std::string(forms) + "; without transparency, " +
                    (shape[3] == 4 ? "a[..., :3], it has three" : "a[:, :3], it has three"));
  if (shape.size() == 2) throw Error(path, found, std::string(forms) + "; a.reshape(-1, H, W) makes images of rows");
  throw Error(path, found, forms);
}

/// A value of an array as a level, 0 to 255.
template <class Stored>
std::uint8_t npy_level(const std::string& path, const NpyHeader& header, Stored value, Index number) {
  if constexpr (std::is_same_v<Stored, NpyBool>) {
    return value.byte != 0 ? 255 : 0;
  } else if constexpr (is_real<Stored>) {
    const double real = static_cast<double>(value);
    if (!is_finite(real)) refuse_element(path, header, number, shortest_text(real), "finite numbers from 0 to 1");
    if (real < 0 || real > 1)
      refuse_element(path, header, number, shortest_text(real),
                     "real numbers from 0 to 1; levels from 0 to 255 as bytes, a.round().astype('u1')");
    return static_cast<std::uint8_t>(255 * real + 0.5);
  } else {
    if (!std::in_range<std::uint8_t>(value))
      refuse_element(path, header, number, std::to_string(value),
                     "levels from 0 to 255, or real numbers from 0 to 1, such as a / a.max()");
    return static_cast<std::uint8_t>(value);
  }
}

/// Reads the levels of images to `to`: image i begins at i * `size`. With `image`, that image alone, to the start.
inline void read_npy_levels(const InputFile& file, const NpyHeader& header, const NpyImageAxes& axes, Index size,
                            std::uint8_t* to, Index image = -1) {
  const Index plane = axes.height * axes.width;
  std::vector<Index> strides{axes.width, 1};
  if (axes.together) strides.push_back(plane);
  else if (header.shape.size() == 4) strides.insert(strides.begin(), plane);
  NpyHeader part = header;
  Index before = 0;  // elements
  if (strides.size() < header.shape.size()) {
    strides.insert(strides.begin(), size);
    if (image >= 0) part.shape[0] = 1, before = image * axes.channels * plane;
  }
  part.data += before * header.element;
  visit_npy_type(header.kind, header.element, [&](auto zero) {
    using Stored = decltype(zero);
    for_each_element<Stored>(file, part, strides, [&](Index place, Stored value, Index number) {
      to[place] = npy_level(file.path(), header, value, before + number);
    });
  });
}

/// Images of three channels, made grey.
inline void read_npy_as_grey(const InputFile& file, const NpyHeader& header, const NpyImageAxes& axes, Dataset& set) {
  const Index plane = set.height * set.width;
  // Where images follow each other in the file, they are read one at a time; else all, and are shrunk where they lie.
  const bool follow = !header.fortran || axes.n == 1;
  set.pixels = room_for<std::uint8_t>(file.path(), axes.n * plane * (follow ? 1 : 3));
  if (!follow) read_npy_levels(file, header, axes, 3 * plane, set.pixels.data());
  Image one = blank_image(3, set.height, set.width);
  for (Index i = 0; i < axes.n; ++i) {
    if (follow) read_npy_levels(file, header, axes, 3 * plane, one.pixels.data(), i);
    else std::memcpy(one.pixels.data(), set.pixels.data() + i * 3 * plane, one.pixels.size());
    const Image grey = with_channels(one, 1);
    std::memcpy(set.pixels.data() + i * plane, grey.pixels.data(), grey.pixels.size());
  }
  set.pixels.resize(static_cast<std::size_t>(axes.n * plane));
}

}  // namespace detail

/// Reads images without labels, in `channels` channels, 1 or 3, or 0 for as many as the file has. Throws `Error` if the
/// file is damaged, has no images, another form than those above, or a value that is no level.
inline Dataset read_npy_images(const std::string& path, Index channels = 0) {
  const InputFile file(path);
  const NpyHeader header = read_npy_header(file);
  const detail::NpyImageAxes axes = detail::npy_image_axes(path, header.shape);
  Dataset set{channels == 0 ? axes.channels : channels, axes.height, axes.width, {}, {}, 0};
  if (detail::bytes_of(header.shape, 1) == 0)
    throw Error(path, "an array of shape " + shape_text(header.shape), "at least one pixel");
  const Index bytes = detail::bytes_of({axes.n, axes.height, axes.width}, set.channels);
  if (bytes < 0) throw Error(path, "an array of shape " + shape_text(header.shape), "a size below 2^63 bytes");
  if (set.channels < axes.channels) {
    detail::read_npy_as_grey(file, header, axes, set);
    return set;
  }
  set.pixels = detail::room_for<std::uint8_t>(path, bytes);
  detail::read_npy_levels(file, header, axes, set.image_size(), set.pixels.data());
  const auto plane = static_cast<std::size_t>(set.height * set.width);
  for (std::size_t i = 0; set.channels > axes.channels && i < set.pixels.size(); i += 3 * plane)
    for (const std::size_t copy : {i + plane, i + 2 * plane}) std::memcpy(&set.pixels[copy], &set.pixels[i], plane);
  return set;
}

/// Reads images and their labels. `classes` 0 means one more than the largest label. Throws `Error` naming the file at
/// fault.
inline Dataset read_npy_dataset(const std::string& images_path, const std::string& labels_path, Index classes = 0,
                                Index channels = 0) {
  NpyArray<std::int32_t> labels = [&] {
    const NpyHeader header = read_npy_header(InputFile(labels_path));
    if (header.shape.size() == 2 && header.shape[1] != 1)
      throw Error(labels_path, "labels of shape " + shape_text(header.shape),
                  "one for each image; of a column for each class, a.argmax(1)");
    if (header.kind == 'f')
      throw Error(labels_path, "elements of type " + detail::quoted(header.dtype),
                  "whole numbers; a.astype('i8') makes them");
    return read_npy<std::int32_t>(labels_path);
  }();
  if (labels.shape.size() == 2) labels.shape.pop_back();
  Dataset set = read_npy_images(images_path, channels);
  if (labels.shape != std::vector<Index>{set.size()})
    throw Error(labels_path, "labels of shape " + shape_text(labels.shape),
                shape_text({set.size()}) + ", one for each image in " + images_path);
  set.labels = std::move(labels.values);
  set.classes = classes != 0 ? classes : Index{*std::max_element(set.labels.begin(), set.labels.end())} + 1;
  validate(set, labels_path);
  return set;
}

/// The same with notes for the user; without a `labels` path, images alone.
inline NamedDataset read_npy_pair(const std::string& images, const std::string& labels, Index channels) {
  NamedDataset set{labels.empty() ? read_npy_images(images, channels) : read_npy_dataset(images, labels, 0, channels)};
  const NpyHeader header = read_npy_header(InputFile(images));
  const std::string shape = images + ": an array of shape " + shape_text(header.shape);
  if (header.shape.size() == 3 && set.images.size() == 1 && header.shape[0] != 1)
    set.notes.push_back(shape + " is one image, a[None] would say so");
  if (header.shape.size() == 3 && header.shape[0] == 3 && set.images.size() == 3)
    set.notes.push_back(shape + " is three grey images; a[None] would be one in colour");
  if (header.kind == 'f') set.notes.push_back(images + ": real numbers are rounded to the nearest of 256 levels");
  if (labels.empty()) set.notes.push_back("no file of labels lies beside " + images + ", images in its name replaced");
  return set;
}

}  // namespace mae
MAE_PRECISE_END
