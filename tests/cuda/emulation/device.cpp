// Fibres, barriers, warps and device memory of the emulated GPU.
#include "device.hpp"

#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "cuda_runtime.h"

#if defined(__SANITIZE_ADDRESS__)
#define MAE_EMULATION_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MAE_EMULATION_ASAN
#endif
#endif
#if defined(MAE_EMULATION_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

// The dynamic shared memory that kernels declare (backend/cuda/launch.cuh), with room to notice what is written behind.
namespace mae::cuda {
alignas(128) extern unsigned char block_memory[];
alignas(128) unsigned char block_memory[emulation::most_shared + 4096];
}  // namespace mae::cuda

namespace emulation {
namespace {

// ---- fibres --------------------------------------------------------------------------------------------------------

constexpr std::size_t stack_bytes = 64 * 1024;

/// A stack and the place where it was left.
struct Fibre {
  void* place = nullptr;
  std::unique_ptr<char[]> stack{new char[stack_bytes]};
  void* fake_stack = nullptr;  // AddressSanitizer's
  enum class State { ready, at_barrier, in_warp, ended } state = State::ended;
  long generation = 0;  // of the barrier or warp that it waits for
  uint3 index{};
};

void finish_switch([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** from,
                   [[maybe_unused]] std::size_t* size) {
#if defined(MAE_EMULATION_ASAN)
  __sanitizer_finish_switch_fiber(fake_stack, from, size);
#endif
}
void start_switch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* to,
                  [[maybe_unused]] std::size_t size) {
#if defined(MAE_EMULATION_ASAN)
  __sanitizer_start_switch_fiber(fake_stack, to, size);
#endif
}

#if defined(__x86_64__)
// A switch saves what a call preserves; swapcontext would also ask the system for the signal mask, ten times as slow.
extern "C" void emulation_switch(void** leave, void* enter);
asm(R"(
.text
.p2align 4
.globl emulation_switch
.type emulation_switch, @function
emulation_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emulation_switch, .-emulation_switch
)");
void prepare(Fibre& fibre, void (*entry)()) {
  auto top = reinterpret_cast<std::uintptr_t>(fibre.stack.get() + stack_bytes) & ~std::uintptr_t{15};
  auto* words = reinterpret_cast<void**>(top) - 8;  // six registers, the address of entry, and one for alignment
  for (int i = 0; i < 6; ++i) words[i] = nullptr;
  words[6] = reinterpret_cast<void*>(entry);
  words[7] = nullptr;
  fibre.place = words;
}
#else
void emulation_switch(void** leave, void* enter) {
  ucontext_t here;
  *leave = &here;
  swapcontext(&here, static_cast<ucontext_t*>(enter));
}
void prepare(Fibre& fibre, void (*entry)()) {
  auto* const context = new (fibre.stack.get()) ucontext_t;
  getcontext(context);
  context->uc_stack.ss_sp = fibre.stack.get() + sizeof(ucontext_t);
  context->uc_stack.ss_size = stack_bytes - sizeof(ucontext_t);
  context->uc_link = nullptr;
  makecontext(context, entry, 0);
  fibre.place = context;
}
#endif

// ---- a block -------------------------------------------------------------------------------------------------------

struct Warp {
  long generation = 0;
  unsigned arrived = 0, mask = 0;
  std::uint64_t values[2][warp_size] = {};
};

struct Block {
  std::vector<Fibre> fibres;
  std::vector<Warp> warps;
  unsigned threads = 0, alive = 0, arrived = 0;
  long generation = 0;
  mae::cuda::SourceLocation barrier;
  Fibre* current = nullptr;
  void* scheduler = nullptr;
  const void* scheduler_stack = nullptr;
  std::size_t scheduler_stack_size = 0;
  void* scheduler_fake_stack = nullptr;
  const std::function<void()>* thread = nullptr;
  std::string fault;
} block;

std::string place_of(mae::cuda::SourceLocation where) {
  return std::string(where.file) + ":" + std::to_string(where.line);
}
std::string block_name() {
  return "block " + std::to_string(blockIdx.x) + " " + std::to_string(blockIdx.y) + " " + std::to_string(blockIdx.z);
}

/// From the scheduler into a fibre, until that yields.
void resume(Fibre& fibre) {
  block.current = &fibre;
  threadIdx = fibre.index;
  start_switch(&block.scheduler_fake_stack, fibre.stack.get(), stack_bytes);
  emulation_switch(&block.scheduler, fibre.place);
  finish_switch(block.scheduler_fake_stack, nullptr, nullptr);
}
/// From a fibre back to the scheduler. `last`: it will not be resumed.
void yield(bool last = false) {
  Fibre& fibre = *block.current;
  start_switch(last ? nullptr : &fibre.fake_stack, block.scheduler_stack, block.scheduler_stack_size);
  emulation_switch(&fibre.place, block.scheduler);
  finish_switch(fibre.fake_stack, &block.scheduler_stack, &block.scheduler_stack_size);
}
/// A mistake in a kernel: told by the scheduler, for exceptions do not leave a fibre. Nothing on the fibre's stack is
/// destroyed, so it holds nothing here.
[[noreturn]] void give_up(const char* why, mae::cuda::SourceLocation where) {
  if (block.fault.empty())
    block.fault = std::string(why) + ", " + place_of(where) + ", in " + block_name() + ", thread " +
                  std::to_string(threadIdx.x);
  block.current->state = Fibre::State::ended;
  yield(true);
  std::abort();
}

void fibre_entry() {
  finish_switch(nullptr, &block.scheduler_stack, &block.scheduler_stack_size);
  try {
    (*block.thread)();
  } catch (const std::exception& error) {
    if (block.fault.empty()) block.fault = error.what();
  }
  block.current->state = Fibre::State::ended;
  --block.alive;
  yield(true);
  std::abort();
}

bool may_run(const Fibre& fibre, unsigned number) {
  if (fibre.state == Fibre::State::ready) return true;
  if (fibre.state == Fibre::State::at_barrier) return block.generation > fibre.generation;
  if (fibre.state == Fibre::State::in_warp) return block.warps[number / warp_size].generation > fibre.generation;
  return false;
}

constexpr unsigned char shared_fill = 0xff, guard = 0xa5;
constexpr std::size_t guard_bytes = 256;

/// Runs the lanes of a warp one after the other, each until it yields; says whether any ran.
bool run_warp(unsigned warp) {
  bool moved = false;
  const unsigned first = warp * warp_size, lanes = std::min<unsigned>(warp_size, block.threads - first);
  for (unsigned i = 0; i < lanes && block.fault.empty(); ++i) {
    const unsigned t = first + (order == 1 ? lanes - 1 - i : i);
    if (!may_run(block.fibres[t], t)) continue;
    block.fibres[t].state = Fibre::State::ready;
    resume(block.fibres[t]);
    moved = true;
  }
  return moved;
}

void run_block(std::size_t shared) {
  unsigned char* const memory = mae::cuda::block_memory;
  std::memset(memory, shared_fill, shared);
  std::memset(memory + shared, guard, guard_bytes);
#if defined(MAE_EMULATION_ASAN)
  __asan_poison_memory_region(memory + shared, most_shared + 4096 - shared);
#endif
  block.arrived = 0, block.alive = block.threads, block.generation = 0, block.fault.clear();
  block.warps.assign((block.threads + warp_size - 1) / warp_size, {});
  while (block.fibres.size() < block.threads) block.fibres.emplace_back();
  for (unsigned t = 0; t < block.threads; ++t) {
    Fibre& fibre = block.fibres[t];
#if defined(MAE_EMULATION_ASAN)
    // What a fault has left in the middle of its calls begins anew.
    if (fibre.state != Fibre::State::ended) __asan_unpoison_memory_region(fibre.stack.get(), stack_bytes);
#endif
    fibre.state = Fibre::State::ready;
    fibre.index = {t % blockDim.x, t / blockDim.x % blockDim.y, t / blockDim.x / blockDim.y};
    prepare(fibre, fibre_entry);
  }
  while (block.alive > 0 && block.fault.empty()) {
    // A warp runs until it waits for the others, so that warps are as far apart as barriers let them be.
    bool moved = false;
    const auto warps = static_cast<unsigned>(block.warps.size());
    for (unsigned i = 0; i < warps; ++i)
      for (bool again = true; again;) moved |= again = run_warp(order == 1 ? warps - 1 - i : i);
    if (moved || !block.fault.empty()) continue;
    unsigned waiting = 0;
    for (unsigned t = 0; t < block.threads; ++t) waiting += block.fibres[t].state == Fibre::State::at_barrier;
    block.fault = waiting > 0 ? "a barrier (" + place_of(block.barrier) + ") that " + std::to_string(waiting) + " of " +
                                    std::to_string(block.threads) + " threads reach, in " + block_name()
                              : "a warp operation that lanes it names do not reach, in " + block_name();
  }
#if defined(MAE_EMULATION_ASAN)
  __asan_unpoison_memory_region(memory + shared, most_shared + 4096 - shared);
#endif
  if (block.fault.empty() &&
      !std::all_of(memory + shared, memory + shared + guard_bytes, [](unsigned char byte) { return byte == guard; }))
    block.fault = "a write behind the " + std::to_string(shared) + " bytes of shared memory, in " + block_name();
  if (!block.fault.empty()) throw Fault(block.fault);
}

}  // namespace

void run_grid(Dimensions grid, Dimensions size, std::size_t shared, const std::function<void()>& thread) {
  const unsigned threads = size.x * size.y * size.z;
  if (threads == 0 || threads > most_threads) throw Fault("a block of " + std::to_string(threads) + " threads");
  if (shared > most_shared) throw Fault("a block with " + std::to_string(shared) + " bytes of shared memory");
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.y > 65535 || grid.z > 65535)
    throw Fault("a grid of " + std::to_string(grid.x) + " x " + std::to_string(grid.y) + " x " +
                    std::to_string(grid.z));
  ++launches;
  block.threads = threads;
  block.thread = &thread;
  blockDim = {size.x, size.y, size.z};
  gridDim = {grid.x, grid.y, grid.z};
  const std::uint64_t blocks = std::uint64_t{grid.x} * grid.y * grid.z;
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t b = order == 1 ? blocks - 1 - i : i;
    blockIdx = {static_cast<unsigned>(b % grid.x), static_cast<unsigned>(b / grid.x % grid.y),
                static_cast<unsigned>(b / grid.x / grid.y)};
    run_block(shared);
  }
}

bool sanitized() {
#if defined(MAE_EMULATION_ASAN)
  return true;
#else
  return false;
#endif
}

void block_barrier(mae::cuda::SourceLocation where) {
  Fibre& me = *block.current;
  if (block.arrived == 0) block.barrier = where;
  else if (block.barrier.line != where.line || std::strcmp(block.barrier.file, where.file) != 0)
    give_up("threads at two barriers", where);
  if (++block.arrived == block.threads) {
    block.arrived = 0;
    ++block.generation;
    return;
  }
  me.generation = block.generation;
  me.state = Fibre::State::at_barrier;
  yield();
}

int lane() { return static_cast<int>((block.current - block.fibres.data()) % warp_size); }

std::uint64_t exchange_in_warp(unsigned mask, std::uint64_t mine, int source, mae::cuda::SourceLocation where) {
  Fibre& me = *block.current;
  Warp& warp = block.warps[static_cast<std::size_t>(block.current - block.fibres.data()) / warp_size];
  const int self = lane();
  if (!(mask >> self & 1u)) give_up("a lane that its own mask leaves out", where);
  if (!(mask >> source & 1u)) give_up("a lane reads from one that the mask leaves out", where);
  if (warp.arrived == 0) warp.mask = mask;
  if (warp.mask != mask) give_up("lanes with different masks", where);
  const long generation = warp.generation;
  warp.values[generation & 1][self] = mine;
  warp.arrived |= 1u << self;
  if (warp.arrived == mask) {
    warp.arrived = 0;
    ++warp.generation;
  } else {
    me.generation = generation;
    me.state = Fibre::State::in_warp;
    yield();
  }
  return warp.values[generation & 1][source];
}

// ---- memory --------------------------------------------------------------------------------------------------------

namespace {
struct Allocation {
  std::size_t bytes, mapped;
  bool managed;
};
std::map<const char*, Allocation>& allocations() {
  static std::map<const char*, Allocation> all;
  return all;
}
int open_count = 0;
void protect(int protection) {
  for (const auto& [memory, allocation] : allocations())
    if (!allocation.managed) mprotect(const_cast<char*>(memory), allocation.mapped, protection);
}
}  // namespace

Open::Open() {
  if (open_count++ == 0) protect(PROT_READ | PROT_WRITE);
}
Open::~Open() {
  if (--open_count == 0) protect(PROT_NONE);
}

void* allocate_device(std::size_t bytes) {
  if (device_bytes_used() + bytes > device_bytes) return nullptr;
  const std::size_t mapped = (bytes + 4095) / 4096 * 4096;
  void* const memory = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  allocations()[static_cast<const char*>(memory)] = {bytes, mapped, false};
  return memory;
}
void* allocate_managed(std::size_t bytes) {
  void* const memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (!memory) return nullptr;
#if defined(MAE_EMULATION_ASAN)
  __asan_poison_memory_region(static_cast<char*>(memory) + bytes, (bytes + 255) / 256 * 256 - bytes);
#endif
  allocations()[static_cast<const char*>(memory)] = {bytes, 0, true};
  return memory;
}
bool release(void* memory) {
  const auto found = allocations().find(static_cast<const char*>(memory));
  if (found == allocations().end()) return false;
  if (found->second.managed) {
#if defined(MAE_EMULATION_ASAN)
    __asan_unpoison_memory_region(memory, (found->second.bytes + 255) / 256 * 256);
#endif
    std::free(memory);
  } else {
    munmap(memory, found->second.mapped);
  }
  allocations().erase(found);
  return true;
}
bool on_device(const void* memory, std::size_t bytes) {
  const auto* const at = static_cast<const char*>(memory);
  auto after = allocations().upper_bound(at);
  if (after == allocations().begin()) return false;
  --after;
  return at + bytes <= after->first + after->second.bytes;
}
std::size_t device_bytes_used() {
  std::size_t sum = 0;
  for (const auto& [memory, allocation] : allocations()) sum += allocation.bytes;
  return sum;
}

}  // namespace emulation
