// Host/device staging of a session: uploads inputs, downloads results. A no-op where kernels run in host memory.
//
// Where the kernels work in the program's own memory nothing moves: an input is read where it lies, the result is
// looked at where it was written. Elsewhere each input has a place in the session's block and a copy on the way to it,
// and what the program looks at is a copy too. A step is then handed over as a whole: `run` may record the kernel calls
// of `work` and repeat them, as long as all that they depend on stays the same: which work it is, and its `Execution`.
//
// There are two places for inputs, used in turn: while a step runs, the next one's inputs travel.
//
//   program   load 3 | copy 3   (waits for step 1)   load 4 | copy 4
//   kernels   step 1 ───────┤ step 2 ─────────────────┤ step 3 ...
#pragma once
#include <mae/autograd/plan/graph.hpp>
#include <mae/autograd/run/readback.hpp>
#include <mae/tensor/buffer.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The work of a session that is handed over as a whole.
enum class Phase { forward, backward, step };

/// For a memory that the program reaches.
template <class MemorySpace, bool same = MemorySpace::host_accessible>
class Staging {
 public:
  /// Bytes in the session's block that a sample of inputs takes, given how large one is.
  static constexpr Index bytes(Index) { return 0; }
  Staging(Index, char*) {}
  char* input(const void* from, Index) { return static_cast<char*>(const_cast<void*>(from)); }
  /// What `input` was given, as it was then.
  const char* sent(const char* place) const { return place; }
  const std::uint64_t* keys(const std::uint64_t* from, Index) { return from; }
  void next_slot() {}
  char* map_for_read(int, char* at, Index) { return at; }
  char* map_for_write(int, char* at, Index) { return at; }
  void upload(int, char*, Index) {}
  template <class Work>
  void run(Phase, const Execution&, const Work& work) {
    work();
  }
};

/// For a memory of its own.
template <class MemorySpace>
class Staging<MemorySpace, false> {
 public:
  /// Besides inputs there are keys and the scale of a gradient.
  static constexpr Index bytes(Index inputs) {
    return 2 * (inputs + align_up(Index{sizeof(std::uint64_t)}) + align_up(Index{sizeof(double)}));
  }
  /// `place` has room for `size` bytes.
  Staging(Index size, char* place) : place_(place), half_(size / 2), outbound_(size) {
    MemorySpace::wait();  // whatever is still to be done there
  }

  /// Begins the inputs of another step. Waits for the last step but one, whose place they take.
  void next_slot() {
    turn_ = 1 - turn_;
    used_ = turn_ * half_;
    done_[turn_].wait();
  }
  /// Where a copy of these bytes will be, for kernels that are called from now on.
  char* input(const void* from, Index size) {
    char* const to = place_ + used_;
    std::memcpy(outbound_.data() + used_, from, static_cast<std::size_t>(size));
    MemorySpace::copy_to_device_ahead(to, outbound_.data() + used_, size);
    used_ += align_up(size);
    return to;
  }
  /// What `input` was given for a place, until the next step but one begins.
  const char* sent(const char* place) const { return outbound_.data() + (place - place_); }
  const std::uint64_t* keys(const std::uint64_t* from, Index count) {
    if (!from) return nullptr;
    return reinterpret_cast<const std::uint64_t*>(input(from, count * Index{sizeof(std::uint64_t)}));
  }
  /// A copy of what the kernels called so far leave at `at`; `region` tells apart what is looked at.
  char* map_for_read(int region, char* at, Index size) {
    char* const copy = map_for_write(region, at, size);
    MemorySpace::copy_to_host(copy, at, size);
    return copy;
  }
  /// Room for what the program wants to write to `at`, which `upload` does.
  char* map_for_write(int region, char*, Index size) {
    MemorySpace::wait();  // what was written here before may still be on its way
    Buffer<char, typename MemorySpace::Pinned>& copy = copies_[region];
    if (copy.size() < size) copy = Buffer<char, typename MemorySpace::Pinned>(size);
    return copy.data();
  }
  void upload(int region, char* at, Index size) {
    if (copies_[region].size() >= size) MemorySpace::copy_to_device(at, copies_[region].data(), size);
  }
  template <class Work>
  void run(Phase what, const Execution& execution, const Work& work) {
    graph_cache_.run({what, execution}, work);
    done_[turn_].set();
  }

 private:
  struct Key {
    Phase what;
    Execution execution;
    bool operator==(const Key&) const = default;
  };

  char* place_;
  Index half_, used_ = 0;
  int turn_ = 0;
  Buffer<char, typename MemorySpace::Pinned> outbound_, copies_[region_count];
  typename MemorySpace::Event done_[2];
  typename MemorySpace::template GraphCache<Key> graph_cache_;
};

}  // namespace mae
MAE_PRECISE_END
