// Packing: buffers that are alive at the same time lie apart, others may share bytes.
//
// Greedy, by size, as in XLA and TensorFlow Lite: the largest buffer first, each as low as those before it let it.
#pragma once
#include <mae/autograd/plan/graph.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// A buffer alive in steps [from, to].
struct PlannedBuffer {
  Index bytes = 0;
  int from = 0, to = 0;
  Location* where = nullptr;
  Index offset = 0;
  int number = 0;
};

/// Gives each buffer the lowest offset free of conflicts, largest first, and reorders them so. Returns the bytes needed
/// in all.
constexpr Index pack(PlannedBuffer* buffers, int count) {
  for (int i = 0; i < count; ++i) buffers[i].number = i;
  Index top = 0;
  for (int done = 0; done < count; ++done) {
    int largest = done;
    for (int i = done + 1; i < count; ++i)
      if (buffers[i].bytes > buffers[largest].bytes ||
          (buffers[i].bytes == buffers[largest].bytes && buffers[i].number < buffers[largest].number))
        largest = i;
    const PlannedBuffer next = buffers[largest];
    buffers[largest] = buffers[done];
    Index offset = 0;
    for (int i = 0; i < done; ++i) {
      const PlannedBuffer& other = buffers[i];
      if (other.from > next.to || next.from > other.to || offset >= other.offset + other.bytes ||
          other.offset >= offset + next.bytes)
        continue;
      offset = other.offset + other.bytes;
      i = -1;  // what was passed may be in the way now
    }
    buffers[done] = next;
    buffers[done].offset = offset;
    *next.where = {scratch, offset};
    top = offset + next.bytes > top ? offset + next.bytes : top;
  }
  return top;
}

}  // namespace mae::detail
MAE_PRECISE_END
