// Which IDX files of a folder are the images and labels of a part, known by their names.
//
//   train-images-idx3-ubyte    train-labels-idx1-ubyte    MNIST, Fashion-MNIST and Kuzushiji-MNIST; t10k to test with
//   train-images.idx3-ubyte    train-labels.idx1-ubyte    the same, as some archives unpack them
//   emnist-letters-train-images-idx3-ubyte                EMNIST: balanced, byclass, bymerge, digits, letters, mnist
//   qmnist-train-images-idx3-ubyte   ...-labels-idx2-int  QMNIST
//
// Each with .gz or without, capitals or not; of a file that lies there both ways the unpacked one is read. They may lie
// in a sub-folder `raw`, where torchvision puts them, or `gzip`, where EMNIST's archive has them.
#pragma once
#include <algorithm>
#include <filesystem>

#include <mae/io/files/folder_walk.hpp>
#include <mae/io/images/idx.hpp>
#include <mae/io/images/named_dataset.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

inline bool has_part(const std::string& name, const char* part) { return name.find(part) != name.npos; }
/// A file's name in lower case, without .gz.
inline std::string idx_stem(const std::string& name) {
  std::string stem = lower_case(name);
  if (stem.ends_with(".gz")) stem.resize(stem.size() - 3);
  return stem;
}
inline bool names_idx_images(const std::string& name) {
  const std::string stem = idx_stem(name);
  return has_part(stem, "images") && has_part(stem, "idx3-ubyte");
}

/// Names of the files in `folder`, sorted; none if it is no folder or cannot be read.
inline std::vector<std::string> file_names(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code unknown;
  for (std::filesystem::directory_iterator entry(folder, unknown), end; !unknown && entry != end;
       entry.increment(unknown))
    if (!entry->is_directory(unknown)) names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}
inline bool holds_idx_images(const std::string& folder) {
  const std::vector<std::string> names = file_names(folder);
  return std::any_of(names.begin(), names.end(), names_idx_images);
}
/// The folder of IDX images that `folder` stands for: itself, or one below it; empty if there is none.
inline std::string idx_folder(const std::string& folder) {
  for (const char* below : {"", "/raw", "/RAW", "/gzip"})
    if (holds_idx_images(folder + below)) return folder + below;
  return "";
}

/// The files in `folder` whose stem is one of `stems`, unpacked ones first.
inline std::vector<std::string> files_of_stems(const std::string& folder, const std::vector<std::string>& stems) {
  std::vector<std::string> found;
  for (const std::string& name : file_names(folder.empty() ? "." : folder))
    if (std::find(stems.begin(), stems.end(), idx_stem(name)) != stems.end()) found.push_back(name);
  std::stable_partition(found.begin(), found.end(),
                        [](const std::string& name) { return !lower_case(name).ends_with(".gz"); });
  for (std::string& name : found) name = (folder.empty() || folder == "/" ? folder : folder + "/") + name;
  return found;
}
inline std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "" : slash == 0 ? "/" : path.substr(0, slash);
}
inline std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }  // npos + 1 is 0

/// The file of labels beside the file `images`; empty if there is none. Its name is that of the images with `labels`
/// for `images`, and a form of labels for theirs.
inline std::string labels_beside(const std::string& images) {
  std::string stem = idx_stem(name_of(images));
  const auto at = stem.rfind("images");
  if (at == stem.npos) return "";
  stem.replace(at, 6, "labels");
  std::vector<std::string> stems{stem};
  if (const auto form = stem.rfind("idx3-ubyte"); form != stem.npos) {
    stems = {stem, stem};
    stems[0].replace(form, 10, "idx1-ubyte");
    stems[1].replace(form, 10, "idx2-int");
  }
  const std::vector<std::string> found = files_of_stems(folder_of(images), stems);
  return found.empty() ? "" : found[0];
}

/// The images' file of an IDX folder for `split`: the one whose name says so; for training also one that names no part.
inline std::string find_idx_images(const std::string& path, Split split) {
  const std::string below = idx_folder(path), folder = below.empty() ? path : below;
  std::vector<std::string> fit, other;  // stems
  for (const std::string& name : file_names(folder)) {
    if (!names_idx_images(name)) continue;
    const std::string stem = idx_stem(name);
    const bool train = has_part(stem, "train"), test = has_part(stem, "t10k") || has_part(stem, "test");
    const bool fits = split == Split::train ? train : test;
    if (!fits && (split != Split::train || test)) continue;
    std::vector<std::string>& to = fits ? fit : other;
    if (std::find(to.begin(), to.end(), stem) == to.end()) to.push_back(stem);
  }
  if (fit.empty()) fit = other;
  if (fit.size() > 1) throw Error(folder, quoted(fit[0]) + " and " + quoted(fit[1]), "one of them: give its path");
  if (fit.empty())
    throw Error(folder, std::string("no IDX images to ") + (split == Split::train ? "train on" : "test with"),
                split == Split::train ? "train-images-idx3-ubyte" : "t10k-images-idx3-ubyte");
  return files_of_stems(folder, fit)[0];
}

/// What `name`, "mnist", "emnist" or "emnist_letters", stands for; empty: what the name of the file of images says.
inline IdxLayout idx_layout(const std::string& name, const std::string& images) {
  const std::string file = lower_case(name_of(images));
  const std::string family = !name.empty()               ? name
                             : !has_part(file, "emnist") ? "mnist"
                             : has_part(file, "letters") ? "emnist_letters"
                                                         : "emnist";
  if (family == "mnist") return mnist_layout;
  if (family == "emnist") return emnist_layout;
  if (family == "emnist_letters") return emnist_letters_layout;
  throw Error("idx_layout", quoted(name), "mnist, emnist or emnist_letters");
}

/// What a user may not expect of the way in which files of IDX were read.
inline std::vector<std::string> idx_notes(const std::string& images, const std::string& labels, const Dataset& set,
                                          IdxLayout layout) {
  std::vector<std::string> notes;
  for (const std::string& path : {images, labels})
    for (const std::string& twin : files_of_stems(folder_of(path), {idx_stem(name_of(path))}))
      if (!path.empty() && twin != path) notes.push_back(name_of(twin) + " is not read: " + name_of(path) + " is");
  if (layout.transposed)
    notes.push_back(name_of(images) + ": rows and columns exchanged, as EMNIST has them" +
                    (layout.first_label != 0 ? ", and labels from " + std::to_string(layout.first_label) : ""));
  else if (has_part(lower_case(images), "emnist"))
    notes.push_back(name_of(images) + ": rows and columns as MNIST has them; for EMNIST: idx_layout emnist");
  if (labels.empty()) notes.push_back("no file of labels lies beside " + name_of(images));
  else if (has_part(idx_stem(labels), "idx2-int"))
    notes.push_back(name_of(labels) + ": the first of each row is the class");
  if (!set.labels.empty() && *std::min_element(set.labels.begin(), set.labels.end()) > 0)
    notes.push_back(name_of(labels) + ": no image has the label " + std::to_string(layout.first_label) +
                    (layout.first_label == 0 ? "; EMNIST's letters begin with 1: idx_layout emnist_letters" : ""));
  return notes;
}

/// The file `images`, in `channels` channels, and its labels if the file for them is there. `layout` as `idx_layout`.
inline NamedDataset read_idx_pair(const std::string& images, const std::string& layout, Index channels) {
  const IdxLayout family = idx_layout(layout, images);
  const std::string labels = labels_beside(images);
  NamedDataset set{read_idx_dataset(images, labels, 0, family, channels)};
  set.notes = idx_notes(images, labels, set.images, family);
  return set;
}

}  // namespace detail
}  // namespace mae
MAE_PRECISE_END
