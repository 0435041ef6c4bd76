// The folder of models that were compiled on demand: $XDG_CACHE_HOME/mae or ~/.cache/mae, of this user alone.
//
//   KEY/program, KEY/key.txt     a compiled model, and the text that KEY is a checksum of
//   KEY.lock                     held while it is compiled, and by who is about to run it
//   KEY.PROCESS.tmp              being compiled; renamed when it is whole
//
// A lock is flock's: the system takes it back when its holder ends, however it ends. What a killed process leaves is
// removed by the next one that has the lock.
#pragma once
#include <string>
#include <vector>

#include <mae/io/files/posix.hpp>

namespace program {

/// Where it usually lies, whether it is there or not; "" if neither XDG_CACHE_HOME nor HOME is a path from the root.
std::string usual_cache_folder();
/// Why programs are not kept in a folder that is there: it is not of this user alone, or cannot be written; else "".
std::string objection_to_cache(const std::string& folder);
/// The folder, made if it was not there. Where others could write to it, or nobody can, that is told and it is a
/// private one for temporary files. Throws mae::Error if there is none of these.
std::string cache_folder();

/// The lock of a key: shared by who runs what is there, or of one who makes or removes it.
class CacheLock {
 public:
  enum class Kind { shared, alone };
  CacheLock(const std::string& folder, const std::string& key) : path_(folder + "/" + key + ".lock") {}
  /// Waits for it; with `patient` off, returns false where another has it. Where a disk has no locks it is as if this
  /// were the only process.
  bool take(Kind kind, bool patient);
  /// Removes the file of a lock that is held alone.
  void remove() { ::unlink(path_.c_str()); }

 private:
  std::string path_;
  mae::detail::Descriptor file_;
};

/// A compiled model in the cache.
struct CacheEntry {
  std::string key, about;  ///< about: "pretrain 3x64x64/8,…"
  long long bytes = 0;
  long long used = 0;  ///< when, in nanoseconds since 1970
};
/// All of them, the last used first.
std::vector<CacheEntry> cache_entries(const std::string& folder);
/// Notes that an entry is used now.
void note_use(const std::string& folder, const std::string& key);
/// Removes an entry and what belongs to it, unless it is in use. Returns whether it did.
bool remove_entry(const std::string& folder, const std::string& key);
/// Removes what killed processes have left of an entry; its lock is held alone.
void remove_remains(const std::string& folder, const std::string& key);
/// Removes all that is not in use, also what is left of compilations that failed or were killed.
void clear_cache(const std::string& folder);
/// Keeps the last used 32 entries, as far as they take 2 GB, and `key`.
void evict(const std::string& folder, const std::string& key);

}  // namespace program
