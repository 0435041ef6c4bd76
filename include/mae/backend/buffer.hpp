// Owning storage: a run of elements, aligned for vectors, zero at birth, movable, never copied by accident.
//
// `Buffer` lies in one memory. `DualBuffer` is for numbers that kernels work on and the program looks at, like weights:
// where both share one memory it is a buffer, else each side has its own and is brought up to date when it is asked
// for. `HostWindow` is the program's look at a place in memory that somebody else owns.
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

/// a · b, for sizes from 0. Throws mae::Error if no memory can be so large, instead of wrapping around.
constexpr Index size_product(Index a, Index b) {
  constexpr Index most = PTRDIFF_MAX / 2;
  if (b > 0 && a > most / b)
    throw Error("memory", "no room for " + std::to_string(a) + " times " + std::to_string(b),
                "a smaller model or batch");
  return a * b;
}

/// `size` elements of a trivially copyable type, zero at first.
template <class T, class MemorySpace = Host>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  explicit Buffer(Index size)
      : data_(static_cast<T*>(MemorySpace::allocate(size_product(size, Index{sizeof(T)})))), size_(size) {}
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Buffer() { MemorySpace::release(data_, size_ * Index{sizeof(T)}); }

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

/// `size` elements, zero at first, for kernels that work in `MemorySpace` and for the program. A host pointer is
/// invalidated by the next call that returns a device pointer, and vice versa. The program's copy is made when it is
/// first asked for.
template <class T, class MemorySpace>
class DualBuffer;
template <class T, HostAccessible MemorySpace>
class DualBuffer<T, MemorySpace> {
 public:
  explicit DualBuffer(Index size) : data_(size) {}
  Index size() const { return data_.size(); }
  T* device() { return data_.data(); }
  const T* device() const { return data_.data(); }
  T* host() { return data_.data(); }
  const T* host() const { return data_.data(); }
  void zero() { MemorySpace::fill(data_.data(), 0, size() * Index{sizeof(T)}); }

 private:
  Buffer<T, MemorySpace> data_;
};
template <class T, class MemorySpace>
class DualBuffer {
 public:
  explicit DualBuffer(Index size) : device_(size) {}
  Index size() const { return device_.size(); }
  T* device() {
    copy_to_device();
    newest_ = Side::device;
    return device_.data();
  }
  const T* device() const {
    copy_to_device();
    return device_.data();
  }
  T* host() {
    copy_to_host();
    newest_ = Side::host;
    return host_.data();
  }
  const T* host() const {
    copy_to_host();
    return host_.data();
  }
  void zero() {
    MemorySpace::fill(device_.data(), 0, bytes());
    newest_ = Side::device;
  }

 private:
  enum class Side { both, host, device };
  Index bytes() const { return size() * Index{sizeof(T)}; }
  void copy_to_device() const {
    if (newest_ != Side::host) return;
    MemorySpace::copy_to_device(device_.data(), host_.data(), bytes());
    newest_ = Side::both;
  }
  void copy_to_host() const {
    if (host_.size() == 0) host_ = Buffer<T>(size());
    else if (newest_ != Side::device) return;
    MemorySpace::copy_to_host(host_.data(), device_.data(), bytes());
    newest_ = Side::both;
  }

  mutable Buffer<T, MemorySpace> device_;
  mutable Buffer<T> host_;
  mutable Side newest_ = Side::device;
};

/// Shows the program a place in `MemorySpace`, or takes there what the program writes.
template <class MemorySpace>
class HostWindow;
template <HostAccessible MemorySpace>
class HostWindow<MemorySpace> {
 public:
  /// `count` elements at `at`, as the kernels called so far leave them, until this window is used again.
  template <class T>
  T* read(T* at, Index) {
    return at;
  }
  /// Room for what the program wants to write to `at`, where `upload` brings it.
  template <class T>
  T* write(T* at, Index) {
    return at;
  }
  template <class T>
  void upload(T*, Index) {}
};
template <class MemorySpace>
class HostWindow {
 public:
  template <class T>
  T* read(T* at, Index count) {
    T* const copy = write(at, count);
    MemorySpace::copy_to_host(const_cast<std::remove_const_t<T>*>(copy), at, count * Index{sizeof(T)});
    return copy;
  }
  template <class T>
  T* write(T*, Index count) {
    const Index size = count * Index{sizeof(T)};
    if (copy_.size() < size) copy_ = Buffer<char, typename MemorySpace::Pinned>(size);
    return reinterpret_cast<T*>(copy_.data());
  }
  template <class T>
  void upload(T* at, Index count) {
    const Index size = count * Index{sizeof(T)};
    if (copy_.size() >= size) MemorySpace::copy_to_device(at, copy_.data(), size);
  }

 private:
  Buffer<char, typename MemorySpace::Pinned> copy_;
};

}  // namespace mae
