// Where numbers live, as a type: what a policy says of the memory that its kernels work in.
//
// `Host` is the memory of the program. A backend with a memory of its own adds a type with the same functions
// (`Device` in backend/cuda/device.cuh); `host_accessible` says whether the program may read and write there by itself.
// What cannot be reached so is sent and fetched (`DualBuffer`, `HostWindow`, `StepQueue`).
#pragma once
#include <cstdint>
#include <cstring>
#include <new>
#include <string>

#include <mae/core/config.hpp>
#include <mae/core/error.hpp>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace mae {

/// Memory of this size and more begins at a multiple of `large_page` and asks the system for pages of that size: a
/// thousand weights of a column then lie on a few pages instead of on one each.
inline constexpr std::size_t large_memory = std::size_t{4} << 20, large_page = std::size_t{2} << 20;
#if defined(__linux__)
inline void prefer_large_pages(void* memory, std::size_t bytes) { madvise(memory, bytes, MADV_HUGEPAGE); }
#else
inline void prefer_large_pages(void*, std::size_t) {}
#endif

struct Host {
  static constexpr bool host_accessible = true;

  /// Zeroed bytes, aligned to `alignment`: the only place where the library asks for aligned memory. Throws mae::Error
  /// if there are not that many.
  static void* allocate(Index bytes) {
    constexpr Index most = PTRDIFF_MAX - Index{large_page};
    const auto size = static_cast<std::size_t>(bytes);
    void* const memory =
        bytes >= 0 && bytes <= most ? ::operator new(size, alignment_of(bytes), std::nothrow) : nullptr;
    if (!memory) throw Error("memory", "no room for " + std::to_string(bytes) + " bytes", "a smaller model or batch");
    if (size >= large_memory) prefer_large_pages(memory, size);
    std::memset(memory, 0, size);
    return memory;
  }
  /// Gives back what `allocate(bytes)` gave.
  static void release(void* memory, Index bytes) { ::operator delete(memory, alignment_of(bytes)); }
  static void fill(void* memory, int byte, Index bytes) {
    std::memset(memory, byte, static_cast<std::size_t>(bytes));
  }

 private:
  static constexpr std::align_val_t alignment_of(Index bytes) {
    return bytes >= Index{large_memory} ? std::align_val_t{large_page} : std::align_val_t{alignment};
  }
};

/// Memory where the program reads and writes by itself, and where kernels that were called have done their work.
template <class MemorySpace>
concept HostAccessible = MemorySpace::host_accessible;

}  // namespace mae
