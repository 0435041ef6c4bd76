// Names beside arrays: which row is which file, which number is which class. A JSON list of texts, a line each.
//
//   write_names("features/files.json", names);        // json.load(open("features/files.json"))[row], in Python
//   write_names("features/classes.json", classes);    // [label]
//
// Names may have any bytes (json_name.hpp).
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/checked_size.hpp>
#include <mae/io/files/input_file.hpp>
#include <mae/io/files/json_name.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The names as a JSON list: `indent` -1 on one line, 0 a line each.
inline std::string names_text(const std::vector<std::string>& names, int indent = -1) {
  nlohmann::json list = nlohmann::json::array();
  for (const std::string& name : names) list.push_back(json_name(name));
  return list.dump(indent);
}

/// The names of such a text. Throws `Error` about `subject` if it is none.
inline std::vector<std::string> names_of_text(const std::string& text, const std::string& subject) {
  const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
  bool texts = list.is_array();
  for (const auto& name : list) texts = texts && name.is_string();
  if (!texts) throw Error(subject, "what is no list of names", "a JSON list of texts");
  std::vector<std::string> names;
  for (const auto& name : list) names.push_back(name_of_json(name.get<std::string>()));
  return names;
}

/// Writes the file at `path`. Throws `Error` if that fails; an earlier file is then untouched.
inline void write_names(const std::string& path, const std::vector<std::string>& names) {
  const std::string text = names_text(names, 0) + "\n";
  write_file(path, text.data(), static_cast<Index>(text.size()));
}

/// Reads what `write_names` wrote. Throws `Error` naming the file if it is something else.
inline std::vector<std::string> read_names(const std::string& path) {
  const std::vector<char> bytes = read_file<char>(path);
  return names_of_text({bytes.begin(), bytes.end()}, path);
}

/// In words, for an error: the first place where two lists of classes differ, `found` first.
inline std::pair<std::string, std::string> first_difference(const std::vector<std::string>& found,
                                                            const std::vector<std::string>& expected) {
  std::size_t i = 0;
  while (i < found.size() && i < expected.size() && found[i] == expected[i]) ++i;
  const auto words = [i](const std::vector<std::string>& names) -> std::string {
    if (names.empty()) return "no names of classes";
    return "class " + std::to_string(i) + (i < names.size() ? " " + detail::quoted(names[i]) : " missing");
  };
  return {words(found), words(expected)};
}

}  // namespace mae
MAE_PRECISE_END
