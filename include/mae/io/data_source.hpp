// Images to train on from whatever a path leads to.
//
//   format     what the path is
//   folder     a folder of pictures, flat or in classes (image_folder.hpp)
//   idx        images-idx3-ubyte beside labels-idx1-ubyte, or a folder of them: MNIST and EMNIST (idx_files.hpp)
//   cifar10    the folder of CIFAR-10's binary files (cifar.hpp)
//   cifar100   the same of CIFAR-100
//   npy        images.npy, and labels.npy if there are labels, or the folder of them (npy_images.hpp)
//
// A folder with sub-folders train and test (or val) stands for these, as the split asks. IDX and CIFAR have their own
// test files. The format is recognised by the names of files; where a folder holds several kinds, the user must say
// which. Which picture formats a program was built to read is a type, here too: `Formats` (image_file.hpp).
#pragma once
#include <memory>

#include <mae/io/cifar.hpp>
#include <mae/io/idx_files.hpp>
#include <mae/io/image_folder.hpp>
#include <mae/io/npy_images.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// How data are opened.
struct DataOptions {
  std::string format{};  ///< one of those above; empty: recognised
  Split split = Split::train;
  std::string idx_layout{};  ///< mnist, emnist or emnist_letters; empty: as the names of the files say
  FolderOptions folder{};    ///< `channels` and `needs_classes` hold for every format, the others for folders
};

namespace detail {

inline constexpr const char* data_formats = "folder, idx, cifar10, cifar100 or npy";

inline bool exists(const std::string& path) {
  std::error_code unknown;
  return std::filesystem::exists(path, unknown);
}
inline bool is_folder(const std::string& path) {
  std::error_code unknown;
  return std::filesystem::is_directory(path, unknown);
}
/// What `folder` calls the file `name`, capitals or not; `name` if it has none.
inline std::string spelled_in(const std::string& folder, const std::string& name) {
  const std::vector<std::string> found = files_of_stems(folder, {name});
  return found.empty() ? folder + "/" + name : found[0];
}

/// The formats that the file or folder could be.
inline std::vector<std::string> recognise_formats(const std::string& path) {
  std::vector<std::string> formats;
  if (!is_folder(path)) {
    if (in_lower_case(path).ends_with(".npy")) formats.emplace_back("npy");
    if (names_idx_images(std::filesystem::path(path).filename().string())) formats.emplace_back("idx");
    return formats;
  }
  const auto has = [&](const char* name) { return exists(path + "/" + name); };
  const FolderEntries entries = entries_of(path);
  if (!idx_folder(path).empty()) formats.emplace_back("idx");
  if (has("data_batch_1.bin") || has("test_batch.bin")) formats.emplace_back("cifar10");
  if (has("train.bin") || has("test.bin")) formats.emplace_back("cifar100");
  if (exists(spelled_in(path, "images.npy"))) formats.emplace_back("npy");
  if (formats.empty() || !entries.pictures.empty()) formats.emplace_back("folder");
  return formats;
}

/// The format of `path`. Throws `Error` unless it is one.
inline std::string recognised(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) fail_with_errno(path, "looking for it", "images to train on");
  const std::vector<std::string> formats = recognise_formats(path);
  if (formats.empty())
    refuse_kind(InputFile(path), "a file",
                "a folder of pictures, .npy, images-idx3-ubyte, or a folder of CIFAR's files");
  if (formats.size() > 1)
    throw Error(path, "data in the formats " + formats[0] + " and " + formats[1], "one, or a format asked for by name");
  return formats[0];
}

/// Throws `Error` unless the labels show at least two classes.
inline void check_classes(const std::string& path, const Dataset& set) {
  if (set.labels.empty()) throw Error(path, "images without labels", "a label for each");
  const bool one =
      std::all_of(set.labels.begin(), set.labels.end(), [&](auto label) { return label == set.labels[0]; });
  if (one) throw Error(path, "the only class " + std::to_string(set.labels[0]), "at least two");
}

}  // namespace detail

/// Opened data: a collection of pictures that training can look at while this lives. It may be moved.
template <class Formats>
class DataSource {
 public:
  /// Opens what `path` leads to. Throws `Error` naming the file or option at fault.
  explicit DataSource(std::string path, const DataOptions& options = {}) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    const bool divided =
        detail::is_folder(path + "/train") && (detail::is_folder(path + "/test") || detail::is_folder(path + "/val"));
    if (divided)
      path += options.split == Split::train ? "/train" : detail::is_folder(path + "/test") ? "/test" : "/val";
    format_ = options.format.empty() ? detail::recognised(path) : options.format;
    if (options.split == Split::test && !divided && (format_ == "folder" || format_ == "npy"))
      throw Error(path, "no part to test with", "sub-folders train and test (or val)");
    if (format_ == "folder") {
      folder_ = std::make_unique<const ImageFolder<Formats>>(path, options.folder);
      class_names_ = folder_->class_names();
      return;
    }
    if (options.folder.channels != 1 && options.folder.channels != 3)
      throw Error("channels", std::to_string(options.folder.channels), "1 (grey) or 3 (colour)");
    NamedDataset data = read(path, options);
    if (options.folder.needs_classes) detail::check_classes(path, data.images);
    class_names_ = std::move(data.class_names);
    notes_ = std::move(data.notes);
    dataset_ = std::make_unique<const Dataset>(std::move(data.images));
  }

  /// What training takes. Valid while this, or what it was moved to, lives.
  Images images() const { return folder_ ? Images(*folder_) : Images(*dataset_); }
  /// Classes in the order of their labels; empty if there are none or their names are not known.
  const std::vector<std::string>& class_names() const { return class_names_; }
  /// "folder", "idx", "cifar10", "cifar100" or "npy".
  const std::string& format() const { return format_; }
  /// The folder, for its counts of ignored and bad files; null for other formats.
  const ImageFolder<Formats>* folder() const { return folder_.get(); }
  /// Lines for the user: what was passed over, or taken in a way that he may not expect.
  const std::vector<std::string>& notes() const { return notes_; }
  /// The set in memory; null for a folder, whose pictures come and go.
  const Dataset* dataset() const { return dataset_.get(); }

 private:
  NamedDataset read(const std::string& path, const DataOptions& options) const {
    const bool inside = detail::is_folder(path);
    const Index channels = options.folder.channels;
    if (format_ == "cifar10") return read_cifar(cifar10(), path, options.split, channels);
    if (format_ == "cifar100") return read_cifar(cifar100(), path, options.split, channels);
    if (format_ == "idx")
      return detail::read_idx_pair(inside ? detail::find_idx_images(path, options.split) : path, options.idx_layout,
                                   channels);
    if (format_ != "npy") throw Error("format", detail::quoted(format_), detail::data_formats);
    const std::string images = inside ? detail::spelled_in(path, "images.npy") : path;
    return read_npy_pair(images, detail::labels_beside(images), channels);
  }

  std::string format_;
  std::unique_ptr<const ImageFolder<Formats>> folder_;
  std::unique_ptr<const Dataset> dataset_;
  std::vector<std::string> class_names_, notes_;
};

}  // namespace mae
MAE_PRECISE_END
