// Runs the tests of `Cuda` on whatever the CUDA headers stand for. Numbers lie in memory that kernels and tests both use.
// Without a GPU there is nothing to test: 77 tells CTest so. A GPU that does not work is a failure.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstring>

#include <mae/backend/cuda/device.cuh>

#include "machine.hpp"
#include "support/memory.hpp"

int main(int argc, char** argv) {
  try {
    mae::cuda::Runtime::get();
  } catch (const mae::Error& error) {
    const bool none = std::strncmp(error.what(), "mae: CUDA: ", 11) == 0;  // no GPU, or no driver for it
    std::printf("%s: %s\n", none ? "skipped" : "failed", error.what());
    return none ? 77 : 1;
  }
  test::kernel_memory = {[](std::size_t bytes) {
                           void* memory = nullptr;
                           mae::cuda::check(cudaMallocManaged(&memory, bytes > 0 ? bytes : 1), "cudaMallocManaged");
                           return memory;
                         },
                         [](void* memory) { mae::cuda::check(cudaFree(memory), "cudaFree"); },
                         [] { mae::Device::wait(); }, test::vary_order};
  return doctest::Context(argc, argv).run();
}
