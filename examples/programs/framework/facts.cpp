#include "facts.hpp"

#include <algorithm>

#include <mae/io/files/json_name.hpp>

#include "display.hpp"
#include "terminal.hpp"

namespace program {

void Facts::add(const std::string& title, const std::string& text, const std::string& key, Value value) {
  lines_.emplace_back(title, text);
  json_[key] = value.is_null() ? Value(mae::json_name(text)) : std::move(value);
}

void Facts::add_to(const std::string& title, const std::string& text, const std::string& key, Value value) {
  lines_.emplace_back(title, text);
  json_[key].push_back(value.is_null() ? Value(mae::json_name(text)) : std::move(value));
}

void Facts::print() const {
  const std::size_t most =
      can_redraw() ? static_cast<std::size_t>(std::max(40, columns() - 13)) : std::string::npos;  // behind the title
  for (const auto& [title, text] : lines_) {
    std::string rest = text;
    for (const char* shown = title.c_str();; shown = "") {
      std::size_t cut = rest.size() <= most ? std::string::npos : rest.rfind(' ', most);
      if (cut == 0 || (cut == std::string::npos && rest.size() > most)) cut = rest.find(' ', most);
      report(shown, rest.substr(0, cut));
      if (cut == std::string::npos) break;
      rest.erase(0, cut + 1);
    }
  }
}

std::string grouped(mae::Index number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3 + (number < 0 ? 1u : 0u);) text.insert(at -= 3, 1, ',');
  return text;
}
std::string counted(mae::Index number, const char* what) {
  return grouped(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace program
