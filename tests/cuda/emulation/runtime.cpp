// Streams, events, graphs and copies of the emulated CUDA runtime.
#include <cstdlib>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cuda_runtime.h"

namespace emulation {

struct Stream {
  std::deque<std::function<void()>> work;
  long put = 0, done = 0;  // how much was ever put in, and is done
  Graph* capture = nullptr;
  void run_until(long position) {
    const Open open;
    while (done < position) {
      const auto next = std::move(work.front());
      work.pop_front();
      ++done;
      next();
    }
  }
};
struct Event {
  Stream* stream = nullptr;
  long position = 0;
};
struct Graph {
  std::vector<std::function<void()>> work;
};

namespace {
std::vector<Stream*>& streams() {
  static std::vector<Stream*> all;
  return all;
}
std::map<const char*, std::size_t>& pinned() {
  static std::map<const char*, std::size_t> all;
  return all;
}
bool is_pinned(const void* memory) {
  const auto* const at = static_cast<const char*>(memory);
  auto after = pinned().upper_bound(at);
  return after != pinned().begin() && (--after, at < after->first + after->second);
}
cudaError_t last_error = cudaSuccess;
cudaError_t note(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}
bool capturing() {
  for (const Stream* stream : streams())
    if (stream->capture) return true;
  return false;
}
void finish_all() {
  ++full_waits;
  for (Stream* stream : streams()) stream->run_until(stream->put);
}
}  // namespace

bool fails(const char* function) { return std::string(failing) == function && until_failure-- == 0; }

cudaError_t enqueue(cudaStream_t stream, std::function<void()> work) {
  if (!stream) throw Fault("work for the default stream, which waits for all others");
  if (stream->capture) {
    stream->capture->work.push_back(std::move(work));
    return cudaSuccess;
  }
  stream->work.push_back(std::move(work));
  ++stream->put;
  return cudaSuccess;
}

}  // namespace emulation

using namespace emulation;

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorNoKernelImageForDevice: return "cudaErrorNoKernelImageForDevice";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
    case cudaErrorStreamCaptureUnsupported: return "cudaErrorStreamCaptureUnsupported";
  }
  return "an unknown error";
}
const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorInvalidValue: return "invalid argument";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInsufficientDriver: return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorNoKernelImageForDevice: return "no kernel image is available for execution on the device";
    case cudaErrorLaunchFailure: return "unspecified launch failure";
    case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
  }
  return "unrecognized error code";
}
cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = devices;
  if (driver_error != cudaSuccess) return note(driver_error);
  return note(devices > 0 ? cudaSuccess : cudaErrorNoDevice);
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"emulated GPU"};
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  *value = attribute == cudaDevAttrComputeCapabilityMajor   ? 9
           : attribute == cudaDevAttrComputeCapabilityMinor ? 0
                                                            : shared_of_device;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = driver_error == cudaErrorInsufficientDriver ? 11080 : 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = device_bytes;
  *free = device_bytes - device_bytes_used();
  return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize() {
  finish_all();
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  streams().push_back(*stream = new Stream);
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  stream->run_until(stream->put);
  std::erase(streams(), stream);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (stream->capture) return note(cudaErrorStreamCaptureUnsupported);
  ++full_waits;
  stream->run_until(stream->put);
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (fails("cudaStreamWaitEvent")) return note(failure);
  if (!event->stream) return cudaSuccess;
  return enqueue(stream, [before = event->stream, position = event->position] { before->run_until(position); });
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new Event;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (fails("cudaEventRecord")) return note(failure);
  if (stream->capture) throw Fault("an event recorded into a graph");
  *event = {stream, stream->put};
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (fails("cudaEventSynchronize")) return note(failure);
  if (!event->stream) return cudaSuccess;
  event_waits += event->stream->done < event->position;
  idle_waits += event->stream->done < event->position && event->position == event->stream->put;
  event->stream->run_until(event->position);
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (fails("cudaStreamBeginCapture")) return note(failure);
  if (stream->capture) return note(cudaErrorStreamCaptureUnsupported);
  stream->capture = new Graph;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (!stream->capture) return note(cudaErrorInvalidValue);
  *graph = std::exchange(stream->capture, nullptr);
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  if (fails("cudaGraphInstantiate")) return note(failure);
  *executable = new Graph(*graph);
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  finish_all();
  delete executable;
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (fails("cudaGraphLaunch")) return note(failure);
  return enqueue(stream, [executable] {
    for (const auto& work : executable->work) work();
  });
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  if (capturing()) return note(cudaErrorStreamCaptureUnsupported);
  *memory = allocate_device(bytes);
  return note(*memory ? cudaSuccess : cudaErrorMemoryAllocation);
}
cudaError_t cudaMallocManaged(void** memory, std::size_t bytes, unsigned) {
  *memory = allocate_managed(bytes);
  return note(*memory ? cudaSuccess : cudaErrorMemoryAllocation);
}
cudaError_t cudaFree(void* memory) {
  if (!memory) return cudaSuccess;
  if (capturing()) return note(cudaErrorStreamCaptureUnsupported);
  finish_all();
  return note(release(memory) ? cudaSuccess : cudaErrorInvalidValue);
}
cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) {
  if (fails("cudaHostAlloc")) return note(failure);
  *memory = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!*memory) return note(cudaErrorMemoryAllocation);
  pinned()[static_cast<const char*>(*memory)] = bytes;
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* memory) {
  if (!memory) return cudaSuccess;
  finish_all();
  if (pinned().erase(static_cast<const char*>(memory)) == 0) return note(cudaErrorInvalidValue);
  std::free(memory);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  if (fails("cudaMemcpyAsync")) return note(failure);
  const bool from_device = kind != cudaMemcpyHostToDevice, to_device = kind != cudaMemcpyDeviceToHost;
  if ((bytes > 0) && ((from_device != on_device(from, bytes)) || (to_device != on_device(to, bytes))))
    throw Fault("a copy of " + std::to_string(bytes) + " bytes whose memory is not where it says, or too small");
  // What is not pinned has been read, or is written, when the call returns.
  if (!from_device && !is_pinned(from)) {
    const std::vector<char> copy(static_cast<const char*>(from), static_cast<const char*>(from) + bytes);
    return enqueue(stream, [to, copy] { std::memcpy(to, copy.data(), copy.size()); });
  }
  const cudaError_t error = enqueue(stream, [to, from, bytes] { std::memcpy(to, from, bytes); });
  if (!to_device && !is_pinned(to) && !stream->capture) {
    ++full_waits;
    stream->run_until(stream->put);
  }
  return error;
}
cudaError_t cudaMemsetAsync(void* memory, int byte, std::size_t bytes, cudaStream_t stream) {
  if (fails("cudaMemsetAsync")) return note(failure);
  if (bytes > 0 && !on_device(memory, bytes))
    throw Fault("a fill of " + std::to_string(bytes) + " bytes that are not the device's");
  return enqueue(stream, [memory, byte, bytes] { std::memset(memory, byte, bytes); });
}
