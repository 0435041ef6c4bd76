#include "process.hpp"

#include "display.hpp"
#include "terminal.hpp"

#include <mae/core/config.hpp>
#include <mae/io/posix.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>

namespace program {
namespace {

volatile std::sig_atomic_t received = 0;

}  // namespace

void begin() {
  keep_standard_files();
  std::signal(SIGXFSZ, SIG_IGN);
}

int finish() {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return 0;
  std::fputs("mae: standard output: found a place that cannot be written, expected all lines to arrive\n", stderr);
  return 1;
}

int use_threads(long long threads) {
  using Threads = mae::DefaultThreads;
  const long long usable = Threads::usable(), processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  const std::string may_run = ", as many as may run here at a time";
  if (threads > 0) Threads::limit(static_cast<int>(std::min(threads, usable)));
  const int count = Threads::count();
  if (threads > usable)
    report("threads", std::to_string(count) + may_run + ", instead of " + std::to_string(threads));
  else if (threads == 0 && count > usable)
    report("threads", std::to_string(count) + " by OMP_NUM_THREADS, of which " + std::to_string(usable) +
                          " may run here at a time");
  else if (threads == 0 && usable < processors && !Threads::number_in_environment())
    report("threads", std::to_string(count) + may_run + ", of " + std::to_string(processors) + " processors");
  return count;
}

void stop_gently() {
  struct sigaction action {};
  action.sa_handler = [](int signal) { received = signal; };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}
int stop_signal() { return received; }

void check_folder(const std::string& setting, const std::string& folder, long long bytes) {
  namespace fs = std::filesystem;
  const char* const expected = "a folder that files can be written to";
  std::error_code unknown;
  fs::path place = folder.empty() ? "." : fs::path(folder);
  if (!fs::exists(place, unknown))  // the first folder above that exists must take a new one
    for (place = fs::absolute(place, unknown); !place.empty() && !fs::exists(place, unknown);) {
      const fs::path above = place.parent_path();
      if (above == place) break;
      place = above;
    }
  if (!fs::is_directory(place, unknown)) throw mae::Error(setting, folder, expected);
  if (::faccessat(AT_FDCWD, place.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    throw mae::Error(setting, folder + " without the right to write there", expected);
  const fs::space_info space = fs::space(place, unknown);
  if (!unknown && space.available < static_cast<std::uintmax_t>(bytes))
    throw mae::Error(setting, memory(static_cast<double>(space.available)) + " free on the disk of " + folder,
                     "at least " + memory(static_cast<double>(bytes)));
}

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw mae::Error(folder, "\"" + error.message() + "\" on making it", "a folder that can be made");
}

}  // namespace program
