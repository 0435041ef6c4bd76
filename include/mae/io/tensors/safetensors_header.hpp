// The header of a safetensors file: a JSON object that says which tensors follow and where.
//
//   {"__metadata__": {"text": "text", ...},
//    "encoder.norm.weight": {"dtype": "F32", "shape": [768], "data_offsets": [0, 3072]}, ...}
//
// The parser below is fed token by token and knows only this form. It never builds a JSON tree, so deep nesting costs
// nothing, and it sees what a tree would hide: keys that occur twice. The rules are those of the format's own
// description (github.com/huggingface/safetensors): the tensors cover the data without hole or overlap.
#pragma once
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include <mae/io/tensors/tensor_file.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

struct SafetensorsHeader {
  std::vector<TensorEntry> entries;
  std::map<std::string, std::string> metadata;
};

/// Receives the tokens of the header from nlohmann's parser (its "SAX" interface) and keeps track of where it is.
class HeaderParser {
 public:
  HeaderParser(const std::string& path, SafetensorsHeader& header) : path_(path), header_(header) {}

  bool null() { wrong("null"); }
  bool boolean(bool) { wrong("a boolean"); }
  bool number_integer(std::int64_t) { wrong("a negative number"); }
  bool number_float(double, const std::string&) { wrong("a fraction or a number beyond 64 bits"); }
  template <class Binary>
  bool binary(Binary&) {
    wrong("binary data");
  }

  bool number_unsigned(std::uint64_t value) {
    if (place_ != Place::shape && place_ != Place::offsets) wrong("a number");
    if (value > std::uint64_t{(std::numeric_limits<Index>::max)()}) wrong("the number " + std::to_string(value));
    (place_ == Place::shape ? entry_.shape : offsets_).push_back(static_cast<Index>(value));
    return true;
  }
  bool string(std::string& text) {
    if (place_ == Place::metadata) header_.metadata[key_] = std::move(text);
    else if (place_ == Place::entry && key_ == "dtype") entry_.dtype = std::move(text);
    else wrong("a string");
    return true;
  }
  bool start_object(std::size_t) {
    if (place_ == Place::outside) {
      place_ = Place::top;
    } else if (place_ == Place::top) {
      place_ = key_ == "__metadata__" ? Place::metadata : Place::entry;
      entry_ = {};
      entry_.name = key_;
      offsets_.clear();
      fields_.clear();
    } else {
      wrong("an object");
    }
    return true;
  }
  bool key(std::string& name) {
    std::set<std::string>& seen = place_ == Place::top ? names_ : fields_;
    key_ = std::move(name);
    if (!seen.insert(key_).second) throw Error(subject(), "the key " + quoted(key_) + " twice", "each key once");
    if (place_ == Place::entry && key_ != "dtype" && key_ != "shape" && key_ != "data_offsets")
      throw Error(subject(), "the key " + quoted(key_), "dtype, shape and data_offsets");
    return true;
  }
  bool start_array(std::size_t) {
    if (place_ == Place::entry && key_ == "shape") place_ = Place::shape;
    else if (place_ == Place::entry && key_ == "data_offsets") place_ = Place::offsets;
    else wrong("an array");
    return true;
  }
  bool end_array() {
    place_ = Place::entry;
    return true;
  }
  bool end_object() {
    if (place_ == Place::entry) finish_entry();
    place_ = place_ == Place::top ? Place::outside : Place::top;
    return true;
  }
  template <class Exception>
  bool parse_error(std::size_t position, const std::string&, const Exception&) {
    throw Error(path_, "malformed JSON at byte " + std::to_string(position) + " of the header", "a JSON object");
  }

 private:
  enum class Place { outside, top, metadata, entry, shape, offsets };

  std::string subject() const {
    return place_ == Place::top        ? path_
           : place_ == Place::metadata ? path_ + ": __metadata__"
                                       : path_ + ": tensor " + quoted(entry_.name);
  }
  [[noreturn]] void wrong(const std::string& found) const {
    const char* expected = place_ == Place::top        ? "an object for each tensor"
                           : place_ == Place::metadata ? "strings as metadata"
                           : place_ == Place::shape    ? "a shape of whole numbers"
                           : place_ == Place::offsets  ? "data_offsets of two whole numbers"
                                                       : "dtype a string, shape and data_offsets arrays";
    throw Error(subject(), found + " for the key " + quoted(key_), expected);
  }
  void finish_entry() {
    if (fields_.size() != 3)
      throw Error(subject(), std::to_string(fields_.size()) + " keys", "dtype, shape and data_offsets");
    if (offsets_.size() != 2)
      throw Error(subject(), std::to_string(offsets_.size()) + " data_offsets", "two: begin and end");
    entry_.begin = offsets_[0];
    entry_.end = offsets_[1];
    header_.entries.push_back(std::move(entry_));
  }

  const std::string& path_;
  SafetensorsHeader& header_;
  Place place_ = Place::outside;
  std::string key_;
  TensorEntry entry_;
  std::vector<Index> offsets_;
  std::set<std::string> names_, fields_;
};

/// Checks that every tensor fills exactly its bytes and that the tensors together fill exactly `data_bytes`.
inline void check_layout(const std::string& path, const std::vector<TensorEntry>& entries, Index data_bytes) {
  std::vector<const TensorEntry*> order;
  for (const TensorEntry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const TensorEntry* a, const TensorEntry* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
  });
  Index position = 0;
  for (const TensorEntry* entry : order) {
    const std::string subject = path + ": tensor " + quoted(entry->name);
    const std::string where = "data_offsets " + shape_text({entry->begin, entry->end});
    if (entry->end < entry->begin) throw Error(subject, where, "an end not before the begin");
    if (entry->end > data_bytes)
      throw Error(subject, where,
                  "an end within the " + std::to_string(data_bytes) + " bytes of data: the file was cut or is damaged");
    const Index element = dtype_bytes(entry->dtype);
    const Index bytes = bytes_of(entry->shape, element == 0 ? 1 : element);
    const std::string what = entry->dtype + " of shape " + shape_text(entry->shape);
    if (bytes < 0) throw Error(subject, quoted(what), "a size below 2^63 bytes");
    if (element != 0 && bytes != entry->end - entry->begin)  // the size of an unknown dtype cannot be checked
      throw Error(subject, where, std::to_string(bytes) + " bytes for " + quoted(what));
    if (entry->begin != position)
      throw Error(subject, where, "a begin of " + std::to_string(position) + ": no hole and no overlap");
    position = entry->end;
  }
  if (position != data_bytes)
    throw Error(path, std::to_string(data_bytes) + " bytes of data",
                std::to_string(position) + ", the end of the last tensor");
}

/// Parses and checks the header `text` of the file `path`, in which `data_bytes` bytes follow it.
inline SafetensorsHeader parse_header(const std::string& path, std::string_view text, Index data_bytes) {
  // The format asks for '{' first. So the parser has no token to judge outside the object.
  if (text.empty() || text.front() != '{') throw Error(path, "a header that does not start with '{'", "a JSON object");
  // nlohmann's parser takes a zero byte for the end of the text and would ignore what follows.
  if (text.find('\0') != text.npos) throw Error(path, "a zero byte in the header", "text padded with spaces");
  SafetensorsHeader header;
  HeaderParser parser(path, header);
  nlohmann::json::sax_parse(text.begin(), text.end(), &parser);
  check_layout(path, header.entries, data_bytes);
  return header;
}

}  // namespace detail
}  // namespace mae
MAE_PRECISE_END
