#include "class_maps.hpp"

#include <mae/io/annotations/class_map_folder.hpp>
#include <mae/io/images/name_list.hpp>

#include "display.hpp"

#include <image_formats.hpp>

#include <limits>

namespace program {
namespace {

using Folder = mae::ClassMapFolder<ImageFormats>;

class ClassMaps final : public OpenedClassMaps {
 public:
  /// `alone`: no other collection is held out.
  ClassMaps(const std::string& path, const mae::ClassMapFolderOptions& options, std::vector<std::string> names,
            bool alone)
      : path_(path),
        names_(std::move(names)),
        reduced_(options.maps.reduce_zero_label),
        alone_(alone),
        folder_(path, options) {}

  mae::Images images() const override { return folder_; }
  const std::vector<std::string>& class_names() const override { return names_; }
  std::string place() const override { return folder_.list().images_folder; }
  std::string kind() const override {
    return "class maps of " + folder_.list().maps_folder +
           (folder_.list().list.empty() ? "" : "; the names in " + folder_.list().list);
  }
  std::vector<std::string> notes() const override {
    std::vector<std::string> lines = histogram();
    const mae::ClassMapSurvey& survey = folder_.survey();
    if (!survey.empty.empty())
      lines.push_back("class maps of 255, no class, everywhere: " + std::to_string(survey.empty.size()) + ", such as " +
                      mae::detail::quoted(survey.empty[0]));
    if (survey.classes() == 151 && !reduced_)
      lines.push_back("151 classes: in ADE20K's files 0 is none, and there are 150; --reduce_zero_label reads them so");
    if (alone_ && !folder_.list().left_alone.empty())
      lines.push_back("left alone: " + folder_.list().left_alone + "; --validation " + path_ + " looks at it");
    return lines;
  }
  std::vector<std::string> notes_on(const std::vector<mae::Index>& training, const Opened& others,
                                    const std::vector<mae::Index>& held_out) const override {
    std::bitset<256> learnt, asked;
    for (const mae::Index number : training) learnt |= classes_in(number);
    for (const mae::Index number : held_out) asked |= dynamic_cast<const OpenedClassMaps&>(others).classes_in(number);
    std::string never;
    for (std::size_t c = 0; c < mae::ClassMap::ignored; ++c)
      if (asked[c] && !learnt[c]) never += (never.empty() ? "" : ", ") + called(c);
    if (never.empty()) return {};
    return {"classes of held-out class maps that are in none to train on, so that they are never learnt: " + never};
  }
  mae::Index file_count() const override { return folder_.size(); }
  std::string file(mae::Index i) const override { return folder_.path(i); }
  bool decodes() const override { return true; }
  std::string name(mae::Index i) const override { return folder_.name(i); }
  mae::Index decoding_bytes() const override { return folder_.images().decoding_bytes(); }
  double bytes() const override { return std::numeric_limits<double>::infinity(); }
  mae::Image own_map(mae::Index number) const override { return folder_.own_map(number); }
  const std::bitset<256>& classes_in(mae::Index number) const override { return folder_.classes_in(number); }

 private:
  /// The share of pixels of each class, a few on a line.
  std::vector<std::string> histogram() const {
    const mae::ClassMapSurvey& survey = folder_.survey();
    double all = 0;
    for (const mae::Index pixels : survey.pixels) all += static_cast<double>(pixels);
    auto share = [&](std::size_t c) {
      return decimal(100 * static_cast<double>(survey.pixels[c]) / all, 1) + " % in " +
             std::to_string(survey.images[c]);
    };
    std::vector<std::string> lines;
    std::string absent;
    mae::Index on_line = 0, missing = 0;
    for (std::size_t c = 0; c < static_cast<std::size_t>(folder_.class_count()); ++c) {
      if (survey.pixels[c] == 0) {
        if (missing++ < 8) absent += (absent.empty() ? "" : ", ") + called(c);
        continue;
      }
      if (on_line++ % 6 == 0) lines.push_back(lines.empty() ? "pixels by class, and maps that have it: " : "");
      lines.back() += (on_line % 6 == 1 ? "" : "; ") + called(c) + " " + share(c);
    }
    if (survey.pixels[255] > 0) lines.push_back("pixels without a class: " + share(255));
    if (missing > 0)
      lines.push_back("classes without a pixel, " + std::to_string(missing) + " of " +
                      std::to_string(folder_.class_count()) + ": " + absent + (missing > 8 ? ", ..." : ""));
    return lines;
  }
  std::string called(std::size_t c) const {
    return std::to_string(c) + (c < names_.size() ? " " + mae::detail::quoted(names_[c]) : "");
  }

  std::string path_;
  std::vector<std::string> names_;
  bool reduced_, alone_;
  Folder folder_;
};

}  // namespace

Opener class_map_opener(const DataSettings& settings, const ClassMapSettings& maps, mae::Index channels,
                        mae::Index classes) {
  return [&settings, &maps, channels, classes](const Wanted& wanted) -> std::unique_ptr<const Opened> {
    mae::ClassMapFolderOptions options;
    options.folder = folder_options(settings, channels);
    options.maps = {.reduce_zero_label = maps.reduce_zero_label(), .max_pixels = settings.max_pixels()};
    const bool other = wanted.held_out && !wanted.only;
    options.place = {.class_maps = other ? maps.validation_class_maps() : maps.class_maps(),
                     .split = wanted.held_out ? mae::Split::test : mae::Split::train,
                     .whole = wanted.whole};
    std::vector<std::string> names = wanted.classes;
    if (names.empty() && !maps.classes().empty()) names = mae::read_names(maps.classes());
    options.classes = static_cast<mae::Index>(names.size());
    options.most_classes = classes;
    std::unique_ptr<Progress> progress;
    options.begin = [&](mae::Index count) { progress = std::make_unique<Progress>("class maps", count); };
    options.looked = [&] { progress->count(); };
    return std::make_unique<const ClassMaps>(wanted.path, options, std::move(names),
                                             !wanted.held_out && settings.validation().empty());
  };
}

}  // namespace program
