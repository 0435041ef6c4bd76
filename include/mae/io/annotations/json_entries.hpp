// A long text in JSON, entry by entry: an object of lists of objects, or one such list.
//
// Files of annotations have millions of small objects. One after the other is cut out of the text and parsed alone, so
// no tree of the whole is ever built, and an error names the byte where its object begins. Cutting also sees what
// parsers refuse or hide: NaN and Infinity (Python writes them), which become null; a comma before a closing bracket;
// keys that occur twice; brackets nested deeper than anything that is an annotation.
#pragma once
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <mae/io/annotations/findings.hpp>
#include <mae/io/files/checked_size.hpp>
#include <mae/io/files/file_kind.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// How many values an entry of a list may have.
inline constexpr std::size_t json_value_limit = 1'000'000;

class JsonEntries {
 public:
  /// `findings` are told what was mended in the text of the file `path`.
  JsonEntries(const std::string& path, std::string_view text, Findings& findings)
      : path_(path), text_(text), findings_(findings) {
    // nlohmann's parser takes a zero byte for the end of the text and would ignore what follows.
    if (text.find('\0') != text.npos) throw Error(path, "a zero byte", expected);
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
  }

  /// Whether the text is a list.
  bool is_list() { return skip_space() == '['; }

  /// Calls entry(object, byte) for each of the list that the text is.
  template <class Entry>
  void each(const Entry& entry) {
    list(entry);
    finish();
  }
  /// Calls entry(key, object, byte) for each object of the lists that `is_list(key)` is true for, and rest(key, value)
  /// with all others, as text.
  template <class IsList, class Entry, class Rest>
  void each(const IsList& is_list, const Entry& entry, const Rest& rest) {
    open('{');
    while (next('}')) {
      const std::size_t begin = at_;
      if (skip_space() != '"') malformed();
      const std::string key = parse(value(), begin).get<std::string>();
      for (const std::string& known : keys_)
        if (known == key) throw Error(path_, "the key " + quoted(key) + " twice", "each once");
      keys_.push_back(key);
      if (skip_space() != ':') malformed();
      ++at_;
      if (!is_list(key)) {
        const std::size_t from = at_;
        const std::string text = value();
        if (!nlohmann::json::accept(text)) malformed_after(from);
        rest(key, text);
      } else if (skip_space() == '[') list([&](auto& object, std::size_t byte) { entry(key, object, byte); });
      else throw Error(path_, "no list for the key " + quoted(key), "a list of objects");
    }
    finish();
  }

 private:
  static constexpr const char* expected = "annotations in JSON";
  static constexpr int deepest = 64;

  [[noreturn]] void malformed() const {
    throw Error(path_,
                at_ >= text_.size() ? "an end within the JSON text" : "malformed JSON at byte " + std::to_string(at_),
                expected);
  }
  [[noreturn]] void malformed_after(std::size_t begin) const {
    throw Error(path_, "malformed JSON after byte " + std::to_string(begin), expected);
  }
  /// The next character that is no space; 0 at the end.
  char skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void open(char bracket) {
    if (skip_space() != bracket) malformed();
    ++at_;
    first_ = true;
  }
  /// Goes to the next member of what `close` closes; false after the last.
  bool next(char close) {
    bool comma = false;
    if (skip_space() == ',' && !first_) comma = true, ++at_;
    if (skip_space() == close) {
      if (comma) findings_.add(Fault::json_comma, place(at_));
      ++at_;
      first_ = false;
      return false;
    }
    if (!comma && !first_) malformed();
    first_ = false;
    return true;
  }
  template <class Entry>
  void list(const Entry& entry) {
    open('[');
    while (next(']')) {
      if (skip_space() != '{') throw Error(path_, "no object at byte " + std::to_string(at_), "a list of objects");
      const std::size_t begin = at_;
      nlohmann::json object = parse(value(json_value_limit), begin);
      // A tree keeps one of equal keys.
      if (object.size() != members_)
        throw Error(path_, "an object with a key twice at byte " + std::to_string(begin), "each once");
      entry(object, begin);
      first_ = false;
    }
    first_ = false;
  }
  void finish() {
    if (skip_space() != '\0' || at_ < text_.size()) malformed();
  }
  nlohmann::json parse(const std::string& text, std::size_t begin) const {
    nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
    if (value.is_discarded()) malformed_after(begin);
    return value;
  }
  std::string place(std::size_t at) const { return path_ + ": byte " + std::to_string(at); }

  /// One value, cut out of the text and mended; counts its members if it is an object. A tree takes far more memory
  /// than the text that it is made of, so what becomes one has at most `most` commas.
  std::string value(std::size_t most = SIZE_MAX) {
    std::string mended;
    members_ = 0;
    int depth = 0;
    skip_space();
    std::size_t copied = at_, comma = 0;  // where in `mended` a comma stands that only spaces follow, plus 1
    const auto copy = [&] {
      mended.append(text_.substr(copied, at_ - copied));
      copied = at_;
    };
    const auto significant = [&] { comma = 0; };
    do {
      const char c = skip_space();
      if (c == '\0') malformed();
      if (c == '"') {
        significant();
        skip_string();
      } else if (c == '{' || c == '[') {
        significant();
        if (++depth > deepest)
          throw Error(path_,
                      "more than " + std::to_string(deepest) + " levels of brackets at byte " + std::to_string(at_),
                      "fewer");
        ++at_;
      } else if (c == '}' || c == ']') {
        if (--depth < 0) malformed();
        if (comma != 0) {
          findings_.add(Fault::json_comma, place(at_));
          copy();
          mended[comma - 1] = ' ';
        }
        significant();
        ++at_;
      } else if (c == ',') {
        if (depth == 0) malformed();
        if (most-- == 0)
          throw Error(path_, "an object of too many values at byte " + std::to_string(at_),
                      "at most " + std::to_string(json_value_limit) + " in each, as of a polygon");
        copy();
        mended += ',';
        comma = mended.size();
        copied = ++at_;
      } else if (c == ':') {
        if (depth == 0) malformed();
        members_ += depth == 1 ? 1 : 0;
        significant();
        ++at_;
      } else {
        significant();
        copy();
        skip_word();
        if (const std::string_view word = text_.substr(copied, at_ - copied);
            word == "NaN" || word == "Infinity" || word == "-Infinity") {
          findings_.add(Fault::json_number, place(copied));
          mended += "null";
          copied = at_;
        }
      }
    } while (depth > 0);
    copy();
    return mended;
  }
  void skip_string() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') ++at_;
      else if (text_[at_] == '"') {
        ++at_;
        return;
      }
    }
    malformed();
  }
  void skip_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::string_view(" \n\r\t,:[]{}\"").find(text_[at_]) == std::string_view::npos) ++at_;
    if (at_ == begin) malformed();
  }

  const std::string& path_;
  std::string_view text_;
  Findings& findings_;
  std::size_t at_ = 0, members_ = 0;
  bool first_ = true;
  std::vector<std::string> keys_;
};

}  // namespace mae::detail
MAE_PRECISE_END
