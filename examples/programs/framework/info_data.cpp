// Data sets: how many images of which sizes and classes, and the faults that show without decoding all of them.
#include "info.hpp"

#include <mae/io/annotations/class_map_folder.hpp>
#include <mae/io/annotations/doctor.hpp>
#include <mae/io/images/data_source.hpp>
#include <mae/io/tensors/npy.hpp>

#include "source.hpp"

#include <annotation_formats.hpp>

namespace program {
namespace {

using mae::Index;

constexpr Index headers = 4096, decoded = 8, looked_at = 64;  ///< files of a folder, where not all are asked for
constexpr Index array_bytes = Index{1} << 29;                 ///< an array of more is read if all is asked for

std::string sides(Index height, Index width) { return std::to_string(width) + " x " + std::to_string(height); }

/// What is wrong with files, a few of them in words.
class Wrong {
 public:
  void add(const mae::Error& error) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(std::string(error.what()).substr(5));
  }
  void add(std::vector<std::string> faults) {
    faults_.insert(faults_.end(), std::make_move_iterator(faults.begin()), std::make_move_iterator(faults.end()));
  }
  void tell(Facts& facts) {
    std::sort(faults_.begin(), faults_.end());
    facts.set("faults", faults_.size());
    for (std::size_t i = 0; i < faults_.size() && i < 5; ++i) facts.add_to("fault", faults_[i], "first_faults");
    if (faults_.size() > 5)
      facts.add_to("fault", "and " + std::to_string(faults_.size() - 5) + " more", "first_faults");
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> faults_;
};

/// Calls look(i) for `most` of `count` things, evenly spread, or for all; by all threads.
template <class Look>
Index each_of(Index count, Index most, const Look& look) {
  const Index taken = std::min(count, most);
  mae::parallel_for_each<mae::DefaultThreads>(taken, mae::DefaultThreads::count(),
                                              [&](Index k, int) { look(k * count / taken); });
  return taken;
}
std::string of_all(Index taken, Index count) {
  return taken == count ? "" : ", of " + grouped(taken) + " looked at; --scan looks at all";
}

/// Sizes and faults of the files of a folder.
void tell_files(const mae::ImageFolder<ImageFormats>& folder, const Asked& asked, Facts& facts) {
  Wrong wrong;
  std::mutex mutex;
  std::vector<std::pair<Index, Index>> sizes;
  std::map<Index, Index> channels;
  std::vector<char> bad(static_cast<std::size_t>(folder.size()), 0);
  const Index taken = each_of(folder.size(), asked.scan ? folder.size() : headers, [&](Index i) {
    try {
      const mae::ImageHeader header = mae::image_header<ImageFormats>(folder.path(i));
      const std::lock_guard lock(mutex);
      sizes.emplace_back(header.upright_height(), header.upright_width());
    } catch (const mae::Error& error) { bad[static_cast<std::size_t>(i)] = 1, wrong.add(error); }
  });
  each_of(folder.size(), asked.scan ? folder.size() : decoded, [&](Index i) {
    if (bad[static_cast<std::size_t>(i)]) return;
    try {
      const mae::Image image = mae::read_image<ImageFormats>(folder.path(i));
      const std::lock_guard lock(mutex);
      ++channels[image.channels];
    } catch (const mae::Error& error) { wrong.add(error); }
  });
  tell_sizes(std::move(sizes), facts);
  std::string text;
  for (const auto& [count, images] : channels)
    text += (text.empty() ? "" : ", ") + std::string(count == 1 ? "grey" : "colour") + " in " + grouped(images);
  Index all = 0;
  for (const auto& [count, images] : channels) all += images;
  if (!text.empty()) facts.add("channels", text + of_all(all, folder.size()), "channels", channels.rbegin()->first);
  facts.set("looked_at", taken);
  wrong.tell(facts);
}

/// How many images each part of a divided folder has, by the beginnings of names.
void tell_parts(const std::vector<std::string>& parts, const mae::ImageList* list, Facts& facts) {
  if (parts.empty()) return;
  std::string text;
  Facts::Value counts = Facts::Value::object();
  for (const std::string& part : parts) {
    Index count = 0;
    if (list)
      for (const std::string& name : list->names) count += name.starts_with(part + "/") ? 1 : 0;
    text += (text.empty() ? "" : ", ") + part + (list ? " " + grouped(count) : "");
    counts[mae::json_name(part)] = list ? Facts::Value(count) : Facts::Value(nullptr);
  }
  facts.add("parts", text, "parts", counts);
}

template <class Labels>
std::vector<Index> counts_of(const Labels& labels, Index classes) {
  std::vector<Index> counts(static_cast<std::size_t>(classes), 0);
  for (const auto label : labels)
    if (label >= 0 && label < classes) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

}  // namespace

void tell_sizes(std::vector<std::pair<Index, Index>> sizes, Facts& facts) {
  if (sizes.empty()) return;
  std::sort(sizes.begin(), sizes.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first * a.second, a) < std::pair(b.first * b.second, b);
  });
  const auto &low = sizes.front(), &middle = sizes[sizes.size() / 2], &high = sizes.back();
  const auto text = [](const auto& size) { return sides(size.first, size.second); };
  const auto json = [](const auto& size) { return Facts::Value{{"width", size.second}, {"height", size.first}}; };
  facts.add("sizes",
            low == high ? "all " + text(low)
                        : "smallest " + text(low) + ", median " + text(middle) + ", largest " + text(high) + " pixels",
            "sizes", {{"min", json(low)}, {"median", json(middle)}, {"max", json(high)}});
}

void tell_classes(const std::vector<std::string>& names, const std::vector<Index>& counts, const char* of,
                  Facts& facts) {
  if (counts.empty()) return facts.add("classes", "none", "classes", Facts::Value::array());
  Facts::Value list = Facts::Value::array();
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::string name = i < names.size() ? names[i] : std::to_string(i);
    list.push_back({{"name", mae::json_name(name)}, {of, counts[i]}});
    if (i < 20) text += (i == 0 ? ": " : ", ") + name + " " + grouped(counts[i]);
  }
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  if (counts.size() > 20)
    text += " and " + std::to_string(counts.size() - 20) + " more, from " + grouped(*least) + " to " + grouped(*most) +
            " " + of;
  facts.add("classes", std::to_string(counts.size()) + text, "classes", list);
}

void tell_image(const std::string& path, Facts& facts) {
  const mae::InputFile file(path);
  const mae::FileKind kind = mae::file_kind(file);
  const mae::ImageHeader header = mae::image_header<ImageFormats>(path);
  facts.add("kind", kind.name, "kind", "image");
  facts.add("size", sides(header.upright_height(), header.upright_width()) + " pixels", "size",
            {{"width", header.upright_width()}, {"height", header.upright_height()}});
  if (header.orientation != 1)
    facts.add("upright", "turned, as its orientation " + std::to_string(header.orientation) + " says", "orientation",
              header.orientation);
  const mae::Image image = mae::read_image<ImageFormats>(path);
  facts.add("channels", image.channels == 1 ? "grey" : "colour", "channels", image.channels);
}

void tell_images(const std::string& path, const std::string& format, const Asked& asked, Facts& facts) {
  mae::DataOptions options{.format = format, .split = mae::Split::all, .whole = true};
  const std::string array = mae::detail::is_folder(path) ? mae::detail::spelled_in(path, "images.npy") : path;
  if (mae::detail::is_folder(path) && mae::detail::has_file(array) && !asked.scan &&
      mae::InputFile(array).size() > array_bytes)
    return tell_array(array, asked, facts);
  const std::vector<std::string> formats = format.empty() ? mae::detail::recognise_formats(path) : std::vector{format};
  if (formats == std::vector<std::string>{"idx"}) options.folder.channels = 1;
  if (formats == std::vector<std::string>{"npy"}) {
    const mae::InputFile file(array);
    options.folder.channels = mae::detail::npy_image_axes(array, mae::read_npy_header(file).shape).channels;
  }
  const mae::DataSource<ImageFormats> data(path, options);
  const mae::Images images = data.images();
  std::map<std::string, const char*> kinds{{"folder", "a folder of images"},
                                           {"idx", "images of MNIST's form (IDX)"},
                                           {"cifar10", "CIFAR-10"},
                                           {"cifar100", "CIFAR-100"},
                                           {"npy", "images in an array of NumPy"}};
  facts.add("kind", kinds[data.format()], "kind", "images");
  facts.set("format", data.format());
  facts.add("images", grouped(images.size()), "images", images.size());
  tell_parts(data.parts(), data.folder() ? &data.folder()->list() : nullptr, facts);
  std::vector<std::string> notes = data.notes();
  if (data.folder()) {
    const mae::ImageList& list = data.folder()->list();
    describe_folder(list, notes);
    tell_classes(data.class_names(), counts_of(list.labels, static_cast<Index>(list.class_names.size())), "images",
                 facts);
    tell_files(*data.folder(), asked, facts);
  } else {
    const mae::Dataset& set = *data.dataset();
    tell_classes(data.class_names(), counts_of(set.labels, set.classes), "images", facts);
    tell_sizes({{set.height, set.width}}, facts);
    facts.add("channels", set.channels == 1 ? "grey" : "colour", "channels", set.channels);
    facts.set("faults", 0);
  }
  for (const std::string& note : notes) facts.add_to("note", note, "notes");
}

void tell_array(const std::string& path, const Asked& asked, Facts& facts) {
  const mae::InputFile file(path);
  const mae::NpyHeader header = mae::read_npy_header(file);
  std::string why_not;
  try {
    mae::detail::npy_image_axes(path, header.shape);
    if (asked.scan || file.size() <= array_bytes) tell_images(path, "npy", asked, facts);
    else why_not = memory(static_cast<double>(file.size())) + " were not read; --scan reads them";
  } catch (const mae::Error& error) { why_not = std::string(error.what()).substr(5); }
  if (!why_not.empty()) {
    facts.add("kind", "an array of NumPy", "kind", "array");
    facts.add_to("note", "as images: " + why_not, "notes");
  }
  facts.add(
      "array",
      header.dtype + " of shape " + mae::shape_text(header.shape) + (header.fortran ? ", first axis fastest" : ""),
      "shape", header.shape);
  facts.set("dtype", header.dtype);
}

void tell_annotations(const std::string& path, const Asked& asked, Facts& facts) {
  // Images are looked for, but what is annotated can be told without them.
  const bool inside = mae::detail::is_folder(path);
  mae::AnnotationSet set;
  std::string no_images;
  try {
    set = mae::read_annotations<AnnotationFormats>(path);
  } catch (const mae::Error& error) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    if (inside) throw;
    no_images = std::string(error.what()).substr(5);
    if (!mae::detail::lower_case(path).ends_with(".json"))
      throw mae::Error(path, "annotations in a file of another name", "a name that ends in .json, as COCO's");
    set = mae::read_annotations<AnnotationFormats>(path, {.images = folder.empty() ? "." : folder});
  }
  facts.add("kind", "annotated images", "kind", "annotations");
  facts.set("source", mae::json_name(set.source));
  facts.add("images",
            no_images.empty() ? grouped(static_cast<Index>(set.images.size())) + " in " + set.folder
                              : grouped(static_cast<Index>(set.images.size())) + ", whose files were not found near",
            "images", set.images.size());
  Index boxes = 0, outlines = 0, crowds = 0, difficult = 0;
  for (const mae::Annotation& one : set.annotations) {
    boxes += one.has_box() ? 1 : 0, outlines += one.has_segmentation() ? 1 : 0;
    crowds += one.crowd ? 1 : 0, difficult += one.difficult ? 1 : 0;
  }
  const mae::CategoryClasses classes(set.categories);
  std::vector<Index> counts(static_cast<std::size_t>(classes.count()), 0);
  for (const mae::Annotation& one : set.annotations)
    if (const auto label = classes.class_of(one.category)) ++counts[static_cast<std::size_t>(*label)];
  std::set<std::int64_t> with;
  for (const mae::Annotation& one : set.annotations) with.insert(one.image);
  facts.add("objects",
            grouped(static_cast<Index>(set.annotations.size())) + ", " + grouped(boxes) + " with a box, " +
                grouped(outlines) + " with an outline or mask" +
                (crowds > 0 ? ", " + grouped(crowds) + " crowds" : "") +
                (difficult > 0 ? ", " + grouped(difficult) + " difficult" : "") + "; in " +
                counted(static_cast<Index>(with.size()), "image"),
            "objects", set.annotations.size());
  facts.set("boxes", boxes);
  facts.set("outlines", outlines);
  facts.set("crowds", crowds);
  facts.set("difficult", difficult);
  tell_classes(classes.names(), counts, "objects", facts);
  std::vector<std::pair<Index, Index>> sizes;
  for (const mae::AnnotatedImage& image : set.images)
    if (image.height > 0 && image.width > 0) sizes.emplace_back(image.height, image.width);
  tell_sizes(std::move(sizes), facts);
  if (asked.scan && no_images.empty()) mae::mend<ImageFormats>(set);
  else mae::mend_annotations(set);
  Index faults = 0;
  for (const auto& [fault, found] : set.findings.all()) faults += found.count;
  facts.set("faults", faults);
  for (const std::string& line : set.findings.lines(mae::Faults::refuse)) facts.add_to("fault", line, "first_faults");
  if (!asked.scan || !no_images.empty())
    facts.add_to("note",
                 "images were not looked at; " +
                     std::string(no_images.empty() ? "--scan, or the program annotations, looks at them" : no_images),
                 "notes");
}

void tell_class_maps(const std::string& folder, const Asked& asked, Facts& facts) {
  const mae::ClassMapList list = mae::list_class_maps(folder);
  facts.add("kind", "images with class maps", "kind", "class maps");
  facts.add("images", grouped(list.size()) + " in " + list.images_folder + ", maps in " + list.maps_folder, "images",
            list.size());
  try {
    const mae::ClassMapList others = mae::list_class_maps(folder, {.split = mae::Split::test});
    facts.add("held out",
              counted(others.size(), "image") + " in " + (others.list.empty() ? others.images_folder : others.list),
              "held_out", others.size());
  } catch (const mae::Error&) {  // there is no such part
  }
  if (!list.list.empty()) facts.add("list", list.list);
  Wrong wrong;
  wrong.add(list.faults);
  std::mutex mutex;
  std::array<Index, 256> pixels{}, images{};
  std::vector<std::pair<Index, Index>> sizes;
  const Index taken = each_of(list.size(), asked.scan ? list.size() : looked_at, [&](Index i) {
    const std::string map_path = list.maps_folder + "/" + list.maps[static_cast<std::size_t>(i)];
    const std::string path = list.images_folder + "/" + list.images[static_cast<std::size_t>(i)];
    try {
      const mae::Image map = mae::read_class_map_png(map_path, {});
      const mae::ImageHeader header = mae::image_header<ImageFormats>(path);
      std::array<Index, 256> here{};
      for (const std::uint8_t c : map.pixels) ++here[c];
      const std::lock_guard lock(mutex);
      for (std::size_t c = 0; c < 256; ++c) pixels[c] += here[c], images[c] += here[c] > 0 ? 1 : 0;
      sizes.emplace_back(header.upright_height(), header.upright_width());
      if (map.height != header.upright_height() || map.width != header.upright_width())
        wrong.add(mae::Error(map_path, sides(map.height, map.width) + " pixels",
                             sides(header.upright_height(), header.upright_width()) + ", as its image has"));
    } catch (const mae::Error& error) { wrong.add(error); }
  });
  Index all = 0;
  for (const Index count : pixels) all += count;
  Facts::Value classes = Facts::Value::array();
  std::string text;
  Index count = 0;
  for (std::size_t c = 0; c < 256; ++c) {
    if (pixels[c] == 0) continue;
    const double share = 100.0 * static_cast<double>(pixels[c]) / static_cast<double>(all);
    classes.push_back(
        {{"class", c == 255 ? Facts::Value(nullptr) : Facts::Value(c)}, {"pixels", pixels[c]}, {"images", images[c]}});
    count += c == 255 ? 0 : 1;
    if (classes.size() <= 20)
      text +=
          (text.empty() ? ": " : ", ") + (c == 255 ? "none (255)" : std::to_string(c)) + " " + decimal(share, 1) + " %";
  }
  facts.add("classes", std::to_string(count) + text + of_all(taken, list.size()), "classes", classes);
  tell_sizes(std::move(sizes), facts);
  wrong.tell(facts);
}

}  // namespace program
