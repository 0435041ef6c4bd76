// Owning storage: a run of elements on the heap, aligned for vectors, zero at birth, movable, never copied by
// accident.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include <mae/core/config.hpp>
#include <mae/core/error.hpp>
#include <mae/core/shape.hpp>

namespace mae {

/// Where memory lives, as a type. A device backend adds its own.
struct Host {
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
};

/// a · b, for sizes. Throws mae::Error if no memory can be so large, instead of wrapping around.
constexpr Index size_product(Index a, Index b) {
  constexpr Index most = PTRDIFF_MAX / 2;
  if (b > 0 && a > most / b)
    throw Error("memory", "no room for " + std::to_string(a) + " times " + std::to_string(b),
                "a smaller model or batch");
  return a * b;
}

/// `size` elements of a trivially copyable type, zero at first.
template <class T, class Memory = Host>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  explicit Buffer(Index size)
      : data_(static_cast<T*>(Memory::allocate(size_product(size, Index{sizeof(T)})))), size_(size) {}
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Buffer() { Memory::release(data_); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  Index size() const { return size_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](Index i) { return data_[i]; }
  const T& operator[](Index i) const { return data_[i]; }

 private:
  T* data_ = nullptr;
  Index size_ = 0;
};

}  // namespace mae
