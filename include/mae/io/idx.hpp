// IDX: the file format of MNIST and its relatives (Fashion-MNIST, Kuzushiji-MNIST, EMNIST).
//
//   2 bytes   zero
//   1 byte    element type: 0x08, unsigned bytes (the only one read here)
//   1 byte    rank
//   4 bytes   each extent, big-endian
//   the rest  the elements, row-major
//
// Images are of rank 3, [n, H, W], labels of rank 1, [n]. Format: Y. LeCun, C. Cortes, C. Burges, "The MNIST
// database".
#pragma once
#include <algorithm>
#include <mae/data/dataset.hpp>
#include <mae/io/input_file.hpp>

namespace mae {

/// The contents of an IDX file.
struct IdxArray {
  std::vector<Index> extents;
  std::vector<std::uint8_t> values;
};

namespace detail {
inline std::string hex(const std::uint8_t* bytes, Index count) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (Index i = 0; i < count; ++i) text += {digits[bytes[i] >> 4], digits[bytes[i] & 15]};
  return text;
}
}  // namespace detail

/// Reads an array of unsigned bytes of the given rank (1..9). Throws `Error` if the file is anything else, or not
/// exactly as long as its extents say.
inline IdxArray read_idx(const std::string& path, int rank) {
  const InputFile file(path);
  const Index header_bytes = 4 + 4 * rank;
  std::uint8_t header[40] = {};
  file.read(0, header, std::min(file.size(), header_bytes));
  if (header[0] == 0x1f && header[1] == 0x8b)
    throw Error(path, "a gzip file", "an IDX file: unpack it with gunzip first");
  const std::uint8_t magic[4] = {0, 0, 8, static_cast<std::uint8_t>(rank)};
  if (file.size() < header_bytes)
    throw Error(path, std::to_string(file.size()) + " bytes", "at least " + std::to_string(header_bytes));
  if (!std::equal(magic, magic + 4, header))
    throw Error(path, "magic number " + detail::hex(header, 4),
                detail::hex(magic, 4) + ": unsigned bytes of rank " + std::to_string(rank));
  IdxArray array;
  Index count = 1;
  for (int axis = 0; axis < rank; ++axis) {
    const std::uint8_t* b = header + 4 + 4 * axis;
    array.extents.push_back(Index{b[0]} << 24 | Index{b[1]} << 16 | Index{b[2]} << 8 | Index{b[3]});
    if (__builtin_mul_overflow(count, array.extents.back(), &count))
      throw Error(path, "extents whose product exceeds 63 bits", "a size that fits the file");
  }
  if (count != file.size() - header_bytes)
    throw Error(path, std::to_string(file.size() - header_bytes) + " elements", std::to_string(count));
  array.values.resize(static_cast<std::size_t>(count));
  file.read(header_bytes, array.values.data(), count);
  return array;
}

/// Reads grey images and their labels. `classes` 0 means one more than the largest label. Throws `Error` naming the
/// file at fault.
inline Dataset read_idx_dataset(const std::string& images_path, const std::string& labels_path, Index classes = 0) {
  IdxArray images = read_idx(images_path, 3);
  const IdxArray labels = read_idx(labels_path, 1);
  if (labels.extents[0] != images.extents[0])
    throw Error(labels_path, std::to_string(labels.extents[0]) + " labels",
                std::to_string(images.extents[0]) + ", the number of images in " + images_path);
  Dataset set{1, images.extents[1], images.extents[2], std::move(images.values), {}, classes};
  if (set.pixels.empty()) throw Error(images_path, "no pixels", "at least one image");
  set.labels.assign(labels.values.begin(), labels.values.end());
  if (classes == 0) set.classes = Index{*std::max_element(set.labels.begin(), set.labels.end())} + 1;
  validate(set, labels_path);
  return set;
}

}  // namespace mae
