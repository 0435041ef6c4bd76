// Four neighbours of a row in one access, and numbers as they are stored.
//
// A lane that moves 16 bytes at once asks memory for a quarter of the accesses. That takes rows that begin at a multiple
// of four numbers: `in_fours` says so of pointers and distances, and whoever asks has a loop over single numbers for
// the rest. `stored` rounds by the instruction that a GPU has for it; the bits are those of `bf16`.
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

template <class T>
struct alignas(4 * sizeof(T)) Four {
  T at[4];
};
template <class T>
__device__ Four<T> four(const T* from) {
  return *reinterpret_cast<const Four<T>*>(from);
}
template <class T>
__device__ void put_four(T* to, const Four<T>& values) {
  *reinterpret_cast<Four<T>*>(to) = values;
}
/// Whether rows `stride` numbers apart can be read in fours from each of the pointers on. A null pointer can.
template <class... T>
__device__ bool in_fours(Index stride, const T*... rows) {
  return stride % 4 == 0 && ((reinterpret_cast<std::uintptr_t>(rows) % (4 * sizeof(T)) == 0) && ...);
}

}  // namespace mae::cuda
