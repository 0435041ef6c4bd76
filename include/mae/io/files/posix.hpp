// File descriptors that close themselves, and the wording of a failed system call.
//
// The floor `io` works with POSIX calls and not with <fstream>: only they say why something failed (full disk, no
// permission, a directory instead of a file) and only they can make a written file durable (`fsync`).
#pragma once
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <mae/core/error.hpp>

namespace mae::detail {

/// An open file descriptor, closed at the end of its life.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int number() const { return number_; }
  bool valid() const { return number_ >= 0; }
  /// False if the system reports, only now, that something written was lost. `errno` says what.
  bool close() { return !valid() || ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_ = -1;
};

/// Throws the error of the system call that just failed: `errno` in words, what was being done, what was expected.
[[noreturn]] inline void fail_with_errno(const std::string& path, const char* doing, const char* expected) {
  const std::string reason = std::generic_category().message(errno);
  throw Error(path, "\"" + reason + "\" on " + doing, expected);
}

/// What stands at a place that is not a regular file, in words.
inline const char* kind_of_file(mode_t mode) {
  return S_ISDIR(mode) ? "a directory" : S_ISREG(mode) ? "a file" : "a device, pipe or socket";
}

}  // namespace mae::detail
