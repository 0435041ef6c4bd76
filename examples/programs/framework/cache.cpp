#include "cache.hpp"

#include "display.hpp"

#include <mae/io/files/input_file.hpp>

#include <sys/file.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace program {
namespace {

namespace fs = std::filesystem;

/// Why a folder is not for this user alone, or cannot be written; "" if it is good.
std::string objection(const std::string& path, bool links) {
  struct stat folder {};
  if ((links ? ::stat : ::lstat)(path.c_str(), &folder) != 0)
    return "\"" + std::generic_category().message(errno) + "\"";
  if (!S_ISDIR(folder.st_mode)) return mae::detail::kind_of_file(folder.st_mode);
  if (folder.st_uid != ::geteuid()) return "a folder of another user";
  if ((folder.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "a folder that others can write to";
  if (::faccessat(AT_FDCWD, path.c_str(), W_OK | X_OK, AT_EACCESS) != 0) return "a folder that cannot be written to";
  return "";
}

/// Makes a folder for this user alone, and those above it. Returns what speaks against it, or "".
std::string make_private(const std::string& path, bool links) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return "\"" + std::generic_category().message(errno) + "\"";
  return objection(path, links);
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value && *value == '/' ? value : "";  // a path that does not begin at the root is passed over
}

}  // namespace

std::string usual_cache_folder() {
  const std::string cache = variable("XDG_CACHE_HOME"), home = variable("HOME");
  return !cache.empty() ? cache + "/mae" : !home.empty() ? home + "/.cache/mae" : "";
}

std::string objection_to_cache(const std::string& folder) { return objection(folder, true); }

std::string cache_folder() {
  const std::string usual = usual_cache_folder(), temporary = variable("TMPDIR");
  const std::string why = usual.empty() ? "no HOME" : make_private(usual, true);
  if (why.empty()) return usual;
  const std::string other = (temporary.empty() ? "/tmp" : temporary) + "/mae-" + std::to_string(::geteuid());
  const std::string why_not = make_private(other, false);  // where others can make links, none is followed
  const char* const expected = "a folder that this user alone can write to";
  if (!why_not.empty())
    throw mae::Error(usual.empty() ? "HOME" : usual, why + ", and " + why_not + " at " + other, expected);
  report("cache", (usual.empty() ? why : usual + " is " + why) + ", expected " + expected + "; taken: " + other);
  return other;
}

bool CacheLock::take(Kind kind, bool patient) {
  const int what = kind == Kind::shared ? LOCK_SH : LOCK_EX;
  for (;;) {
    if (!file_.valid()) file_ = mae::detail::Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file_.valid()) mae::detail::fail_with_errno(path_, "opening", "a file that can be written");
    if (::flock(file_.number(), what | (patient ? 0 : LOCK_NB)) != 0) {
      if (errno == EINTR) continue;
      return errno != EWOULDBLOCK;
    }
    struct stat mine {
    }, there{};
    if (::fstat(file_.number(), &mine) == 0 && ::stat(path_.c_str(), &there) == 0 && mine.st_ino == there.st_ino)
      return true;
    file_ = mae::detail::Descriptor();  // its holder has removed it; another one is there now
  }
}

std::vector<CacheEntry> cache_entries(const std::string& folder) {
  std::vector<CacheEntry> entries;
  std::error_code error;
  for (const fs::directory_entry& place : fs::directory_iterator(folder, error)) {
    const std::string key = place.path().filename().string();
    struct stat program {
    }, used{};
    if (::stat((place.path() / "program").c_str(), &program) != 0 || key.find('.') != std::string::npos) continue;
    CacheEntry entry{key, "", program.st_size, program.st_mtime};
    if (::stat((place.path() / "key.txt").c_str(), &used) == 0) {
      entry.used = used.st_mtim.tv_sec * 1'000'000'000LL + used.st_mtim.tv_nsec;
      try {
        const std::vector<char> text = mae::read_file<char>((place.path() / "key.txt").string());
        entry.about.assign(text.begin(), std::find(text.begin(), text.end(), '\n'));
      } catch (const mae::Error&) { entry.about = "what cannot be read"; }
    }
    entries.push_back(entry);
  }
  std::sort(entries.begin(), entries.end(), [](const CacheEntry& a, const CacheEntry& b) {
    return a.used != b.used ? a.used > b.used : a.key < b.key;
  });
  return entries;
}

void note_use(const std::string& folder, const std::string& key) {
  ::utimensat(AT_FDCWD, (folder + "/" + key + "/key.txt").c_str(), nullptr, 0);
}

bool remove_entry(const std::string& folder, const std::string& key) {
  CacheLock lock(folder, key);
  if (!lock.take(CacheLock::Kind::alone, false)) return false;
  std::error_code error;
  fs::remove_all(folder + "/" + key, error);
  const bool removed = !error;
  remove_remains(folder, key);
  ::unlink((folder + "/" + key + ".log").c_str());
  lock.remove();
  return removed;
}

void remove_remains(const std::string& folder, const std::string& key) {
  std::error_code error;
  for (const fs::directory_entry& left : fs::directory_iterator(folder, error)) {
    const std::string name = left.path().filename().string();
    if (name.starts_with(key + ".") && name.ends_with(".tmp")) fs::remove_all(left.path(), error);
  }
}

void clear_cache(const std::string& folder) {
  std::set<std::string> keys;
  std::error_code error;
  for (const fs::directory_entry& place : fs::directory_iterator(folder, error)) {
    const std::string name = place.path().filename().string(), key = name.substr(0, name.find('.'));
    if (!key.empty() && key.find_first_not_of("0123456789abcdef") == key.npos) keys.insert(key);  // what is ours
  }
  for (const std::string& key : keys) remove_entry(folder, key);
}

void evict(const std::string& folder, const std::string& key) {
  long long count = 0, bytes = 0;
  for (const CacheEntry& entry : cache_entries(folder)) {
    ++count, bytes += entry.bytes;
    if (entry.key != key && (count > 32 || bytes > 2'000'000'000)) remove_entry(folder, entry.key);
  }
}

}  // namespace program
