// CIFAR-10 and CIFAR-100 in their binary form: 32 x 32 colour images, one record after another.
//
//   CIFAR-10    1 byte label                     3072 bytes [3, 32, 32]   data_batch_1.bin ... 5, test_batch.bin
//   CIFAR-100   1 byte group, 1 byte label       3072 bytes [3, 32, 32]   train.bin, test.bin
//
// The names of the classes stand in batches.meta.txt and fine_label_names.txt, one a line. Files of any number of
// records are read, so that a part of the set will do.
// Format: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
#pragma once
#include <mae/io/files/file_kind.hpp>
#include <mae/io/images/image_file.hpp>
#include <mae/io/images/named_dataset.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What distinguishes the two sets.
struct CifarKind {
  Index classes = 0;
  Index label_bytes = 0;  ///< the last of them is the label
  std::vector<std::string> train, test;
  std::string names;
};
inline CifarKind cifar10() {
  return {10,
          1,
          {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
          {"test_batch.bin"},
          "batches.meta.txt"};
}
inline CifarKind cifar100() { return {100, 2, {"train.bin"}, {"test.bin"}, "fine_label_names.txt"}; }

/// Appends the records of one file to `set`, in its channels, 1 or 3. Throws `Error` naming the file if it is missing,
/// empty, cut within a record or has a label out of range.
inline void read_cifar_file(const std::string& path, Index label_bytes, Dataset& set) {
  const InputFile file(path);
  const Index record = label_bytes + 3 * set.height * set.width, count = file.size() / record;
  if (file.size() == 0 || file.size() % record != 0)
    refuse_kind(file, std::to_string(file.size()) + " bytes",
                "CIFAR's binary records, a multiple of " + std::to_string(record) + " bytes");
  Image image = blank_image(3, set.height, set.width);
  for (Index i = 0; i < count; ++i) {
    std::uint8_t labels[2] = {};
    file.read(i * record, labels, label_bytes);
    const std::uint8_t label = labels[label_bytes - 1];
    if (label >= set.classes)
      throw Error(path, "the label " + std::to_string(label) + " of image " + std::to_string(i),
                  "labels from 0 to " + std::to_string(set.classes - 1));
    set.labels.push_back(label);
    file.read(i * record + label_bytes, image.pixels.data(), static_cast<Index>(image.pixels.size()));
    const Image kept = with_channels(image, set.channels);
    set.pixels.insert(set.pixels.end(), kept.pixels.begin(), kept.pixels.end());
  }
}

/// The lines of a text file that are not empty, without the ends of lines of Windows.
inline std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines(1);
  for (const char c : read_file<char>(path)) {
    if (c == '\n' && !lines.back().empty()) lines.emplace_back();
    else if (c != '\n' && c != '\r') lines.back() += c;
  }
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

/// Reads one part of CIFAR, or both, from its folder, in `channels` channels, 1 or 3; the names of classes if their
/// file is there. Throws `Error` naming the file at fault.
inline NamedDataset read_cifar(const CifarKind& kind, const std::string& folder, Split split, Index channels = 3) {
  NamedDataset set{{channels, 32, 32, {}, {}, kind.classes}};
  std::vector<std::string> files;
  for (const auto& [part, names] : {std::pair(Split::train, &kind.train), std::pair(Split::test, &kind.test)})
    if (split == part || split == Split::all) files.insert(files.end(), names->begin(), names->end());
  Index bytes = 0;
  for (const std::string& name : files) bytes += InputFile(folder + "/" + name).size();
  detail::reserve(folder, set.images.pixels, bytes / (kind.label_bytes + 3 * 32 * 32), set.images.image_size());
  for (const std::string& name : files) read_cifar_file(folder + "/" + name, kind.label_bytes, set.images);
  const std::string names = folder + "/" + kind.names;
  if (::access(names.c_str(), F_OK) != 0) return set;
  set.class_names = read_lines(names);
  if (static_cast<Index>(set.class_names.size()) != kind.classes)
    throw Error(names, std::to_string(set.class_names.size()) + " names", std::to_string(kind.classes));
  return set;
}

}  // namespace mae
MAE_PRECISE_END
