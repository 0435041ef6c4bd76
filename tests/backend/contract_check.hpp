// How kernels are compared: what an operation wrote by a policy's kernels, beside what `Kernels<Reference<T>>` wrote, and
// by any number of threads the same bits.
//
// In mixed precision all operands are numbers of the narrow type, so that kernels may round them when they like: what
// is left is the rounding of results.
//
// Outputs begin as what accumulation must keep; buffers have the exact size, so that AddressSanitizer sees one element
// too far; the workspace is filled with NaN.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include <mae/backend/reference.hpp>
#include <mae/core/random.hpp>

#include "support/memory.hpp"
#include "support/team.hpp"

MAE_PRECISE_BEGIN
namespace mae::contract {

template <class T>
using Numbers = std::vector<T, test::Allocator<T>>;
/// What a kernel wrote, and how far two kernels may differ in it.
struct Result {
  template <class T>
  Result(const Numbers<T>& from) : tolerance(sizeof(T) == 8 ? 1e-12 : sizeof(T) == 4 ? 4e-6 : 1.0 / 128) {
    test::kernel_memory.wait();
    values.assign(from.begin(), from.end());
  }
  std::vector<double> values;
  double tolerance;
};
using Results = std::vector<Result>;

/// Numbers of type E, uniform in [-1, 1), the same for every policy that stores activations as T.
template <class E, class T>
Numbers<E> numbers(Index count, std::uint64_t seed, float scale = 1) {
  Numbers<E> values;
  const RandomStream random(seed, Purpose::initialise);
  for (Index i = 0; i < count; ++i)
    values.push_back(E(T(scale * random.uniform(static_cast<std::uint32_t>(i), -1.0f, 1.0f))));
  return values;
}

/// A workspace of exactly the promised size, full of NaN.
class Memory {
 public:
  Memory(WorkspaceSize size, int threads)
      : bytes_(static_cast<std::size_t>(Workspace::bytes(size, threads))),
        base_(static_cast<char*>(test::kernel_memory.allocate(bytes_))),
        workspace_{base_, size, threads} {
    std::memset(base_, 0xff, bytes_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { test::kernel_memory.release(base_); }
  operator Workspace() const { return workspace_; }

 private:
  std::size_t bytes_;
  char* base_;
  Workspace workspace_;
};

/// The largest difference, relative to the largest number where that is above 1.
inline double distance(const std::vector<double>& found, const std::vector<double>& expected) {
  double largest = 1, difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::fmax(largest, std::fabs(expected[i]));
    const double here = std::fabs(found[i] - expected[i]);
    if (!(here <= difference)) difference = here;  // NaN wins
  }
  return difference / largest;
}

inline bool same_bits(const Results& a, const Results& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::vector<double>&x = a[i].values, &y = b[i].values;
    if (x.size() != y.size() || std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) != 0) return false;
  }
  return true;
}

/// `operation(kernels, threads)` means the same for the kernels of `Policy` as for those of the reference, whatever the
/// number of threads.
template <template <class> class KernelsOf, class Policy, class Operation>
void check_kernels(const Operation& operation) {
  using T = typename Policy::Activation;
  test::kernel_memory.vary(1);
  const Results expected = operation(KernelsOf<Reference<T>>{}, 1), found = operation(KernelsOf<Policy>{}, 1);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    const double difference = distance(found[i].values, expected[i].values);
    const bool close = difference <= expected[i].tolerance;  // here, where NaN is known whatever the flags
    CAPTURE(difference);
    CHECK(close);
  }
  for (const int threads : {2, 3, 7}) {
    CAPTURE(threads);
    test::Team::number = threads;
    test::kernel_memory.vary(threads);
    CHECK(same_bits(operation(KernelsOf<Policy>{}, threads), found));
  }
}
template <class Policy, class Operation>
void check(const Operation& operation) {
  check_kernels<Kernels, Policy>(operation);
}

}  // namespace mae::contract
MAE_PRECISE_END
