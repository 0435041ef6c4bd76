#include "process.hpp"

#include "display.hpp"
#include "terminal.hpp"

#include <mae/backend/threads.hpp>
#include <mae/core/config.hpp>
#include <mae/io/files/folder_lock.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <vector>

namespace program {
namespace {

volatile std::sig_atomic_t received = 0, asked_to_save = 0;

void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(signal, &action, nullptr);
}

/// Lets no other program write to the folder until this one ends.
void claim(const std::string& setting, const std::string& folder) {
  static std::vector<std::pair<std::string, mae::FolderLock>> claimed;
  std::error_code unknown;
  for (const auto& [path, lock] : claimed)
    if (std::filesystem::equivalent(path, folder, unknown)) return;
  mae::FolderLock lock(folder, setting);
  if (!lock.held())
    std::fprintf(stderr, "mae: %s: found a disk without locks (%s), expected no other program to write to %s\n",
                 setting.c_str(), lock.why_not().c_str(), folder.c_str());
  claimed.emplace_back(folder, std::move(lock));
}

}  // namespace

void begin() {
  keep_standard_files();
  std::signal(SIGXFSZ, SIG_IGN);
}

void outlive_readers() { handle(SIGPIPE, SIG_IGN, 0); }

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
  if (threads > usable) report("threads", std::to_string(count) + may_run + ", instead of " + std::to_string(threads));
  else if (threads == 0 && count > usable)
    report("threads", std::to_string(count) + " by OMP_NUM_THREADS, of which " + std::to_string(usable) +
                          " may run here at a time");
  else if (threads == 0 && usable < processors && !Threads::number_in_environment())
    report("threads", std::to_string(count) + may_run + ", of " + std::to_string(processors) + " processors");
  return count;
}

void stop_gently() {
  const auto remember = [](int signal) { received = signal; };
  for (const int signal : {SIGINT, SIGTERM}) handle(signal, remember, static_cast<int>(SA_RESETHAND | SA_RESTART));
  struct sigaction before {};
  if (sigaction(SIGHUP, nullptr, &before) != 0 || before.sa_handler != SIG_IGN) handle(SIGHUP, remember, SA_RESTART);
  handle(
      SIGUSR1, [](int) { asked_to_save = 1; }, SA_RESTART);
}
int stop_signal() { return received; }
bool save_asked() {
  const bool asked = asked_to_save != 0;
  if (asked) asked_to_save = 0;
  return asked;
}

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
  if (fs::exists(folder.empty() ? "." : folder, unknown)) claim(setting, folder.empty() ? "." : folder);
}

void make_folder(const std::string& setting, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw mae::Error(folder, "\"" + error.message() + "\" on making it", "a folder that can be made");
  claim(setting, folder);
}

}  // namespace program
