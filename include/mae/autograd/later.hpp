// Results that the program looks at later: it goes on at once, and waits only for the one that it reads.
//
// A step on a GPU has a loss and a gradient's norm that somebody wants to see, but not before the next step can begin.
// So each is copied away when the kernels get there, and read one step behind: first come, first read, two at most.
#pragma once
#include <mae/tensor/buffer.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Where the program reaches the kernels' memory it reads results at once.
template <class Memory, bool same = Memory::reachable>
class Later {
 public:
  static constexpr Index most = 1;
  explicit Later(Index) {}
  static constexpr Index unread() { return 0; }
};

template <class Memory>
class Later<Memory, false> {
 public:
  static constexpr Index most = 2;

  /// For results of up to `size` bytes.
  explicit Later(Index size) : size_(align_up(size)), copies_(most * size_) {}

  Index unread() const { return asked_ - read_; }
  /// Which of the two copies is asked for next.
  Index turn() const { return asked_ % most; }
  Index oldest_turn() const { return read_ % most; }
  /// Asks for `size` bytes at `at`, as the kernels called so far leave them.
  void ask(const void* at, Index size) {
    Memory::fetch_later(copies_.data() + turn() * size_, at, size);
    marks_[turn()].set();
    ++asked_;
  }
  /// The oldest that has not been read, until two more are asked for. Waits for it.
  const char* read() {
    marks_[oldest_turn()].wait();
    return copies_.data() + (read_++ % most) * size_;
  }
  /// Nobody will read what was asked for.
  void forget() {
    Memory::wait();
    read_ = asked_;
  }

 private:
  Index size_, asked_ = 0, read_ = 0;
  Buffer<char, typename Memory::Pinned> copies_;
  typename Memory::Mark marks_[most];
};

}  // namespace mae
MAE_PRECISE_END
