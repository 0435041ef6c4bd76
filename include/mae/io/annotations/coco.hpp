// Annotations in COCO's JSON, read and written.
//
//   {"images": [{"id": 7, "file_name": "a.jpg", "height": 480, "width": 640}],
//    "categories": [{"id": 18, "name": "dog"}],
//    "annotations": [{"id": 1, "image_id": 7, "category_id": 18, "bbox": [10.5, 20, 100, 50], "area": 3120.5,
//                     "iscrowd": 0, "segmentation": [[10.5, 20, 110.5, 20, 60, 70]]}]}
//
// A box is x, y, width, height in continuous pixels. A segmentation is a list of polygons, whose union the object is,
// or run lengths {"size": [height, width], "counts": list or text} (data/run_length.hpp). "ignore": 1 marks what is
// neither learnt nor evaluated, as Pascal VOC's difficult objects.
//
// Reading is patient: what is wrong with an annotation becomes a finding (findings.hpp), and the annotation has nothing
// there; `mend` says what is done (doctor.hpp). An error is what leaves no data set: no such lists, an image without an
// id, JSON that is malformed.
#pragma once
#include <mae/io/annotations/annotations.hpp>
#include <mae/io/annotations/json_entries.hpp>
#include <mae/io/files/json_name.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

/// One object of a file of annotations: its members are taken out one by one, what remains is kept as text.
class CocoEntry {
 public:
  CocoEntry(nlohmann::json& object, std::string place) : object_(object), place_(std::move(place)) {}

  const std::string& place() const { return place_; }

  /// A whole number; none if the member is absent or something else. Numbers in texts are numbers.
  std::optional<std::int64_t> whole(const char* key) {
    const nlohmann::json value = take(key);
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) return std::nullopt;
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
    if (value.is_string()) {
      const auto number = number_in<std::int64_t>(value.get_ref<const std::string&>());
      texts_ = texts_ || number;
      return number;
    }
    const double number = real(value);
    if (!is_finite(number) || math::fabs(number) > 9e15 || math::floor(number) != number) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  double real(const char* key) {
    const nlohmann::json value = take(key);
    note_texts(value);
    return real(value);
  }
  /// Whether numbers were written as texts.
  bool texts() const { return texts_; }
  /// Sees whether `value`, or one in the lists that it is, is a text and a number.
  void note_texts(const nlohmann::json& value) {
    if (value.is_string()) texts_ = texts_ || is_finite(real(value));
    else if (value.is_array() && !texts_)
      for (const nlohmann::json& one : value) note_texts(one);
  }
  std::string text(const char* key) {
    const nlohmann::json value = take(key);
    return value.is_string() ? name_of_json(value.get_ref<const std::string&>()) : std::string();
  }
  nlohmann::json take(const char* key) {
    const auto at = object_.find(key);
    if (at == object_.end()) return nullptr;
    nlohmann::json value = std::move(*at);
    object_.erase(at);
    return value;
  }
  /// What was not taken: members, without the brackets around them.
  std::string more() const {
    if (object_.empty()) return "";
    const std::string text = object_.dump();
    return text.substr(1, text.size() - 2);
  }
  /// NaN if it is no number. -0.0 is 0, as which -0 is read.
  static double real(const nlohmann::json& value) {
    if (value.is_number()) return value.get<double>() + 0.0;
    if (value.is_string()) return number_in(value.get_ref<const std::string&>()).value_or(Annotation::not_said);
    return Annotation::not_said;
  }

 private:
  nlohmann::json& object_;
  std::string place_;
  bool texts_ = false;
};

/// Reads {"size": [height, width], "counts": list or text}. Throws `Error` if it is no mask.
inline RunLengthMask read_run_lengths(const nlohmann::json& value, const std::string& subject) {
  const auto size = value.find("size"), counts = value.find("counts");
  const auto whole = [](const nlohmann::json& number) {
    return number.is_number_integer() && number.get<std::int64_t>() >= 0;
  };
  if (size == value.end() || counts == value.end() || !size->is_array() || size->size() != 2 || !whole((*size)[0]) ||
      !whole((*size)[1]))
    throw Error(subject, "run lengths without size and counts", "a size of height and width, and counts");
  const Index height = (*size)[0].get<Index>(), width = (*size)[1].get<Index>();
  if (counts->is_string())
    return RunLengthMask::from_text(height, width, counts->get_ref<const std::string&>(), subject);
  std::vector<Index> runs;
  if (counts->is_array())
    for (const nlohmann::json& run : *counts)
      if (whole(run)) runs.push_back(run.get<Index>());
  if (!counts->is_array() || runs.size() != counts->size())
    throw Error(subject, "counts that are no whole numbers", "the lengths of runs of pixels");
  return RunLengthMask::from_counts(height, width, runs, subject);
}

/// Reads one outline. Throws `Error` if it is no polygon.
inline std::vector<double> read_polygon(const nlohmann::json& value, const std::string& subject) {
  const std::size_t count = value.is_array() ? value.size() : 0;
  if (count < 6 || count % 2 != 0)
    throw Error(subject, "a polygon of " + std::to_string(count) + " numbers", "x and y of at least three corners");
  std::vector<double> polygon;
  polygon.reserve(count);
  for (const nlohmann::json& number : value) {
    polygon.push_back(CocoEntry::real(number));
    if (!is_finite(polygon.back()) || math::fabs(polygon.back()) > polygon_coordinate_limit)
      throw Error(subject, "a polygon with a corner at " + number.dump().substr(0, 20), "pixels of its image");
  }
  return polygon;
}

/// Fills in the outline or mask of `annotation`; what is faulty is a finding and left out.
inline void read_segmentation(const nlohmann::json& value, Annotation& annotation, const std::string& place,
                              Findings& findings) {
  if (value.is_null() || (value.is_array() && value.empty())) return;
  try {
    if (value.is_object()) annotation.mask = read_run_lengths(value, place);
  } catch (const Error& error) {
    return findings.add(Fault::mask_faulty, std::string(error.what()).substr(5));  // without "mae: "
  }
  if (value.is_object()) return;
  // A polygon that is not in a list is one of one.
  const bool bare = value.is_array() && !value[0].is_array() && !value[0].is_object();
  const nlohmann::json list = bare ? nlohmann::json::array({value}) : value;
  if (!list.is_array()) return findings.add(Fault::polygon_faulty, place + ": no list");
  for (const nlohmann::json& polygon : list) try {
      annotation.polygons.push_back(read_polygon(polygon, place));
    } catch (const Error& error) { findings.add(Fault::polygon_faulty, std::string(error.what()).substr(5)); }
}

/// Makes an annotation of its JSON object.
inline Annotation read_annotation(CocoEntry& entry, Findings& findings) {
  Annotation made;
  const std::optional<std::int64_t> id = entry.whole("id");
  made.id = id.value_or(Annotation::no_id);
  const std::string place = entry.place() + (id ? ": annotation " + std::to_string(*id) : "");
  made.image = entry.whole("image_id").value_or(Annotation::no_id);
  made.category = entry.whole("category_id").value_or(Annotation::no_id);
  const nlohmann::json box = entry.take("bbox"), segmentation = entry.take("segmentation");
  entry.note_texts(box), entry.note_texts(segmentation);
  if (box.is_array() && box.size() == 4) {
    double* const numbers[] = {&made.x, &made.y, &made.width, &made.height};
    for (std::size_t i = 0; i < 4; ++i) *numbers[i] = CocoEntry::real(box[i]);
  }
  made.area = entry.real("area");
  const std::optional<std::int64_t> crowd = entry.whole("iscrowd");
  if (!crowd) findings.add(Fault::crowd_absent, place);
  made.crowd = crowd.value_or(0) != 0;
  made.difficult = entry.whole("ignore").value_or(0) != 0;
  read_segmentation(segmentation, made, place, findings);
  if (entry.texts()) findings.add(Fault::number_as_text, place);
  made.more = entry.more();
  return made;
}

}  // namespace detail

/// The set that is the text of `path`. Throws `Error` as `read_coco` does.
inline AnnotationSet decode_coco(std::string_view text, const std::string& path, std::size_t places = 5) {
  AnnotationSet set{.source = path, .findings = Findings(places)};
  detail::JsonEntries entries(path, text, set.findings);
  if (entries.is_list())
    throw Error(path, "a list", "an object of images, annotations and categories; a list is COCO's form of results");
  std::map<std::string, bool> seen{{"images", false}, {"annotations", false}, {"categories", false}};
  const auto read = [&](const std::string& list, nlohmann::json& object, std::size_t byte) {
    detail::CocoEntry entry(object, path);
    if (list == "annotations") {
      set.annotations.push_back(detail::read_annotation(entry, set.findings));
      return;
    }
    const std::optional<std::int64_t> id = entry.whole("id");
    if (!id) throw Error(path, "no id for an entry of " + list + " at byte " + std::to_string(byte), "a whole number");
    if (list == "categories") {
      Category category{*id};
      const nlohmann::json name = entry.take("name");
      if (name.is_string()) category.name = name_of_json(name.get_ref<const std::string&>());
      if (category.name.find_first_not_of(" \t\r\n") == std::string::npos) {
        category.name = name.is_number() ? name.dump() : std::to_string(*id);
        set.findings.add(Fault::category_unnamed, path + ": category " + std::to_string(*id));
      }
      if (entry.texts()) set.findings.add(Fault::number_as_text, path + ": category " + std::to_string(*id));
      category.more = entry.more();
      set.categories.push_back(std::move(category));
      return;
    }
    AnnotatedImage image{*id, entry.text("file_name")};
    if (image.file.empty()) throw Error(path, "no file_name for image " + std::to_string(*id), "the name of its file");
    const auto extent = [&](const char* key) {
      const std::int64_t value = entry.whole(key).value_or(0);
      return value > 0 && value < (std::int64_t{1} << 31) ? static_cast<Index>(value) : 0;
    };
    image.height = extent("height");
    image.width = extent("width");
    if (entry.texts()) set.findings.add(Fault::number_as_text, path + ": image " + std::to_string(*id));
    image.more = entry.more();
    set.images.push_back(std::move(image));
  };
  entries.each([&](const std::string& key) { return seen.contains(key) && (seen[key] = true); }, read,
               [&](const std::string& key, const std::string& value) {
                 set.more += (set.more.empty() ? "" : ", ") + nlohmann::json(key).dump() + ": " + value;
               });
  for (const auto& [key, there] : seen)
    if (!there) throw Error(path, "no list " + detail::quoted(key), "images, annotations and categories");
  return set;
}

/// Reads a file of annotations; so many `places` are kept of each kind of fault. Throws `Error` if it is none: missing,
/// malformed, without one of the three lists, or with an image or category without an id.
inline AnnotationSet read_coco(const std::string& path, std::size_t places = 5) {
  const InputFile file(path);
  const std::vector<char> bytes = read_file<char>(path);
  const std::string_view text(bytes.data(), bytes.size());
  const std::size_t start = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (start == text.npos || (text[start] != '{' && text[start] != '['))
    refuse_kind(file, "no JSON object", "annotations in COCO's JSON");
  return decode_coco(text, path, places);
}

}  // namespace mae
MAE_PRECISE_END
