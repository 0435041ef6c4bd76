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

/// A text in JSON, list by list.
class JsonText {
 public:
  virtual ~JsonText() = default;
  void add(const std::string& text) {
    text_ += text;
    if (text_.size() > (1u << 20)) full();
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
  const std::string& text() const { return text_; }

 protected:
  virtual void full() {}
  std::string text_;
};
/// The same as a file, which takes what there is from time to time.
class JsonFile : public JsonText {
 public:
  explicit JsonFile(const std::string& path) : file_(path) {}
  void commit() {
    full();
    file_.commit();
  }

 private:
  void full() override {
    file_.write(text_.data(), static_cast<Index>(text_.size()));
    text_.clear();
  }
  AtomicFile file_;
};

inline void add_coco(JsonText& text, const AnnotationSet& set) {
  text.add("{");
  if (!set.more.empty()) text.add(set.more + ",\n");
  text.list("categories", set.categories, [](const Category& category) {
    return JsonObject().add("id", category.id).add("name", json_text(category.name)).add(category.more).text();
  });
  text.add(",\n");
  text.list("images", set.images, [](const AnnotatedImage& image) {
    JsonObject object;
    object.add("id", image.id).add("file_name", json_text(image.file));
    if (image.height > 0 && image.width > 0) object.add("height", image.height).add("width", image.width);
    return object.add(image.more).text();
  });
  text.add(",\n");
  text.list("annotations", set.annotations, json_annotation);
  text.add("}\n");
}

}  // namespace detail

/// A set as text.
inline std::string coco_text(const AnnotationSet& set) {
  detail::JsonText text;
  detail::add_coco(text, set);
  return text.text();
}

/// Writes a set, atomically. Throws `Error` if the file cannot be written.
inline void write_coco(const std::string& path, const AnnotationSet& set) {
  detail::JsonFile file(path);
  detail::add_coco(file, set);
  file.commit();
}

}  // namespace mae
MAE_PRECISE_END
