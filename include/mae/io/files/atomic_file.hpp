// Writing a file whole or not at all: a crash, a full disk or a power cut never leaves half of it under its name.
//
// The bytes go to a temporary file beside the target. Only `commit()` moves it there: first the data are forced to the
// disk (fsync), then the name is switched in one step (rename), then the switch itself is forced to the disk (fsync of
// the directory). Until the rename the earlier file is untouched. Errors remove the temporary file; a process that is
// killed leaves it behind as `NAME.<process>-<number>.tmp`, which may be deleted.
// Method: T. Pillai et al., "All file systems are not created equal", OSDI 2014.
#pragma once
#include <atomic>
#include <cstdlib>

#include <mae/core/config.hpp>
#include <mae/io/files/posix.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A file being written. Nothing shows under its name before `commit()`; without it the bytes are thrown away.
class AtomicFile {
 public:
  /// Starts the file that will stand at `path`. A symbolic link to a file is followed. Throws `Error` if the directory
  /// is missing or not writable, or if `path` is a directory, a device or a file that may not be written.
  explicit AtomicFile(const std::string& path) : path_(path) {
    const std::string target = inspect_target();
    const auto slash = target.rfind('/');
    name_ = slash == std::string::npos ? target : target.substr(slash + 1);
    if (name_.empty()) throw Error(path_, "a path without a file name", "the name of a file to write");
    const std::string folder = slash == std::string::npos ? "." : target.substr(0, slash + 1);
    folder_ = detail::Descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_.valid()) fail("opening its directory");
    create_temporary();
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() {
    if (!moved_) ::unlinkat(folder_.number(), temporary_.c_str(), 0);
  }

  /// Appends `bytes` bytes. Throws `Error` if they cannot all be written.
  void write(const void* from, Index bytes) {
    const auto* data = static_cast<const char*>(from);
    for (Index done = 0; done < bytes;) {
      const Index put = ::write(file_.number(), data + done, static_cast<std::size_t>(bytes - done));
      if (put < 0 && errno == EINTR) continue;
      if (put == 0) errno = EIO;
      if (put <= 0) fail("writing");
      done += put;
    }
  }

  /// Makes the file durable and gives it its name; nothing may be written after. Throws `Error`; the earlier file is
  /// then still there, except if only the last step failed: the directory on a disk with errors.
  void commit() {
    if (earlier_mode_ != 0 && ::fchmod(file_.number(), earlier_mode_) != 0) fail("copying the file mode");
    if (::fsync(file_.number()) != 0) fail("forcing it to the disk");
    if (!file_.close()) fail("closing");
    if (::renameat(folder_.number(), temporary_.c_str(), folder_.number(), name_.c_str()) != 0) fail("renaming");
    moved_ = true;
    // Some network file systems cannot sync a directory and say EINVAL; their rename is durable or not, as they like.
    if (::fsync(folder_.number()) != 0 && errno != EINVAL) fail("forcing its directory to the disk");
  }

 private:
  [[noreturn]] void fail(const char* doing) const {
    detail::fail_with_errno(path_, doing, "a file that can be written");
  }

  // Where to write: `path_` with links resolved if something stands there already.
  std::string inspect_target() {
    struct stat about {};
    if (::stat(path_.c_str(), &about) != 0) {
      if (errno != ENOENT) fail("looking for an earlier file");
      return path_;
    }
    if (!S_ISREG(about.st_mode)) throw Error(path_, detail::kind_of_file(about.st_mode), "a file or nothing");
    // The rename would replace a write-protected file; its owner does not want that.
    if (::faccessat(AT_FDCWD, path_.c_str(), W_OK, AT_EACCESS) != 0) fail("asking to replace the earlier file");
    earlier_mode_ = about.st_mode & 07777;
    char* resolved = ::realpath(path_.c_str(), nullptr);
    if (resolved == nullptr) fail("resolving the path");
    std::string target = resolved;
    std::free(resolved);
    return target;
  }

  void create_temporary() {
    static std::atomic<unsigned> counter{0};
    do {
      temporary_ = name_ + "." + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp";
      file_ = detail::Descriptor(
          ::openat(folder_.number(), temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    } while (!file_.valid() && errno == EEXIST);
    if (!file_.valid()) fail("creating a temporary file beside it");
  }

  std::string path_, name_, temporary_;
  detail::Descriptor folder_, file_;
  mode_t earlier_mode_ = 0;
  bool moved_ = false;
};

/// Writes `bytes` bytes as the whole file `path`, atomically. Throws `Error` as `AtomicFile` does.
inline void write_file(const std::string& path, const void* from, Index bytes) {
  AtomicFile file(path);
  file.write(from, bytes);
  file.commit();
}

}  // namespace mae
MAE_PRECISE_END
