// Products of bf16: operands kept as float or bf16, with the processor's own instruction and without, against sums in
// double of the rounded numbers.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <mae/backend/cpu/matmul.hpp>
#include <mae/core/random.hpp>
#include <mae/backend/buffer.hpp>

namespace {

using mae::bf16, mae::Index;
namespace isa = mae::isa;
namespace cpu = mae::cpu;

template <class E>
std::vector<E> random_numbers(Index count, std::uint64_t seed) {
  const mae::RandomStream random(seed, mae::Purpose::initialise);
  std::vector<E> numbers(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = E(random.uniform(static_cast<std::uint32_t>(i), -1.0f, 1.0f));
  return numbers;
}

struct Sizes {
  Index M, N, K;
};

/// C of one instruction set, with A's rows along the sum or side by side.
template <class Isa, class EA, class EB, class C>
std::vector<C> product(const Sizes& s, bool along, std::vector<float>& row_sums) {
  const std::vector<EA> a = random_numbers<EA>(s.M * s.K, 1);
  const std::vector<EB> b = random_numbers<EB>(s.N * s.K, 2);
  const std::vector<float> bias = random_numbers<float>(s.N, 3);
  std::vector<C> c(static_cast<std::size_t>(s.M * s.N), C(1.0f));
  row_sums.assign(static_cast<std::size_t>(s.M), 0.0f);
  mae::Buffer<char> scratch(cpu::product_scratch<bf16>(s.M, s.N, s.K));
  const cpu::Operand<EA> rows = along ? cpu::Operand<EA>{a.data(), s.K, 1} : cpu::Operand<EA>{a.data(), 1, s.M};
  const cpu::Operand<EB> columns = along ? cpu::Operand<EB>{b.data(), s.K, 1} : cpu::Operand<EB>{b.data(), 1, s.N};
  cpu::Product<bf16, Isa>::run(s.M, s.N, s.K, rows, columns,
                               cpu::Output<C, float>{c.data(), s.N, bias.data(), c.data()}, row_sums.data(),
                               scratch.data());
  return c;
}

template <class Isa, class EA, class EB, class C>
void check(const Sizes& s, bool along) {
  CAPTURE(s.M);
  CAPTURE(s.N);
  CAPTURE(s.K);
  CAPTURE(along);
  const std::vector<EA> a = random_numbers<EA>(s.M * s.K, 1);
  const std::vector<EB> b = random_numbers<EB>(s.N * s.K, 2);
  const std::vector<float> bias = random_numbers<float>(s.N, 3);
  std::vector<float> row_sums;
  const std::vector<C> c = product<Isa, EA, EB, C>(s, along, row_sums);
  double worst = 0, worst_row = 0;
  for (Index m = 0; m < s.M; ++m) {
    double row = 0;
    const auto at = [&](const auto& x, Index outer, Index i, Index k) {
      return double(float(bf16(float(x[static_cast<std::size_t>(along ? i * s.K + k : k * outer + i)]))));
    };
    for (Index k = 0; k < s.K; ++k) row += at(a, s.M, m, k);
    worst_row = std::fmax(worst_row, std::fabs(row - double(row_sums[static_cast<std::size_t>(m)])));
    for (Index n = 0; n < s.N; ++n) {
      double sum = 1 + double(bias[static_cast<std::size_t>(n)]);
      for (Index k = 0; k < s.K; ++k) sum += at(a, s.M, m, k) * at(b, s.N, n, k);
      const double found = double(float(c[static_cast<std::size_t>(m * s.N + n)]));
      const double unit = sizeof(C) == 2 ? std::fabs(sum) / 256 : 0;  // half a step between two bf16 is 1/512 of them
      worst = std::fmax(worst, std::fabs(found - sum) - unit);
    }
  }
  CHECK(worst < 1e-5 * std::sqrt(double(s.K)));
  CHECK(worst_row < 1e-5 * std::sqrt(double(s.K)));
}

template <class Isa>
void check_set() {
  if (!Isa::supported()) return;
  CAPTURE(Isa::name);
  for (const bool along : {true, false})
    for (const Sizes& s : {Sizes{1, 1, 1}, {14, 32, 64}, {15, 33, 65}, {50, 70, 7}, {29, 100, 131}}) {
      check<Isa, bf16, bf16, bf16>(s, along);
      check<Isa, bf16, float, bf16>(s, along);
      check<Isa, float, bf16, float>(s, along);
      check<Isa, float, float, float>(s, along);
    }
  check<Isa, bf16, float, float>({20, 40, 5000}, true);  // longer than a block of the sum
}

}  // namespace

TEST_CASE("products of bf16: baseline") { check_set<isa::Baseline>(); }
TEST_CASE("products of bf16: avx2") { check_set<isa::Avx2>(); }
TEST_CASE("products of bf16: avx512") { check_set<isa::Avx512>(); }
TEST_CASE("products of bf16: pairs by one instruction") {
  if (!isa::Avx512Bf16::supported()) return;
  check_set<isa::Avx512Bf16>();
  std::vector<float> sums, other_sums;
  const Sizes s{100, 200, 777};
  CHECK(product<isa::Avx512Bf16, float, float, float>(s, true, sums) ==
        product<isa::Avx512, float, float, float>(s, true, other_sums));
  CHECK(sums == other_sums);
}
