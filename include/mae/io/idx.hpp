// IDX: the file format of MNIST and its relatives (Fashion-MNIST, Kuzushiji-MNIST, EMNIST).
//
//   2 bytes   zero
//   1 byte    element type: 0x08, unsigned bytes (the only one read here)
//   1 byte    rank
//   4 bytes   each extent, big-endian
//   the rest  the elements, row-major
//
// Images are of rank 3, [n, H, W], labels of rank 1, [n]. Files may be packed with gzip (.gz), as MNIST is handed out.
// EMNIST's images lie on their side, rows for columns, and labels of its letters begin with 1: `IdxLayout` says so.
// Format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database"; G. Cohen et al., "EMNIST", 2017.
#pragma once
#include <algorithm>

#include <mae/data/dataset.hpp>
#include <mae/io/claims.hpp>
#include <mae/io/gzip.hpp>

MAE_PRECISE_BEGIN
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
/// Grey images with rows and columns exchanged.
inline Dataset transposed(const Dataset& set) {
  Dataset turned{set.channels, set.width, set.height, set.pixels, set.labels, set.classes};
  const Index plane = set.height * set.width;
  for (Index i = 0; i < set.size(); ++i)
    for (Index y = 0; y < set.height; ++y)
      for (Index x = 0; x < set.width; ++x)
        turned.pixels[static_cast<std::size_t>(i * plane + x * set.height + y)] =
            set.pixels[static_cast<std::size_t>(i * plane + y * set.width + x)];
  return turned;
}
}  // namespace detail

/// Reads an array of unsigned bytes of the given rank (1..9). Throws `Error` if the file is anything else, or not
/// exactly as long as its extents say.
inline IdxArray read_idx(const std::string& path, int rank) {
  UnpackedFile file(path);
  const Index header_bytes = 4 + 4 * rank;
  std::uint8_t header[40] = {};
  const Index got = file.read(header, header_bytes);
  if (got < header_bytes) throw Error(path, std::to_string(got) + " bytes", "at least " + std::to_string(header_bytes));
  const std::uint8_t magic[4] = {0, 0, 8, static_cast<std::uint8_t>(rank)};
  if (!std::equal(magic, magic + 4, header))
    throw Error(path, "magic number " + detail::hex(header, 4),
                detail::hex(magic, 4) + ": unsigned bytes of rank " + std::to_string(rank));
  IdxArray array;
  for (int axis = 0; axis < rank; ++axis) {
    const std::uint8_t* b = header + 4 + 4 * axis;
    array.extents.push_back(Index{b[0]} << 24 | Index{b[1]} << 16 | Index{b[2]} << 8 | Index{b[3]});
  }
  const Index count = detail::bytes_of(array.extents, 1), most = file.most() - header_bytes;
  if (count < 0) throw Error(path, "extents whose product exceeds 63 bits", "a size that fits the file");
  if (file.packed() ? count > most : count != most)
    throw Error(path, (file.packed() ? "at most " : "") + std::to_string(most) + " elements", std::to_string(count));
  array.values = detail::room_for<std::uint8_t>(path, count);
  const Index present = file.read(array.values.data(), count);
  std::uint8_t beyond = 0;
  if (present < count || file.read(&beyond, 1) != 0)
    throw Error(path, present < count ? std::to_string(present) + " elements" : "more elements", std::to_string(count));
  return array;
}

/// How a family of IDX files differs from MNIST.
struct IdxLayout {
  bool transposed = false;       ///< rows stand for columns
  std::int32_t first_label = 0;  ///< the label of the first class
};
inline constexpr IdxLayout mnist_layout{}, emnist_layout{true, 0}, emnist_letters_layout{true, 1};

/// Reads grey images and their labels; without a `labels_path`, images alone. `classes` 0 means one more than the
/// largest label. Throws `Error` naming the file at fault.
inline Dataset read_idx_dataset(const std::string& images_path, const std::string& labels_path, Index classes = 0,
                                IdxLayout layout = {}) {
  IdxArray images = read_idx(images_path, 3);
  Dataset set{1, images.extents[1], images.extents[2], std::move(images.values), {}, classes};
  if (set.pixels.empty()) throw Error(images_path, "no pixels", "at least one image");
  if (layout.transposed) set = detail::transposed(set);
  if (labels_path.empty()) return set;
  const IdxArray labels = read_idx(labels_path, 1);
  if (labels.extents[0] != images.extents[0])
    throw Error(labels_path, std::to_string(labels.extents[0]) + " labels",
                std::to_string(images.extents[0]) + ", the number of images in " + images_path);
  for (const std::uint8_t label : labels.values) {
    if (label < layout.first_label)
      throw Error(labels_path, "the label " + std::to_string(label),
                  "labels from " + std::to_string(layout.first_label));
    set.labels.push_back(label - layout.first_label);
  }
  if (classes == 0) set.classes = Index{*std::max_element(set.labels.begin(), set.labels.end())} + 1;
  validate(set, labels_path);
  return set;
}

}  // namespace mae
MAE_PRECISE_END
