#include "opened.hpp"

#include <mae/io/images/data_source.hpp>

#include "source.hpp"

#include <image_formats.hpp>

#include <filesystem>
#include <limits>
#include <map>

namespace program {

void describe_folder(const mae::ImageList& list, std::vector<std::string>& lines) {
  if (list.ignored > 0) lines.push_back(std::to_string(list.ignored) + " files there are not named as images");
  if (list.passed_over > 0)
    lines.push_back("folders passed over, empty or a system's own: " + std::to_string(list.passed_over));
  if (list.repeated > 0)
    lines.push_back("links passed over, to folders that are read already: " + std::to_string(list.repeated));
  if (!list.unlabelled.empty()) lines.push_back("no classes: " + list.unlabelled);
  std::map<std::string, std::string> small;
  for (const std::string& name : list.class_names)
    if (const auto [other, is_new] = small.emplace(mae::detail::lower_case(name), name); !is_new)
      lines.push_back("the classes " + mae::detail::quoted(other->second) + " and " + mae::detail::quoted(name) +
                      " differ by the case of letters alone");
}

namespace {

/// Images with labels or without: a folder, or one of the formats of data_source.hpp.
class LabelledImages final : public Opened {
 public:
  LabelledImages(const std::string& path, const mae::DataOptions& options) : data_(path, options) {}

  mae::Images images() const override { return data_.images(); }
  const std::vector<std::string>& class_names() const override { return data_.class_names(); }
  std::string place() const override { return data_.place(); }
  std::string kind() const override {
    std::string parts;
    for (const std::string& part : data_.parts()) parts += (parts.empty() ? "; its parts " : ", ") + part;
    return data_.format() + parts;
  }
  std::vector<std::string> notes() const override {
    std::vector<std::string> lines;
    if (data_.folder()) describe_folder(data_.folder()->list(), lines);
    lines.insert(lines.end(), data_.notes().begin(), data_.notes().end());
    return lines;
  }
  mae::Index file_count() const override { return data_.file_count(); }
  std::string file(mae::Index i) const override { return data_.file(i); }
  bool decodes() const override { return data_.folder() != nullptr; }
  std::string name(mae::Index i) const override { return data_.folder()->name(i); }
  mae::Index decoding_bytes() const override { return data_.folder()->decoding_bytes(); }
  double bytes() const override {
    if (decodes()) return std::numeric_limits<double>::infinity();
    // Beside the set their numbers: in it, in what is trained on, and in the order of an epoch.
    return static_cast<double>(data_.dataset()->pixels.capacity()) +
           4.0 * static_cast<double>(data_.dataset()->labels.capacity()) +
           3.0 * sizeof(mae::Index) * static_cast<double>(data_.images().size());
  }

 private:
  mae::DataSource<ImageFormats> data_;
};

/// Files that were named one by one.
class ListedImages final : public Opened {
 public:
  ListedImages(const std::vector<std::string>& paths, const mae::FolderOptions& options)
      : paths_(paths), folder_(list_of(paths), options) {}

  mae::Images images() const override { return folder_; }
  const std::vector<std::string>& class_names() const override { return folder_.class_names(); }
  std::string place() const override { return std::to_string(paths_.size()) + " files"; }
  std::string kind() const override { return "files"; }
  std::vector<std::string> notes() const override { return {}; }
  mae::Index file_count() const override { return folder_.size(); }
  std::string file(mae::Index i) const override { return paths_[static_cast<std::size_t>(i)]; }
  bool decodes() const override { return true; }
  std::string name(mae::Index i) const override { return file(i); }
  mae::Index decoding_bytes() const override { return folder_.decoding_bytes(); }
  double bytes() const override { return std::numeric_limits<double>::infinity(); }

 private:
  /// Relative to the root of the file system: a list has one folder.
  static mae::ImageList list_of(const std::vector<std::string>& paths) {
    mae::ImageList list{"", {}, std::vector<std::int32_t>(paths.size(), -1), {}};
    for (const std::string& path : paths)
      list.names.push_back(std::filesystem::absolute(path).relative_path().string());
    return list;
  }

  std::vector<std::string> paths_;
  mae::ImageFolder<ImageFormats> folder_;
};

}  // namespace

Opener image_opener(const DataSettings& settings, mae::Index channels, bool labelled) {
  return [&settings, channels, labelled](const Wanted& wanted) -> std::unique_ptr<const Opened> {
    mae::DataOptions options{.split = wanted.everything ? mae::Split::all
                                      : wanted.held_out ? mae::Split::test
                                                        : mae::Split::train,
                             .whole = wanted.whole};
    options.format = settings.format() == "auto" ? "" : settings.format();
    options.idx_layout = settings.idx_layout() == "auto" ? "" : settings.idx_layout();
    options.parts = settings.parts();
    options.folder = folder_options(settings, channels);
    options.folder.needs_classes = labelled;
    options.folder.classes = wanted.classes;
    return std::make_unique<const LabelledImages>(wanted.path, options);
  };
}

std::unique_ptr<const Opened> open_files(const DataSettings& settings, const std::vector<std::string>& paths,
                                         mae::Index channels) {
  return std::make_unique<const ListedImages>(paths, folder_options(settings, channels));
}

}  // namespace program
