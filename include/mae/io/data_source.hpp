// Images to train on from whatever a path leads to.
//
//   format     what the path is
//   folder     a folder of pictures, flat or in classes (image_folder.hpp)
//   idx        images-idx3-ubyte beside labels-idx1-ubyte, or a folder of them: MNIST and EMNIST, .gz or not (idx.hpp)
//   cifar10    the folder of CIFAR-10's binary files (cifar.hpp)
//   cifar100   the same of CIFAR-100
//   npy        images.npy, and labels.npy if there are labels, or the folder of them (npy_images.hpp)
//
// A folder with sub-folders train and test (or val) stands for these, as the split asks. IDX and CIFAR have their own
// test files. The format is recognised by the names of files; where a folder holds several kinds, the user must say
// which. Which formats a program was built to read is a type, here too: `Formats` are picture formats (image_file.hpp),
// `Arrays` is `NpyFiles` or, without xtensor, `NoArrays`.
#pragma once
#include <memory>

#include <mae/io/cifar.hpp>
#include <mae/io/idx.hpp>
#include <mae/io/image_folder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// In place of `NpyFiles`: a program without xtensor.
struct NoArrays {
  static Dataset read(const std::string& images, const std::string&) {
    throw Error(images, "a .npy file", "another format; this program was built without xtensor");
  }
};

/// How data are opened.
struct DataOptions {
  std::string format{};  ///< one of those above; empty: recognised
  Split split = Split::train;
  FolderOptions folder{};  ///< `channels` and `needs_classes` hold for every format, the others for folders
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
inline bool has_part(const std::string& name, const char* part) { return name.find(part) != name.npos; }
inline bool names_idx_images(const std::string& name) {
  return has_part(name, "images") && has_part(name, "idx3-ubyte");
}

/// The file of labels beside a file of images, `images` in its name replaced; empty if there is none.
inline std::string labels_beside(const std::string& images) {
  const auto start = images.rfind('/') + 1;  // npos + 1 is 0
  std::string name = images.substr(start);
  if (const auto at = name.rfind("images"); at != name.npos) name.replace(at, 6, "labels");
  if (const auto at = name.rfind("idx3"); at != name.npos) name.replace(at, 4, "idx1");
  const std::string labels = images.substr(0, start) + name;
  if (labels == images) return "";
  for (const std::string& path : {labels, labels + ".gz", labels.substr(0, labels.rfind(".gz"))})
    if (exists(path)) return path;
  return "";
}

/// The images' file of an IDX folder for `split`: the one whose name says so; for training also one that names no part.
inline std::string find_idx_images(const std::string& folder, Split split) {
  std::vector<std::string> fit, other;
  for (const std::string& name : entries_of(folder).others) {
    if (!names_idx_images(name)) continue;
    const bool train = has_part(name, "train"), test = has_part(name, "t10k") || has_part(name, "test");
    if (split == Split::train ? train : test) fit.push_back(name);
    if (split == Split::train && !train && !test) other.push_back(name);
  }
  if (fit.empty()) fit = other;
  if (fit.size() > 1) throw Error(folder, quoted(fit[0]) + " and " + quoted(fit[1]), "one of them: give its path");
  if (fit.empty())
    throw Error(folder, std::string("no IDX images to ") + (split == Split::train ? "train on" : "test with"),
                split == Split::train ? "train-images-idx3-ubyte" : "t10k-images-idx3-ubyte");
  return folder + "/" + fit[0];
}

/// Images, and their labels if the file for them is there. EMNIST is known by its name.
inline Dataset read_idx_pair(const std::string& images) {
  const std::string name = std::filesystem::path(images).filename().string();
  const bool emnist = has_part(name, "emnist"), letters = emnist && has_part(name, "letters");
  return read_idx_dataset(images, labels_beside(images), 0,
                          letters  ? emnist_letters_layout
                          : emnist ? emnist_layout
                                   : mnist_layout);
}

/// The formats that the file or folder could be.
inline std::vector<std::string> recognise_formats(const std::string& path) {
  std::vector<std::string> formats;
  if (!is_folder(path)) {
    if (path.ends_with(".npy")) formats.emplace_back("npy");
    if (names_idx_images(std::filesystem::path(path).filename().string())) formats.emplace_back("idx");
    return formats;
  }
  const auto has = [&](const char* name) { return exists(path + "/" + name); };
  const FolderEntries entries = entries_of(path);
  if (std::any_of(entries.others.begin(), entries.others.end(), names_idx_images)) formats.emplace_back("idx");
  if (has("data_batch_1.bin") || has("test_batch.bin")) formats.emplace_back("cifar10");
  if (has("train.bin") || has("test.bin")) formats.emplace_back("cifar100");
  if (has("images.npy")) formats.emplace_back("npy");
  if (formats.empty() || !entries.pictures.empty()) formats.emplace_back("folder");
  return formats;
}

/// The format of `path`. Throws `Error` unless it is one.
inline std::string recognised(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) fail_with_errno(path, "looking for it", "images to train on");
  const std::vector<std::string> formats = recognise_formats(path);
  if (formats.empty())
    throw Error(path, "a file", "a folder of pictures, .npy, images-idx3-ubyte, or a folder of CIFAR's files");
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

/// The set with every image in `channels` channels.
inline Dataset with_channels(Dataset set, Index channels) {
  if (set.channels == channels) return set;
  Dataset other{channels, set.height, set.width, {}, std::move(set.labels), set.classes};
  for (Index i = 0; i < set.size(); ++i) {
    const Image image = mae::with_channels(set.picture(i), channels);
    other.pixels.insert(other.pixels.end(), image.pixels.begin(), image.pixels.end());
  }
  return other;
}

}  // namespace detail

/// Opened data: a collection of pictures that training can look at while this lives. It may be moved.
template <class Formats, class Arrays = NoArrays>
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
    NamedDataset data = read(path, options.split);
    if (options.folder.needs_classes) detail::check_classes(path, data.images);
    class_names_ = std::move(data.class_names);
    dataset_ = std::make_unique<const Dataset>(detail::with_channels(std::move(data.images), options.folder.channels));
  }

  /// What training takes. Valid while this, or what it was moved to, lives.
  Images images() const { return folder_ ? Images(*folder_) : Images(*dataset_); }
  /// Classes in the order of their labels; empty if there are none or their names are not known.
  const std::vector<std::string>& class_names() const { return class_names_; }
  /// "folder", "idx", "cifar10", "cifar100" or "npy".
  const std::string& format() const { return format_; }
  /// The folder, for its counts of ignored and bad files; null for other formats.
  const ImageFolder<Formats>* folder() const { return folder_.get(); }

 private:
  NamedDataset read(const std::string& path, Split split) const {
    const bool inside = detail::is_folder(path);
    if (format_ == "cifar10") return read_cifar(cifar10(), path, split);
    if (format_ == "cifar100") return read_cifar(cifar100(), path, split);
    if (format_ == "idx") return {detail::read_idx_pair(inside ? detail::find_idx_images(path, split) : path), {}};
    if (format_ != "npy") throw Error("format", detail::quoted(format_), detail::data_formats);
    const std::string images = inside ? path + "/images.npy" : path;
    return {Arrays::read(images, detail::labels_beside(images)), {}};
  }

  std::string format_;
  std::unique_ptr<const ImageFolder<Formats>> folder_;
  std::unique_ptr<const Dataset> dataset_;
  std::vector<std::string> class_names_;
};

}  // namespace mae
MAE_PRECISE_END
