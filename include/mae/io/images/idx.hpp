// IDX: the file format of MNIST and its relatives (Fashion-MNIST, Kuzushiji-MNIST, QMNIST, EMNIST).
//
//   2 bytes   zero
//   1 byte    element type: 08 unsigned and 09 signed bytes, 0b, 0c whole and 0d, 0e real numbers of 2, 4; 4, 8 bytes
//   1 byte    rank
//   4 bytes   each extent, big-endian
//   the rest  the elements, row-major, big-endian
//
// Images are unsigned bytes of rank 3, [n, H, W]; labels whole numbers of rank 1, [n], or as QMNIST has them [n, 8], of
// which the first is the class. Files may be packed with gzip (.gz), as MNIST is handed out. Images are read one after
// another, so that a set is in memory once, and a file that claims more than it has takes no memory for it.
// EMNIST's images lie on their side, rows for columns, and labels of its letters begin with 1: `IdxLayout` says so.
// Format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database"; G. Cohen et al., "EMNIST", 2017; C. Yadav, L. Bottou,
// "Cold case: the lost MNIST digits", 2019.
#pragma once
#include <algorithm>

#include <mae/data/dataset.hpp>
#include <mae/io/files/file_kind.hpp>
#include <mae/io/files/gzip.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What the header of an IDX file says.
struct IdxHeader {
  int type = 0;
  std::vector<Index> extents;
};

namespace detail {

inline std::string hex(const std::uint8_t* bytes, Index count) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (Index i = 0; i < count; ++i) text += {digits[bytes[i] >> 4], digits[bytes[i] & 15]};
  return text;
}

/// An element type of IDX: bytes and name; no bytes if there is no such type.
struct IdxType {
  Index bytes = 0;
  const char* name = "";
};
inline IdxType idx_type(int type) {
  switch (type) {
    case 8:
      return {1, "unsigned bytes"};
    case 9:
      return {1, "signed bytes"};
    case 11:
      return {2, "whole numbers of 2 bytes"};
    case 12:
      return {4, "whole numbers of 4 bytes"};
    case 13:
      return {4, "real numbers of 4 bytes"};
    case 14:
      return {8, "real numbers of 8 bytes"};
    default:
      return {};
  }
}

/// An IDX file whose header has been read: the elements come next.
class IdxFile {
 public:
  /// Throws `Error` if the file is none, or cannot have as many elements as it says. `expected` is a sentence.
  IdxFile(const std::string& path, const std::string& expected) : file_(path) {
    std::uint8_t magic[4] = {};
    const Index got = file_.read(magic, 4);
    const bool idx = got == 4 && magic[0] == 0 && magic[1] == 0 && idx_type(magic[2]).bytes > 0 && magic[3] > 0;
    if (!idx) {
      const std::string found = got < 4 ? std::to_string(got) + " bytes" : "magic number " + hex(magic, 4);
      if (file_.packed()) throw Error(path, found + " in it", expected);
      refuse_kind(InputFile(path), found, expected);
    }
    header_.type = magic[2];
    for (int axis = 0; axis < magic[3]; ++axis) {
      std::uint8_t b[4] = {};
      const Index bytes = file_.read(b, 4);
      if (bytes < 4)
        throw Error(path, std::to_string(4 + 4 * axis + bytes) + " bytes",
                    "at least " + std::to_string(4 + 4 * magic[3]));
      header_.extents.push_back(Index{b[0]} << 24 | Index{b[1]} << 16 | Index{b[2]} << 8 | Index{b[3]});
    }
    element_ = idx_type(header_.type).bytes;
    const Index most = (file_.most() - 4 - 4 * magic[3]) / element_, bytes = bytes_of(header_.extents, element_);
    if (bytes < 0) throw Error(path, "extents whose product exceeds 63 bits", "a size that fits the file");
    count_ = bytes / element_;
    if (file_.packed() ? count_ > most : bytes != file_.most() - 4 - 4 * magic[3])
      throw Error(path, (file_.packed() ? "at most " : "") + std::to_string(most) + " elements",
                  std::to_string(count_) + ", as its shape " + shape_text(header_.extents) + " has");
  }

  const IdxHeader& header() const { return header_; }
  /// Bytes of an element, and how many elements there are.
  Index element() const { return element_; }
  Index count() const { return count_; }
  /// Its type and shape in words.
  std::string form() const {
    return std::string(idx_type(header_.type).name) + " of shape " + shape_text(header_.extents);
  }

  /// Copies the next `count` elements as they lie in the file. Throws `Error` if the file ends before.
  void read(std::uint8_t* to, Index count) {
    const Index got = file_.read(to, count * element_);
    done_ += got / element_;
    if (got < count * element_) throw Error(file_.path(), std::to_string(done_) + " elements", std::to_string(count_));
  }
  /// Throws `Error` if the file goes on after its elements.
  void finish() {
    std::uint8_t beyond = 0;
    if (file_.read(&beyond, 1) != 0) throw Error(file_.path(), "more elements", std::to_string(count_));
  }

 private:
  UnpackedFile file_;
  IdxHeader header_;
  Index element_ = 0, count_ = 0, done_ = 0;
};

}  // namespace detail

/// How a family of IDX files differs from MNIST.
struct IdxLayout {
  bool transposed = false;       ///< rows stand for columns
  std::int32_t first_label = 0;  ///< the label of the first class
};
inline constexpr IdxLayout mnist_layout{}, emnist_layout{true, 0}, emnist_letters_layout{true, 1};

/// Reads images without labels, in `channels` channels, 1 or 3. Throws `Error` if the file is anything else, or not
/// exactly as long as its extents say.
inline Dataset read_idx_images(const std::string& path, IdxLayout layout = {}, Index channels = 1) {
  const std::string expected = "images in IDX, unsigned bytes of shape [n, H, W]";
  detail::IdxFile file(path, expected);
  const std::vector<Index>& extents = file.header().extents;
  if (file.header().type != 8 || extents.size() != 3) throw Error(path, file.form(), expected);
  if (file.count() == 0) throw Error(path, "no pixels", "at least one image");
  const Index height = extents[1], width = extents[2], plane = height * width;
  Dataset set{channels, height, width, {}, {}, 0};
  if (layout.transposed) std::swap(set.height, set.width);
  detail::reserve(path, set.pixels, extents[0], channels * plane);
  std::vector<std::uint8_t> image = detail::room_for<std::uint8_t>(path, plane);
  for (Index i = 0; i < extents[0]; ++i) {
    file.read(image.data(), plane);
    for (Index c = 0; c < channels; ++c) {
      if (!layout.transposed) set.pixels.insert(set.pixels.end(), image.begin(), image.end());
      for (Index x = 0; layout.transposed && x < width; ++x)
        for (Index y = 0; y < height; ++y) set.pixels.push_back(image[static_cast<std::size_t>(y * width + x)]);
    }
  }
  file.finish();
  return set;
}

/// Reads labels, [n], or [n, 8] as QMNIST has them: then the first of each row. Throws `Error` as `read_idx_images`.
inline std::vector<std::int32_t> read_idx_labels(const std::string& path) {
  const std::string expected = "labels in IDX, whole numbers of shape [n], or [n, 8] as in QMNIST";
  detail::IdxFile file(path, expected);
  const std::vector<Index>& extents = file.header().extents;
  const bool columns = extents.size() == 2 && extents[1] == 8;
  if (file.header().type > 12 || (extents.size() != 1 && !columns)) throw Error(path, file.form(), expected);
  std::vector<std::int32_t> labels;
  detail::reserve(path, labels, extents[0], 1);
  for (Index i = 0; i < extents[0]; ++i) {
    std::uint8_t bytes[32] = {};
    file.read(bytes, columns ? 8 : 1);
    // The number is the first of these bytes; shifted to its place its sign comes along.
    const std::uint32_t four = std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
                               std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
    const int shift = static_cast<int>(32 - 8 * file.element());
    labels.push_back(file.header().type == 8 ? bytes[0] : static_cast<std::int32_t>(four) >> shift);
  }
  file.finish();
  return labels;
}

/// Reads grey images and their labels, in `channels` channels; without a `labels_path`, images alone. `classes` 0 means
/// one more than the largest label. Throws `Error` naming the file at fault.
inline Dataset read_idx_dataset(const std::string& images_path, const std::string& labels_path, Index classes = 0,
                                IdxLayout layout = {}, Index channels = 1) {
  Dataset set = read_idx_images(images_path, layout, channels);
  set.classes = classes;
  if (labels_path.empty()) return set;
  set.labels = read_idx_labels(labels_path);
  if (static_cast<Index>(set.labels.size()) != set.size())
    throw Error(labels_path, std::to_string(set.labels.size()) + " labels",
                std::to_string(set.size()) + ", the number of images in " + images_path);
  for (std::int32_t& label : set.labels) {
    if (label < layout.first_label)
      throw Error(labels_path, "the label " + std::to_string(label),
                  "labels from " + std::to_string(layout.first_label));
    label -= layout.first_label;
  }
  if (classes == 0) set.classes = Index{*std::max_element(set.labels.begin(), set.labels.end())} + 1;
  validate(set, labels_path);
  return set;
}

}  // namespace mae
MAE_PRECISE_END
