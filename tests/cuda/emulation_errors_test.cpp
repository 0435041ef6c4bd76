// What a program is told when there is no GPU, when its memory is full, and when a call fails in the middle of training:
// one mae::Error, after which nothing is held that was not before.
#include <doctest/doctest.h>

#include <string>

#include <mae/mae.cuh>

#include "support/error_of.hpp"
#include "train/toy.hpp"

namespace {
using namespace mae;
using test::error_of;

using Model = MaskedAutoencoder<ImageShape<1, 8, 8, 4>, Transformer<8, 1, 2>, Transformer<8, 1, 2>>;
using Run = Pretraining<Model, Cuda<float>>;

/// Before `main` asks for the device.
struct Start {
  Start() {
    emulation::devices = 0;
    no_gpu = error_of([] { Weights<Model, Cuda<float>>(1); });
    emulation::devices = 1;
    emulation::driver_error = cudaErrorInsufficientDriver;
    old_driver = error_of([] { Weights<Model, Cuda<float>>(1); });
    emulation::driver_error = cudaErrorLaunchFailure;
    broken = error_of([] { Weights<Model, Cuda<float>>(1); });
    emulation::driver_error = cudaSuccess;
  }
  std::string no_gpu, old_driver, broken;
} const start;

PretrainingOptions options() {
  PretrainingOptions o;
  o.batch = 4;
  o.epochs = 2;
  o.warmup = 0;
  return o;
}
const Dataset& images() {
  static const Dataset all = test::bars(12, 1);
  return all;
}
Normalization normalization() { return Normalization::of(channel_statistics(images())); }

TEST_CASE("no GPU, an old driver, a broken one; and when it has been mended, it is found") {
  CHECK(start.no_gpu == "mae: CUDA: found no GPU, expected an NVIDIA GPU that this process may use; Cpu needs none");
  CHECK(start.old_driver ==
        "mae: CUDA: found a driver for CUDA 11.8, expected a driver for CUDA 13.0 or newer");
  CHECK(start.broken.starts_with("mae: cudaGetDeviceCount (runtime.cuh:"));
  CHECK(start.broken.ends_with("found cudaErrorLaunchFailure, unspecified launch failure, expected success"));
  Run run(images(), options(), normalization());
  CHECK(run.update() > 0);
}
TEST_CASE("a full memory: how much was planned and how much is free; what was taken is given back") {
  Run(images(), options(), normalization()).update();  // what the library keeps for good
  Device::wait();
  const std::size_t before = emulation::device_bytes_used(), whole = emulation::device_bytes;
  for (std::size_t room = 0; room < 200'000; room += 10'000) {
    emulation::device_bytes = before + room;
    const std::string error = error_of([] { Run(images(), options(), normalization()).update(); });
    emulation::device_bytes = whole;
    CAPTURE(room);
    if (room == 0) CHECK(error.starts_with("mae: memory of the GPU: found "));
    if (!error.empty()) {
      CHECK(error.find(" bytes planned, ") != std::string::npos);
      CHECK(error.ends_with(" free, expected a smaller model or batch, or CheckpointBlocks"));
    }
    CHECK(emulation::device_bytes_used() == before);
  }
  CHECK(Run(images(), options(), normalization()).update() > 0);
}
TEST_CASE("a call that fails, whichever and whenever: its name and what CUDA says; then training can begin anew") {
  const double loss = Run(images(), options(), normalization()).train_epoch().loss;
  const std::size_t before = emulation::device_bytes_used();
  for (const char* call : {"cudaLaunchKernelEx", "cudaMemcpyAsync", "cudaMemsetAsync", "cudaHostAlloc",
                           "cudaEventRecord", "cudaEventSynchronize", "cudaStreamWaitEvent", "cudaStreamBeginCapture",
                           "cudaGraphInstantiate", "cudaGraphLaunch"}) {
    int failures = 0;
    for (int after = 0; after < 400; after = after * 3 / 2 + 1) {
      CAPTURE(std::string(call));
      CAPTURE(after);
      emulation::failing = call, emulation::until_failure = after;
      const std::string error = error_of([] {
        Run run(images(), options(), normalization());
        run.train_epoch(), run.train_epoch();
      });
      emulation::failing = "";
      if (error.empty()) break;  // it is not called so often
      ++failures;
      CHECK(error.starts_with("mae: " + std::string(call) + " ("));
      CHECK(error.find(".cuh:") != std::string::npos);
      CHECK(error.ends_with("found cudaErrorLaunchFailure, unspecified launch failure, expected success"));
      CHECK(emulation::device_bytes_used() == before);
    }
    CHECK(failures > 0);
  }
  CHECK(Run(images(), options(), normalization()).train_epoch().loss == loss);
}
TEST_CASE("a GPU that the program was not compiled for, and one whose blocks have too little memory") {
  Weights<Model, Cuda<float>> weights(1);
  emulation::failing = "cudaLaunchKernelEx", emulation::until_failure = 0;
  emulation::failure = cudaErrorNoKernelImageForDevice;
  const std::string other = error_of([] { Run(images(), options(), normalization()).update(); });
  emulation::failing = "", emulation::failure = cudaErrorLaunchFailure;
  CHECK(other == "mae: CUDA: found a GPU of compute capability 9.0, expected one that this program is compiled for, by "
                 "CMAKE_CUDA_ARCHITECTURES");
  Index& most = cuda::Runtime::get().most_shared;
  const Index before = std::exchange(most, 50'000);
  auto kernel = +[](int) {};
  CHECK(error_of([&] { cuda::launch(kernel, 1, 32, 50'004, 1); }) ==
        "mae: shared memory of a block: found 50004 bytes, expected at most 50000, as this GPU has: narrower heads");
  CHECK(error_of([&] { cuda::launch(kernel, 1, 32, 50'000, 1); }) == "");
  Device::wait();
  most = before;
}

}  // namespace
