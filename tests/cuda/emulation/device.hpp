// A GPU played by the host: the threads of a block are fibres that run one after the other until each waits or ends.
//
// What a real GPU forgives, or answers with garbage, is a `Fault` here: a barrier that not all threads of a block
// reach, or that they reach in different lines; a shuffle without all lanes that it names; a write behind the shared
// memory that was asked for; a pointer into the program's own memory among a kernel's arguments. Shared memory holds
// NaN when a block begins. `order` turns the order of threads and blocks around, so that a missing barrier shows in the
// result one way or the other. Device memory cannot be touched but by kernels and copies: a stray access of the program
// ends it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>

#include <mae/backend/cuda/source_location.hpp>

namespace emulation {

struct Fault : std::logic_error {
  using std::logic_error::logic_error;
};

struct Dimensions {
  unsigned x = 1, y = 1, z = 1;
};
struct Coordinates {
  unsigned x = 0, y = 0, z = 0;
};

inline constexpr int warp_size = 32;
inline constexpr unsigned most_threads = 1024;
inline constexpr std::size_t most_shared = 227 * 1024;

/// 0: threads and blocks run in the order of their numbers; 1: in the reverse order.
inline int order = 0;
/// Kernels run so far, for tests that something was launched, or was not.
inline long launches = 0;
/// How often the program has waited for everything in a stream; for an event that had not happened yet; and for the last
/// thing in a stream, so that the GPU has nothing to do when the program goes on.
inline long full_waits = 0, event_waits = 0, idle_waits = 0;

/// Runs `thread` for every thread of every block.
void run_grid(Dimensions grid, Dimensions block, std::size_t shared, const std::function<void()>& thread);

/// Whether AddressSanitizer watches, which ends the program at the first byte behind the shared memory.
bool sanitized();

/// Waits until all threads of the block are here.
void block_barrier(mae::cuda::SourceLocation where);
/// Waits until all lanes in `mask` are here; each has left 8 bytes, and gets those of lane `source`.
std::uint64_t exchange_in_warp(unsigned mask, std::uint64_t mine, int source, mae::cuda::SourceLocation where);
/// The number of the calling thread in its warp.
int lane();

/// Device memory: `accessible` for as long as an `Open` lives. Managed memory is the program's too.
void* allocate_device(std::size_t bytes);
void* allocate_managed(std::size_t bytes);
bool release(void* memory);
/// Whether `bytes` bytes at `memory` lie in one allocation that kernels may use.
bool on_device(const void* memory, std::size_t bytes = 1);
/// Bytes that are allocated, and the most there can be: a small device makes tests of running out cheap.
std::size_t device_bytes_used();
inline std::size_t device_bytes = std::size_t{4} << 30;
struct Open {
  Open();
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open();
};

}  // namespace emulation
