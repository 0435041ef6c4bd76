// Owning storage: a run of elements, aligned for vectors, zero at birth, movable, never copied by accident.
//
// `Buffer` lies in one memory. `TwoSided` is for numbers that kernels work on and the program looks at, like weights:
// where both share one memory it is a buffer, else each side has its own and is brought up to date when it is asked
// for.
#pragma once
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include <mae/backend/memory.hpp>
#include <mae/core/config.hpp>
#include <mae/core/error.hpp>
#include <mae/core/shape.hpp>

namespace mae {

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

/// `size` elements, zero at first, for kernels that work in `Memory` and for the program. A pointer to one side is good
/// until the other side is asked for. The program's copy is made when it is first asked for.
template <class T, class Memory, bool same = Memory::reachable>
class TwoSided {
 public:
  explicit TwoSided(Index size) : data_(size) {}
  Index size() const { return data_.size(); }
  T* kernels() { return data_.data(); }
  const T* kernels() const { return data_.data(); }
  T* host() { return data_.data(); }
  const T* host() const { return data_.data(); }
  void zero() { Memory::fill(data_.data(), 0, size() * Index{sizeof(T)}); }

 private:
  Buffer<T, Memory> data_;
};
template <class T, class Memory>
class TwoSided<T, Memory, false> {
 public:
  explicit TwoSided(Index size) : there_(size) {}
  Index size() const { return there_.size(); }
  T* kernels() {
    send();
    newest_ = Side::there;
    return there_.data();
  }
  const T* kernels() const {
    send();
    return there_.data();
  }
  T* host() {
    fetch();
    newest_ = Side::here;
    return here_.data();
  }
  const T* host() const {
    fetch();
    return here_.data();
  }
  void zero() {
    Memory::fill(there_.data(), 0, bytes());
    newest_ = Side::there;
  }

 private:
  enum class Side { both, here, there };
  Index bytes() const { return size() * Index{sizeof(T)}; }
  void send() const {
    if (newest_ != Side::here) return;
    Memory::send(there_.data(), here_.data(), bytes());
    newest_ = Side::both;
  }
  void fetch() const {
    if (here_.size() == 0) here_ = Buffer<T>(size());
    else if (newest_ != Side::there) return;
    Memory::fetch(here_.data(), there_.data(), bytes());
    newest_ = Side::both;
  }

  mutable Buffer<T, Memory> there_;
  mutable Buffer<T> here_;
  mutable Side newest_ = Side::there;
};

}  // namespace mae
