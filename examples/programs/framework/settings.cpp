// Settings from files and from the checkpoints of earlier runs.
#include "settings.hpp"

#include <nlohmann/json.hpp>

#include <mae/checkpoint/old_names.hpp>
#include <mae/io/files/input_file.hpp>

#include <algorithm>
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
    throw mae::Error(path + ": line " + std::to_string(1 + std::count(bytes.begin(), end, '\n')), "what is not JSON",
                     "a JSON object of settings");
  } catch (const json::out_of_range&) {
    throw mae::Error(path, "a number too large for a computer", "numbers below 1.8e308");
  }
}

}  // namespace

std::string nearest(const std::string& found, const std::vector<std::string>& names) {
  std::string best;
  std::size_t least = 1 + std::max<std::size_t>(2, found.size() / 3);
  for (const std::string& name : names)
    if (const std::size_t count = edits(found, name); count < least && count < name.size()) least = count, best = name;
  return best;
}

std::string shown(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  if (text.empty()) return "nothing";
  return text.size() <= 80 ? text : text.substr(0, 77) + "...";
}

Setting::Setting(Settings& owner, const char* name, const char* meaning, Allowed allowed, Scope scope)
    : name_(name), meaning_(meaning), group_(owner.heading_), allowed_(std::move(allowed)), scope_(scope) {
  owner.settings_.push_back(this);
}

void Setting::give(const json& value, const std::string& origin, const std::string& found) {
  if (!take(value)) {
    const std::string meant = value.is_string() ? nearest(value.get<std::string>(), allowed_.texts) : "";
    throw mae::Error(origin, shown(found), expected() + (meant.empty() ? "" : "; did you mean " + meant + "?"));
  }
  origin_ = origin;
}
Heading::Heading(Settings& owner, const char* title) { owner.heading_ = title; }
Alternatives::Alternatives(Settings& owner, Setting& one, Setting& other) {
  owner.alternatives_.emplace_back(&one, &other);
}

Setting* Settings::find(const std::string& name) const {
  const std::string_view now = mae::name_now(name);
  for (Setting* const setting : settings_)
    if (setting->name_ == now) return setting;
  return nullptr;
}

std::string Settings::hint(const std::string& name, const std::string& prefix) const {
  std::vector<std::string> names;
  for (const Setting* const setting : settings_) names.push_back(setting->name_);
  const std::string meant = nearest(name, names);
  if (!meant.empty()) return "a setting; did you mean " + prefix + meant + "?";
  if (names.size() > 12) return "one that --help lists";
  std::string all;
  for (const std::string& one : names) all += (all.empty() ? "one of " : ", ") + prefix + one;
  return all;
}

void Settings::read(const std::string& path) {
  const json object = read_object(path);
  for (const auto& [key, value] : object.items()) {
    Setting* const setting = find(key);
    if (!setting) throw mae::Error(path, "the key \"" + shown(key) + "\"", hint(key, ""));
    if (key != setting->name_ && object.contains(setting->name_))
      throw mae::Error(path + ": " + key, "the same setting also as " + setting->name_,
                       "it once; this is its old name");
    setting->give(value, path + ": " + key, value.dump());
  }
}

void Settings::give(const std::string& name, const std::string& text, const std::string& origin) {
  Setting* const setting = find(name);
  if (!setting) throw mae::Error(origin, "the key \"" + shown(name) + "\"", hint(name, ""));
  if (setting->given()) throw mae::Error(origin + ": " + name, "twice", "once");
  setting->give(setting->meant(text), origin, text);
}

void Settings::propose(const std::string& name, const std::string& text) {
  Setting* const setting = find(name);
  if (setting && !setting->given() && !setting->take(json::parse(text)))
    throw mae::Error((setting->whose_ ? setting->whose_ + std::string(" ") : "--") + name, shown(text),
                     setting->expected());
}

void Settings::propose_followed(const json& values) {
  for (const Setting* const setting : settings_)
    if (setting->whose_ && values.contains(setting->name_)) propose(setting->name_, values[setting->name_].dump());
}

void Settings::choose() {
  for (const auto& [one, other] : alternatives_)
    if (one->given() && !one->value().is_null() && !other->given()) other->take(nullptr);
}

nlohmann::ordered_json Settings::object(bool work) const {
  nlohmann::ordered_json values = nlohmann::ordered_json::object();
  for (const Setting* const setting : settings_)
    if (!(setting->whose_ && !setting->given()) &&
        (setting->scope_ <= Scope::length || (work && setting->scope_ == Scope::runtime)))
      values[setting->name_] = setting->value();
  return values;
}
std::string Settings::text() const { return object(true).dump(2); }
std::string Settings::record() const { return object(false).dump(); }

void Settings::restore(const std::string& record, const std::string& from) {
  const json recorded = json::parse(record, nullptr, false);
  if (!recorded.is_object()) throw mae::Error(from, "no settings", "those of the run");
  for (const auto& [name, value] : recorded.items()) {
    Setting* const setting = find(name);
    if (!setting) throw mae::Error(from, "the setting " + shown(name), "those of this program");
    if (setting->given() && setting->scope_ != Scope::experiment) continue;
    if (setting->given() && setting->value() != value)
      throw mae::Error(setting->origin_, setting->value().dump(),
                       value.dump() + ", as the run that is resumed has; another value needs another run");
    setting->give(value, setting->given() ? setting->origin_ : from + ": " + name, value.dump());
  }
}

void Settings::restore_runtime(const std::string& path, const Setting& except) {
  const json object = read_object(path);
  for (const auto& [name, value] : object.items()) {
    Setting* const setting = find(name);
    if (!setting || setting == &except || setting->scope_ != Scope::runtime || setting->given()) continue;
    setting->give(value, path + ": " + name, value.dump());
  }
}

}  // namespace program
