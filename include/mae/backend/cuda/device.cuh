// The memory of a GPU, and steps that run there as a whole.
//
// `Device` is to `Cuda` what `Host` is to `Cpu` (backend/memory.hpp). Everything here keeps the order of calls: a fill,
// a copy and a kernel see what was called before them. `copy_to_device` and `copy_to_host` have finished when they
// return; `copy_to_device_ahead` has not: its bytes travel while kernels run, and only later kernels wait for them.
//
// A step is hundreds of kernels of some microseconds each. `GraphCache` lets the second step with the same addresses
// and sizes be captured as a CUDA graph, and every later one be a single call. An `Event` is how the program waits for
// an earlier step while a later one runs.
#pragma once
#include <deque>

#include <mae/backend/cuda/runtime.cuh>
#include <mae/backend/device_queue.hpp>
#include <mae/backend/policy.hpp>

namespace mae {

struct Device {
  static constexpr bool host_accessible = false;

  /// Zeroed bytes of the device, aligned to 256. Throws mae::Error that says how many were asked for and how many are
  /// free.
  static void* allocate(Index bytes) {
    cuda::Runtime::get();
    void* memory = nullptr;
    const auto size = static_cast<std::size_t>(bytes > 0 ? bytes : 1);
    const cudaError_t error = cudaMalloc(&memory, size);
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      std::size_t free = 0, total = 0;
      cuda::check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
      throw Error("memory of the GPU",
                  std::to_string(size) + " bytes planned, " + std::to_string(free) + " of " + std::to_string(total) +
                      " free",
                  "a smaller model or batch, or CheckpointBlocks");
    }
    cuda::check(error, "cudaMalloc");
    try {
      fill(memory, 0, bytes);
    } catch (...) {
      release(memory, bytes);
      throw;
    }
    return memory;
  }
  static void release(void* memory, Index /*bytes*/) { cudaFree(memory); }

  static void fill(void* memory, int byte, Index bytes) {
    cuda::check(cudaMemsetAsync(memory, byte, static_cast<std::size_t>(bytes), cuda::Runtime::get().kernels),
                "cudaMemsetAsync");
  }
  static void copy_to_device(void* to, const void* from, Index bytes) {
    copy(to, from, bytes, cudaMemcpyHostToDevice, cuda::Runtime::get().kernels);
    wait();
  }
  static void copy_to_host(void* to, const void* from, Index bytes) {
    copy(to, from, bytes, cudaMemcpyDeviceToHost, cuda::Runtime::get().kernels);
    wait();
  }
  /// `from` is `Pinned` and stays as it is until an `Event` that is set afterwards has been waited for. Kernels called
  /// before do not use what is at `to`.
  static void copy_to_device_ahead(void* to, const void* from, Index bytes) {
    cuda::Runtime& runtime = cuda::Runtime::get();
    copy(to, from, bytes, cudaMemcpyHostToDevice, runtime.copies);
    runtime.kernels_wait_for_copies();
  }
  /// The same in the order of kernels: those called before may still use what is at `to`.
  static void enqueue_to_device(void* to, const void* from, Index bytes) {
    copy(to, from, bytes, cudaMemcpyHostToDevice, cuda::Runtime::get().kernels);
  }
  /// `to` is `Pinned`, and has the bytes when an `Event` that is set afterwards has been waited for.
  static void enqueue_to_host(void* to, const void* from, Index bytes) {
    copy(to, from, bytes, cudaMemcpyDeviceToHost, cuda::Runtime::get().kernels);
  }
  /// A moment in the order of calls, that the program can wait for.
  class Event {
   public:
    Event() {
      cuda::Runtime::get();
      cuda::check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "cudaEventCreateWithFlags");
    }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() {
      cudaEventSynchronize(event_);  // the caller may free memory that pending work still uses
      cudaEventDestroy(event_);
    }
    void set() { cuda::check(cudaEventRecord(event_, cuda::Runtime::get().kernels), "cudaEventRecord"); }
    /// Until everything has been done that was called before it was last set.
    void wait() { cuda::check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }

   private:
    cudaEvent_t event_ = nullptr;
  };
  /// Until everything that was called has been done.
  static void wait() { cuda::Runtime::get().wait(); }

  /// Memory of the program that copies can use while the program goes on.
  struct Pinned {
    static constexpr bool host_accessible = true;
    static void* allocate(Index bytes) {
      cuda::Runtime::get();
      void* memory = nullptr;
      const auto size = static_cast<std::size_t>(bytes > 0 ? bytes : 1);
      cuda::check(cudaHostAlloc(&memory, size, cudaHostAllocDefault), "cudaHostAlloc");
      std::memset(memory, 0, size);
      return memory;
    }
    static void release(void* memory, Index /*bytes*/) { cudaFreeHost(memory); }
    static void fill(void* memory, int byte, Index bytes) { Host::fill(memory, byte, bytes); }
  };

  /// Runs work, and keeps what it called to call it again. `Key` says all that the calls depend on.
  template <class Key>
  class GraphCache {
   public:
    GraphCache() = default;
    GraphCache(const GraphCache&) = delete;
    GraphCache& operator=(const GraphCache&) = delete;
    ~GraphCache() {
      for (const Recording& recording : recordings_)
        if (recording.graph) cudaGraphExecDestroy(recording.graph);
    }
    /// The first time `work` is run as it is, for it may load code and ask cuBLASLt; the second time it is recorded.
    template <class Work>
    void run(const Key& key, const Work& work) {
      for (Recording& recording : recordings_)
        if (recording.key == key) {
          if (!recording.graph) recording.graph = record(work);
          cuda::check(cudaGraphLaunch(recording.graph, cuda::Runtime::get().kernels), "cudaGraphLaunch");
          return;
        }
      if (recordings_.size() == most) {
        if (recordings_.front().graph) cudaGraphExecDestroy(recordings_.front().graph);
        recordings_.pop_front();
      }
      recordings_.push_back({key, nullptr});
      work();
    }

   private:
    struct Recording {
      Key key;
      cudaGraphExec_t graph;
    };
    /// Whole batches, the last one of an epoch, each forward and backward.
    static constexpr std::size_t most = 8;

    template <class Work>
    static cudaGraphExec_t record(const Work& work) {
      const cudaStream_t stream = cuda::Runtime::get().kernels;
      cudaGraph_t graph = nullptr;
      cudaGraphExec_t executable = nullptr;
      cuda::check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
      try {
        work();
      } catch (...) {
        if (cudaStreamEndCapture(stream, &graph) == cudaSuccess && graph) cudaGraphDestroy(graph);
        throw;
      }
      cuda::check(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
      const cudaError_t error = cudaGraphInstantiate(&executable, graph, 0);
      cudaGraphDestroy(graph);
      cuda::check(error, "cudaGraphInstantiate");
      return executable;
    }

    std::deque<Recording> recordings_;
  };

 private:
  static void copy(void* to, const void* from, Index bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    cuda::check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), kind, stream), "cudaMemcpyAsync");
  }
};

}  // namespace mae
