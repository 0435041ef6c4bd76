// Annotated images and class maps: how many of which sizes and categories, and the faults of annotations.
#include <mae/io/annotations/class_map_list.hpp>
#include <mae/io/annotations/class_map_png.hpp>
#include <mae/io/annotations/doctor.hpp>

#include "info_files.hpp"

#include <annotation_formats.hpp>

#include <array>
#include <filesystem>
#include <set>

namespace program {
namespace {

using mae::Index;

constexpr Index looked_at = 64;  ///< class maps, where not all are asked for

}  // namespace

void tell_annotations(const std::string& path, const Asked& asked, Facts& facts) {
  // Images are looked for, but what is annotated can be told without them.
  const bool inside = std::filesystem::is_directory(path);
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
