// Command lines of the programs with two or three settings, in a build without CLI11: `--name value`, `--switch`,
// and `--help`.
#include "settings.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace program {

bool Settings::parse(int count, const char* const* arguments) {
  for (int at = 1; at < count; ++at) {
    const std::string flag = arguments[at];
    if (flag == "--help") {
      std::printf("%s\nUsage: %s [--name value]...\n\n", purpose_.c_str(), program_.c_str());
      for (const Setting* const s : settings_)
        std::printf("  --%-12s %s [%s]\n", s->name_.c_str(), s->meaning_.c_str(), s->value().dump().c_str());
      return false;
    }
    if (!flag.starts_with("--")) throw mae::Error("command line", shown(flag), "flags as --help lists");
    Setting* const setting = find(flag.substr(2));
    if (!setting) throw mae::Error("command line", shown(flag), hint(flag.substr(2), "--"));
    if (setting->given()) throw mae::Error(flag, "twice", "once");
    const bool on = setting->is_switch() && (at + 1 == count || std::string(arguments[at + 1]).starts_with("--"));
    if (!on && at + 1 == count) throw mae::Error(flag, "no value", "one after it");
    const std::string text = on ? "true" : arguments[++at];
    setting->give(setting->meant(text), flag, text);
  }
  complete();
  choose();
  return true;
}

}  // namespace program
