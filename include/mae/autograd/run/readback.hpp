// Asynchronous read-back of small results (losses, gradient norms), up to two in flight.
//
// A step on a GPU has a loss and a gradient's norm that somebody wants to see, but not before the next step can begin.
// So each is copied away when the kernels get there, and read one step behind: first come, first read, two at most.
#pragma once
#include <mae/tensor/buffer.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Where the program reaches the kernels' memory it reads results at once.
template <class MemorySpace, bool same = MemorySpace::host_accessible>
class Readback {
 public:
  static constexpr Index most = 1;
  explicit Readback(Index) {}
  static constexpr Index unread() { return 0; }
};

template <class MemorySpace>
class Readback<MemorySpace, false> {
 public:
  static constexpr Index most = 2;

  /// For results of up to `size` bytes.
  explicit Readback(Index size) : size_(align_up(size)), copies_(most * size_) {}

  Index unread() const { return enqueued_ - read_; }
  /// Which of the two copies is asked for next.
  Index slot() const { return enqueued_ % most; }
  Index oldest_slot() const { return read_ % most; }
  /// Asks for `size` bytes at `at`, as the kernels called so far leave them.
  void enqueue(const void* at, Index size) {
    MemorySpace::enqueue_to_host(copies_.data() + slot() * size_, at, size);
    events_[slot()].set();
    ++enqueued_;
  }
  /// The oldest that has not been read, until two more are asked for. Waits for it.
  const char* read() {
    events_[oldest_slot()].wait();
    return copies_.data() + (read_++ % most) * size_;
  }
  /// Nobody will read what was asked for.
  void forget() {
    MemorySpace::wait();
    read_ = enqueued_;
  }

 private:
  Index size_, enqueued_ = 0, read_ = 0;
  Buffer<char, typename MemorySpace::Pinned> copies_;
  typename MemorySpace::Event events_[most];
};

}  // namespace mae
MAE_PRECISE_END
