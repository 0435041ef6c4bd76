// Neighbours of a row in one access, and numbers as they are stored.
//
// A lane that moves four numbers at once asks memory for a quarter of the accesses. That takes rows that begin at
// multiples of four numbers: `in_fours` says so of pointers and of the distance between rows. What cannot be read so is
// read in runs of one, by the same code. `stored` rounds by the instruction that a GPU has for it; the bits are those
// of `bf16`.
#pragma once
#include <cuda_bf16.h>

#include <cstdint>
#include <type_traits>

#include <mae/core/bf16.hpp>
#include <mae/core/config.hpp>

namespace mae::cuda {

/// `value` as a T.
template <class T>
__device__ T stored(float value) {
  if constexpr (std::is_same_v<T, bf16>) {
    bf16 narrow;
    narrow.bits = __bfloat16_as_ushort(__float2bfloat16_rn(value));
    return narrow;
  } else {
    return T(value);
  }
}

/// `width` neighbours.
template <class T, int width>
struct alignas(width * sizeof(T)) Run {
  T at[width];
};
template <class T>
using Four = Run<T, 4>;
template <int width, class T>
__device__ Run<T, width> run(const T* from) {
  return *reinterpret_cast<const Run<T, width>*>(from);
}
template <class T, int width>
__device__ void put(T* to, const Run<T, width>& values) {
  *reinterpret_cast<Run<T, width>*>(to) = values;
}
template <class T>
__device__ Four<T> four(const T* from) {
  return run<4>(from);
}
/// Whether rows `stride` numbers apart can be read in fours from each of the pointers on. A null pointer can.
template <class... T>
MAE_HOST_DEVICE bool in_fours(Index stride, const T*... rows) {
  return stride % 4 == 0 && ((reinterpret_cast<std::uintptr_t>(rows) % (4 * sizeof(T)) == 0) && ...);
}
/// Calls `work(width)`, a constant: 4 or 1.
template <class Work>
void in_runs(bool fours, const Work& work) {
  if (fours) return work(std::integral_constant<int, 4>{});
  work(std::integral_constant<int, 1>{});
}

}  // namespace mae::cuda
