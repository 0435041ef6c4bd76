// Settings from the command line, from files, and from the checkpoints of earlier runs.
#include "settings.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <mae/io/input_file.hpp>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <set>

namespace program {
namespace {

using nlohmann::json;

/// How many letters must be added, taken away or changed (V. Levenshtein, 1966).
std::size_t edits(const std::string& from, const std::string& to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t k = 0; k < to.size(); ++k) {
      const std::size_t change = diagonal + (from[i] == to[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({change, diagonal + 1, row[k] + 1});
    }
  }
  return row.back();
}

/// The name that was probably meant, or "".
std::string nearest(const std::string& found, const std::vector<std::string>& names) {
  std::string best;
  std::size_t least = 1 + std::max<std::size_t>(2, found.size() / 3);
  for (const std::string& name : names)
    if (const std::size_t count = edits(found, name); count < least && count < name.size()) least = count, best = name;
  return best;
}

/// A value in an error message: short, and one line.
std::string shown(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  if (text.empty()) return "nothing";
  return text.size() <= 80 ? text : text.substr(0, 77) + "...";
}

/// A default, as --help shows it.
std::string in_brackets(const json& value) {
  if (value.is_null() || value == "" || value == json::array()) return " ";
  return "[" + (value.is_string() ? value.get<std::string>() : value.dump()) + "]";
}

/// The object of a JSON file. Throws mae::Error with the line of a mistake, or the key that stands there twice.
json read_object(const std::string& path) {
  const std::vector<char> bytes = mae::read_file<char>(path);
  std::set<std::string> keys;
  auto refuse_twice = [&](int depth, json::parse_event_t event, json& key) {
    if (event == json::parse_event_t::key && depth == 1 && !keys.insert(key.get<std::string>()).second)
      throw mae::Error(path + ": " + shown(key.get<std::string>()), "twice", "once");
    return true;
  };
  try {
    json object = json::parse(bytes, refuse_twice);
    if (!object.is_object())
      throw mae::Error(path, std::string("a JSON ") + object.type_name(), "a JSON object of settings");
    return object;
  } catch (const json::parse_error& error) {
    const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), error.byte));
    throw mae::Error(path + ": line " + std::to_string(1 + std::count(bytes.begin(), end, '\n')),
                     "what is not JSON", "a JSON object of settings");
  } catch (const json::out_of_range&) {
    throw mae::Error(path, "a number too large for a computer", "numbers below 1.8e308");
  }
}

}  // namespace

Setting::Setting(Settings& owner, const char* name, const char* meaning, Allowed allowed, Decides decides)
    : name_(name), meaning_(meaning), group_(owner.heading_), allowed_(std::move(allowed)), decides_(decides) {
  owner.settings_.push_back(this);
}

void Setting::give(const json& value, const std::string& giver, const std::string& found) {
  if (!take(value)) {
    const std::string meant = value.is_string() ? nearest(value.get<std::string>(), allowed_.texts) : "";
    throw mae::Error(giver, shown(found), expected() + (meant.empty() ? "" : "; did you mean " + meant + "?"));
  }
  giver_ = giver;
}
Heading::Heading(Settings& owner, const char* title) { owner.heading_ = title; }

Setting* Settings::find(const std::string& name) const {
  for (Setting* const setting : settings_)
    if (setting->name_ == name) return setting;
  return nullptr;
}

std::string Settings::hint(const std::string& name, const std::string& prefix) const {
  std::vector<std::string> names;
  for (const Setting* const setting : settings_) names.push_back(setting->name_);
  const std::string meant = nearest(name, names);
  return meant.empty() ? "one that --help lists" : "a setting; did you mean " + prefix + meant + "?";
}

void Settings::read_file(const std::string& path) {
  const json object = read_object(path);
  for (const auto& [key, value] : object.items()) {
    Setting* const setting = find(key);
    if (!setting) throw mae::Error(path, "the key \"" + shown(key) + "\"", hint(key, ""));
    setting->give(value, path + ": " + key, value.dump());
  }
}

bool Settings::parse(int count, const char* const* arguments) {
  CLI::App app(purpose_, program_);
  CLI::Option* const file = app.add_option("settings", "a JSON file of settings; flags win over it");
  file->option_text("[FILE.json]");
  app.set_help_flag("-h,--help", "print this and stop")->group("Questions");
  bool version = false, print = false;
  app.add_flag("--version", version, "print the version and stop")->group("Questions");
  app.add_flag("--print-config", print, "print all settings as a JSON file and stop")->group("Questions");
  std::vector<CLI::Option*> options;
  for (const Setting* const s : settings_) {
    const std::string flag = "--" + s->name_, limits = s->expected();
    const std::string about = s->meaning_ + (limits == "a text" ? "" : "; " + limits);
    options.push_back(s->is_switch() ? app.add_flag(flag + ",!--no-" + s->name_, s->meaning_)
                                     : app.add_option(flag, about));
    options.back()->group(s->group_)->take_all()->option_text(in_brackets(s->value()));
    if (s->is_list_of_texts()) options.back()->expected(-1);  // one or more
  }
  app.get_formatter()->column_width(34);
  app.allow_extras();
  try {
    app.parse(count, arguments);
  } catch (const CLI::CallForHelp&) {
    return std::fputs(app.help().c_str(), stdout), false;
  } catch (const CLI::ArgumentMismatch&) {  // of a flag that stands last
    throw mae::Error(arguments[count - 1], "no value", "one after it");
  } catch (const CLI::Error& error) {
    throw mae::Error("command line", shown(error.what()), "what --help describes");
  }
  if (version) return std::printf("mae %s\n", mae::version), false;
  for (const std::string& extra : app.remaining()) {
    const bool flag = extra.starts_with("--");
    throw mae::Error("command line", shown(extra),
                     flag ? hint(extra.substr(2, extra.find('=') - 2), "--") : "one file and flags as --help lists");
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    const std::vector<std::string>& texts = options[i]->results();
    const std::string flag = "--" + settings_[i]->name_;
    for (const std::string& text : texts)
      if (text.starts_with("--")) throw mae::Error(flag, "no value", "one after it");
    if (texts.size() > 1 && !settings_[i]->is_list_of_texts()) throw mae::Error(flag, "twice", "once");
  }
  if (file->count() > 0) read_file(file->results()[0]);
  for (std::size_t i = 0; i < options.size(); ++i) {
    const std::vector<std::string>& texts = options[i]->results();
    if (texts.empty()) continue;
    json meant = settings_[i]->meant(texts[0]);
    for (std::size_t k = 1; k < texts.size(); ++k) meant.push_back(settings_[i]->meant(texts[k])[0]);  // of a list
    settings_[i]->give(meant, "--" + settings_[i]->name_, texts[0]);
  }
  return !print || (std::printf("%s\n", text().c_str()), false);
}

nlohmann::ordered_json Settings::object(bool work) const {
  nlohmann::ordered_json values = nlohmann::ordered_json::object();
  for (const Setting* const setting : settings_)
    if (setting->decides_ == Decides::result || (work && setting->decides_ == Decides::work))
      values[setting->name_] = setting->value();
  return values;
}
std::string Settings::text() const { return object(true).dump(2); }
std::string Settings::record() const { return object(false).dump(); }

void Settings::adopt(const std::string& record, const std::string& from) {
  const json recorded = json::parse(record, nullptr, false);
  if (!recorded.is_object()) throw mae::Error(from, "no settings", "those of the run");
  for (const auto& [name, value] : recorded.items()) {
    Setting* const setting = find(name);
    if (!setting) throw mae::Error(from, "the setting " + shown(name), "those of this program");
    if (setting->given() && setting->value() != value)
      throw mae::Error(setting->giver_, setting->value().dump(),
                       value.dump() + ", as the run that is resumed has; another value needs another run");
    setting->give(value, setting->given() ? setting->giver_ : from + ": " + name, value.dump());
  }
}

void Settings::adopt_work(const std::string& path, const Setting& except) {
  const json object = read_object(path);
  for (const auto& [name, value] : object.items()) {
    Setting* const setting = find(name);
    if (!setting || setting == &except || setting->decides_ != Decides::work || setting->given()) continue;
    setting->give(value, path + ": " + name, value.dump());
  }
}

}  // namespace program
