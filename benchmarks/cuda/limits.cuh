// The limits of a GPU, taken in the same program and at the same time as what they limit.
//
// There are two: what products of large square matrices in the type of the factors reach, by the library's own call of
// cuBLASLt, bare of bias and rounding; and what a copy from one part of the GPU's memory to another moves, a byte read
// and a byte written counting as two. The sides double until a product takes several milliseconds, and the fastest
// counts: a small one does not fill the GPU, a large one may make it clock lower. The numbers multiplied are random,
// for zeros need less power.
#pragma once
#include <mae/backend/cuda/kernels.cuh>
#include <mae/core/random.hpp>
#include <mae/backend/buffer.hpp>

#include "../row.hpp"

namespace mae::benchmark {

/// Random numbers in [-1, 1).
template <class T>
struct FillRandom {
  T* to;
  MAE_HOST_DEVICE void operator()(Index i) const {
    to[i] = T(RandomStream(0, Purpose::augment).uniform(static_cast<std::uint32_t>(i), -1, 1));
  }
};

/// Seconds that a call of `work()` takes when several are on their way and one has been made before.
template <class Work>
double seconds_on_gpu(int calls, const Work& work) {
  work();
  Device::wait();
  return seconds([&] {
           for (int i = 0; i < calls; ++i) work();
           Device::wait();
         }) /
         calls;
}

/// Products of two square matrices of a policy's factors: `Element` is what the policy is called by.
template <class Element>
class SquareProducts {
 public:
  using T = typename Cuda<Element>::Activation;

  SquareProducts() {
    double fastest = 0, time = 0;
    for (Index side = first_side; time < long_enough; side *= 2) {
      resize(side);
      const double speed = measure(side);
      time = 2.0 * double(side) * double(side) * double(side) / speed;
      if (speed > fastest) fastest = speed, fastest_side_ = side;
    }
    resize(fastest_side_);
  }
  /// Operations a second.
  double measure() { return measure(fastest_side_); }

 private:
  static constexpr Index first_side = 256, room = Index{32} << 20;
  static constexpr double long_enough = 5e-3;

  void resize(Index side) {
    numbers_ = {};
    numbers_ = Buffer<T, Device>(3 * side * side);
    Kernels<Cuda<Element>>::each(2 * side * side, FillRandom<T>{numbers_.data()});
  }
  double measure(Index side) {
    const cuda::Matrix a{numbers_.data(), cuda::data_type<T>, side, side, true},
        b{numbers_.data() + side * side, cuda::data_type<T>, side, side},
        d{numbers_.data() + 2 * side * side, cuda::data_type<T>, side, side};
    const double time = seconds_on_gpu(5, [&] {
      cuda::must_multiply(cuda::compute_type<Element>, a, b, 0, d.data, d, {room_.data(), room});
    });
    return 2.0 * double(side) * double(side) * double(side) / time;
  }

  Buffer<char, Device> room_{room};
  Buffer<T, Device> numbers_;
  Index fastest_side_ = first_side;
};

/// Bytes a second that a copy inside the GPU's memory moves.
inline double copied_bytes_per_second() {
  constexpr Index size = Index{256} << 20;
  Buffer<char, Device> from(size), to(size);
  const double time = seconds_on_gpu(10, [&] {
    cuda::check(cudaMemcpyAsync(to.data(), from.data(), std::size_t{size}, cudaMemcpyDeviceToDevice,
                                cuda::Runtime::get().kernels),
                "cudaMemcpyAsync");
  });
  return 2.0 * double(size) / time;
}

/// Bytes of the GPU's memory that nobody has taken.
inline double free_bytes() {
  std::size_t free = 0, total = 0;
  cuda::check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return static_cast<double>(free);
}

/// "NVIDIA H100 80GB HBM3": of the GPU that this program uses.
inline std::string gpu_name() {
  int device = 0;
  cudaDeviceProp properties{};
  cuda::check(cudaGetDevice(&device), "cudaGetDevice");
  cuda::check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  return properties.name;
}

}  // namespace mae::benchmark
