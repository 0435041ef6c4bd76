// A text in JSON as a list of its values, each under the way that leads to it: what {"a": {"b": 1}, "c": [2, 3]} says
// is "a.b" -> "1" and "c" -> "[2, 3]". Objects in a list are left out: "[{}, {}]".
//
// That suffices for settings, and it is read token by token, never as a tree: nesting costs nothing, keys that occur
// twice are seen, numbers stay as they were written, and a text of any size takes limited memory.
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <mae/io/files/checked_size.hpp>
#include <mae/io/files/file_kind.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The longest JSON text that is read, in bytes.
inline constexpr Index json_limit = 4 << 20;

namespace detail {

/// Receives the tokens of a text from nlohmann's parser (its "SAX" interface).
class FlatJson {
 public:
  FlatJson(const std::string& path, std::map<std::string, std::string>& values) : path_(path), values_(values) {}

  bool null() { return add("null"); }
  bool boolean(bool value) { return add(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) { return add(std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return add(std::to_string(value)); }
  bool number_float(double, const std::string& text) { return add(text); }
  bool string(std::string& text) { return add(text); }
  template <class Binary>
  bool binary(Binary&) {
    return false;  // JSON has none
  }
  bool start_object(std::size_t) { return open({false, way_.size(), {}}); }
  bool start_array(std::size_t) { return open({true, way_.size(), {}}); }
  bool key(std::string& name) {
    if (hidden_ > 0) return true;
    way_.resize(levels_.back().way);
    if (!way_.empty()) way_ += '.';
    way_ += name;
    if (way_.size() > 500) throw Error(path_, "a name of more than 500 bytes", "a shorter one");
    return true;
  }
  bool end_object() { return close("{}"); }
  bool end_array() { return close(hidden_ > 0 ? std::string() : "[" + levels_.back().text + "]"); }
  template <class Exception>
  bool parse_error(std::size_t position, const std::string&, const Exception&) {
    throw Error(path_, "malformed JSON at byte " + std::to_string(position), "a JSON object");
  }

 private:
  struct Level {
    bool list;
    std::size_t way;   // how much of `way_` leads here
    std::string text;  // of a list: its values so far
  };

  bool add(const std::string& text) {
    if (hidden_ > 0) return true;
    taken_ += static_cast<Index>(2 * text.size() + (levels_.back().list ? 4 : way_.size() + 150));
    if (taken_ > json_limit)
      throw Error(path_, "more than " + std::to_string(json_limit) + " bytes of settings", "fewer");
    if (levels_.back().list) levels_.back().text += (levels_.back().text.empty() ? "" : ", ") + text;
    else if (!values_.emplace(way_, text).second) throw Error(path_, "the key " + quoted(way_) + " twice", "each once");
    return true;
  }
  bool open(Level level) {
    if (levels_.size() == 64) throw Error(path_, "more than 64 levels", "fewer");
    if (hidden_ > 0 || (!level.list && !levels_.empty() && levels_.back().list)) ++hidden_;
    else levels_.push_back(std::move(level));
    return true;
  }
  bool close(const std::string& text) {
    const bool list = levels_.back().list;
    if (hidden_ > 1) return --hidden_, true;
    if (hidden_ == 1) return --hidden_, add(text);
    way_.resize(levels_.back().way);
    levels_.pop_back();
    return list ? add(text) : true;
  }

  const std::string& path_;
  std::map<std::string, std::string>& values_;
  std::string way_;
  std::vector<Level> levels_;
  Index hidden_ = 0;  // how deep in an object of a list
  Index taken_ = 0;
};

}  // namespace detail

/// The values of the JSON object in `file`. Throws `Error` unless it is one, of at most `json_limit` bytes, in which no
/// key occurs twice.
inline std::map<std::string, std::string> read_flat_json(const InputFile& file) {
  if (file.size() > json_limit)
    throw Error(file.path(), std::to_string(file.size()) + " bytes", "JSON of at most " + std::to_string(json_limit));
  std::string text(static_cast<std::size_t>(file.size()), ' ');
  file.read(0, text.data(), file.size());
  const std::size_t start = (std::min)(text.find_first_not_of(" \t\r\n"), text.size());
  if (start == text.size() || text[start] != '{') refuse_kind(file, "no JSON object", "a JSON object");
  // nlohmann's parser takes a zero byte for the end of the text and would ignore what follows.
  if (text.find('\0') != text.npos) throw Error(file.path(), "a zero byte", "a JSON object");
  std::map<std::string, std::string> values;
  detail::FlatJson parser(file.path(), values);
  nlohmann::json::sax_parse(text.begin() + static_cast<std::ptrdiff_t>(start), text.end(), &parser);
  return values;
}

}  // namespace mae
MAE_PRECISE_END
