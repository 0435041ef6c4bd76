// The one seam to the CUDA runtime: the device, its streams, and errors that say what happened.
//
// All kernels run in one stream, in the order in which they are called; copies of what a later step needs run beside
// them in another. Both, and the handle of cuBLASLt, belong to `Runtime::get()`, which is made when it is first asked
// for: that is where a machine without a GPU says so. One thread of the program at a time may use them, on the device
// that was current then. Whatever includes this header needs nvcc, or the emulation in tests/cuda/emulation, which has
// headers of the same names.
#pragma once
#include <cublasLt.h>
#include <cuda_runtime.h>

#include <string>

#include <mae/backend/cuda/source_location.hpp>
#include <mae/core/config.hpp>
#include <mae/core/error.hpp>

namespace mae::cuda {

/// "cudaMalloc (device.cuh:31)".
inline std::string called(const char* call, const SourceLocation& where) {
  const std::string path = where.file;
  return std::string(call) + " (" + path.substr(path.find_last_of('/') + 1) + ":" + std::to_string(where.line) + ")";
}
/// Throws mae::Error that names the call, where it stands and what CUDA says of it, unless it went well. What happens
/// in a kernel is told by a later call, unless CUDA_LAUNCH_BLOCKING=1 is set in the environment.
inline void check(cudaError_t error, const char* call, const SourceLocation where = SourceLocation::here()) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // forgets it
  throw Error(called(call, where), std::string(cudaGetErrorName(error)) + ", " + cudaGetErrorString(error), "success");
}
inline void check(cublasStatus_t status, const char* call, const SourceLocation where = SourceLocation::here()) {
  if (status != CUBLAS_STATUS_SUCCESS) throw Error(called(call, where), cublasLtGetStatusString(status), "success");
}

/// The device that this program uses: the one that CUDA calls current.
class Runtime {
 public:
  static Runtime& get() {
    static Runtime runtime;
    return runtime;
  }
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  cudaStream_t kernels = nullptr;  ///< where kernels run
  cudaStream_t copies = nullptr;   ///< where copies run ahead of them
  cublasLtHandle_t products = nullptr;
  Index most_shared = 0;  ///< bytes of shared memory that a block may have

  /// "9.0" for sm_90.
  std::string capability() const { return std::to_string(major_) + "." + std::to_string(minor_); }

  /// Waits until all kernels are done.
  void wait() { check(cudaStreamSynchronize(kernels), "cudaStreamSynchronize"); }
  /// Kernels that are called from now on wait for the copies made so far.
  void kernels_wait_for_copies() {
    check(cudaEventRecord(arrived_, copies), "cudaEventRecord");
    check(cudaStreamWaitEvent(kernels, arrived_), "cudaStreamWaitEvent");
  }

 private:
  Runtime() {
    int devices = 0, device = 0, shared = 0;
    const cudaError_t error = cudaGetDeviceCount(&devices);
    if (error == cudaErrorInsufficientDriver) {
      cudaGetLastError();
      throw Error("CUDA", driver_version(), "a driver for CUDA " + runtime_version() + " or newer");
    }
    if (error == cudaErrorNoDevice || (error == cudaSuccess && devices == 0)) {
      cudaGetLastError();
      throw Error("CUDA", "no GPU", "an NVIDIA GPU that this process may use; Cpu needs none");
    }
    check(error, "cudaGetDeviceCount");
    check(cudaGetDevice(&device), "cudaGetDevice");
    check(cudaDeviceGetAttribute(&major_, cudaDevAttrComputeCapabilityMajor, device), "cudaDeviceGetAttribute");
    check(cudaDeviceGetAttribute(&minor_, cudaDevAttrComputeCapabilityMinor, device), "cudaDeviceGetAttribute");
    check(cudaDeviceGetAttribute(&shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, device), "cudaDeviceGetAttribute");
    most_shared = shared;
    check(cudaStreamCreateWithFlags(&kernels, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    check(cudaStreamCreateWithFlags(&copies, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    check(cudaEventCreateWithFlags(&arrived_, cudaEventDisableTiming), "cudaEventCreateWithFlags");
    check(cublasLtCreate(&products), "cublasLtCreate");
  }
  static std::string version(int number) {
    return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
  }
  static std::string driver_version() {
    int number = 0;
    cudaDriverGetVersion(&number);
    return number == 0 ? "no driver" : "a driver for CUDA " + version(number);
  }
  static std::string runtime_version() {
    int number = 0;
    cudaRuntimeGetVersion(&number);
    return version(number);
  }

  cudaEvent_t arrived_ = nullptr;
  int major_ = 0, minor_ = 0;
};

}  // namespace mae::cuda
