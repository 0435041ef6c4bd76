// A product cut into pieces that are small gives the bits of the whole one, and stays within its scratch memory.
#include <doctest/doctest.h>

#include <vector>

#include <mae/backend/cpu/matmul.hpp>
#include <mae/core/random.hpp>
#include <mae/backend/buffer.hpp>

namespace {

using mae::Index;
namespace cpu = mae::cpu;

std::vector<float> random_numbers(Index count, std::uint64_t seed) {
  const mae::RandomStream random(seed, mae::Purpose::initialise);
  std::vector<float> numbers(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = random.uniform(static_cast<std::uint32_t>(i), -1, 1);
  return numbers;
}

/// C [M, N] in pieces of `rows` rows; B's rows run along the sum or lie side by side.
template <class Isa>
std::vector<float> product(Index M, Index N, Index K, Index rows, bool along) {
  const std::vector<float> a = random_numbers(M * K, 1), b = random_numbers(N * K, 2), bias = random_numbers(N, 3);
  std::vector<float> c = random_numbers(M * N, 4);
  for (Index m = 0; m < M; m += rows) {
    const Index count = cpu::smaller(rows, M - m);
    mae::Buffer<char> scratch(cpu::product_scratch<float>(count, N, K));  // its end is watched by the sanitizer
    cpu::Product<float, Isa>::run(count, N, K, {a.data() + m * K, K, 1},
                                  along ? cpu::Operand<float>{b.data(), K, 1} : cpu::Operand<float>{b.data(), 1, N},
                                  {c.data() + m * N, N, bias.data(), c.data() + m * N}, nullptr, scratch.data());
  }
  return c;
}

template <class Isa>
void check_set() {
  if (!Isa::supported()) return;
  CAPTURE(Isa::name);
  for (const bool along : {true, false}) {
    CAPTURE(along);
    CHECK(product<Isa>(70, 40, 33, 70, along) == product<Isa>(70, 40, 33, 5, along));
    CHECK(product<Isa>(70, 40, 33, 70, along) == product<Isa>(70, 40, 33, 9, along));  // four rows, then five
    CHECK(product<Isa>(50, 64, 33, 50, along) == product<Isa>(50, 64, 33, 5, along));  // ends in a tile of eight rows
    CHECK(product<Isa>(64, 17, 64, 64, along) == product<Isa>(64, 17, 64, 1, along));
    CHECK(product<Isa>(16, 3001, 2, 16, along) == product<Isa>(16, 3001, 2, 1, along));  // wider than a block
  }
}

}  // namespace

TEST_CASE("small pieces of a product have the bits of the whole") {
  check_set<mae::isa::Baseline>();
  check_set<mae::isa::Avx2>();
  check_set<mae::isa::Avx512>();
}
