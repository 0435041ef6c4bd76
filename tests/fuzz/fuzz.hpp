// What the fuzz targets share. Each target is a function `read` of one reader; libFuzzer calls it with millions of
// inputs, bred from the corpus towards code not yet reached. A reader may refuse an input with mae::Error and nothing
// else: any other exception, a sanitizer's finding, a leak or a slow input stops the fuzzer and leaves the input
// behind.
#pragma once
#include <sanitizer/allocator_interface.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include <mae/core/error.hpp>

namespace fuzz {

using Bytes = std::span<const std::uint8_t>;

/// A file that lies in memory, for readers that take a path.
class MemoryFile {
 public:
  explicit MemoryFile(Bytes bytes) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    if (descriptor_ < 0) std::abort();
    if (::write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

/// Stops the fuzzer unless `holds`: what was read must be whole.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "not true: %s\n", what);
  std::abort();
}

namespace detail {
inline std::size_t live = 0, peak = 0;  // bytes of memory
inline void taken(const volatile void* at, std::size_t) {
  live += __sanitizer_get_allocated_size(const_cast<const void*>(at));
  if (live > peak) peak = live;
}
inline void freed(const volatile void* at) {
  const std::size_t bytes = at != nullptr ? __sanitizer_get_allocated_size(const_cast<const void*>(at)) : 0;
  live -= bytes < live ? bytes : live;
}
}  // namespace detail

/// Stops the fuzzer if in its life more memory is taken than a file of `bytes` and 16 MiB.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::size_t bytes) : most_(bytes + (std::size_t{16} << 20)) {
    static const int hooks = __sanitizer_install_malloc_and_free_hooks(detail::taken, detail::freed);
    if (hooks == 0) std::abort();
    detail::live = detail::peak = 0;
  }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
  ~MemoryLimit() { require(detail::peak <= most_, "no more memory than the file and 16 MiB"); }

 private:
  std::size_t most_;
};

/// Calls `read`; a refusal with mae::Error is what a reader may do, in one line of text. Returns true if it accepted.
template <class Read>
bool accepts(const Read& read) {
  try {
    read();
    return true;
  } catch (const mae::Error& error) {
    require(std::string(error.what()).find('\n') == std::string::npos, "an error is one line");
    return false;
  }
}

}  // namespace fuzz
