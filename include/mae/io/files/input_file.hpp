// Reading a file, with a sentence for everything that can go wrong.
//
// `InputFile` reads pieces on demand, so a checkpoint of some gigabytes never lies in memory twice. It keeps the file
// it opened: if another process replaces it meanwhile (atomic_file.hpp), all pieces still come from the old one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include <mae/core/config.hpp>
#include <mae/io/files/posix.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A regular file, open for reading. Several threads may read from it at once.
class InputFile {
 public:
  /// Throws `Error` if `path` is missing, unreadable or not a regular file.
  explicit InputFile(std::string path) : path_(std::move(path)) {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    file_ = detail::Descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat about {};
    if (!file_.valid() || ::fstat(file_.number(), &about) != 0)
      detail::fail_with_errno(path_, "opening", "a readable file");
    if (!S_ISREG(about.st_mode)) throw Error(path_, detail::kind_of_file(about.st_mode), "a file");
    size_ = static_cast<Index>(about.st_size);
  }

  const std::string& path() const { return path_; }
  /// Bytes in the file when it was opened.
  Index size() const { return size_; }

  /// Copies `bytes` bytes that start at `offset` to `to`. Throws `Error` if the file ends before.
  void read(Index offset, void* to, Index bytes) const {
    auto* out = static_cast<std::byte*>(to);
    for (Index done = 0; done < bytes;) {
      const auto left = static_cast<std::size_t>(bytes - done);
      const Index got = ::pread(file_.number(), out + done, left, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) detail::fail_with_errno(path_, "reading", "a readable file");
      if (got == 0)
        throw Error(path_, "the end at byte " + std::to_string(offset + done),
                    "at least " + std::to_string(offset + bytes) + " bytes");
      done += got;
    }
  }

 private:
  std::string path_;
  detail::Descriptor file_;
  Index size_ = 0;
};

namespace detail {
/// Room for `count` elements that a file holds. Throws `Error` if memory does not suffice.
template <class T>
std::vector<T> room_for(const std::string& path, Index count) {
  try {
    if (count > PTRDIFF_MAX / Index{sizeof(T)}) throw std::bad_alloc();
    return std::vector<T>(static_cast<std::size_t>(count));
  } catch (const std::exception&) {
    throw Error(path, std::to_string(count) + " elements", "a file that fits in memory");
  }
}
/// Reserves memory for `count` times `size` elements that a file claims to hold: pages are taken as they are filled.
/// Throws `Error` if memory does not suffice.
template <class T>
void reserve(const std::string& path, std::vector<T>& elements, Index count, Index size) {
  Index all = 0;
  try {
    if (__builtin_mul_overflow(count, size, &all)) throw std::bad_alloc();
    elements.reserve(static_cast<std::size_t>(all));
  } catch (const std::exception&) {
    throw Error(path, std::to_string(count) + " times " + std::to_string(size) + " elements",
                "a file that fits in memory");
  }
}
}  // namespace detail

/// The whole file. `Byte` is a one-byte type. Throws `Error` as `InputFile` does, and if memory does not suffice.
template <class Byte = std::byte>
std::vector<Byte> read_file(const std::string& path) {
  static_assert(sizeof(Byte) == 1, "mae::read_file: a file is made of one-byte elements");
  const InputFile file(path);
  std::vector<Byte> bytes = detail::room_for<Byte>(path, file.size());
  file.read(0, bytes.data(), file.size());
  return bytes;
}

}  // namespace mae
MAE_PRECISE_END
