// What a program found out about something, said once: for a reader lines of a title and a text, for a program JSON.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <mae/core/config.hpp>

namespace program {

class Facts {
 public:
  using Value = nlohmann::ordered_json;

  /// A line, and its value under `key`; null: the text itself.
  void add(const std::string& title, const std::string& text, const std::string& key, Value value = nullptr);
  void add(const std::string& title, const std::string& text) { add(title, text, title); }
  /// One of several things under `key`: in JSON a list.
  void add_to(const std::string& title, const std::string& text, const std::string& key, Value value = nullptr);
  void add_to(const std::string& title, const std::string& text) { add_to(title, text, title); }
  /// A value that needs no line, for others say it.
  void set(const std::string& key, Value value) { json_[key] = std::move(value); }

  void add_to_list(const std::string& key, Value value) { json_[key].push_back(std::move(value)); }
  /// All that others say; their lines alone.
  void append(const Facts& others) {
    append_lines(others);
    json_.update(others.json_);
  }
  void append_lines(const Facts& others) { lines_.insert(lines_.end(), others.lines_.begin(), others.lines_.end()); }

  /// Prints the lines; on a terminal long ones are folded at blanks.
  void print() const;
  /// All of it, names of files as texts that JSON may hold.
  const Value& json() const { return json_; }

 private:
  Value json_ = Value::object();
  std::vector<std::pair<std::string, std::string>> lines_;
};

/// "1,234,567": counts as people read them.
std::string grouped(mae::Index number);
/// "2 images", "1 image".
std::string counted(mae::Index number, const char* what);

}  // namespace program
