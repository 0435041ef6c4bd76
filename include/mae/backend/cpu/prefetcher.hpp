// Software prefetching: pulls the next operand panel into the second cache while the current tile is multiplied.
//
// A core tracks about twenty outstanding cache misses. Prefetching more at once delays hits in the second cache, so
// each tile issues a few prefetches every `prefetch_interval` steps.
#pragma once
#include <mae/backend/cpu/parallel.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// Steps of a tile's sum between two calls, some 400 cycles: a small tile's steps are short.
template <class Isa>
inline constexpr Index prefetch_interval = Isa::registers == 32 ? 16 : 64;

/// A rectangle of memory that is going to be read, called into the second cache line by line.
class Prefetcher {
 public:
  Prefetcher() = default;
  /// `rows` rows of so many bytes, `stride` bytes apart, to be called for in so many calls.
  Prefetcher(const void* from, Index rows, Index bytes, Index stride, Index calls)
      : row_(static_cast<const char*>(from)),
        stride_(stride),
        width_(bytes),
        rows_(rows),
        together_(ceil_divide(rows * ceil_divide(bytes, line), larger(calls, 1))) {}
  [[gnu::always_inline]] void step() {
    for (Index i = 0; i < together_ && rows_ > 0; ++i) {
      __builtin_prefetch(row_ + at_, 0, 2);
      at_ += line;
      if (at_ < width_) continue;
      at_ = 0, row_ += stride_, --rows_;
    }
  }

 private:
  static constexpr Index line = 64;
  const char* row_ = nullptr;
  Index stride_ = 0, width_ = 0, rows_ = 0, at_ = 0, together_ = 0;
};

}  // namespace mae::cpu
MAE_PRECISE_END
