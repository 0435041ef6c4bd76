// Counts every operator new of the program, and the bytes that it holds. Include it in one file of a test; it replaces
// the global operators.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace test {

inline std::atomic<long> allocations = 0;
inline std::atomic<long> held_bytes = 0, most_bytes = 0;  // as asked for: now, and at most since `most_bytes` was set

/// Stands before what was asked for, whose end is that of the memory: tools see one byte too far.
struct Allocation {
  std::size_t bytes, before;
};
inline void* allocate(std::size_t bytes, std::size_t alignment) {
  const std::size_t before = alignment < sizeof(Allocation) ? sizeof(Allocation) : alignment;
  void* memory = nullptr;
  if (bytes > PTRDIFF_MAX - before || posix_memalign(&memory, before, before + bytes) != 0) throw std::bad_alloc();
  char* const at = static_cast<char*>(memory) + before;
  new (at - sizeof(Allocation)) Allocation{bytes, before};
  ++allocations;
  const long held = held_bytes += static_cast<long>(bytes);
  for (long most = most_bytes; held > most && !most_bytes.compare_exchange_weak(most, held);) {}
  return at;
}
inline void release(void* memory) {
  if (!memory) return;
  char* const at = static_cast<char*>(memory);
  const Allocation allocation = *std::launder(reinterpret_cast<Allocation*>(at - sizeof(Allocation)));
  held_bytes -= static_cast<long>(allocation.bytes);
  std::free(at - allocation.before);
}

}  // namespace test

// Not inlined, or g++ would pair the free() above with its own idea of new. Those of arrays call these.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return test::allocate(bytes, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return test::allocate(bytes, static_cast<std::size_t>(alignment));
}
// Those without an exception too: sanitizers have their own, which take nothing from these.
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return test::allocate(bytes, alignof(std::max_align_t));
  } catch (const std::bad_alloc&) { return nullptr; }
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  try {
    return test::allocate(bytes, static_cast<std::size_t>(alignment));
  } catch (const std::bad_alloc&) { return nullptr; }
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { test::release(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { test::release(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { test::release(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { test::release(memory); }
