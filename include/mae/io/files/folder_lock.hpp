// One writer in a folder: a lock that the system takes back when its process ends, however it ends.
//
//   const FolderLock lock("run");        // throws if another process holds it, and says which
//   CheckpointFolder folder("run", …);
//
// The lock is flock(2) on the file `.lock` of the folder. Who holds it writes its process and host there, for the
// message that another one gets, and removes the file at the end. What a killed process leaves is a file that nobody
// has locked: the next one takes it over. Some network file systems have no locks; the folder is then not held, and
// `why_not()` says so.
#pragma once
#include <sys/file.h>

#include <mae/core/config.hpp>
#include <mae/io/files/posix.hpp>

MAE_PRECISE_BEGIN
namespace mae {

class FolderLock {
 public:
  /// Locks the folder at `path`, which exists. `subject` begins the errors; "": the path. Throws mae::Error if another
  /// holder has it, of this process or another, or if the file `.lock` cannot be made there.
  explicit FolderLock(const std::string& path, const std::string& subject = "") : path_(path + "/.lock") {
    const std::string& about = subject.empty() ? path : subject;
    for (;;) {
      detail::Descriptor file = open();
      if (!file.valid()) detail::fail_with_errno(path_, "opening", "a file that can be written");
      if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0) {
        // The holder before may have removed the file since it was opened here: then others would find a new one.
        if (!stands_there(file)) continue;
        file_ = std::move(file);
        break;
      }
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK)
        throw Error(about, path + ", to which " + holder(file) + " is writing",
                    "a folder that no other program writes to; wait for its end, or name another");
      why_not_ = std::generic_category().message(errno);
      ::unlink(path_.c_str());
      return;
    }
    sign();
  }
  FolderLock(FolderLock&& other) noexcept = default;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock() {
    if (!held() || ::getpid() != owner_) return;  // a child of this process has the lock no more than its parent gives
    if (stands_there(file_)) ::unlink(path_.c_str());
    ::flock(file_.number(), LOCK_UN);
  }

  /// False where the file system has no locks.
  bool held() const { return file_.valid(); }
  /// Why it is not held, in the system's words; "" if it is.
  const std::string& why_not() const { return why_not_; }

 private:
  /// The file, made if it is not there. One that another user has left can be locked, if not written.
  detail::Descriptor open() const {
    detail::Descriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (file.valid() || errno != EACCES) return file;
    return detail::Descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  }
  bool stands_there(const detail::Descriptor& file) const {
    struct stat mine {
    }, there{};
    return ::fstat(file.number(), &mine) == 0 && ::stat(path_.c_str(), &there) == 0 && mine.st_dev == there.st_dev &&
           mine.st_ino == there.st_ino;
  }
  void sign() const {
    char host[256] = "";
    if (::gethostname(host, sizeof host - 1) != 0) host[0] = 0;
    const std::string text = "process " + std::to_string(owner_) + (host[0] ? " on " + std::string(host) : "") + "\n";
    // For a message alone: the lock holds without it, on a full disk too.
    if (::ftruncate(file_.number(), 0) != 0 ||
        ::pwrite(file_.number(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
      return;
  }
  /// What the holder has written, as far as it can be shown.
  static std::string holder(const detail::Descriptor& file) {
    char text[300];
    const ssize_t count = ::pread(file.number(), text, sizeof text, 0);
    std::string shown;
    for (ssize_t i = 0; i < count && text[i] >= ' ' && text[i] <= '~'; ++i) shown += text[i];
    return shown.starts_with("process ") ? shown : "another process";
  }

  std::string path_, why_not_;
  pid_t owner_ = ::getpid();
  detail::Descriptor file_;
};

}  // namespace mae
MAE_PRECISE_END
