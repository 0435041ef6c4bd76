// Annotations in Pascal VOC's XML, one file an image: who includes this file links pugixml.
//
//   <annotation><filename>a.jpg</filename><size><width>640</width><height>480</height></size>
//     <object><name>dog</name><difficult>0</difficult>
//       <bndbox><xmin>11</xmin><ymin>21</ymin><xmax>110</xmax><ymax>70</ymax></bndbox></object></annotation>
//
// Pixels count from 1 and both ends are inside, so a box is [xmin - 1, xmax) x [ymin - 1, ymax) in continuous pixels;
// fractions are taken as they are. Difficult objects are neither learnt nor evaluated. Categories are numbered from 1
// in the order of their names, which the files alone give, without spaces around them; images and annotations in the
// order of the files' names.
//
// A folder is either VOC's own, with Annotations/ and JPEGImages/ in it, or one in which each .xml lies beside its
// image. Of its own, ImageSets/Main/ may have lists that divide it (voc_lists.hpp): then a part has the images that its
// list names, and the categories of all.
#pragma once
#include <pugixml.hpp>

#include <mae/io/annotations/annotation_source.hpp>
#include <mae/io/annotations/voc_lists.hpp>
#include <mae/io/files/folder_walk.hpp>
#include <mae/io/files/input_file.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The largest XML file that is read, in bytes: an image's has some kilobytes.
inline constexpr Index voc_file_limit = Index{4} << 20;

namespace detail {

/// What one file says, with the categories by name.
struct VocFile {
  AnnotatedImage image;
  std::vector<Annotation> annotations;
  std::vector<std::string> names;  ///< of their categories, one for each
};

/// The text of a member, without spaces around it, whatever comments stand in it.
inline std::string voc_text(const pugi::xml_node& node, const char* name) {
  std::string text;
  for (const pugi::xml_node& part : node.child(name).children()) text += part.value();
  return trimmed(text);
}
inline double voc_number(const pugi::xml_node& node, const char* name) {
  return number_in(voc_text(node, name)).value_or(Annotation::not_said);
}

/// Whether there is an &entity; in `text`, which XML's own five would not have left there.
inline bool has_entity(const std::string& text) {
  for (std::size_t at = text.find('&'); at != text.npos; at = text.find('&', at + 1)) {
    const std::size_t end = text.find_first_of("&; ", at + 1);
    if (end != text.npos && text[end] == ';' && end > at + 1) return true;
  }
  return false;
}

/// Makes an annotation of `object`, none if its box cannot be read; what is wrong with it is a finding.
inline std::optional<Annotation> voc_annotation(const pugi::xml_node& object, const std::string& place,
                                                Findings& findings) {
  Annotation made;
  const std::string difficult = voc_text(object, "difficult");
  made.difficult = difficult == "1";
  if (difficult != "1" && difficult != "0" && !difficult.empty())
    findings.add(Fault::difficult_unknown, place + ": " + quoted(difficult));
  const pugi::xml_node box = object.child("bndbox");
  double ends[4];
  const char* const names[4] = {"xmin", "ymin", "xmax", "ymax"};
  for (int i = 0; i < 4; ++i) {
    ends[i] = voc_number(box, names[i]);
    if (const std::string text = voc_text(box, names[i]); !is_finite(ends[i]) && !text.empty()) {
      findings.add(Fault::line_unreadable, place + ": " + names[i] + " " + quoted(text.substr(0, 60)));
      return std::nullopt;
    }
  }
  const auto [x0, y0, x1, y1] = ends;
  if (is_finite(x0) && is_finite(y0) && is_finite(x1) && is_finite(y1)) made.set_box({x0 - 1, y0 - 1, x1, y1});
  if (x0 == 0 || y0 == 0) findings.add(Fault::from_zero, place);
  return made;
}

}  // namespace detail

/// What the text of one file says. Throws `Error` about `path` if it is no annotation in XML.
inline detail::VocFile decode_voc(std::string_view text, const std::string& path, Findings& findings) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
  if (!parsed)
    throw Error(path, std::string("\"") + parsed.description() + "\" at byte " + std::to_string(parsed.offset),
                "an annotation in Pascal VOC's XML");
  const pugi::xml_node root = document.child("annotation");
  if (!root) throw Error(path, "XML without <annotation>", "an annotation in Pascal VOC's XML");
  detail::VocFile file;
  file.image.file = detail::voc_text(root, "filename");
  const pugi::xml_node size = root.child("size");
  const auto extent = [&](const char* name) {
    const double value = detail::voc_number(size, name);
    return value >= 1 && value < 2147483648.0 ? static_cast<Index>(value) : 0;
  };
  file.image.height = extent("height");
  file.image.width = extent("width");
  std::size_t count = 0;
  for (const pugi::xml_node& object : root.children("object")) {
    const std::string place = path + ": object " + std::to_string(++count), name = detail::voc_text(object, "name");
    if (name.empty()) {
      findings.add(Fault::object_unnamed, place);
      continue;
    }
    if (detail::has_entity(name)) findings.add(Fault::entity_unknown, place + ": " + detail::quoted(name));
    std::optional<Annotation> made = detail::voc_annotation(object, place, findings);
    if (!made) continue;
    file.annotations.push_back(*std::move(made));
    file.names.push_back(name);
  }
  return file;
}

namespace detail {

/// The .xml files of `folder`, sorted.
inline std::vector<std::string> xml_files(const std::string& folder) {
  std::vector<std::string> files;
  for (const std::string& name : entries_of(folder).others)
    if (lower_case(name).ends_with(".xml")) files.push_back(name);
  return files;
}

/// The images of a folder by the part of their names before the ending.
inline std::map<std::string, std::string> images_by_stem(const std::string& folder) {
  std::map<std::string, std::string> names;
  for (const std::string& name : entries_of(folder).images) names.emplace(name.substr(0, name.rfind('.')), name);
  return names;
}

}  // namespace detail

/// Reads a folder, the part `split` of it where lists divide it; so many `places` are kept of each kind of fault.
/// Throws `Error` if there is no .xml file, if one is no annotation, or if a list names none.
inline AnnotationSet read_voc(const std::string& folder, std::size_t places = 5, Split split = Split::all) {
  const bool own = std::filesystem::is_directory(folder + "/Annotations");
  AnnotationSet set{.source = folder, .findings = Findings(places)};
  const std::string where = own ? folder + "/Annotations" : folder;
  set.folder = own ? folder + "/JPEGImages" : folder;
  const std::vector<std::string> files = detail::xml_files(where);
  if (files.empty()) throw Error(where, "no .xml file", "Pascal VOC's annotations, one for each image");
  if (!std::filesystem::is_directory(set.folder))
    throw Error(set.folder, "no folder", "the images of Annotations/, as Pascal VOC has them");
  const std::map<std::string, std::string> images = detail::images_by_stem(set.folder);
  const VocList list = own ? voc_list(folder, "Main", split) : VocList{};
  set.part = list.path, set.left_alone = list.left_alone;
  std::set<std::string> unmet;  // of the names in the list
  if (!list.path.empty())
    for (std::string& name : names_in_voc_list(list.path)) unmet.insert(std::move(name));
  std::map<std::string, std::int64_t> categories;
  std::vector<std::string> names;
  for (const std::string& name : files) {
    const std::string path = where + "/" + name;
    if (const InputFile file(path); file.size() > voc_file_limit)
      throw Error(path, std::to_string(file.size()) + " bytes",
                  "an annotation in XML of at most " + std::to_string(voc_file_limit));
    const std::vector<char> bytes = read_file<char>(path);
    const std::string stem = name.substr(0, name.size() - 4);
    const bool wanted = list.path.empty() || unmet.erase(stem) > 0;
    Findings of_others;
    detail::VocFile one = decode_voc({bytes.data(), bytes.size()}, path, wanted ? set.findings : of_others);
    for (const std::string& category : one.names) categories.emplace(category, 0);
    if (!wanted) continue;
    one.image.id = static_cast<std::int64_t>(set.images.size()) + 1;
    // The image that bears the name of the .xml file is meant, whatever is written there: files are copied and renamed.
    if (const auto at = images.find(stem); at != images.end()) {
      if (one.image.file != at->second)
        set.findings.add(Fault::image_named_otherwise, path + ": " + detail::quoted(one.image.file));
      one.image.file = at->second;
    }
    if (one.image.file.empty())
      throw Error(path, "no <filename>, and no image of the same name", "the name of an image");
    for (std::size_t i = 0; i < one.annotations.size(); ++i) {
      Annotation& annotation = one.annotations[i];
      annotation.id = static_cast<std::int64_t>(set.annotations.size()) + 1;
      annotation.image = one.image.id;
      if (annotation.has_box()) annotation.area = annotation.box().area();
      names.push_back(one.names[i]);
      set.annotations.push_back(std::move(annotation));
    }
    set.images.push_back(std::move(one.image));
  }
  std::set<std::string> annotated;
  for (const AnnotatedImage& image : set.images) annotated.insert(image.file);
  for (const auto& [stem, name] : images)
    if (!annotated.contains(name) && (list.path.empty() || unmet.erase(stem) > 0))
      set.findings.add(Fault::image_unlabelled, set.folder + "/" + name);
  for (const std::string& name : unmet) set.findings.add(Fault::image_missing, list.path + ": " + detail::quoted(name));
  if (set.images.empty()) throw Error(list.path, "no name of an annotated image", "at least one");
  for (auto& [name, id] : categories) {
    id = static_cast<std::int64_t>(set.categories.size()) + 1;
    set.categories.push_back({id, name});
  }
  for (std::size_t i = 0; i < names.size(); ++i) set.annotations[i].category = categories.at(names[i]);
  return set;
}

/// Pascal VOC's XML as one of the formats that a program reads (annotation_source.hpp).
struct Voc {
  static constexpr const char* name = "Pascal VOC";
  static constexpr const char* layout = "a folder with Annotations/ and JPEGImages/, or with a .xml beside each image";
  static bool is(const std::string& path) {
    return std::filesystem::is_directory(path) &&
           (std::filesystem::is_directory(path + "/Annotations") || !detail::xml_files(path).empty());
  }
  static AnnotationSet read(const std::string& path, const AnnotationOptions& options) {
    AnnotationSet set = read_voc(path, options.places, options.split);
    if (!options.images.empty()) set.folder = options.images;
    return set;
  }
};

}  // namespace mae
MAE_PRECISE_END
