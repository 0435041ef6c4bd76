// Counts every operator new of the program. Include it in one file of a test; it replaces the global operators.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <new>

namespace test {
inline long allocations = 0;
}

// Not inlined, or g++ would pair the free() below with its own idea of new.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++test::allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
