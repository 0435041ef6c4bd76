// Where numbers live, as a type: what a policy says of the memory that its kernels work in.
//
// `Host` is the memory of the program. A backend with a memory of its own adds a type with the same functions
// (`Device` in backend/cuda/device.cuh); `reachable` says whether the program may read and write there by itself. What
// is not reachable is sent and fetched: inputs go there before a step, results come back after it.
#pragma once
#include <cstdlib>
#include <cstring>
#include <string>

#include <mae/core/config.hpp>
#include <mae/core/error.hpp>
#include <mae/core/shape.hpp>

namespace mae {

struct Host {
  static constexpr bool reachable = true;

  /// Zeroed bytes, aligned to `alignment`. Throws mae::Error if there are not that many.
  static void* allocate(Index bytes) {
    const auto size = static_cast<std::size_t>(align_up(bytes > 0 ? bytes : 1));
    const bool large = size >= large_memory;
    void* const memory = large ? std::aligned_alloc(large_page, (size + large_page - 1) / large_page * large_page)
                               : std::aligned_alloc(static_cast<std::size_t>(alignment), size);
    if (!memory) throw Error("memory", "no room for " + std::to_string(size) + " bytes", "a smaller model or batch");
    if (large) prefer_large_pages(memory, size);
    std::memset(memory, 0, size);
    return memory;
  }
  static void release(void* memory) { std::free(memory); }
  static void fill(void* memory, int byte, Index bytes) {
    std::memset(memory, byte, static_cast<std::size_t>(bytes));
  }
};

}  // namespace mae
