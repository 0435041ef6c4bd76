// The part of the CUDA runtime that the library uses, for the host compiler: same names, same signatures.
//
// Work in a stream is put off until somebody waits for it, as on a real device; so what forgets to wait finds memory that
// nothing has been written to yet. Streams know no order among each other but that of events.
#pragma once
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <tuple>
#include <type_traits>

#include <mae/backend/cuda/source_location.hpp>

#include "device.hpp"

#define __host__
#define __device__
#define __global__
#define __shared__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))

// ---- types ---------------------------------------------------------------------------------------------------------

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned width = 1, unsigned height = 1, unsigned depth = 1) : x(width), y(height), z(depth) {}
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

// ---- in kernels ----------------------------------------------------------------------------------------------------

inline void __syncthreads(mae::cuda::SourceLocation where = mae::cuda::SourceLocation::here()) {
  emulation::block_barrier(where);
}
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32,
              mae::cuda::SourceLocation where = mae::cuda::SourceLocation::here()) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  const int self = emulation::lane(), first = self / width * width;
  bits = emulation::exchange_in_warp(mask, bits, first + (lane & (width - 1)), where);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                  mae::cuda::SourceLocation where = mae::cuda::SourceLocation::here()) {
  return __shfl_sync(mask, value, emulation::lane() ^ lanes, width, where);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, int lanes, int width = 32,
                   mae::cuda::SourceLocation where = mae::cuda::SourceLocation::here()) {
  const int self = emulation::lane(), last = self / width * width + width - 1;
  return __shfl_sync(mask, value, self + lanes <= last ? self + lanes : self, width, where);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, mae::cuda::SourceLocation where = mae::cuda::SourceLocation::here()) {
  emulation::exchange_in_warp(mask, 0, emulation::lane(), where);
}
template <class T>
T atomicAdd(T* to, T value) {
  const T before = *to;
  *to = before + value;
  return before;
}
inline void __threadfence() {}
inline float __uint_as_float(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline unsigned __float_as_uint(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// ---- errors --------------------------------------------------------------------------------------------------------

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorLaunchFailure = 719,
  cudaErrorStreamCaptureUnsupported = 900,
};
const char* cudaGetErrorString(cudaError_t error);
const char* cudaGetErrorName(cudaError_t error);
cudaError_t cudaGetLastError();

namespace emulation {
/// What the next calls answer, for tests of failure: devices found, an error in place of the driver, the shared memory
/// that a block may have, and the name of a function that fails once it has been called `until_failure` times more.
inline int devices = 1;
inline cudaError_t driver_error = cudaSuccess;
inline int shared_of_device = static_cast<int>(most_shared);
inline cudaError_t failure = cudaErrorLaunchFailure;
inline const char* failing = "";
inline int until_failure = 0;
bool fails(const char* function);
}  // namespace emulation

// ---- the device ----------------------------------------------------------------------------------------------------

enum cudaDeviceAttr {
  cudaDevAttrComputeCapabilityMajor = 75,
  cudaDevAttrComputeCapabilityMinor = 76,
  cudaDevAttrMaxSharedMemoryPerBlockOptin = 97,
};
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDevice(int* device);
struct cudaDeviceProp {
  char name[256];
};
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device);
cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);
cudaError_t cudaDeviceSynchronize();

// ---- streams and events --------------------------------------------------------------------------------------------

namespace emulation {
struct Stream;
struct Event;
struct Graph;
}  // namespace emulation
using cudaStream_t = emulation::Stream*;
using cudaEvent_t = emulation::Event*;
using cudaGraph_t = emulation::Graph*;
using cudaGraphExec_t = emulation::Graph*;

inline constexpr unsigned cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2;
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);

enum cudaStreamCaptureMode { cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal, cudaStreamCaptureModeRelaxed };
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags = 0);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable);
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream);

// ---- memory --------------------------------------------------------------------------------------------------------

enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };
inline constexpr unsigned cudaMemAttachGlobal = 1, cudaHostAllocDefault = 0;
cudaError_t cudaMalloc(void** memory, std::size_t bytes);
cudaError_t cudaMallocManaged(void** memory, std::size_t bytes, unsigned flags = cudaMemAttachGlobal);
cudaError_t cudaFree(void* memory);
cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned flags);
cudaError_t cudaFreeHost(void* memory);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* memory, int byte, std::size_t bytes, cudaStream_t stream);

// ---- launching -----------------------------------------------------------------------------------------------------

struct cudaLaunchAttribute;
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes;
  cudaStream_t stream;
  cudaLaunchAttribute* attrs;
  unsigned numAttrs;
};
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
namespace emulation {
/// Bytes of shared memory that blocks of `Kernel` may have: more than these have to be asked for.
template <class Kernel>
std::map<Kernel*, int>& allowed() {
  static std::map<Kernel*, int> bytes;
  return bytes;
}
inline constexpr std::size_t always_allowed = 48 * 1024;
}  // namespace emulation
template <class Kernel>
cudaError_t cudaFuncSetAttribute(Kernel* kernel, cudaFuncAttribute, int bytes) {
  if (bytes > emulation::shared_of_device) return cudaErrorInvalidValue;
  emulation::allowed<Kernel>()[kernel] = bytes;
  return cudaSuccess;
}

namespace emulation {
/// Puts `work` at the end of a stream, or into the graph that is being captured from it.
cudaError_t enqueue(cudaStream_t stream, std::function<void()> work);
template <class A>
void check_argument(const A& argument) {
  if constexpr (std::is_pointer_v<A>)
    if (argument && !on_device(argument)) throw Fault("a kernel is given a pointer to memory that is not the device's");
}
}  // namespace emulation

template <class... P, class... A>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(P...), A&&... arguments) {
  if (emulation::fails("cudaLaunchKernelEx")) return emulation::failure;
  if (config->dynamicSmemBytes > emulation::always_allowed &&
      static_cast<int>(config->dynamicSmemBytes) > emulation::allowed<void(P...)>()[kernel])
    return cudaErrorInvalidValue;
  const auto values = std::make_shared<std::tuple<P...>>(arguments...);
  std::apply([](const auto&... value) { (emulation::check_argument(value), ...); }, *values);
  const emulation::Dimensions grid{config->gridDim.x, config->gridDim.y, config->gridDim.z},
      block{config->blockDim.x, config->blockDim.y, config->blockDim.z};
  return emulation::enqueue(config->stream, [values, kernel, grid, block, shared = config->dynamicSmemBytes] {
    emulation::run_grid(grid, block, shared, [&] { std::apply(kernel, *values); });
  });
}
