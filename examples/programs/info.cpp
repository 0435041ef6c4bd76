// Tells what files and folders are: weights of any project, runs, images, annotations, class maps, settings.
//
//   info mae_pretrain_vit_large.pth                            sizes, statistics, what of it could be loaded by whom
//   info pretrained my_photos instances_train.json run.json    a run, data, annotations, settings
//   info --json --scan finetuned/model.safetensors             an object of JSON a line; every number is looked at
//
// A file of no known kind is told in a sentence, with status 1. `info --help` lists all settings.
#include "detect.hpp"
#include "features.hpp"
#include "finetune.hpp"
#include "onnx.hpp"
#include "pretrain.hpp"
#include "probe.hpp"
#include "reconstruct.hpp"
#include "segment.hpp"

#include "framework/info.hpp"

namespace {

struct Settings : program::Settings {
  Settings() : program::Settings("info", "Tells what files and folders are.") { take_words(files); }
  program::Texts files{*this,
                       "files",
                       {},
                       "files and folders: weights, runs, images, annotations, settings",
                       program::Scope::invocation};
  program::Switch json{*this, "json", false, "print an object of JSON for each, a line each",
                       program::Scope::invocation};
  program::Switch scan{*this, "scan", false, "read every number of weights, decode every image",
                       program::Scope::invocation};
  program::Switch settings{*this, "settings", false, "tell all settings that made a model", program::Scope::invocation};
  program::Text prefix{*this, "prefix", "",
                       "what stands before the names of the model that is meant, where a file has several",
                       program::Scope::invocation};
};

/// How a program reads a file of settings: as it does when it is begun with it.
template <class App>
program::SettingsReader reader() {
  const auto names = [] {
    std::vector<std::string> all;
    const typename App::Settings settings;
    const auto values = nlohmann::json::parse(settings.text());
    for (const auto& [key, value] : values.items()) all.push_back(key);
    return all;
  };
  const auto read = [](const std::string& path) {
    typename App::Settings settings;
    const char* const words[] = {settings.program().c_str(), path.c_str()};
    settings.parse(2, words);
  };
  return {typename App::Settings().program(), names, read};
}

/// Tells about one path; false, and why, if it is nothing that is known.
bool tell(const std::string& path, const program::Asked& asked, bool json) {
  try {
    program::Facts facts;
    program::tell(path, asked, facts);
    using Json = program::Facts::Value;  // names in files of other projects may be no UTF-8
    if (json)
      return std::printf("%s\n", facts.json().dump(-1, ' ', false, Json::error_handler_t::replace).c_str()), true;
    program::report("file", path);
    facts.print();
    return true;
  } catch (const mae::Error& error) {
    if (json)
      std::printf("%s\n",
                  program::Facts::Value{{"file", mae::json_name(path)}, {"error", error.what()}}.dump().c_str());
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", error.what());
    return false;
  }
}

}  // namespace

int program::command::info(int count, char** arguments) {
  bool all = true;
  const int status = run<::Settings>(count, arguments, [&](const ::Settings& settings) {
    if (settings.files().empty()) throw mae::Error("command line", "no file", "one or more: info FILE...");
    const program::Asked asked{program::compiled_models(),
                               {reader<Pretrain>(), reader<Finetune>(), reader<Probe>(), reader<Segment>(),
                                reader<Detect>(), reader<Features>(), reader<Reconstruct>(), reader<Onnx>()},
                               settings.scan(),
                               settings.settings(),
                               settings.prefix.given() ? std::optional(settings.prefix()) : std::nullopt};
    for (const std::string& path : settings.files()) {
      if (!settings.json() && path != settings.files().front()) std::puts("");
      all = ::tell(path, asked, settings.json()) && all;
    }
  });
  return all ? status : 1;
}
