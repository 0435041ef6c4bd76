#include "toolkit.hpp"

#include "spawn.hpp"

#include <nlohmann/json.hpp>

#include <mae/io/files/input_file.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace program {

namespace fs = std::filesystem;

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string Toolkit::missing() const {
  std::error_code unknown;
  for (const auto* const list : {&headers, &libraries})
    for (const std::string& one : *list)
      if (!fs::exists(one, unknown)) return one;
  return "";
}

Toolkit find_toolkit() {
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& place : {folder, folder / ".." / "share" / "mae"}) {
    const std::string path = (place / "toolkit.json").lexically_normal().string();
    if (error || !fs::exists(path, error)) continue;
    const std::vector<char> text = mae::read_file<char>(path);
    const auto json = nlohmann::json::parse(text, nullptr, false);
    try {
      Toolkit kit;
      const auto list = [&](const char* key, bool paths) {
        auto texts = json.at(key).get<std::vector<std::string>>();
        std::erase(texts, "");
        std::erase(texts, "/usr/include");  // which every compiler knows
        for (std::string& one : texts)
          if (paths) one = (place / one).lexically_normal().string();
        return texts;
      };
      kit.path = path, kit.compiler = json.at("compiler").get<std::string>();
      kit.programs = list("programs", false), kit.flags = list("flags", false), kit.includes = list("includes", true);
      kit.headers = list("headers", true), kit.libraries = list("libraries", true), kit.link = list("link", false);
      return kit;
    } catch (const nlohmann::json::exception&) {
      throw mae::Error(path, "what is no toolkit", "the file that was written when mae was built");
    }
  }
  return {};
}

std::vector<std::vector<std::string>> compilers(const Toolkit& kit) {
  std::vector<std::vector<std::string>> all;
  const auto add = [&](const std::vector<std::string>& words) {
    if (!words.empty() && std::find(all.begin(), all.end(), words) == all.end()) all.push_back(words);
  };
  if (!kit.compiler.empty()) add({kit.compiler});
  const char* const own = std::getenv("CXX");
  std::vector<std::string> words;
  const std::string text = own ? own : "";
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    if (end > begin) words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  add(words);
  for (const char* const name : {"c++", "g++", "clang++"}) add({name});
  return all;
}

std::vector<std::string> find_compiler(const Toolkit& kit) {
  for (std::vector<std::string>& words : compilers(kit))
    if (const std::string path = find_program(words[0]); !path.empty()) return words[0] = path, words;
  return {};
}

}  // namespace program
