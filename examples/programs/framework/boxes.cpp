#include "boxes.hpp"

#include <mae/backend/threads.hpp>
#include <mae/io/annotations/annotated_folder.hpp>
#include <mae/io/annotations/doctor.hpp>

#include "display.hpp"

#include <annotation_formats.hpp>

#include <filesystem>
#include <map>
#include <set>

namespace program {
namespace {

class AnnotatedImages final : public OpenedBoxes {
 public:
  /// `others` are the flags that look at what is left alone.
  AnnotatedImages(mae::AnnotationSet set, mae::FolderOptions options, std::string others)
      : others_(std::move(others)), folder_(std::move(set), std::move(options)) {}

  mae::Images images() const override { return folder_; }
  const std::vector<std::string>& class_names() const override { return folder_.class_names(); }
  std::string place() const override { return annotations().folder; }
  std::string kind() const override {
    const std::string& list = annotations().part;
    return "boxes of " + annotations().source + (list.empty() ? "" : "; the names in " + list);
  }
  std::vector<std::string> notes() const override {
    const mae::CategoryClasses categories(annotations().categories);
    std::map<std::int64_t, mae::Index> objects;
    for (const mae::Annotation& one : annotations().annotations) ++objects[one.category];
    std::vector<std::string> lines{mae::summary(annotations())};
    mae::Index on_line = 0;
    for (const auto& [id, count] : objects) {
      if (on_line++ % 6 == 0) lines.emplace_back("objects by class: ");
      const auto number = static_cast<std::size_t>(categories.class_of(id).value());
      lines.back() += (on_line % 6 == 1 ? "" : ", ") + mae::detail::quoted(categories.names()[number]) + " " +
                      std::to_string(count);
    }
    if (!others_.empty() && !annotations().left_alone.empty())
      lines.push_back("left alone: " + annotations().left_alone + "; " + others_ + " looks at it");
    return lines;
  }
  std::vector<std::string> notes_on(const std::vector<mae::Index>& training, const Opened& others,
                                    const std::vector<mae::Index>& held_out) const override {
    const auto& held = dynamic_cast<const OpenedBoxes&>(others).annotations();
    const std::set<std::string> learnt = categories_of(part_of(annotations(), training));
    std::string never;
    for (const std::string& name : categories_of(part_of(held, held_out)))
      if (!learnt.contains(name)) never += (never.empty() ? "" : ", ") + mae::detail::quoted(name);
    if (never.empty()) return {};
    return {"classes of held-out objects that no image to train on has, so that they are never learnt: " + never};
  }
  mae::Index file_count() const override { return folder_.size(); }
  std::string file(mae::Index i) const override { return folder_.images().path(i); }
  bool decodes() const override { return true; }
  std::string name(mae::Index i) const override { return folder_.images().name(i); }
  mae::Index decoding_bytes() const override { return folder_.images().decoding_bytes(); }
  double bytes() const override {
    double pixels = 0;
    for (const mae::AnnotatedImage& image : annotations().images)
      pixels += static_cast<double>(image.height) * static_cast<double>(image.width);
    return pixels * static_cast<double>(folder_.channel_count());
  }
  const mae::AnnotationSet& annotations() const override { return folder_.annotations(); }

 private:
  /// Names of the categories that have an object.
  static std::set<std::string> categories_of(const mae::AnnotationSet& set) {
    const mae::CategoryClasses all(set.categories);
    std::set<std::string> names;
    for (const mae::Annotation& one : set.annotations)
      names.insert(all.names()[static_cast<std::size_t>(all.class_of(one.category).value())]);
    return names;
  }

  std::string others_;
  mae::AnnotatedFolder<ImageFormats> folder_;
};

/// Leaves out the images that cannot be decoded whole, with their annotations, and tells each.
void leave_out_damaged(mae::AnnotationSet& set, const mae::FolderOptions& options) {
  mae::DecodeOptions quiet = options.decoding;
  quiet.report = {};  // what is doubtful is told when it is read to be looked at
  std::vector<std::string> wrong(set.images.size());
  Progress progress("images", static_cast<mae::Index>(wrong.size()));
  mae::parallel_for_each<mae::DefaultThreads>(
      static_cast<mae::Index>(wrong.size()), mae::DefaultThreads::count(), [&](mae::Index i, int) {
        const auto at = static_cast<std::size_t>(i);
        try {
          static_cast<void>(mae::read_image<ImageFormats>(set.folder + "/" + set.images[at].file, options.channels,
                                                          options.shortest_side, quiet));
        } catch (const mae::Error& error) { wrong[at] = error.what(); }
        progress.count();
      });
  std::vector<mae::Index> whole;
  for (std::size_t i = 0; i < wrong.size(); ++i)
    if (wrong[i].empty()) whole.push_back(static_cast<mae::Index>(i));
    else options.report(wrong[i]);
  mae::AnnotationSet rest = part_of(set, whole);
  set.images = std::move(rest.images), set.annotations = std::move(rest.annotations);
}

}  // namespace

CategoryIds category_ids(const mae::AnnotationSet& set, const std::vector<std::string>& names) {
  const mae::CategoryClasses all(set.categories);
  CategoryIds ids(names.size());
  // Where two share a name, ids tell them apart.
  const bool named = std::set<std::string>(names.begin(), names.end()).size() == names.size();
  for (std::size_t k = 0; k < static_cast<std::size_t>(all.count()); ++k) {
    const auto at = std::find(names.begin(), names.end(), all.names()[k]) - names.begin();
    ids.at(named ? static_cast<std::size_t>(at) : k) = all.id(static_cast<std::int32_t>(k));
  }
  return ids;
}

std::vector<std::vector<mae::LabelledBox>> objects_by_image(const mae::AnnotationSet& set, const CategoryIds& ids) {
  std::map<std::int64_t, std::size_t> numbers;
  for (const mae::AnnotatedImage& image : set.images) numbers.emplace(image.id, numbers.size());
  std::vector<std::vector<mae::LabelledBox>> objects(set.images.size());
  for (const mae::Annotation& one : set.annotations) {
    const auto label = std::find(ids.begin(), ids.end(), one.category) - ids.begin();
    objects[numbers.at(one.image)].push_back({one.box(), static_cast<std::int32_t>(label), one.crowd || one.difficult});
  }
  return objects;
}

mae::AnnotationSet part_of(const mae::AnnotationSet& set, const std::vector<mae::Index>& numbers) {
  mae::AnnotationSet part{.source = set.source, .categories = set.categories, .more = set.more};
  std::set<std::int64_t> ids;
  for (const mae::Index number : numbers) {
    part.images.push_back(set.images[static_cast<std::size_t>(number)]);
    ids.insert(part.images.back().id);
  }
  for (const mae::Annotation& one : set.annotations)
    if (ids.contains(one.image)) part.annotations.push_back(one);
  return part;
}

Opener box_opener(const DataSettings& settings, const BoxSettings& boxes, mae::Index channels) {
  return [&settings, &boxes, channels](const Wanted& wanted) -> std::unique_ptr<const Opened> {
    const bool other = wanted.held_out && !wanted.only;
    const std::string& given = (other ? boxes.validation_annotations : boxes.annotations)();
    std::error_code unknown;
    const bool apart = !given.empty() && !std::filesystem::equivalent(given, wanted.path, unknown);
    const std::string from = apart ? given : wanted.path;
    mae::AnnotationSet set = mae::read_annotations<AnnotationFormats>(
        from, {.images = apart ? wanted.path : "",
               .missing_is_empty = boxes.missing_is_empty(),
               .split = wanted.held_out ? mae::Split::test : mae::Split::train});
    mae::mend<ImageFormats>(set);
    const mae::Faults faults = boxes.faults() == "mend" ? mae::Faults::mend : mae::Faults::refuse;
    for (const std::string& line : set.findings.lines(faults)) report("annotations", line);
    set.findings.ensure_accepted(from, faults);
    mae::FolderOptions options = folder_options(settings, channels);
    options.classes = wanted.classes;
    if (options.bad == mae::BadImage::skip) leave_out_damaged(set, options);
    std::string others;  // nothing else is looked at
    if (settings.validation().empty())
      others = "--validation " + wanted.path + (apart ? " --validation_annotations " + from : "");
    return std::make_unique<const AnnotatedImages>(std::move(set), std::move(options), std::move(others));
  };
}

}  // namespace program
