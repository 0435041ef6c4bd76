// The folders that programs write to: room, rights, locks, and how fast they are.
#include "checkup.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <mae/io/files/posix.hpp>

#include "cache.hpp"
#include "display.hpp"

namespace program {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

/// Writes 8 MB to a new file in `folder` and removes it: bytes a second, or why not.
double try_writing(const std::string& folder, std::string& why_not) {
  std::string path = folder + "/.mae-doctor-XXXXXX";
  const mae::detail::Descriptor file(::mkstemp(path.data()));
  if (!file.valid()) return why_not = std::strerror(errno), 0;
  ::unlink(path.c_str());
  const std::vector<char> piece(1 << 20, 'm');
  constexpr int pieces = 8;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < pieces; ++i)
    if (::write(file.number(), piece.data(), piece.size()) != static_cast<ssize_t>(piece.size()))
      return why_not = std::strerror(errno), 0;
  if (::fsync(file.number()) != 0) return why_not = std::strerror(errno), 0;
  const double time = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) why_not = "no locks";
  return pieces * static_cast<double>(piece.size()) / std::max(time, 1e-9);
}

/// A folder that is `needed`, or one that is made for programs where it is not there yet.
void check_folder_of(Checkup& checkup, const char* name, const std::string& folder, bool needed,
                     const std::string& cure) {
  namespace fs = std::filesystem;
  std::error_code unknown;
  fs::path place = folder;
  while (!fs::exists(place, unknown) && place.has_parent_path() && place.parent_path() != place)
    place = place.parent_path();
  const bool there = place == fs::path(folder);
  const auto wrong = [&](const std::string& text) {
    needed ? checkup.problem(name, text, cure) : checkup.note(name, text, cure);
  };
  if (!there && needed) return wrong(folder + " is not there");
  if (!fs::is_directory(place, unknown)) return wrong(folder + " is no folder");
  struct statvfs disk {};
  const double free = ::statvfs(place.c_str(), &disk) == 0 ? double(disk.f_bavail) * double(disk.f_frsize) : 0;
  std::string why_not;
  const double speed = try_writing(place.string(), why_not);
  if (speed == 0) return wrong(folder + " cannot be written: " + why_not);
  const std::string text = folder + (there ? "" : ", which is made when it is needed") + ": " + memory(free) +
                           " free, written at " + memory(speed) + " a second";
  if (why_not == "no locks")
    checkup.note(name, text + ", without locks", "have one program at a time write to a folder of this disk");
  else if (!needed && (disk.f_flag & ST_NOEXEC) != 0)
    checkup.note(name, text + ", on a disk from which no program can be executed", cure);
  else if (free < 500e6) checkup.note(name, text, "a checkpoint of a base model takes a gigabyte: make room");
  else checkup.ok(name, text);
}

}  // namespace

void check_disks(Checkup& checkup) {
  std::error_code unknown;
  const std::string here = std::filesystem::current_path(unknown).string();
  check_folder_of(checkup, "work", here.empty() ? "." : here, true,
                  "go to a folder that is yours, or name one by --out");
  const std::string asked = variable("TMPDIR"), temporary = asked.empty() ? "/tmp" : asked;
  check_folder_of(checkup, "temporary", temporary, true, "set TMPDIR to a folder that can be written");
  const std::string cache = usual_cache_folder(), kept = ": programs that are compiled are kept there and executed";
  if (cache.empty())
    return checkup.note("cache", "neither XDG_CACHE_HOME nor HOME is set",
                        "set one, so that what is compiled once can be kept");
  if (const std::string why = objection_to_cache(cache); std::filesystem::exists(cache, unknown) && !why.empty())
    return checkup.note("cache", cache + " is " + why + ", so that another one is taken",
                        "make it yours alone, chmod 700, or set XDG_CACHE_HOME to a folder of your own" + kept);
  check_folder_of(checkup, "cache", cache, false,
                  "set XDG_CACHE_HOME to a folder that can be written, and programs executed in it");
}

}  // namespace program
