// Settings from the command line, which CLI11 reads.
#include "settings.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace program {
namespace {

using nlohmann::json;

/// A default, as --help shows it.
std::string in_brackets(const json& value) {
  if (value.is_null() || value == "" || value == json::array()) return " ";
  return "[" + (value.is_string() ? value.get<std::string>() : value.dump()) + "]";
}

}  // namespace

bool Settings::parse(int count, const char* const* arguments) {
  // "mae pretrain" has a space in it, a path says less than its name.
  arguments_.assign(arguments, arguments + count);
  const std::string by = count > 0 ? arguments[0] : program_;
  called_ = by.starts_with("mae ") ? by : program_;
  CLI::App app(purpose_, called_);
  CLI::Option* file = nullptr;
  if (!words_) {
    file = app.add_option("settings", "a JSON file of settings; flags win over it");
    file->option_text("[FILE.json]");
  }
  app.set_help_flag("-h,--help", "print this and stop")->group("Questions");
  bool version = false, print = false;
  app.add_flag("--version", version, "print the version and stop")->group("Questions");
  if (file) app.add_flag("--print-config", print, "print all settings as a JSON file and stop")->group("Questions");
  std::vector<CLI::Option*> options;
  for (const Setting* const s : settings_) {
    const std::string flag = (s == words_ ? s->name_ + ",--" : "--") + s->name_, limits = s->expected();
    const std::string about = s->meaning_ + (limits == "a text" ? "" : "; " + limits);
    options.push_back(s->is_switch() ? app.add_flag(flag + ",!--no-" + s->name_, s->meaning_)
                                     : app.add_option(flag, about));
    options.back()->group(s->group_)->take_all()->option_text(in_brackets(s->whose_ ? json(s->whose_) : s->value()));
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
  } catch (const CLI::Error& error) { throw mae::Error("command line", shown(error.what()), "what --help describes"); }
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
  if (file && file->count() > 0) read(file->results()[0]);
  for (std::size_t i = 0; i < options.size(); ++i) {
    const std::vector<std::string>& texts = options[i]->results();
    if (texts.empty()) continue;
    json meant = settings_[i]->meant(texts[0]);
    for (std::size_t k = 1; k < texts.size(); ++k) meant.push_back(settings_[i]->meant(texts[k])[0]);  // of a list
    settings_[i]->give(meant, "--" + settings_[i]->name_, texts[0]);
  }
  complete();
  choose();
  return !print || (std::printf("%s\n", text().c_str()), false);
}

}  // namespace program
