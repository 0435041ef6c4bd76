// What the fuzz targets share. Each target is a function `read` of one reader; libFuzzer calls it with millions of
// inputs, bred from the corpus towards code not yet reached. A reader may refuse an input with mae::Error and nothing
// else: any other exception, a sanitizer's finding, a leak or a slow input stops the fuzzer and leaves the input
// behind.
#pragma once
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
