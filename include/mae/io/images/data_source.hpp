// Images to train on from whatever a path leads to.
//
//   format     what the path is
//   folder     a folder of images, flat or in classes (image_folder.hpp)
//   idx        images-idx3-ubyte beside labels-idx1-ubyte, or a folder of them: MNIST and EMNIST (idx_files.hpp)
//   cifar10    the folder of CIFAR-10's binary files (cifar.hpp)
//   cifar100   the same of CIFAR-100
//   npy        images.npy, and labels.npy if there are labels, or the folder of them (npy_images.hpp)
//
// A folder with sub-folders train, val, test (names: parts.hpp) stands for these, as the split asks; what is set aside
// is the validation part, or without one the test part. IDX and CIFAR have their own test files. The format is
// recognised by the names of files; where a folder holds several kinds, the user must say which. Which image formats
// a program was built to read is a type, here too: `Formats` (image_file.hpp).
#pragma once
#include <memory>

#include <mae/io/images/cifar.hpp>
#include <mae/io/images/idx_files.hpp>
#include <mae/io/images/image_folder.hpp>
#include <mae/io/images/npy_images.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// How data are opened.
struct DataOptions {
  std::string format{};  ///< one of those above; empty: recognised
  Split split = Split::train;
  std::string idx_layout{};  ///< mnist, emnist or emnist_letters; empty: as the names of the files say
  bool parts = true;         ///< sub-folders named train, val, test … are parts of the set; false: names like others
  bool whole = false;        ///< of data without a part that is set aside, Split::test is all, instead of an `Error`
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
    if (lower_case(path).ends_with(".npy")) formats.emplace_back("npy");
    if (names_idx_images(std::filesystem::path(path).filename().string())) formats.emplace_back("idx");
    return formats;
  }
  const auto has = [&](const char* name) { return exists(path + "/" + name); };
  const FolderEntries entries = entries_of(path);
  if (!idx_folder(path).empty()) formats.emplace_back("idx");
  if (has("data_batch_1.bin") || has("test_batch.bin")) formats.emplace_back("cifar10");
  if (has("train.bin") || has("test.bin")) formats.emplace_back("cifar100");
  if (exists(spelled_in(path, "images.npy"))) formats.emplace_back("npy");
  if (formats.empty() || !entries.images.empty()) formats.emplace_back("folder");
  return formats;
}

/// The format of `path`. Throws `Error` unless it is one.
inline std::string recognised(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) fail_with_errno(path, "looking for it", "images to train on");
  const std::vector<std::string> formats = recognise_formats(path);
  if (formats.empty())
    refuse_kind(InputFile(path), "a file", "a folder of images, .npy, images-idx3-ubyte, or a folder of CIFAR's files");
  if (formats.size() > 1)
    throw Error(path, "data in the formats " + formats[0] + " and " + formats[1], "one, or a format asked for by name");
  return formats[0];
}

/// The parts of the set at `path`, as the options say. Throws `Error` if sub-folders could be parts or classes.
inline Parts parts_at(const std::string& path, const DataOptions& options) {
  if (!options.parts || !is_folder(path)) return {};
  const std::vector<std::string> folders = entries_of(path).folders;
  if (!parts_among(folders).divided()) return {};
  const std::vector<std::string> formats =
      options.format.empty() ? recognise_formats(path) : std::vector<std::string>{options.format};
  if (std::find(formats.begin(), formats.end(), "folder") != formats.end())
    return parts_of(path, folders, options.folder.classes);
  const Parts parts = parts_among(folders);
  return parts.trains_and_evaluates() ? parts : Parts{};
}

/// Whether a folder of IDX or CIFAR files has those of a part.
inline bool has_split(const std::string& format, const std::string& folder, Split split) {
  if (format == "idx") try {
      return !find_idx_images(folder, split).empty();
    } catch (const Error&) { return false; }
  const CifarKind kind = format == "cifar10" ? cifar10() : cifar100();
  const auto& files = split == Split::train ? kind.train : kind.test;
  return std::any_of(files.begin(), files.end(), [&](const std::string& name) { return exists(folder + "/" + name); });
}

/// Throws `Error` unless the labels show at least two classes.
inline void check_classes(const std::string& path, const Dataset& set) {
  if (set.labels.empty()) throw Error(path, "images without labels", "a label for each");
  const bool one =
      std::all_of(set.labels.begin(), set.labels.end(), [&](auto label) { return label == set.labels[0]; });
  if (one) throw Error(path, "the only class " + std::to_string(set.labels[0]), "at least two");
}

}  // namespace detail

/// Opened data: a collection of images that training can look at while this lives. It may be moved.
template <class Formats>
class DataSource {
 public:
  /// Opens what `path` leads to. Throws `Error` naming the file or option at fault.
  explicit DataSource(std::string path, const DataOptions& options = {}) : place_(std::move(path)) {
    while (place_.size() > 1 && place_.ends_with('/')) place_.pop_back();
    const detail::Parts parts = detail::parts_at(place_, options);
    if (parts.divided() && options.split == Split::all) together_ = parts.all();
    else if (parts.divided())
      place_ +=
          "/" + (options.split == Split::train ? detail::only_part(place_, parts.training, parts, "train on")
                                               : detail::only_part(place_, parts.evaluation(), parts, "test with"));
    format_ = options.format;
    for (const std::string& part : together_) {  // all of one format
      const std::string found = options.format.empty() ? detail::recognised(place_ + "/" + part) : options.format;
      if (!format_.empty() && found != format_)
        throw Error(place_, "parts in the formats " + format_ + " and " + found, "one: give the path of a part");
      format_ = found;
    }
    if (format_.empty()) format_ = detail::recognised(place_);
    if (!options.idx_layout.empty() && format_ != "idx")
      throw Error("idx_layout", detail::quoted(options.idx_layout) + " for " + place_ + ", whose format is " + format_,
                  "a layout for IDX files alone");
    if (options.split == Split::test && !parts.divided() && !options.whole && (format_ == "folder" || format_ == "npy"))
      throw Error(place_, "no part to test with", "sub-folders train and test (or val)");
    if (format_ == "folder") {
      FolderOptions folder = options.folder;
      folder.together = together_;
      folder.parts = options.parts && options.split != Split::all;
      folder_ = std::make_unique<const ImageFolder<Formats>>(place_, folder);
      class_names_ = folder_->class_names();
      return;
    }
    if (options.folder.channels != 1 && options.folder.channels != 3)
      throw Error("channels", std::to_string(options.folder.channels), "1 (grey) or 3 (colour)");
    NamedDataset data;
    if (together_.empty()) data = read_whole(place_, options);
    for (const std::string& part : together_) {
      const std::string inner = place_ + "/" + part;
      NamedDataset more = read_whole(inner, options);
      data = data.images.size() == 0 ? std::move(more) : joined(std::move(data), more, inner);
    }
    if (options.folder.needs_classes) detail::check_classes(place_, data.images);
    class_names_ = std::move(data.class_names);
    notes_ = std::move(data.notes);
    dataset_ = std::make_unique<const Dataset>(std::move(data.images));
  }

  /// What training takes. Valid while this, or what it was moved to, lives.
  Images images() const { return folder_ ? Images(*folder_) : Images(*dataset_); }
  /// Classes in the order of their labels; empty if there are none or their names are not known.
  const std::vector<std::string>& class_names() const { return class_names_; }
  /// Where the images lie: the path, or the part of it that was taken.
  const std::string& place() const { return place_; }
  /// Names of the sub-folders of `place` whose images were taken together; empty: the place itself.
  const std::vector<std::string>& parts() const { return together_; }
  /// "folder", "idx", "cifar10", "cifar100" or "npy".
  const std::string& format() const { return format_; }
  /// The folder, for its counts of ignored and bad files; null for other formats.
  const ImageFolder<Formats>* folder() const { return folder_.get(); }
  /// Lines for the user: what was passed over, or taken in a way that he may not expect.
  const std::vector<std::string>& notes() const { return notes_; }
  /// The set in memory; null for a folder, whose images come and go.
  const Dataset* dataset() const { return dataset_.get(); }

  /// The files that the images come from: one for each image of a folder, else those that were read.
  Index file_count() const { return folder_ ? folder_->size() : static_cast<Index>(files_.size()); }
  std::string file(Index i) const { return folder_ ? folder_->path(i) : files_[static_cast<std::size_t>(i)]; }

 private:
  bool is_cifar() const { return format_ == "cifar10" || format_ == "cifar100"; }
  /// What the split asks for in the folder or file: of IDX and CIFAR one part or both, as far as they are there.
  NamedDataset read_whole(const std::string& path, const DataOptions& options) {
    if (!detail::is_folder(path) || (format_ != "idx" && !is_cifar())) return read(path, options.split, options);
    const bool train = detail::has_split(format_, path, Split::train),
               test = detail::has_split(format_, path, Split::test);
    if (options.split == Split::all && train && test) {
      NamedDataset data = read(path, Split::train, options);
      return joined(std::move(data), read(path, Split::test, options), path);
    }
    const bool whole = options.split == Split::all || options.whole;
    if (whole && options.split != Split::train) return read(path, test ? Split::test : Split::train, options);
    return read(path, options.split, options);
  }

  NamedDataset read(const std::string& path, Split split, const DataOptions& options) {
    const bool inside = detail::is_folder(path);
    const Index channels = options.folder.channels;
    if (is_cifar()) {
      const CifarKind kind = format_ == "cifar10" ? cifar10() : cifar100();
      for (const std::string& name : split == Split::train ? kind.train : kind.test)
        files_.push_back(path + "/" + name);
      return read_cifar(kind, path, split, channels);
    }
    if (format_ == "idx") {
      files_.push_back(inside ? detail::find_idx_images(path, split) : path);
      return detail::read_idx_pair(files_.back(), options.idx_layout, channels);
    }
    if (format_ != "npy") throw Error("format", detail::quoted(format_), detail::data_formats);
    files_.push_back(inside ? detail::spelled_in(path, "images.npy") : path);
    return read_npy_pair(files_.back(), detail::labels_beside(files_.back()), channels);
  }

  std::string place_, format_;
  std::vector<std::string> together_, files_;
  std::unique_ptr<const ImageFolder<Formats>> folder_;
  std::unique_ptr<const Dataset> dataset_;
  std::vector<std::string> class_names_, notes_;
};

}  // namespace mae
MAE_PRECISE_END
