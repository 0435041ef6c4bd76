// The emulated GPU notices what a real one would forgive, or answer with garbage: the tests of `Cuda` lean on it.
#include <doctest/doctest.h>

#include <string>

#include <mae/backend/cuda/device.cuh>
#include <mae/backend/cuda/launch.cuh>

namespace {
using mae::Device;
using mae::Index;
using namespace mae::cuda;

/// Some numbers on the device.
struct Numbers {
  explicit Numbers(Index count)
      : bytes(count * Index{sizeof(float)}), data(static_cast<float*>(Device::allocate(bytes))) {}
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;
  ~Numbers() { Device::release(data, bytes); }
  float operator[](Index i) const {
    float value = 0;
    Device::copy_to_host(&value, data + i, sizeof value);
    return value;
  }
  Index bytes;
  float* data;
};
/// What the fault says that running everything so far meets, or "".
std::string fault() {
  try {
    Device::wait();
  } catch (const emulation::Fault& found) { return found.what(); }
  return "";
}
bool says(const std::string& message, const char* words) { return message.find(words) != std::string::npos; }

__global__ void barrier_for_some(float* y) {
  if (threadIdx.x < 40) __syncthreads();
  y[threadIdx.x] = 1;
}
__global__ void two_barriers(float* y) {
  if (threadIdx.x < 32) __syncthreads();
  else __syncthreads(), y[0] = 1;
}
__global__ void shuffle_for_some(float* y) {
  if (threadIdx.x < 16) y[threadIdx.x] = warp_sum(1.0f);
}
__global__ void behind_shared_memory(float*) { block_memory_as<float>()[64 + threadIdx.x] = 1; }
/// Thread t reads what thread t + 1 wrote, or 1 if that has not written yet.
template <bool barrier>
__global__ void neighbour(float* y) {
  auto* const shared = block_memory_as<float>();
  shared[threadIdx.x] = static_cast<float>(threadIdx.x);
  if constexpr (barrier) __syncthreads();
  y[threadIdx.x] = shared[(threadIdx.x + 1) % blockDim.x];
}
__global__ void sums(float* y) {
  const float sum = block_sum(static_cast<float>(threadIdx.x), block_memory_as<float>());
  const float largest = warp_largest(static_cast<float>(threadIdx.x % 32));
  y[threadIdx.x] = sum + largest;
}
__global__ void count(float* y) { y[0] += 1; }

TEST_CASE("a barrier is for all threads of a block, and one barrier at a time") {
  const Numbers y(64);
  launch(barrier_for_some, 1, 64, 0, y.data);
  CHECK(says(fault(), "that 40 of 64 threads reach"));
  launch(two_barriers, 1, 64, 0, y.data);
  CHECK(says(fault(), "threads at two barriers"));
}
TEST_CASE("a shuffle is for all lanes that it names") {
  const Numbers y(32);
  launch(shuffle_for_some, 1, 32, 0, y.data);
  CHECK(says(fault(), "a warp operation that lanes it names do not reach"));
}
TEST_CASE("shared memory ends where it was said to end" * doctest::skip(emulation::sanitized())) {
  const Numbers y(64);
  launch(behind_shared_memory, 1, 8, 64 * sizeof(float), y.data);
  CHECK(says(fault(), "a write behind the 256 bytes of shared memory"));
}
TEST_CASE("a missing barrier shows in one of the two orders") {
  const Numbers with(64), without(64);
  bool right = true, wrong = false;
  for (emulation::order = 0; emulation::order < 2; ++emulation::order) {
    launch(neighbour<true>, 1, 64, 64 * sizeof(float), with.data);
    launch(neighbour<false>, 1, 64, 64 * sizeof(float), without.data);
    for (Index i = 0; i < 64; ++i) {
      right = right && with[i] == static_cast<float>((i + 1) % 64);
      wrong = wrong || !(without[i] == static_cast<float>((i + 1) % 64));
    }
  }
  emulation::order = 0;
  CHECK(right);
  CHECK(wrong);
}
TEST_CASE("sums over warps and blocks reach every thread") {
  const Numbers y(96);
  launch(sums, 1, 96, 3 * sizeof(float), y.data);
  for (const Index i : {0, 31, 32, 95}) CHECK(y[i] == 96 * 95 / 2 + 31);
}
TEST_CASE("memory of the program does not reach a kernel, nor the device's a careless copy") {
  float here[4] = {};
  const Numbers y(4);
  CHECK_THROWS_AS(launch(count, 1, 1, 0, static_cast<float*>(here)), emulation::Fault);
  CHECK_THROWS_AS(Device::copy_to_device(here, here, sizeof here), emulation::Fault);
  CHECK_THROWS_AS(Device::copy_to_host(here, y.data, 5 * sizeof(float)), emulation::Fault);
}
TEST_CASE("a step is recorded the second time and repeated from the third on") {
  const Numbers y(1);
  Device::GraphCache<int> recordings;
  int runs = 0;
  for (int step = 1; step <= 5; ++step) {
    recordings.run(7, [&] {
      ++runs;
      launch(count, 1, 1, 0, y.data);
    });
    CHECK(y[0] == static_cast<float>(step));
    CHECK(runs == (step < 2 ? 1 : 2));
  }
}
TEST_CASE("errors name call, file and reason") {
  auto message = [](const auto& work) {
    try {
      work();
    } catch (const mae::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string room = message([] { Numbers(Index{1} << 40); });
  CHECK(says(room, "4398046511104 bytes planned"));
  CHECK(says(room, "free"));
  const std::string bad = message([] { check(cudaErrorInvalidValue, "cudaMemcpyAsync"); });
  CHECK(says(bad, "cudaMemcpyAsync (emulation_test.cpp:"));
  CHECK(says(bad, "invalid argument"));
}

}  // namespace
