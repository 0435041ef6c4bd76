// Names of the classes of a folder that YOLO's programs take: in data.yaml, in classes.txt or in obj.names.
//
// Of YAML, `names` is read as a list in brackets, a list of lines, or numbers and names in lines or braces, and `nc`,
// how many there are. A class that has no name there is named by its number.
#pragma once
#include <filesystem>

#include <mae/core/number_text.hpp>
#include <mae/io/annotations/findings.hpp>
#include <mae/io/files/checked_size.hpp>
#include <mae/io/files/input_file.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// The largest number of a class.
inline constexpr std::int64_t yolo_class_limit = 99'999;

/// `text` without spaces around it.
inline std::string trimmed(std::string text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n"), end = text.find_last_not_of(" \t\r\n");
  return begin == text.npos ? "" : text.substr(begin, end - begin + 1);
}
/// A scalar of YAML: without its quotes or comment.
inline std::string yaml_scalar(std::string text) {
  text = trimmed(text);
  if (text.size() >= 2 && (text[0] == '"' || text[0] == '\''))
    if (const std::size_t end = text.find(text[0], 1); end != text.npos) return text.substr(1, end - 1);
  return trimmed(text.substr(0, text.find(" #")));
}
/// What stands behind `key:` at the beginning of a line: where; npos if it is not there.
inline std::size_t yaml_value(const std::string& text, const std::string& key) {
  if (text.starts_with(key + ":")) return key.size() + 1;
  const std::size_t at = text.find("\n" + key + ":");
  return at == text.npos ? at : at + key.size() + 2;
}

/// Adds "number: name"; false if it is none.
inline bool add_numbered(std::vector<std::string>& names, const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return false;
  const auto number = number_in<std::int64_t>(trimmed(text.substr(0, colon)));
  if (!number || *number < 0 || *number > yolo_class_limit) return false;
  const auto at = static_cast<std::size_t>(*number);
  if (at >= names.size()) names.resize(at + 1);
  names[at] = yaml_scalar(text.substr(colon + 1));
  return true;
}

/// The names of classes in a data.yaml: empty where none is said.
inline std::vector<std::string> yaml_names(const std::string& text) {
  std::vector<std::string> names;
  std::size_t at = yaml_value(text, "names");
  if (at == text.npos) return names;
  const std::string first = trimmed(text.substr(at, text.find('\n', at) - at));
  if (first.starts_with('[') || first.starts_with('{')) {
    const char close = first[0] == '[' ? ']' : '}';
    std::string one;
    char quote = '\0';
    for (at = text.find(first[0], at) + 1; at < text.size(); ++at) {
      const char c = text[at];
      if (quote == '\0' && (c == ',' || c == close)) {
        if (close == '}') add_numbered(names, one);
        else if (const std::string name = yaml_scalar(one); !name.empty()) names.push_back(name);
        one.clear();
        if (c == close) break;
        continue;
      }
      if (quote == '\0' ? c == '"' || c == '\'' : c == quote) quote = quote == '\0' ? c : '\0';
      one += c;
    }
    return names;
  }
  for (at = text.find('\n', at); at < text.size();) {
    const std::size_t end = (std::min)(text.find('\n', at + 1), text.size());
    const std::string line = text.substr(at + 1, end - at - 1), inner = trimmed(line);
    at = end;
    if (inner.empty() || inner[0] == '#') continue;
    if (inner.starts_with("- ")) names.push_back(yaml_scalar(inner.substr(2)));
    else if (line[0] != ' ' || !add_numbered(names, inner)) break;
  }
  return names;
}

/// The whole of a file, without a byte order mark.
inline std::string whole_text(const std::string& path) {
  const std::vector<char> bytes = read_file<char>(path);
  const std::string_view text(bytes.data(), bytes.size());
  return std::string(text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text);
}

/// A name for each line that is not empty.
inline std::vector<std::string> names_of_lines(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = (std::min)(text.find('\n', at), text.size());
    if (const std::string line = trimmed(text.substr(at, end - at)); !line.empty()) names.push_back(line);
    at = end + 1;
  }
  return names;
}

/// The names of classes that stand in a file of one of `folders` or above it; empty if there is none. What is doubtful
/// about them is a finding.
inline std::vector<std::string> yolo_names(const std::vector<std::string>& folders, Findings& findings) {
  std::string without;  // a file of names that has none
  for (const std::string& folder : folders) {
    std::string where = folder;
    for (int up = 0; up < 3; ++up, where += "/..")
      for (const char* name : {"data.yaml", "data.yml", "classes.txt", "obj.names"}) {
        const std::string path = where + "/" + name;
        const bool yaml = std::string_view(name).starts_with("data.");
        if ((up == 2 && !yaml) || !std::filesystem::is_regular_file(path)) continue;
        const std::string text = whole_text(path);
        std::vector<std::string> names = yaml ? yaml_names(text) : names_of_lines(text);
        if (names.empty()) {
          if (without.empty()) without = path;
          continue;
        }
        for (std::size_t i = 0; i < names.size(); ++i)
          if (names[i].empty()) {
            names[i] = std::to_string(i);
            findings.add(Fault::names_doubtful, path + ": no name of class " + names[i]);
          }
        if (const std::size_t at = yaml ? yaml_value(text, "nc") : text.npos; at != text.npos) {
          const std::string said = yaml_scalar(text.substr(at, text.find('\n', at) - at));
          if (const auto count = number_in<std::int64_t>(said); count != static_cast<std::int64_t>(names.size()))
            findings.add(Fault::names_doubtful, path + ": " + std::to_string(names.size()) + " names, nc: " + said);
        }
        return names;
      }
  }
  if (!without.empty()) findings.add(Fault::names_doubtful, without + ": no names");
  return {};
}

}  // namespace mae::detail
MAE_PRECISE_END
