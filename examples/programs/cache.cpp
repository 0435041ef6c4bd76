// Lists the models that were compiled on demand and are kept, or removes them.
//
//   cache
//   cache --clear
#include "framework/cache.hpp"

#include <ctime>

#include "framework/display.hpp"
#include "framework/program.hpp"

namespace {

struct CacheSettings : program::Settings {
  CacheSettings() : program::Settings("cache", "Lists or removes models that were compiled on demand.") {}
  program::Switch clear{*this, "clear", false, "remove all that are not in use"};
};

}  // namespace

int program::command::cache(int count, char** arguments) {
  return run<CacheSettings>(count, arguments, [](const CacheSettings& settings) {
    const std::string folder = cache_folder();
    const std::vector<CacheEntry> entries = cache_entries(folder);
    double bytes = 0;
    for (const CacheEntry& entry : entries) bytes += static_cast<double>(entry.bytes);
    report("cache", folder + ": " + std::to_string(entries.size()) + " compiled models, " + memory(bytes) +
                        "; the last used 32 are kept, as far as they take 2 GB");
    for (const CacheEntry& entry : entries) {
      const std::time_t used = entry.used / 1'000'000'000;
      std::tm when{};
      char day[32] = "";
      if (::localtime_r(&used, &when)) std::strftime(day, sizeof day, "%Y-%m-%d %H:%M", &when);
      std::printf("  %s  %8s  %s\n", day, memory(static_cast<double>(entry.bytes)).c_str(),
                  mae::printable(entry.about).c_str());
    }
    if (!settings.clear()) return;
    clear_cache(folder);
    report("in use", std::to_string(cache_entries(folder).size()) + ", which stay");
  });
}
