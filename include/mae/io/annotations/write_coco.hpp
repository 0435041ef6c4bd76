// Writing annotations as COCO's JSON (coco.hpp): whole or not at all, a line for each entry, numbers as they were read.
#pragma once
#include <mae/io/annotations/coco.hpp>
#include <mae/io/files/atomic_file.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

/// A JSON object that is written member by member.
class JsonObject {
 public:
  JsonObject& add(const char* key, const std::string& value) {
    text_ += (text_.empty() ? "{\"" : ", \"") + std::string(key) + "\": " + value;
    return *this;
  }
  JsonObject& add(const char* key, std::int64_t value) { return add(key, std::to_string(value)); }
  /// Members as text, perhaps none.
  JsonObject& add(const std::string& more) {
    if (!more.empty()) text_ += (text_.empty() ? "{" : ", ") + more;
    return *this;
  }
  std::string text() const { return text_.empty() ? "{}" : text_ + "}"; }

 private:
  std::string text_;
};

inline std::string json_text(const std::string& text) { return nlohmann::json(json_name(text)).dump(); }

template <class Numbers>
std::string json_list(const Numbers& numbers) {
  std::string text;
  for (const auto& number : numbers) {
    text += text.empty() ? "[" : ", ";
    if constexpr (std::is_floating_point_v<std::remove_cvref_t<decltype(number)>>) text += shortest_text(number);
    else text += std::to_string(number);
  }
  return text.empty() ? "[]" : text + "]";
}
/// A mask as COCO writes it: a text, or with `plain` a list of counts, which is how it writes crowds.
inline std::string json_mask(const RunLengthMask& mask, bool plain) {
  return "{\"size\": " + json_list(std::array{mask.height(), mask.width()}) +
         ", \"counts\": " + (plain ? json_list(mask.counts()) : json_text(mask.text())) + "}";
}
inline std::string json_polygons(const std::vector<std::vector<double>>& polygons) {
  std::string text;
  for (const std::vector<double>& polygon : polygons) text += (text.empty() ? "[" : ", ") + json_list(polygon);
  return text.empty() ? "[]" : text + "]";
}

inline std::string json_annotation(const Annotation& from) {
  JsonObject object;
  if (from.id != Annotation::no_id) object.add("id", from.id);
  object.add("image_id", from.image).add("category_id", from.category);
  if (from.has_box()) object.add("bbox", json_list(std::array{from.x, from.y, from.width, from.height}));
  if (is_finite(from.area)) object.add("area", shortest_text(from.area));
  object.add("iscrowd", from.crowd ? 1 : 0);
  if (from.difficult) object.add("ignore", 1);
  if (from.mask) object.add("segmentation", json_mask(*from.mask, from.crowd));
  else object.add("segmentation", json_polygons(from.polygons));
  return object.add(from.more).text();
}

/// A file being written, in pieces.
class JsonFile {
 public:
  explicit JsonFile(const std::string& path) : file_(path) {}
  void add(const std::string& text) {
    waiting_ += text;
    if (waiting_.size() > (1u << 20)) flush();
  }
  /// `"key": [entry, ...]`, or the list alone without a key.
  template <class Entries, class Text>
  void list(const std::string& key, const Entries& entries, const Text& text_of) {
    add(key.empty() ? "[" : "\"" + key + "\": [");
    bool first = true;
    for (const auto& entry : entries) {
      add((first ? "\n" : ",\n") + text_of(entry));
      first = false;
    }
    add("]");
  }
  void commit() {
    flush();
    file_.commit();
  }

 private:
  void flush() {
    file_.write(waiting_.data(), static_cast<Index>(waiting_.size()));
    waiting_.clear();
  }
  AtomicFile file_;
  std::string waiting_;
};

}  // namespace detail

/// Writes a set, atomically. Throws `Error` if the file cannot be written.
inline void write_coco(const std::string& path, const AnnotationSet& set) {
  detail::JsonFile file(path);
  file.add("{");
  if (!set.more.empty()) file.add(set.more + ",\n");
  file.list("categories", set.categories, [](const Category& category) {
    return detail::JsonObject()
        .add("id", category.id)
        .add("name", detail::json_text(category.name))
        .add(category.more)
        .text();
  });
  file.add(",\n");
  file.list("images", set.images, [](const AnnotatedImage& image) {
    detail::JsonObject object;
    object.add("id", image.id).add("file_name", detail::json_text(image.file));
    if (image.height > 0 && image.width > 0) object.add("height", image.height).add("width", image.width);
    return object.add(image.more).text();
  });
  file.add(",\n");
  file.list("annotations", set.annotations, detail::json_annotation);
  file.add("}\n");
  file.commit();
}

}  // namespace mae
MAE_PRECISE_END
