// Where tests keep the numbers that kernels work on. A device's test puts its own functions here before it begins.
#pragma once
#include <cstddef>
#include <new>

#include <mae/core/config.hpp>

namespace test {

struct KernelMemory {
  /// Memory that both kernels and the test can use, of exactly this size: AddressSanitizer sees one element too far.
  void* (*allocate)(std::size_t bytes) = [](std::size_t bytes) {
    return ::operator new(bytes, std::align_val_t{mae::alignment});
  };
  void (*release)(void* memory) = [](void* memory) { ::operator delete(memory, std::align_val_t{mae::alignment}); };
  /// Until all kernels that were called are done.
  void (*wait)() = [] {};
  /// Called with each number of threads that a test tries: what else must not show in the results can be changed too.
  void (*vary)(int threads) = [](int) {};
};
inline KernelMemory kernel_memory;

template <class T>
struct Allocator {
  using value_type = T;
  Allocator() = default;
  template <class Other>
  Allocator(const Allocator<Other>&) {}
  T* allocate(std::size_t count) { return static_cast<T*>(kernel_memory.allocate(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) { kernel_memory.release(memory); }
  bool operator==(const Allocator&) const = default;
};

}  // namespace test
